import { appendFileSync, mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, expect, test } from "vitest";
import { InputWatcher } from "../../src/cli/input-watcher.ts";
import type { InputChange } from "../../src/cli/input-tree.ts";
import { recompileOnChange } from "../../src/cli/watch.ts";
import type { WatchedPaths } from "../../src/fleet/index.ts";
import { inTemporaryFolder } from "./halite.ts";

/** Long, so that a test that has to wait for its turn does not have its changes seen in two parts. */
const QUIET = 400;

interface Tree {
  readonly folder: string;
  readonly paths: WatchedPaths;
  readonly write: (path: string, text?: string) => void;
  readonly at: (path: string) => string;
}

async function inTree(run: (tree: Tree) => Promise<void>): Promise<void> {
  await inTemporaryFolder(async (folder) => {
    const at = (path: string): string => join(folder, path);
    const write = (path: string, text = path): void => {
      mkdirSync(dirname(at(path)), { recursive: true });
      writeFileSync(at(path), text);
    };
    for (const path of ["config", "states/top", "states/deep/er/file", "states/out/made", "outside/shared"]) write(path);
    const paths = { files: [at("config")], folders: [at("states"), at("schemas/pillar")], outputs: [at("states/out")] };
    await run({ folder, paths, write, at });
  });
}

/** `CHANGE PATH` of each. */
function said(folder: string, changes: readonly InputChange[]): string[] {
  return changes.map(({ path, change }) => `${change} ${relative(folder, path)}`);
}

describe("what an InputWatcher tells", () => {
  const steps: readonly [string, (tree: Tree) => void, readonly string[]][] = [
    ["a write", ({ write }) => write("states/top", "2"), ["changed states/top"]],
    ["of the same size, at once", ({ write }) => write("states/top", "3"), ["changed states/top"]],
    [
      "a save by rename",
      ({ write, at }) => {
        write("states/x.tmp", "4");
        renameSync(at("states/x.tmp"), at("states/top"));
      },
      ["changed states/top"],
    ],
    [
      "and again",
      ({ write, at }) => {
        renameSync(at("states/top"), at("states/top~"));
        write("states/top", "5");
        unlinkSync(at("states/top~"));
      },
      ["changed states/top"],
    ],
    ["the config, by its name", ({ write }) => write("config", "2"), ["changed config"]],
    [
      "a folder with a folder",
      ({ write }) => {
        write("states/new/a/1");
        write("states/new/b/2");
      },
      ["new states/new/a/1", "new states/new/b/2"],
    ],
    ["a write in there", ({ at }) => appendFileSync(at("states/new/a/1"), "more"), ["changed states/new/a/1"]],
    [
      "a folder deleted and made anew",
      ({ write, at }) => {
        rmSync(at("states/new"), { recursive: true });
        write("states/new/a/1", "anew");
      },
      ["changed states/new/a/1", "removed states/new/b/2"],
    ],
    ["a write in that", ({ at }) => appendFileSync(at("states/new/a/1"), "more"), ["changed states/new/a/1"]],
    ["a folder renamed", ({ at }) => renameSync(at("states/new"), at("states/old")), ["removed states/new/a/1", "new states/old/a/1"]],
    ["a write in the renamed", ({ at }) => appendFileSync(at("states/old/a/1"), "more"), ["changed states/old/a/1"]],
    ["a root deleted", ({ at }) => rmSync(at("states/deep"), { recursive: true }), ["removed states/deep/er/file"]],
    ["a root that was not there", ({ write }) => write("schemas/pillar/x.json"), ["new schemas/pillar/x.json"]],
    ["a write in that root", ({ write }) => write("schemas/pillar/x.json", "2"), ["changed schemas/pillar/x.json"]],
    ["that root's parent deleted", ({ at }) => rmSync(at("schemas"), { recursive: true }), ["removed schemas/pillar/x.json"]],
    ["that root again", ({ write }) => write("schemas/pillar/y.json"), ["new schemas/pillar/y.json"]],
    ["a link to a file elsewhere", ({ at }) => symlinkSync(at("outside/shared"), at("states/link")), ["new states/link"]],
    ["a write to that file", ({ write }) => write("outside/shared", "other"), ["changed states/link"]],
    ["a link that leads nowhere, then there", ({ at }) => symlinkSync("nowhere", at("states/broken")), []],
    [
      "a burst",
      ({ write }) => {
        for (let index = 100; index < 400; index++) write(`states/burst/${index % 7}/${index}`);
      },
      Array.from({ length: 300 }, (_, index) => `new states/burst/${(index + 100) % 7}/${index + 100}`).toSorted(),
    ],
  ];

  test("each kind of change, one after the other", async () => {
    await inTree(async (tree) => {
      const watcher = new InputWatcher(() => tree.paths, QUIET);
      const told: [string, readonly string[]][] = [];
      for (const [name, change, expected] of steps) {
        change(tree);
        if (expected.length > 0) told.push([name, said(tree.folder, await watcher.next())]);
      }
      watcher.close();
      expect(told).toEqual(steps.filter(([, , expected]) => expected.length > 0).map(([name, , expected]) => [name, expected]));
    });
  });

  test("nothing of outputs, of .git, of editors and of files beside", async () => {
    await inTree(async ({ folder, paths, write }) => {
      write("states/.git/HEAD");
      const watcher = new InputWatcher(() => paths, QUIET);
      for (const path of [
        "states/out/made",
        "states/out/new/file",
        "states/.git/HEAD",
        "states/.top.swp",
        "states/#top#",
        "beside",
        "outside/x",
      ])
        write(path, "other");
      write("states/zz-last");
      expect(said(folder, await watcher.next())).toEqual(["new states/zz-last"]);
      watcher.close();
    });
  });

  test("changes from before the question, and other paths once the config names others", async () => {
    await inTree(async ({ folder, paths, write, at }) => {
      let now = paths;
      const watcher = new InputWatcher(() => now, QUIET);
      write("states/top", "2");
      write("config", "2");
      expect(said(folder, await watcher.next())).toEqual(["changed config", "changed states/top"]);
      now = { ...paths, folders: [at("outside")] };
      write("config", "3");
      expect(said(folder, await watcher.next())).toEqual([
        "changed config",
        "new outside/shared",
        "removed states/deep/er/file",
        "removed states/top",
      ]);
      write("states/top", "3");
      write("outside/shared", "2");
      expect(said(folder, await watcher.next())).toEqual(["changed outside/shared"]);
      watcher.close();
    });
  });
});

describe("recompileOnChange", () => {
  test("changes during a recompile lead to exactly one more", async () => {
    await inTree(async ({ folder, paths, write }) => {
      const watcher = new InputWatcher(() => paths, 50);
      const seen: string[][] = [];
      const enough = new Promise<void>((resolve) => {
        const recompile = async (inputs: readonly InputChange[]): Promise<void> => {
          seen.push(said(folder, inputs));
          if (seen.length === 1) {
            // For as long as a compile would take, an editor saves and a checkout writes.
            for (const text of ["2", "3", "4"]) {
              write("states/top", text);
              write(`states/more-${text}`);
              await new Promise((done) => setTimeout(done, 100));
            }
          } else if (seen.length === 2) write("states/last");
          else resolve();
        };
        void recompileOnChange(watcher, { recompile });
      });
      await enough;
      watcher.close();
      expect(seen).toEqual([
        [],
        ["new states/more-2", "new states/more-3", "new states/more-4", "changed states/top"],
        ["new states/last"],
      ]);
    });
  });
});
