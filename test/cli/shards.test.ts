import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { saltTree, writeFiles } from "../../bench/fleet.ts";
import { build } from "../../scripts/build.mjs";
import { filesOf } from "./files-of.ts";
import { halite, inTemporaryFolder, type Run } from "./halite.ts";

beforeAll(async () => {
  await build();
});

/** Seven clusters. */
async function inFleet(run: (folder: string) => Promise<void>): Promise<void> {
  await inTemporaryFolder(async (folder) => {
    writeFiles(folder, saltTree({ clusters: 7, variants: 4 }));
    await run(folder);
  });
}

/** Renders every shard, each into a folder of its own, and gives the folders. */
async function renderShards(cwd: string, shards: number, name = "shard"): Promise<string[]> {
  const folders = Array.from({ length: shards }, (_, shard) => `${name}-${shard}`);
  for (const [shard, out] of folders.entries()) {
    const run = await halite(["render", "--shards", String(shards), "--shard", String(shard), "--out", out], { cwd });
    expect(run).toMatchObject({ stderr: "", status: 0 });
  }
  return folders;
}

function publish(cwd: string, folders: readonly string[], ...more: string[]): Promise<Run> {
  return halite(["publish", ...folders.flatMap((folder) => ["--rendered", folder]), ...more], { cwd });
}

/** The tree that was published, by its id. */
function publishedTree(folder: string): string {
  return execFileSync("git", ["-C", join(folder, ".halite/addons.git"), "rev-parse", "addons^{tree}"], { encoding: "utf8" }).trim();
}

function clustersIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((zone) => zone !== ".shards")
    .flatMap((zone) => readdirSync(join(folder, zone)));
}

/** What was refused, without this program's build and the digests of inputs. */
function refusal({ stderr }: Run): string {
  return stderr.replaceAll(/\b(build|digest|here) [0-9a-f]{12,16}\b/g, "$1 DIGEST");
}

