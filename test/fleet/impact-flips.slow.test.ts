import { describe, expect, test } from "vitest";
import type { Release } from "../../src/addon/index.ts";
import type { Cluster, FleetCompiler } from "../../src/fleet/index.ts";
import type { PyDict } from "../../src/python/index.ts";
import { freshValues, leafPaths, objectsOf, valueAt, withValue } from "./impact-flip.ts";
import { shipped } from "./shipped-fleet.ts";

/** The objects of a cluster with a fresh value at a path; `undefined` where none that was tried is valid. */
function flipped(
  compiler: FleetCompiler,
  cluster: Cluster,
  pillar: PyDict,
  path: readonly (string | number)[],
): Map<string, string> | undefined {
  const value = valueAt(pillar, path);
  if (value === undefined) return undefined;
  for (const fresh of freshValues(value)) {
    const release: Release = compiler.compileWith(cluster, withValue(pillar, path, fresh)).release;
    if (release.state === "compiled" && release.addons.every((addon) => addon.state === "complete")) return objectsOf(release);
  }
  return undefined;
}

describe("impact of each pillar key of the shipped fleet", () => {
  test("what a fresh value changes is within it, and nine tenths of it change", { timeout: 120_000 }, () => {
    const { compiler, clusters, impact } = shipped();
    const pillars = new Map(clusters.map((cluster) => [cluster.id, compiler.pillarOf(cluster)]));
    const bases = new Map(clusters.map((cluster) => [cluster.id, objectsOf(compiler.compile(cluster).release)]));
    const paths = new Map(
      [...pillars.values()].flatMap((pillar) => [...leafPaths(pillar)].map((path) => [JSON.stringify(path), path] as const)),
    );
    const missed: string[] = [];
    let [changed, reached, judged] = [0, 0, 0];
    for (const path of paths.values()) {
      const answer = impact({ kind: "pillar", keys: path.map(String) });
      let valid = false;
      for (const cluster of clusters) {
        const found = answer?.clusters.get(cluster.id);
        const objects = new Set(
          found?.files.flatMap(({ addon, file, objects: list }) =>
            list.map(([kind, namespace, name]) => `${addon}/${file} ${kind} ${namespace}/${name}`),
          ),
        );
        const pillar = pillars.get(cluster.id);
        const base = bases.get(cluster.id) ?? new Map<string, string>();
        const now = pillar === undefined ? undefined : flipped(compiler, cluster, pillar, path);
        if (now === undefined) {
          // Without the key nothing may be said to be reached; without another valid value nobody can tell.
          if (pillar !== undefined && valueAt(pillar, path) === undefined) reached += objects.size;
          continue;
        }
        valid = true;
        reached += objects.size;
        for (const name of new Set([...base.keys(), ...now.keys()])) {
          if (base.get(name) === now.get(name)) continue;
          // What comes by the flip counts where it was named; what only `mayBring` covers was not counted as reached either.
          if (base.has(name) || objects.has(name)) changed++;
          // Brought, or an object of a reached file under another name.
          const brought =
            !base.has(name) &&
            (found?.mayBring.includes(name.split("/")[0] ?? "") === true ||
              found?.files.some(({ addon, file }) => name.startsWith(`${addon}/${file} `)) === true);
          if (!objects.has(name) && !brought) missed.push(`${path.join(":")} in ${cluster.id}: ${name}`);
        }
      }
      if (valid) judged++;
    }
    expect(missed).toEqual([]);
    expect(judged).toBeGreaterThan(60);
    expect(changed / reached).toBeGreaterThan(0.9);
  });
});
