import { existsSync, readdirSync, readFileSync, rmSync, watch } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { build } from "../../scripts/build.mjs";
import { filesOf } from "./files-of.ts";
import { halite, inTemporaryFolder } from "./halite.ts";
import { killedAtWrite } from "./killed-in-writing.ts";
import { writeSmallFleet } from "./small-fleet.ts";

beforeAll(async () => {
  await build();
});

const SHAPE = { clusters: 30, files: 9 };

/** What out/ has to hold, by a render that has nothing to go on from. */
async function expected(folder: string): Promise<ReadonlyMap<string, string>> {
  const run = await halite(["render", "--no-cache", "--no-memo", "--out", "alone"], { cwd: folder });
  expect(run).toMatchObject({ status: 0, stderr: "" });
  return filesOf(join(folder, "alone"));
}

/** Names of what is half made, in out/ and in the cache. */
function leftovers(folder: string): string[] {
  const below = (top: string): string[] =>
    existsSync(join(folder, top)) ? readdirSync(join(folder, top), { recursive: true, encoding: "utf8" }) : [];
  return [...below("out"), ...below(".halite")].filter((name) => name.includes("tmp"));
}

async function mends(folder: string, options: readonly string[] = []): Promise<void> {
  const wanted = await expected(folder);
  const run = await halite(["render", ...options], { cwd: folder });
  expect(run).toMatchObject({ status: 0, stderr: "" });
  expect(filesOf(join(folder, "out"))).toEqual(wanted);
  expect(leftovers(folder)).toEqual([]);
  expect(await halite(["render", "--check"], { cwd: folder })).toMatchObject({ status: 0 });
}

describe("a render that was killed", () => {
  test.each([
    ["from an empty cache", []],
    ["from an empty cache, in two threads", ["--jobs", "2"]],
  ])("%s, at one moment after the other: the next gives the right bytes and leaves nothing half made", async (_what, options) => {
    await inTemporaryFolder(async (folder) => {
      writeSmallFleet(folder, SHAPE, "first");
      for (const writes of [1, 4, 20, 60, 200]) {
        for (const name of ["out", ".halite"]) rmSync(join(folder, name), { recursive: true, force: true });
        expect(await killedAtWrite(writes, folder, ["render", ...options])).toBe(true);
        await mends(folder);
      }
    });
  });

  test("while it made all files anew, one moment after the other", async () => {
    await inTemporaryFolder(async (folder) => {
      writeSmallFleet(folder, SHAPE, "first");
      await mends(folder);
      for (const writes of [1, 10, 60, 300, 301, 302]) {
        writeSmallFleet(folder, SHAPE, `after ${writes}`);
        expect(await killedAtWrite(writes, folder, ["render"])).toBe(true);
        await mends(folder);
      }
    });
  });

  test("again and again without any that is not, and then one back to what was first", async () => {
    await inTemporaryFolder(async (folder) => {
      writeSmallFleet(folder, SHAPE, "first");
      await mends(folder);
      for (const writes of [5, 50, 20]) {
        writeSmallFleet(folder, SHAPE, `after ${writes}`);
        expect(await killedAtWrite(writes, folder, ["render"])).toBe(true);
      }
      writeSmallFleet(folder, SHAPE, "first");
      await mends(folder);
    });
  });
});

describe("renders at the same time", () => {
  test.each([
    ["of an empty out/", false],
    ["of an out/ in which everything changes", true],
  ])("%s both succeed, and give the right bytes", async (_what, warm) => {
    await inTemporaryFolder(async (folder) => {
      if (warm) {
        writeSmallFleet(folder, SHAPE, "first");
        await mends(folder);
      }
      for (const value of ["second", "third"]) {
        writeSmallFleet(folder, SHAPE, value);
        if (!warm) for (const name of ["out", ".halite"]) rmSync(join(folder, name), { recursive: true, force: true });
        const wanted = await expected(folder);
        const runs = await Promise.all([[], ["--jobs", "2"], []].map((options) => halite(["render", ...options], { cwd: folder })));
        for (const run of runs) expect(run).toMatchObject({ status: 0, stderr: "" });
        expect(filesOf(join(folder, "out"))).toEqual(wanted);
        expect(leftovers(folder)).toEqual([]);
        await mends(folder);
      }
    });
  });

  test("with an edit between them both succeed, and the next mends what the earlier tree has left", async () => {
    await inTemporaryFolder(async (folder) => {
      writeSmallFleet(folder, SHAPE, "first");
      await mends(folder);
      for (const files of [9, 6, 9]) {
        writeSmallFleet(folder, { ...SHAPE, files }, `with ${files}`);
        const first = halite(["render"], { cwd: folder });
        await somethingIn(join(folder, "out"), first);
        writeSmallFleet(folder, { ...SHAPE, files: 15 - files }, `with ${15 - files}`);
        for (const run of await Promise.all([first, halite(["render"], { cwd: folder })]))
          expect(run).toMatchObject({ status: 0, stderr: "" });
        await mends(folder);
      }
    });
  });

  test("a reader never sees half a file", async () => {
    await inTemporaryFolder(async (folder) => {
      const wanted: string[] = [];
      for (const value of ["first", "second"]) {
        writeSmallFleet(folder, SHAPE, value);
        const tree = await expected(folder);
        wanted.push(tree.get("z0/c0/a0/f0.yaml") ?? "");
      }
      await mends(folder);
      const seen = new Set<string>();
      for (const value of ["first", "second", "first"]) {
        writeSmallFleet(folder, SHAPE, value);
        const over = new AbortController();
        const run = halite(["render"], { cwd: folder }).finally(() => over.abort());
        while (!over.signal.aborted) {
          seen.add(readFileSync(join(folder, "out/z0/c0/a0/f0.yaml"), "utf8"));
          await new Promise(setImmediate);
        }
        expect(await run).toMatchObject({ status: 0 });
      }
      expect([...seen].filter((text) => !wanted.includes(text))).toEqual([]);
    });
  });
});

/** Something happens in a folder, or the run that should do it is over: it may be done before the watcher has come to every folder. */
function somethingIn(folder: string, run: Promise<unknown>): Promise<void> {
  return new Promise((resolve, reject) => {
    const watcher = watch(folder, { recursive: true }, over);
    watcher.once("error", reject);
    run.then(over, over);
    function over(): void {
      watcher.close();
      resolve();
    }
  });
}