describe("render --shards", () => {
  test.each([1, 2, 3, 9])("%i shards are the whole fleet, in parts of about one size, and publish to the same tree", async (shards) => {
    await inFleet(async (folder) => {
      await halite(["render", "--out", "whole"], { cwd: folder });
      await halite(["publish"], { cwd: folder });
      const tree = publishedTree(folder);
      rmSync(join(folder, ".halite/addons.git"), { recursive: true });
      const folders = await renderShards(folder, shards);
      const parts = folders.map((part) => clustersIn(join(folder, part)));
      expect(parts.flat().toSorted()).toEqual(clustersIn(join(folder, "whole")).toSorted());
      const sizes = parts.map((part) => part.length);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(shards === 9 ? 2 : 1);
      const union = new Map(folders.flatMap((part) => [...filesOf(join(folder, part))]));
      expect(union).toEqual(filesOf(join(folder, "whole")));
      expect(await publish(folder, folders)).toMatchObject({ status: 0, stderr: "" });
      expect(publishedTree(folder)).toBe(tree);
      expect((await publish(folder, folders)).stdout).toContain("nothing changed");
    });
  });

  test("JOB_COMPLETION_INDEX says which, into one folder: render --check, a second run and start leave the records alone", async () => {
    await inFleet(async (cwd) => {
      for (const index of ["1", "0"]) {
        const run = await halite(["render", "--shards", "2"], { cwd, env: { JOB_COMPLETION_INDEX: index } });
        expect(run).toMatchObject({ stderr: "", status: 0 });
      }
      const records = readdirSync(join(cwd, "out/.shards"));
      expect(records).toEqual(["0-of-2.json", "1-of-2.json"]);
      expect(await halite(["render", "--check"], { cwd })).toEqual({ status: 0, stdout: "out/ is fresh\n", stderr: "" });
      expect((await halite(["render"], { cwd })).stdout).toContain("out/ was up to date");
      expect(await publish(cwd, ["out"])).toMatchObject({ status: 0, stderr: "" });
      expect((await halite(["start"], { cwd })).stdout).toContain("nothing changed");
      expect(readdirSync(join(cwd, "out/.shards"))).toEqual(records);
    });
  });

  test("other shards' clusters stay as they are; a shard of another number takes the place of the records", async () => {
    await inFleet(async (cwd) => {
      await halite(["render"], { cwd });
      const [other = ""] = clustersIn(join(cwd, "out")).filter((id) => id === "cluster-00006");
      const edited = join(cwd, "out/az6", other, "release.yaml");
      writeFileSync(edited, "edited\n");
      mkdirSync(join(cwd, "out/az0/gone"));
      writeFileSync(join(cwd, "out/az0/gone/release.yaml"), "old\n");
      await halite(["render", "--shards", "9", "--shard", "0"], { cwd });
      await halite(["render", "--shards", "9", "--shard", "8"], { cwd });
      expect(readFileSync(edited, "utf8")).toBe("edited\n");
      expect(existsSync(join(cwd, "out/az0/gone/release.yaml"))).toBe(true);
      expect(readdirSync(join(cwd, "out/.shards"))).toEqual(["0-of-9.json", "8-of-9.json"]);
      await halite(["render", "--shards", "3", "--shard", "2"], { cwd });
      expect(readdirSync(join(cwd, "out/.shards"))).toEqual(["2-of-3.json"]);
    });
  });

  test("--check compares the shard's clusters and leaves no record", async () => {
    await inFleet(async (cwd) => {
      await halite(["render"], { cwd });
      expect(await halite(["render", "--check", "--shards", "2", "--shard", "1"], { cwd })).toMatchObject({
        status: 0,
        stdout: "out/ is fresh\n",
      });
      expect(existsSync(join(cwd, "out/.shards"))).toBe(false);
    });
  });

  test.each<[string[], Record<string, string>, string]>([
    [["--shards", "0", "--shard", "0"], {}, '--shards takes a number from 1 to 9999, not "0"'],
    [["--shards", "two", "--shard", "0"], {}, '--shards takes a number from 1 to 9999, not "two"'],
    [["--shards", "2", "--shard", "2"], {}, '--shard takes a number from 0 to 1, not "2"'],
    [["--shards", "2", "--shard=-1"], {}, '--shard takes a number from 0 to 1, not "-1"'],
    [["--shards", "2"], {}, "--shards needs --shard, which part to render, where JOB_COMPLETION_INDEX is not set"],
    [["--shards", "2"], { JOB_COMPLETION_INDEX: "7" }, 'JOB_COMPLETION_INDEX takes a number from 0 to 1, not "7"'],
    [["--shard", "0"], {}, "--shard says which of how many parts: give --shards too"],
    [["--shards", "2", "--shard", "0", "--clusters", "*"], {}, "--shards cuts the whole fleet into parts: leave out --clusters"],
  ])("%j %j is a usage error", async (args, env, message) => {
    await inTemporaryFolder(async (cwd) => {
      const run = await halite(["render", ...args], { cwd, env });
      expect(run).toEqual({ status: 2, stdout: "", stderr: `halite: ${message}\nTry \`halite render --help\`.\n` });
    });
  });
});

