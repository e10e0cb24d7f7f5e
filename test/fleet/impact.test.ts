import { describe, expect, test } from "vitest";
import type { Release } from "../../src/addon/index.ts";
import {
  FleetCompiler,
  impactOn,
  kubernetesSchemas,
  loadFleet,
  recordClusters,
  type Cluster,
  type ImpactQuestion,
} from "../../src/fleet/index.ts";
import type { PyDict } from "../../src/python/index.ts";
import { PROJECT } from "../cli/halite.ts";
import { freshValues, leafPaths, objectsOf, valueAt, withValue } from "./impact-flip.ts";

/** The shipped fleet with its records. */
function shipped() {
  const fleet = loadFleet(`${PROJECT}/halite.yaml`, kubernetesSchemas(PROJECT).versions.at(-1) ?? "", PROJECT);
  const compiler = new FleetCompiler(fleet, PROJECT);
  const { clusters } = fleet.roster;
  const records = recordClusters(compiler, clusters, { begun: 0, state: undefined });
  const impact = (question: ImpactQuestion) => impactOn(compiler, clusters, records, question);
  return { compiler, clusters, impact };
}

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
          if (base.has(name)) changed++;
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

describe("impact of files and grains of the shipped fleet", () => {
  const { impact, clusters } = shipped();
  const addonsOf = (question: ImpactQuestion): Set<string> =>
    new Set([...(impact(question)?.clusters.values() ?? [])].flatMap((cluster) => cluster.files.map((file) => file.addon)));

  test("a template reaches its file where it is used, and nothing else", () => {
    const answer = impact({ kind: "path", path: `${PROJECT}/states/csi-driver-nfs/templates/node.yaml.jinja` });
    expect([...(answer?.clusters.keys() ?? [])]).toEqual([
      "iad1-prod-01",
      "iad1-prod-02",
      "sjc1-prod-01",
      "sjc1-staging-01",
      "sjc2-prod-02",
    ]);
    for (const cluster of answer?.clusters.values() ?? [])
      expect(cluster.files.map(({ addon, file }) => `${addon}/${file}`)).toEqual(["csi-driver-nfs/node.yaml"]);
  });

  test("what many templates import reaches all of them", () => {
    expect(addonsOf({ kind: "path", path: `${PROJECT}/states/manifest/macros.jinja` }).size).toBeGreaterThan(5);
  });

  test("a zone's pillar file reaches the zone's clusters only", () => {
    const answer = impact({ kind: "path", path: `${PROJECT}/pillar/az/iad1.sls` });
    expect([...(answer?.clusters.keys() ?? [])].every((id) => id.startsWith("iad1-"))).toBe(true);
  });

  test("the roster reaches everything", () => {
    expect(impact({ kind: "path", path: `${PROJECT}/pillar/roster.yaml` })?.clusters.size).toBe(clusters.length);
  });

  test("a grain reaches what reads it, and what pillar takes from it", () => {
    expect(addonsOf({ kind: "grain", keys: ["az"] })).toContain("ceph-csi-rbd");
    expect(impact({ kind: "grain", keys: ["nobody-asks"] })).toBeUndefined();
  });

  test("a file that no compile asks for reaches nothing", () => {
    expect(impact({ kind: "path", path: `${PROJECT}/README.md` })).toBeUndefined();
    expect(impact({ kind: "pillar", keys: ["nobody", "asks"] })).toBeUndefined();
  });
});
