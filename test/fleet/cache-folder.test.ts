import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CacheFolder } from "../../src/fleet/index.ts";
import { PROCESS } from "../../src/fleet/running.ts";

/** A minute of an entry's age, in seconds. */
const MINUTE = 60;
const KILOBYTE = 1024;

describe("the folder of what is kept for the next run", () => {
  let top: string;
  const now = Date.UTC(2026, 0, 1);
  beforeEach(() => {
    top = mkdtempSync(join(tmpdir(), "halite-cache-folder-"));
  });
  afterEach(() => {
    rmSync(top, { recursive: true, force: true });
  });

  const cache = (version: string): CacheFolder =>
    new CacheFolder(top, version, (message) => {
      throw new Error(message);
    });
  /** Keeps a kilobyte that was last of use so many minutes ago. */
  function keep(version: string, name: string, minutes: number): void {
    cache(version).write(name, Buffer.alloc(KILOBYTE));
    const at = now / 1000 - minutes * MINUTE;
    utimesSync(join(top, version, name), at, at);
  }
  /** A file as a process leaves it that writes, or did. */
  function halfWritten(writer: string, minutes: number): string {
    const name = `part.${writer}-0a1b.tmp`;
    mkdirSync(join(top, "new"), { recursive: true });
    writeFileSync(join(top, "new", name), "half");
    const at = now / 1000 - minutes * MINUTE;
    utimesSync(join(top, "new", name), at, at);
    return name;
  }
  const kept = (version: string): string[] => readdirSync(join(top, version)).sort();

  test("is bounded over all versions together: what was of no use for longest goes first, and only as much as has to", () => {
    keep("old", "a", 50);
    keep("old", "b", 20);
    keep("new", "c", 40);
    keep("new", "d", 30);
    keep("new", "e", 10);
    cache("new").touch("c", new Date(now));
    // An entry is its content and a digest.
    cache("new").tidy(now, 3 * (KILOBYTE + 64));
    expect([kept("old"), kept("new")]).toEqual([["b"], ["c", "e"]]);
    expect(cache("new").read("c")).toEqual(Buffer.alloc(KILOBYTE));
    expect(cache("old").read("a")).toBeUndefined();
    cache("new").tidy(now, 0);
    expect([kept("old"), kept("new")]).toEqual([[], []]);
  });

  test("loses nothing while it is within its bounds, however old that is", () => {
    keep("old", "a", 1_000_000);
    keep("new", "b", -1_000_000);
    cache("new").tidy(now);
    expect([kept("old"), kept("new")]).toEqual([["a"], ["b"]]);
  });

  test("is rid of what killed processes have half written; what others write now stays", () => {
    const own = PROCESS.replace(/-.*/, "");
    const ended = spawnSync(process.execPath, ["--version"]).pid;
    const dead = halfWritten(`${own}-${ended}`, 1);
    const living = halfWritten(`${own}-${process.ppid}`, 1);
    const elsewhere = halfWritten("00000000-1", 1);
    const silent = halfWritten("00000001-1", 61);
    expect(kept("new")).toEqual([dead, living, elsewhere, silent].sort());
    cache("new").tidy(now);
    expect(kept("new")).toEqual([living, elsewhere].sort());
  });
});
