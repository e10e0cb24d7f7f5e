import type { Memo } from "../memo/index.ts";
import { Ask, hashKey, PyDict, type DataPath, type HashKey, type Value } from "../python/index.ts";
import type { DataPlace } from "./changed-data.ts";

/** Data that templates read, by the name of the root. */
export type DataRoot = "pillar" | "grains";

/** What was read of one root. */
export interface ReadPlaces {
  /** Places of values that are no mappings. */
  readonly values: readonly DataPlace[];
  /** Those of them of which nothing was asked but whether they are there. */
  readonly tested: readonly DataPlace[];
  /** Places of mappings, each after those that it is in. */
  readonly mappings: readonly DataPlace[];
  /** Places of entries, mappings or not, whose keys were gone through. */
  readonly listed: readonly DataPlace[];
}

/** The places of data that recorded questions are about, as far as there is something. */
export function readPlaces(memo: Memo, questions: Iterable<number>, root: DataRoot, data: PyDict): ReadPlaces {
  const values = new Map<DataPath, DataPlace>();
  const mappings = new Map<DataPath, DataPlace>();
  const tested = new Map<DataPath, DataPlace>();
  const read = new Set<DataPath>();
  const listed: DataPlace[] = [];
  for (const question of questions) {
    const path = memo.paths.at(question >> 2);
    const found = path === undefined ? undefined : lookUp(path, memo.root(root), data);
    if (path === undefined || found === undefined) continue;
    const what = question & 3;
    if (!(found.value instanceof PyDict)) {
      values.set(path, found.place);
      if (what === Ask.kind) tested.set(path, found.place);
      else read.add(path);
    } else {
      if (found.place.length > 0) mappings.set(path, found.place);
      if (what === Ask.keys) for (const key of found.value.keys()) listed.push([...found.place, key]);
    }
  }
  const byDepth = [...mappings.values()].sort((a, b) => a.length - b.length);
  return {
    values: [...values.values()],
    tested: [...tested].flatMap(([path, place]) => (read.has(path) ? [] : [place])),
    mappings: byDepth,
    listed,
  };
}

function lookUp(path: DataPath, root: DataPath, data: PyDict): { readonly place: DataPlace; readonly value: Value } | undefined {
  if (path === root) return { place: [], value: data };
  if (path.parent === undefined) return undefined;
  const above = lookUp(path.parent, root, data);
  if (!(above?.value instanceof PyDict)) return undefined;
  const key = keyOf(above.value, path.key);
  const value = key === undefined ? undefined : above.value.get(key);
  return key === undefined || value === undefined ? undefined : { place: [...above.place, key], value };
}

/** A key as the mapping spells it. */
function keyOf(dict: PyDict, hash: HashKey): Value | undefined {
  if (typeof hash === "string" && dict.has(hash)) return hash;
  for (const key of dict.keys()) if (hashKey(key) === hash) return key;
  return undefined;
}
