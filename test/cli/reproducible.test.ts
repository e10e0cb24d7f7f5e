import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, cpSync, existsSync, lutimesSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { build } from "../../scripts/build.mjs";
import { halite, inTemporaryFolder, newestNode, PROJECT, type Run } from "./halite.ts";

beforeAll(async () => {
  await build();
});

/** What a published tree follows from: the program and the fleet, nothing else. */
const NEEDED = ["dist", "states", "pillar", "secrets", "schemas", "halite.yaml", "package.json"];

function copyProject(to: string): void {
  for (const name of NEEDED) cpSync(join(PROJECT, name), join(to, name), { recursive: true });
}

/** Publishes from a folder and gives the tree's id. */
async function publishedTree(folder: string, run: (args: string[]) => Promise<Run>): Promise<string> {
  const done = await run(["start"]);
  expect(done).toMatchObject({ status: 0 });
  return execFileSync("git", ["-c", "safe.directory=*", "-C", join(folder, ".halite/addons.git"), "rev-parse", "addons^{tree}"], {
    encoding: "utf8",
  }).trim();
}

/** Gives every file another time and, for root, another owner. */
function unsettle(folder: string, uid: number | undefined): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    lutimesSync(path, 1_000_000_000, 1_000_000_000);
    if (uid !== undefined) chownSync(path, uid, uid);
  }
  if (uid !== undefined) chownSync(folder, uid, uid);
}

describe("the same tree is published", () => {
  test("from another path, as another user, with another time zone, locale, umask and Node", async () => {
    await inTemporaryFolder(async (first) => {
      copyProject(first);
      const tree = await publishedTree(first, (args) => halite(args, { cwd: first, program: join(first, "dist/halite.mjs") }));
      await inTemporaryFolder(async (outer) => {
        const second = join(outer, "ano ther/päth");
        mkdirSync(second, { recursive: true });
        copyProject(second);
        const root = process.getuid?.() === 0;
        const uid = root ? 65_534 : undefined;
        unsettle(second, uid);
        if (root) chmodSync(outer, 0o755);
        const preload = join(outer, "umask.cjs");
        writeFileSync(preload, "process.umask(0o077);\n");
        const env = { TZ: "Asia/Kathmandu", LANG: "de_DE.ISO-8859-1", LC_ALL: "tr_TR.UTF-8", NODE_OPTIONS: `--require ${preload}` };
        const node = newestNode();
        const run = (args: string[]): Promise<Run> =>
          halite(args, {
            cwd: second,
            program: join(second, "dist/halite.mjs"),
            env,
            ...(node === undefined ? {} : { node }),
            ...(uid === undefined ? {} : { uid }),
          });
        expect(await publishedTree(second, run)).toBe(tree);
        rmSync(join(second, ".halite"), { recursive: true });
        rmSync(join(second, "out"), { recursive: true });
        expect(await publishedTree(second, run)).toBe(tree);
      });
    });
  });

  test.skipIf(newestNode() === undefined)("the newest LTS Node was part of it", () => {
    expect(existsSync(newestNode() ?? "")).toBe(true);
  });
});
