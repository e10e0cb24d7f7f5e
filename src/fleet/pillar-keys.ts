import { canonical } from "../memo/index.ts";
import { equals, PyDict, str, type Value } from "../python/index.ts";
import type { FleetCompiler } from "./compile.ts";
import { kindOf } from "./partition.ts";
import type { Cluster } from "./roster.ts";

/** So many of the fleet's values of a grain are tried, and of many kinds of clusters none: then what the grain selects is what is found. */
const MOST_VALUES = 6;
const FEW_KINDS = 12;

/** Paths of pillar values. */
export type PillarKeys = readonly (readonly string[])[];

/**
 * The pillar values that hang on a grain, of one cluster of each kind: what is other, gone or new where the grain has another value of the
 * fleet's, one that nobody has, or none.
 */
export function pillarKeysBehind(
  compiler: FleetCompiler,
  clusters: readonly Cluster[],
  grain: readonly string[],
): ReadonlyMap<string, PillarKeys> {
  const [name = ""] = grain;
  const values = new Map<string, Value>();
  for (const { grains } of clusters) {
    const value = grains.get(name);
    if (value !== undefined) values.set(canonical(value), value);
  }
  const kinds = new Set(clusters.map(kindOf)).size;
  const found = new Map<string, PillarKeys>();
  for (const cluster of clusters) {
    const kind = kindOf(cluster);
    if (found.has(kind)) continue;
    const base = compiler.pillarOf(cluster);
    const keys = new Map<string, readonly string[]>();
    for (const value of [...[...values.values()].slice(0, kinds > FEW_KINDS ? 0 : MOST_VALUES), "a value that no cluster has", undefined]) {
      const own = cluster.grains.get(name);
      if (value !== undefined && own !== undefined && equals(value, own)) continue;
      const grains = cluster.grains.copy();
      if (value === undefined) grains.delete(name);
      else grains.set(name, value);
      for (const path of differences(base, compiler.pillarOf({ ...cluster, grains }))) keys.set(path.join("\0"), path);
    }
    found.set(kind, [...keys.values()]);
  }
  return found;
}

/** Paths of values that two pillars do not have in common, as deep as both have mappings. */
function* differences(a: Value | undefined, b: Value | undefined, path: readonly string[] = []): Generator<readonly string[]> {
  if (a instanceof PyDict && b instanceof PyDict) {
    for (const key of new Set([...a.keys(), ...b.keys()])) yield* differences(a.get(key), b.get(key), [...path, str(key)]);
  } else if (a === undefined || b === undefined || !equals(a, b)) yield path;
}
