import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { build } from "../../scripts/build.mjs";
import { HALITE, halite } from "../cli/halite.ts";
import { startCuttingProxy, type CuttingProxy } from "../git/cutting-proxy.ts";
import { FleetRepository, gitIn } from "../git/fleet-repository.ts";
import { gitSteps } from "../git/git-steps.ts";
import { haveHttp, startHttp, type GitServer } from "../git/http-server.ts";
import { seededNumbers } from "../seeded-numbers.ts";

const PUBLISHERS = 8;
const COMMITS = 10;
/** So many steps git takes for a publish that has nothing to publish, and for one that pushes. */
const STEPS = { least: 14, pushed: 34 };

/** A process with all that it has started, the last ones first. */
function descendants(pid: number): number[] {
  let children: number[] = [];
  try {
    children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
  } catch {
    // It has ended.
  }
  return [...children.flatMap(descendants), pid];
}

interface Ended {
  readonly status: number | null;
  readonly killed: boolean;
  readonly said: string;
}

/** Publishes, and kills it after so many steps of its git, or at once: alone, or with all that it has started. */
function publish(
  cwd: string,
  env: Record<string, string>,
  kill: { readonly after: number; readonly all: boolean } | undefined,
): Promise<Ended> {
  const steps = gitSteps(dirname(cwd), (count) => {
    if (count === kill?.after) end();
  });
  const child = spawn(process.execPath, [HALITE, "publish", "--skip-superseded"], {
    cwd,
    env: { PATH: process.env["PATH"], HOME: cwd, ...env, ...steps.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => (said += text));
  let killed = false;
  const end = (): void => {
    if (child.pid === undefined || child.exitCode !== null) return;
    for (const pid of kill?.all === true ? descendants(child.pid) : [child.pid]) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has ended meanwhile.
      }
    }
    killed = true;
  };
  if (kill?.after === 0) child.once("spawn", end);
  return new Promise((resolve) => {
    const ended = (status: number | null): void => {
      steps.stop();
      resolve({ status, killed: killed && status === null, said });
    };
    // What a killed one has started may go on and hold its output; of the others all that they say is waited for.
    child.once("exit", (status) => {
      if (killed && status === null) ended(status);
    });
    child.once("close", ended);
  });
}

