import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { saltTree, writeFiles } from "./fleet.ts";
import { ENVIRONMENT, measure } from "./measure.ts";
import { halite, run } from "./program.ts";
import { heading, remark, row } from "./table.ts";

const CLUSTERS = 1000;
/** One of them changes, which is 2 % of the clusters. */
const VARIANTS = 50;
const RUNS = 3;

/** Publishing a tree of which a fiftieth has changed, with what git itself needs for the same beside it. */
export function measurePublish(work: string, most: number): void {
  const clusters = Math.min(CLUSTERS, most);
  const fleet = join(work, "publish");
  const remote = join(work, "remote.git");
  git(work, "init", "--quiet", "--bare", remote);
  writeFiles(fleet, saltTree({ clusters, variants: VARIANTS }));
  writeFileSync(join(fleet, "halite.yaml"), `${readFileSync(join(fleet, "halite.yaml"), "utf8")}publish: {remote: 'file://${remote}'}\n`);
  writeFileSync(join(fleet, ".gitignore"), ".halite/\nout/\n");
  git(fleet, "init", "--quiet");
  commit(fleet, "Fleet");
  run(fleet, "render", "--shards", "1", "--shard", "0");
  run(fleet, "publish", "--rendered", join(fleet, "out"));
  const files = git(remote, "ls-tree", "-r", "--name-only", "addons").trim().split("\n").length;
  heading(`Publishing ${clusters.toLocaleString("en")} clusters, ${files.toLocaleString("en")} files, 2 % of them changed`);
  let change = 0;
  const edit = (): void => {
    change += 1;
    const path = join(fleet, "pillar/variants/v0.sls");
    writeFileSync(path, readFileSync(path, "utf8").replaceAll(/in variant [^"]*/g, `in variant 0 change ${change}`));
    commit(fleet, `Change ${change}`);
  };
  const editAndRender = (): void => {
    edit();
    run(fleet, "render", "--shards", "1", "--shard", "0");
  };
  const rendered = halite(fleet, "publish", "--rendered", join(fleet, "out"));
  row("halite publish --rendered out: read, check, commit, push", measure(RUNS, rendered, { before: editAndRender }), "", { wall: 2 });
  row("halite render, warm, before it", measure(RUNS, halite(fleet, "render", "--shards", "1", "--shard", "0"), { before: edit }));
  row("halite publish: compile all anew, commit, push", measure(RUNS, halite(fleet, "publish"), { before: edit }));
  row(
    "halite publish, nothing changed",
    measure(RUNS, halite(fleet, "publish", "--rendered", join(fleet, "out")), {
      before: () => run(fleet, "render", "--shards", "1", "--shard", "0"),
    }),
  );
  measureGit(work, fleet, remote, edit);
  for (const folder of [fleet, remote]) rmSync(folder, { recursive: true, force: true });
}

/** The same changes by git alone: fast-import of the changed files with a push, and a work tree with add, commit and push. */
function measureGit(work: string, fleet: string, remote: string, edit: () => void): void {
  const [bare, tree] = [join(work, "floor.git"), join(work, "floor")];
  git(work, "clone", "--quiet", "--bare", remote, bare);
  git(work, "clone", "--quiet", "--branch", "addons", remote, tree);
  const stream = join(work, "stream");
  let number = 0;
  const write = (): void => {
    edit();
    number += 1;
    run(fleet, "render");
    cpSync(join(fleet, "out"), tree, { recursive: true, filter: (path) => !path.includes(".shards") });
    const changed = git(tree, "diff", "--name-only", "-z").split("\0").filter(Boolean);
    const head = git(bare, "rev-parse", "addons").trim();
    const parts = [
      `commit refs/heads/addons\ncommitter Halite <halite@localhost> ${1_700_000_000 + number} +0000\ndata 1\nx\nfrom ${head}\n`,
    ];
    for (const path of changed) {
      const text = readFileSync(join(tree, path));
      parts.push(`M 100644 inline ${path}\ndata ${text.length}\n${text.toString("utf8")}\n`);
    }
    writeFileSync(stream, `${parts.join("")}done\n`);
  };
  const push = `git -C '${bare}' push --quiet --force '${join(work, "floor-remote.git")}' addons`;
  git(work, "clone", "--quiet", "--bare", remote, join(work, "floor-remote.git"));
  row(
    "floor: git fast-import of what changed, git push",
    measure(RUNS, ["sh", "-c", `git -C '${bare}' fast-import --quiet --done < '${stream}' && ${push}`], { before: write }),
  );
  row(
    "floor: git add -A, commit, push of a work tree with the changes in it",
    measure(
      RUNS,
      [
        "sh",
        "-c",
        `cd '${tree}' && git add -A && git -c user.name=x -c user.email=x@localhost commit --quiet -m x && git push --quiet --force '${join(work, "floor-remote.git")}' HEAD:addons`,
      ],
      { before: write },
    ),
  );
  for (const path of [bare, tree, stream, join(work, "floor-remote.git")])
    if (existsSync(path)) rmSync(path, { recursive: true, force: true });
  remark("floors write only what somebody has told them has changed, check nothing, and look at no history");
}

function git(folder: string, ...args: string[]): string {
  mkdirSync(folder, { recursive: true });
  return execFileSync("git", ["-C", folder, ...args], { encoding: "utf8", env: ENVIRONMENT, maxBuffer: 64 * 1024 * 1024 });
}

function commit(folder: string, message: string): void {
  git(folder, "add", "-A");
  git(folder, "-c", "user.name=Ada", "-c", "user.email=ada@example.com", "commit", "--quiet", "-m", message);
}
