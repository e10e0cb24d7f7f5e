import { describe, expect, test } from "vitest";
import { saltTree } from "../../bench/fleet.ts";
import { FleetCompiler, impactOn, recordClusters } from "../../src/fleet/index.ts";
import { freshValues, leafPaths, objectsOf, valueAt, withValue } from "./impact-flip.ts";
import { fleetOf } from "./memory-fleet.ts";

/** More kinds of clusters than are tried without being asked to. */
const CLUSTERS = 18;

describe("impact in a fleet of many kinds of clusters", () => {
  const files = new Map(saltTree({ clusters: CLUSTERS, variants: CLUSTERS, hostile: true }));
  files.set("roster.yaml", files.get("pillar/roster.yaml") ?? "");
  const [looking = ""] = [...files.keys()].filter((path) => /^states\/(?!rbd-plugin).*\/templates\//.test(path));
  files.set(looking, `{%- set looked_at = pillar['rbd-plugin'].replicas %}\n${files.get(looking) ?? ""}`);
  const fleet = fleetOf(files);
  const compiler = new FleetCompiler(fleet);
  const { clusters } = fleet.roster;
  const records = recordClusters(compiler, clusters, { begun: 0, state: undefined });

  test("is the record's, and says so, unless all are to be tried; trying only takes away", () => {
    const question = { kind: "pillar", keys: ["rbd-plugin", "replicas"] } as const;
    const recorded = impactOn(compiler, clusters, records, question);
    const tried = impactOn(compiler, clusters, records, question, { tryAll: true });
    expect(recorded?.untried).toEqual(clusters.map(({ id }) => id));
    expect(tried?.untried).toEqual([]);
    const names = (impact: typeof tried): string[] =>
      [...(impact?.clusters ?? [])].flatMap(([id, reached]) => reached.files.map(({ addon, file }) => `${id} ${addon}/${file}`));
    expect(names(recorded)).toEqual(expect.arrayContaining(names(tried)));
    const without = names(recorded).filter((name) => !names(tried).includes(name));
    expect(without).toHaveLength(CLUSTERS);
    expect(new Set(without.map((name) => name.split(" ")[1]))).toEqual(new Set([looking.replace(/^states\/|templates\//g, "")]));
  });

  test("with all tried, what a fresh value changes is within it, and nine tenths of it change", { timeout: 240_000 }, () => {
    const pillars = new Map(clusters.map((cluster) => [cluster.id, compiler.pillarOf(cluster)]));
    const bases = new Map(clusters.map((cluster) => [cluster.id, objectsOf(compiler.compile(cluster).release)]));
    const first = pillars.get(clusters[0]?.id ?? "");
    if (first === undefined) throw new Error("the fleet has a cluster");
    // Some of the keys: all of them would take minutes, and addons are much alike.
    const paths = [...leafPaths(first)].filter((_, index) => index % 41 === 0);
    const missed: string[] = [];
    let [changed, reached, judged] = [0, 0, 0];
    for (const path of paths) {
      const answer = impactOn(compiler, clusters, records, { kind: "pillar", keys: path.map(String) }, { tryAll: true });
      for (const cluster of clusters) {
        const pillar = pillars.get(cluster.id);
        const value = pillar === undefined ? undefined : valueAt(pillar, path);
        if (pillar === undefined || value === undefined) continue;
        const found = answer?.clusters.get(cluster.id);
        const named = new Set(
          found?.files.flatMap(({ addon, file, objects }) =>
            objects.map(([kind, namespace, name]) => `${addon}/${file} ${kind} ${namespace}/${name}`),
          ),
        );
        const now = [...freshValues(value)]
          .map((fresh) => compiler.compileWith(cluster, withValue(pillar, path, fresh)).release)
          .find((release) => release.state === "compiled" && release.addons.every((addon) => addon.state === "complete"));
        if (now === undefined) continue;
        judged++;
        reached += named.size;
        const [before, after] = [bases.get(cluster.id) ?? new Map<string, string>(), objectsOf(now)];
        for (const name of new Set([...before.keys(), ...after.keys()])) {
          if (before.get(name) === after.get(name)) continue;
          if (named.has(name)) changed++;
          else if (before.has(name) || found?.files.some(({ addon, file }) => name.startsWith(`${addon}/${file} `)) !== true)
            missed.push(`${path.join(":")} in ${cluster.id}: ${name}`);
        }
      }
    }
    expect(missed).toEqual([]);
    expect(judged).toBeGreaterThan(4 * CLUSTERS);
    expect(changed / reached).toBeGreaterThan(0.9);
  });
});
