import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { build } from "../../scripts/build.mjs";
import { CacheFolder } from "../../src/fleet/index.ts";
import { filesOf } from "./files-of.ts";
import { halite, HALITE, inTemporaryFolder, type Run } from "./halite.ts";
import { writeSmallFleet } from "./small-fleet.ts";

beforeAll(async () => {
  await build();
});

const SHAPE = { clusters: 40, files: 4 };

const CACHE = ".halite/cache";

/** The build's own folder in the cache. */
function buildIn(folder: string): string {
  const [name] = readdirSync(join(folder, CACHE));
  return join(folder, CACHE, name ?? "none");
}

/** Entries of the cache by the kind of what they hold. */
function entriesOf(folder: string): readonly string[] {
  return readdirSync(buildIn(folder)).map((name) => join(buildIn(folder), name));
}

/** What a render without the cache makes of a value. */
function expected(value: string): Promise<ReadonlyMap<string, string>> {
  let made = EXPECTED.get(value);
  made ??= inTemporaryFolder(async (folder) => {
    writeSmallFleet(folder, SHAPE, value);
    expect(await halite(["render", "--no-cache", "--no-memo"], { cwd: folder })).toMatchObject({ status: 0, stderr: "" });
    return filesOf(join(folder, "out"));
  });
  EXPECTED.set(value, made);
  return made;
}
const EXPECTED = new Map<string, Promise<ReadonlyMap<string, string>>>();

/** Renders all anew over a cache that something has been done to, and expects the bytes of a render without; gives what was said. */
async function rendersRight(folder: string, value: string, options: { readonly uid?: number } = {}): Promise<Run> {
  writeSmallFleet(folder, SHAPE, value);
  if (options.uid !== undefined) ownedBy(folder, options.uid);
  const run = await halite(["render"], { cwd: folder, ...options });
  expect(run.status).toBe(0);
  expect(filesOf(join(folder, "out"))).toEqual(await expected(value));
  return run;
}

function ownedBy(path: string, uid: number): void {
  chownSync(path, uid, uid);
  for (const entry of readdirSync(path, { recursive: true, withFileTypes: true })) {
    if (!entry.isSymbolicLink()) chownSync(join(entry.parentPath, entry.name), uid, uid);
  }
}

/** One line, once. */
const WARNING = /^halite: the cache \S+ can't be written, so the next run has more to do: [^\n]+\n$/;

const FAULTS: Readonly<Record<string, (entry: string) => void>> = {
  "is cut short": (entry) => truncateSync(entry, Math.floor(readFileSync(entry).length / 2)),
  "is empty": (entry) => truncateSync(entry, 0),
  "is longer": (entry) => appendFileSync(entry, "more"),
  "has one bit turned": (entry) => {
    const bytes = readFileSync(entry);
    const at = Math.floor(bytes.length * 0.7);
    bytes[at] = (bytes[at] ?? 0) ^ 4;
    writeFileSync(entry, bytes);
  },
  "has one bit of its digest turned": (entry) => {
    const bytes = readFileSync(entry);
    bytes[3] = (bytes[3] ?? 0) ^ 1;
    writeFileSync(entry, bytes);
  },
  "is a folder": (entry) => {
    rmSync(entry);
    mkdirSync(join(entry, "deep"), { recursive: true });
  },
  "is a link to itself": (entry) => {
    rmSync(entry);
    symlinkSync(entry, entry);
  },
  "is gone": (entry) => rmSync(entry),
};

describe("an entry of the cache that is not whole is as good as none", () => {
  test("there are entries of each kind to spoil", async () => {
    await inTemporaryFolder(async (folder) => {
      await rendersRight(folder, "first");
      const kinds = entriesOf(folder).map((entry) => /([a-z]+)-[0-9a-f-]+$/.exec(entry)?.[1]);
      expect(new Set(kinds)).toEqual(new Set(["memo", "roster", "state"]));
    });
  });

  test.each(Object.entries(FAULTS))("every one %s", async (what, fault) => {
    await inTemporaryFolder(async (folder) => {
      await rendersRight(folder, "first");
      for (const entry of entriesOf(folder)) fault(entry);
      const said = [await rendersRight(folder, "first"), await rendersRight(folder, "second")].map(({ stderr }) => stderr);
      // Where a folder stands in its place nothing can be written.
      if (what === "is a folder") expect(said[0]).toMatch(WARNING);
      else expect(said).toEqual(["", ""]);
    });
  });

  test("every one is of another build, or another's in its place", async () => {
    await inTemporaryFolder(async (folder) => {
      await rendersRight(folder, "first");
      const own = buildIn(folder);
      const entries = readdirSync(own);
      // Whole, but what another build has written, and says what this one could not read.
      const other = new CacheFolder(join(folder, CACHE), "another", () => undefined);
      for (const name of entries) other.write(name, Buffer.from('{"of": "another build"}'));
      for (const name of entries) renameSync(join(folder, CACHE, "another", name), join(own, name));
      expect((await rendersRight(folder, "first")).stderr).toBe("");
      const fresh = readdirSync(own).toSorted();
      const moved = new Map(fresh.map((name, index) => [name, readFileSync(join(own, fresh[(index + 1) % fresh.length] ?? ""))]));
      for (const [name, bytes] of moved) writeFileSync(join(own, name), bytes);
      expect((await rendersRight(folder, "second")).stderr).toBe("");
    });
  });
});