describe("publish --rendered refuses what is no whole fleet", () => {
  /** A fleet with its two shards, rendered once. */
  let rendered = "";
  let folders: readonly string[] = [];
  beforeAll(async () => {
    rendered = mkdtempSync(join(tmpdir(), "halite-shards-"));
    writeFiles(rendered, saltTree({ clusters: 7, variants: 4 }));
    folders = await renderShards(rendered, 2);
  });
  afterAll(() => rmSync(rendered, { recursive: true, force: true }));

  const record = (cwd: string, folder: string): string => {
    const [name = ""] = readdirSync(join(cwd, folder, ".shards"));
    return join(cwd, folder, ".shards", name);
  };
  const firstCluster = (cwd: string, folder: string): string => {
    const [zone = ""] = readdirSync(join(cwd, folder)).filter((name) => name !== ".shards");
    return join(cwd, folder, zone, readdirSync(join(cwd, folder, zone))[0] ?? "");
  };
  const copyOf = (cwd: string, folder: string): string => {
    cpSync(join(cwd, folder), join(cwd, `${folder}-copy`), { recursive: true });
    return `${folder}-copy`;
  };

  test.each<[string, (cwd: string, folders: readonly string[]) => readonly string[] | Promise<readonly string[]>]>([
    ["a shard is missing", (_cwd, [first = ""]) => [first]],
    ["a folder without a shard", (_cwd, [first = ""]) => [first, "nowhere"]],
    ["two records for one shard", (cwd, [first = "", second = ""]) => [first, second, copyOf(cwd, first)]],
    [
      "shards of another number",
      async (cwd, [first = ""]) => {
        await halite(["render", "--shards", "3", "--shard", "2", "--out", "third"], { cwd });
        return [first, "third"];
      },
    ],
    [
      "another tree",
      (cwd, all) => {
        writeFileSync(join(cwd, "states/new.sls"), "{}\n");
        return all;
      },
    ],
    [
      "another build",
      (cwd, all) => {
        for (const folder of all) rebuilt(record(cwd, folder));
        return all;
      },
    ],
    [
      "a record that was cut short",
      (cwd, all) => {
        const path = record(cwd, all[1] ?? "");
        writeFileSync(path, readFileSync(path, "utf8").slice(0, 100));
        return all;
      },
    ],
    [
      "a record that was edited",
      (cwd, all) => {
        const path = record(cwd, all[0] ?? "");
        writeFileSync(path, readFileSync(path, "utf8").replace(/"release.yaml":"../, '"release.yaml":"xx'));
        return all;
      },
    ],
    [
      "a record with another shard's name",
      (cwd, [first = "", second = ""]) => {
        const copy = copyOf(cwd, first);
        renameSync(record(cwd, copy), join(cwd, copy, ".shards/1-of-2.json"));
        rmSync(record(cwd, second));
        return [first, copy];
      },
    ],
    [
      "files that are changed, missing and extra, and a shard that is missing: all in one run",
      (cwd, [first = ""]) => {
        const cluster = firstCluster(cwd, first);
        const addons = readdirSync(cluster).filter((name) => name !== "release.yaml");
        const [one = "", two = ""] = addons.map((addon) => join(cluster, addon, readdirSync(join(cluster, addon))[0] ?? ""));
        writeFileSync(one, "edited\n");
        rmSync(two);
        writeFileSync(join(cluster, "extra.yaml"), "x: 1\n");
        return [first];
      },
    ],
  ])("%s", async (name, spoil) => {
    await inTemporaryFolder(async (cwd) => {
      cpSync(rendered, cwd, { recursive: true });
      const run = await publish(cwd, await spoil(cwd, folders), "--partial");
      expect(run).toMatchObject({ status: 1, stdout: "" });
      expect(existsSync(join(cwd, ".halite/addons.git"))).toBe(false);
      await expect(refusal(run)).toMatchFileSnapshot(`golden/shards/${name.replaceAll(/[^a-zA-Z0-9]+/g, "-")}.txt`);
    });
  });
});

/** Makes a record that of another build, as that build would have written it. */
function rebuilt(path: string): void {
  const file: { kind: string; record: { build: string } } = JSON.parse(readFileSync(path, "utf8"));
  file.record.build = "0123456789abcdef";
  const digest = createHash("sha256").update(JSON.stringify(file.record)).digest("base64");
  writeFileSync(path, JSON.stringify({ ...file, digest }));
}

describe("failed addons", () => {
  test("are refused and carried over as by a publish that compiles", async () => {
    await inFleet(async (cwd) => {
      await halite(["publish"], { cwd });
      const head = publishedTree(cwd);
      // A template that fails where the cluster is the fifth, and pillar that does not compile for the sixth.
      appendFileSync(
        join(cwd, "states/backup-agent/templates/config.yaml"),
        "{% if grains.id == 'cluster-00004' %}{{ nope }}{% endif %}\n",
      );
      appendFileSync(join(cwd, "pillar/top.sls"), "  cluster-00005:\n    - absent\n");
      const plain = await halite(["publish"], { cwd });
      const folders = ["shard-0", "shard-1"];
      for (const [shard, out] of folders.entries())
        await halite(["render", "--shards", "2", "--shard", String(shard), "--out", out], { cwd });
      const refused = await publish(cwd, folders);
      expect(refused).toEqual(plain);
      expect(refused.stderr).toContain("nothing was published: ");
      expect(publishedTree(cwd)).toBe(head);
      expect(await publish(cwd, folders, "--partial")).toMatchObject({ status: 0 });
      const tree = publishedTree(cwd);
      expect(tree).not.toBe(head);
      expect((await halite(["publish", "--partial"], { cwd })).stdout).toContain("nothing changed");
      expect(publishedTree(cwd)).toBe(tree);
    });
  });
});
