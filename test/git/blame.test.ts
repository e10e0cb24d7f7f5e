import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { lineTimes } from "../../src/git/index.ts";
import { gitIn } from "./fleet-repository.ts";

describe("when lines were committed", () => {
  let folder = "";
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test.each(["sha1", "sha256"])("in a repository of %s", async (format) => {
    folder = mkdtempSync(join(tmpdir(), "halite-blame-"));
    gitIn(folder, "init", "--quiet", `--object-format=${format}`);
    writeFileSync(join(folder, "a.yaml"), "a: 1\nb: 2\n");
    gitIn(folder, "add", ".");
    gitIn(folder, "commit", "--quiet", "-m", "one");
    const committed = Number(gitIn(folder, "log", "-1", "--format=%ct"));
    writeFileSync(join(folder, "a.yaml"), "a: 1\nb: 3\n\ttab\n");
    writeFileSync(join(folder, "new.yaml"), "c: 1\n");
    expect(await lineTimes(folder, "a.yaml")).toEqual([{ time: committed }, { time: null }, { time: null }]);
    expect(await lineTimes(folder, "new.yaml")).toBeUndefined();
  });
});