describe("a cache that can't be written is warned of once, and the render is right", () => {
  test.each([
    ["is a file", CACHE],
    ["is in what is a file", ".halite"],
    ["is a link to nothing", CACHE],
  ])("one that %s", async (what, path) => {
    await inTemporaryFolder(async (folder) => {
      if (path === CACHE) mkdirSync(join(folder, ".halite"));
      if (what.includes("link")) symlinkSync("/nowhere/at/all", join(folder, path));
      else writeFileSync(join(folder, path), "");
      expect((await rendersRight(folder, "first")).stderr).toMatch(WARNING);
      expect((await rendersRight(folder, "second")).stderr).toMatch(WARNING);
    });
  });

  // Root may write anywhere.
  const root = process.getuid?.() === 0;
  const uid = root ? { uid: 65_534 } : {};

  test("one whose folder is read only, for another user than root", async () => {
    await inTemporaryFolder(async (folder) => {
      mkdirSync(join(folder, CACHE), { recursive: true });
      chmodSync(join(folder, CACHE), 0o555);
      try {
        expect((await rendersRight(folder, "first", uid)).stderr).toMatch(WARNING);
      } finally {
        chmodSync(join(folder, CACHE), 0o755);
      }
    });
  });

  test("one that may be read and no more written, and one that may not be read either", async () => {
    await inTemporaryFolder(async (folder) => {
      expect((await rendersRight(folder, "first", uid)).stderr).toBe("");
      const own = buildIn(folder);
      for (const mode of [0o555, 0o000]) {
        for (const entry of mode === 0 ? [] : entriesOf(folder)) chmodSync(entry, 0o444);
        chmodSync(own, mode);
        try {
          expect((await rendersRight(folder, mode === 0 ? "second" : "third", uid)).stderr).toMatch(WARNING);
        } finally {
          chmodSync(own, 0o755);
        }
      }
      for (const entry of entriesOf(folder)) chmodSync(entry, 0o000);
      expect((await rendersRight(folder, "first", uid)).stderr).toBe("");
    });
  });
});

const mounts = spawnSync("unshare", ["-m", "true"]).status === 0;

describe.skipIf(!mounts)("a full disk (where file systems may be mounted: `unshare -m`)", () => {
  /**
   * Renders with a small file system of its own at a folder of the fleet, on which is at first what is in the folder, and which is copied to
   * `seen` before it goes.
   */
  function renderOn(folder: string, at: string, size: string, options: readonly string[]): Run {
    mkdirSync(join(folder, at), { recursive: true });
    const script = [
      'cp -a "$2" before && mount -t tmpfs -o "size=$1" tmpfs "$2" && cp -a before/. "$2" || exit 99',
      'shift; at="$1"; shift',
      '"$@"; status=$?',
      'cp -a "$at" seen && exit $status',
    ].join("\n");
    const args = ["-m", "sh", "-c", script, "sh", size, at, process.execPath, HALITE, "render", ...options];
    const { status, stdout, stderr } = spawnSync("unshare", args, { cwd: folder, encoding: "utf8" });
    return { status, stdout, stderr };
  }

  test("at the cache: one warning, and the render is right", async () => {
    await inTemporaryFolder(async (folder) => {
      await rendersRight(folder, "first");
      rmSync(join(folder, ".halite"), { recursive: true });
      const run = renderOn(folder, CACHE, "16k", []);
      expect(run).toMatchObject({ status: 0 });
      expect(run.stderr).toMatch(WARNING);
      expect(run.stderr).toContain("no space left");
      expect(filesOf(join(folder, "out"))).toEqual(await expected("first"));
      expect(filesOf(join(folder, "seen")).size).toBe(0);
    });
  });

  test.each([
    ["is new", "700k", [], false],
    ["is new, in two threads", "700k", ["--jobs", "2"], false],
    ["has files that grow", "1000k", [], true],
  ] as const)("at out/ that %s: exit 3, it says why, and no half file is left", async (_what, size, options, grows) => {
    await inTemporaryFolder(async (folder) => {
      await rendersRight(folder, "first");
      const value = grows ? "longer ".repeat(700) : "first";
      writeSmallFleet(folder, SHAPE, value);
      if (grows) cpSync(join(folder, "out"), join(folder, "full"), { recursive: true });
      const run = renderOn(folder, "full", size, ["--out", "full", ...options]);
      expect(run).toMatchObject({ status: 3, stdout: "" });
      expect(run.stderr).toMatch(/^halite: out\/ can't be written: ENOSPC: no space left on device[^\n]*\n$/);
      const left = filesOf(join(folder, "seen"));
      expect(left.size).toBeGreaterThan(0);
      const whole = [await expected("first"), await expected(value)];
      for (const [path, text] of left)
        expect(
          whole.map((files) => files.get(path)),
          path,
        ).toContain(text);
      // What this render has left in the cache does not mislead the next.
      await rendersRight(folder, value);
    });
  });
});
