import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { RosterCache } from "../../src/fleet/cache/roster-cache.ts";
import { CacheFolder } from "../../src/fleet/index.ts";
import { kindOf, partition, rosterText } from "../../src/fleet/partition.ts";
import { parseRoster, type Roster } from "../../src/fleet/roster.ts";
import { shown } from "../memo/data.ts";

const folder = mkdtempSync(join(tmpdir(), "halite-roster-"));
afterAll(() => rmSync(folder, { recursive: true }));

const cache = new RosterCache(new CacheFolder(folder, "test", () => undefined));

/** A roster long enough to be kept, with a grain of each cluster as it is written in YAML. */
function text(grains: readonly string[]): string {
  return grains.map((grain, index) => `c${index}: {minion_opts: {grains: {az: z, note: ${"long ".repeat(2000)}, g: ${grain}}}}\n`).join("");
}

const parsed = (roster: string): Roster => parseRoster(roster, "roster.yaml", "1.36");

function plain({ clusters, findings }: Roster): unknown {
  return { findings, clusters: clusters.map((cluster) => ({ ...cluster, grains: shown(cluster.grains) })) };
}

/** The roster as the first run reads it, and as the next does. */
function twice(roster: string): { readonly readAgain: boolean; readonly next: Roster } {
  cache.roster(roster, () => parsed(roster));
  let readAgain = false;
  const next = cache.roster(roster, () => {
    readAgain = true;
    return parsed(roster);
  });
  return { readAgain, next };
}

const GRAINS = [
  "1",
  "1.0",
  "1.5",
  "-0.0",
  ".nan",
  "12345678901234567890",
  "'1'",
  "true",
  "null",
  "2024-01-01",
  "[1, [2]]",
  "{a: 1, 1: b}",
  "{}",
  "ünï",
  "!!set {a, b}",
  "!!binary aGk=",
  "*x",
];

describe("a roster that an earlier run has read", () => {
  test("is the same as when it is read anew, whatever grains there are", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...GRAINS), { minLength: 1, maxLength: 4 }), (grains) => {
        const roster = text(["&x [1]", ...grains]);
        expect(plain(twice(roster).next)).toEqual(plain(parsed(roster)));
      }),
      { numRuns: 200 },
    );
  });

  test.each([
    ["of plain grains, is kept", ["1", "[1, 2]"], false],
    ["in which one list stands twice in a cluster, is read again", ["{a: &l [1], b: *l}"], true],
    ["in which a list holds itself, is read again", ["&l [1, *l]"], true],
  ])("%s", (_what, grains, readAgain) => {
    expect(twice(text(grains)).readAgain).toBe(readAgain);
  });

  test("clusters whose grains hold themselves have a kind, and a text by which a change of them is seen", () => {
    const { clusters } = parsed(text(["&l [1, *l]", "&m [2, *m]", "{a: &n [1], b: *n}", "{a: [1], b: [1]}"]));
    expect(new Set(clusters.map(rosterText)).size).toBe(4);
    expect(new Set(clusters.map(kindOf)).size).toBe(4);
    expect(partition(clusters, 2).flat().length).toBe(4);
  });
});