describe.skipIf(!haveHttp)("publishers at the same time, half of them killed, over connections that break", () => {
  let folder: string;
  let server: GitServer;
  let proxy: CuttingProxy;
  const seed = process.env["HALITE_SEED"] === "random" ? Math.floor(Math.random() * 2 ** 31) : 7;
  const next = seededNumbers(seed);
  let calm = false;
  beforeAll(async () => {
    await build();
    folder = mkdtempSync(join(tmpdir(), "halite-storm-"));
    server = await startHttp(join(folder, "server"), ["halite:storm-token"]);
    proxy = await startCuttingProxy(server.port, () => (calm || next() > 0.3 ? undefined : Math.floor(next() * 6000)));
  });
  afterAll(async () => {
    await proxy.stop();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test(`${PUBLISHERS} publishers, ${COMMITS} source commits each (seed ${seed})`, { timeout: 1_200_000 }, async () => {
    const bare = server.add("out.git");
    const origin = new FleetRepository(
      join(folder, "origin"),
      `{remote: 'http://127.0.0.1:${proxy.port}/out.git', auth: {tokenEnv: T, username: halite}}`,
    );
    origin.write("pillar/roster.yaml", "a:\n  minion_opts: {grains: {az: az1}}\n");
    origin.commit("Fleet");
    const sources = Array.from({ length: COMMITS }, (_, index) => origin.commitValue(`v${index}`));
    const trees = new Map<string, string>();
    for (const source of sources) trees.set(source, await renderedTree(origin, source));
    expect(new Set(trees.values()).size).toBe(COMMITS);
    const clones = Array.from({ length: PUBLISHERS }, (_, index) => join(folder, `clone-${index}`));
    // Each clone has what it publishes and what came before: what others have published it must look for.
    for (const clone of clones) {
      gitIn(folder, "init", "--quiet", clone);
      gitIn(clone, "remote", "add", "origin", `file://${origin.folder}`);
    }
    gitIn(origin.folder, "config", "uploadpack.allowAnySHA1InWant", "true");
    const runs: Ended[] = [];
    await Promise.all(
      clones.map(async (clone) => {
        for (const source of sources) {
          gitIn(clone, "fetch", "--quiet", "--no-tags", "--refmap=", "origin", source);
          gitIn(clone, "checkout", "--quiet", "--detach", source);
          const after = Math.floor(next() < 0.7 ? next() * STEPS.least : STEPS.least + next() * (STEPS.pushed - STEPS.least));
          const kill = next() < 0.6 ? { after, all: next() < 0.5 } : undefined;
          runs.push(await publish(clone, { T: "storm-token" }, kill));
        }
      }),
    );
    const killed = runs.filter((run) => run.killed).length;
    // A run that lives to its end publishes, has nothing to publish, or says that the connection broke too often.
    for (const run of runs.filter((each) => !each.killed)) {
      if (run.status === 3) expect(run.said).toMatch(/git-broken|git-failed/);
      else expect(run).toMatchObject({ status: 0 });
    }
    calm = true;
    // What was left behind is in nobody's way: everybody can publish the newest, and leaves nothing.
    const newest = sources.at(-1) ?? "";
    for (const clone of clones) {
      gitIn(clone, "fetch", "--quiet", "--no-tags", "--refmap=", "origin", newest);
      gitIn(clone, "checkout", "--quiet", "--detach", newest);
      const last = await halite(["publish"], { cwd: clone, env: { T: "storm-token" } });
      expect(last).toMatchObject({ status: 0, stderr: "" });
      expect(readdirSync(join(clone, ".halite/publish.git/halite-runs"))).toEqual([]);
      expect(gitIn(join(clone, ".halite/publish.git"), "fsck", "--no-dangling")).toBe("");
    }
    expect(gitIn(bare, "fsck", "--strict", "--full", "--no-dangling")).toBe("");
    expect(gitIn(bare, "for-each-ref", "--format=%(refname)")).toBe("refs/heads/addons\n");
    const history = gitIn(bare, "log", "--reverse", "--format=%H|%P|%T|%(trailers:key=Source,valueonly,separator=)", "addons")
      .trim()
      .split("\n")
      .map((line) => line.split("|"));
    const order = history.map(([, , , source = ""]) => sources.indexOf(source));
    expect(history.map(([, parents = ""]) => parents.split(" ").filter(Boolean).length)).toEqual([0, ...history.slice(1).map(() => 1)]);
    for (const [, , tree, source = ""] of history) expect(tree).toBe(trees.get(source));
    expect(order).toEqual([...new Set(order)].sort((a, b) => a - b));
    expect(order.at(-1)).toBe(COMMITS - 1);
    // The storm was one.
    expect(killed).toBeGreaterThan((PUBLISHERS * COMMITS) / 4);
    expect(proxy.cut()).toBeGreaterThan(0);
    console.log(`${runs.length} runs, ${killed} killed, ${proxy.cut()} connections cut, ${history.length} commits`);
  });
});

/** The tree that a source commit renders to, as git names it. */
async function renderedTree(origin: FleetRepository, source: string): Promise<string> {
  origin.git("checkout", "--quiet", "--detach", source);
  const out = join(origin.folder, ".halite/rendered", source);
  expect(await origin.run(["render", "--out", out, "--no-cache"])).toMatchObject({ status: 0 });
  const index = join(origin.folder, ".halite", `index-${source}`);
  const env = { ...process.env, GIT_DIR: join(origin.folder, ".git"), GIT_WORK_TREE: out, GIT_INDEX_FILE: index };
  execFileSync("git", ["add", "-A", "--force", "."], { cwd: out, env });
  const tree = execFileSync("git", ["write-tree"], { cwd: out, env, encoding: "utf8" }).trim();
  origin.git("checkout", "--quiet", "main");
  return tree;
}
