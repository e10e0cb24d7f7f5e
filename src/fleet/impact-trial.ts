import { BUNDLE_FOLDER } from "../bundle/index.ts";
import { addonOf, publishedPath, type WrittenFile } from "../addon/index.ts";
import { PyDict, PyFloat, type Value } from "../python/index.ts";
import { valueAt, withValue, type DataPlace } from "./changed-data.ts";
import type { FleetCompiler } from "./compile.ts";
import type { ClusterImpact, Reached } from "./impact.ts";
import type { ReachObject } from "./reach.ts";
import type { Cluster } from "./roster.ts";

/**
 * Narrows what the record says by trying: the value is given others of its kind, and what then is another is what it reaches. The record
 * alone names every file whose template looked at the value; most of what a map of settings copies is used in few of them.
 */
export class ImpactTrial {
  readonly #compiler: FleetCompiler;
  readonly #files = new Map<string, ReadonlyMap<string, WrittenFile> | undefined>();
  readonly #pillars = new Map<string, PyDict>();

  constructor(compiler: FleetCompiler) {
    this.#compiler = compiler;
  }

  /** `undefined` where trying tells nothing: no other value is valid, or something does not compile. */
  narrow(cluster: Cluster, keys: readonly string[], recorded: ClusterImpact): ClusterImpact | undefined {
    const pillar = this.#pillar(cluster);
    const base = this.#base(cluster);
    const place = placeOf(pillar, keys);
    const value = place === undefined ? undefined : valueAt(pillar, place);
    if (base === undefined || place === undefined || value === undefined) return undefined;
    const reached = new Map<string, Reached>();
    const brought = new Set<string>();
    let tried = false;
    for (const other of alternatives(value)) {
      const changed = withValue(pillar, place, other);
      if (this.#compiler.pillarProblems(changed) > this.#compiler.pillarProblems(pillar)) continue;
      const files = this.#compiler.filesWith(cluster, changed);
      // What does not compile at all shows nothing of the value's own effect.
      if (files === undefined) continue;
      tried = true;
      for (const path of new Set([...base.keys(), ...files.keys()])) {
        const [before, after] = [base.get(path), files.get(path)];
        if (before === after || (before !== undefined && after !== undefined && sameBytes(before, after))) continue;
        const addon = addonOf(path)?.addon ?? "";
        const objects = this.#changed(before, after);
        const key = `${addon}/${publishedPath(path)}`;
        const known = reached.get(key)?.objects ?? [];
        if (objects.length > 0) reached.set(key, { addon, file: publishedPath(path), objects: merged(known, objects) });
      }
      for (const addon of recorded.mayBring) if (hasAddon(base, addon) !== hasAddon(files, addon)) brought.add(addon);
    }
    // What is tried are the files that states write: the second stage's own come and go with the addon.
    const more = recorded.files.filter(
      ({ addon, file }) => file === "release.yaml" || (file.startsWith(`${BUNDLE_FOLDER}/`) && brought.has(addon)),
    );
    return tried ? { files: [...reached.values(), ...more], mayBring: [...brought] } : undefined;
  }

  /** Whether a cluster's pillar has a value at a path. */
  isSet(cluster: Cluster, keys: readonly string[]): boolean {
    return placeOf(this.#pillar(cluster), keys) !== undefined;
  }

  #base(cluster: Cluster): ReadonlyMap<string, WrittenFile> | undefined {
    if (!this.#files.has(cluster.id)) this.#files.set(cluster.id, this.#compiler.filesWith(cluster, this.#pillar(cluster)));
    return this.#files.get(cluster.id);
  }

  #pillar(cluster: Cluster): PyDict {
    let pillar = this.#pillars.get(cluster.id);
    if (pillar === undefined) this.#pillars.set(cluster.id, (pillar = this.#compiler.pillarOf(cluster)));
    return pillar;
  }

  /** Objects that only one of two files has, or that differ. */
  #changed(before: WrittenFile | undefined, after: WrittenFile | undefined): ReachObject[] {
    const [old, now] = [before, after].map((file) => (file === undefined ? new Map<string, string>() : this.#compiler.objectsIn(file)));
    const names = new Set([...(old?.keys() ?? []), ...(now?.keys() ?? [])]);
    return [...names].filter((name) => old?.get(name) !== now?.get(name)).map(readName);
  }
}

function readName(name: string): ReachObject {
  const [kind = "", namespace = "", own = ""] = name.split("\0");
  return [kind, namespace, own];
}

function merged(a: readonly ReachObject[], b: readonly ReachObject[]): readonly ReachObject[] {
  return [...new Map([...a, ...b].map((object) => [object.join("\0"), object])).values()];
}

function hasAddon(files: ReadonlyMap<string, WrittenFile>, addon: string): boolean {
  return [...files.keys()].some((path) => addonOf(path)?.addon === addon);
}

function sameBytes(a: WrittenFile, b: WrittenFile): boolean {
  return Buffer.compare(a.content, b.content) === 0;
}

/** The place that keys lead to: the key itself where it is a text, else the number that it spells. */
function placeOf(pillar: PyDict, keys: readonly string[]): DataPlace | undefined {
  const place: Value[] = [];
  for (const key of keys) {
    const found = [key, Number(key)].find((step) => valueAt(pillar, [...place, step]) !== undefined);
    if (found === undefined) return undefined;
    place.push(found);
  }
  return place;
}

/** Values that could stand in the place of one. */
function* alternatives(value: Value): Generator<Value> {
  if (typeof value === "boolean") yield !value;
  else if (typeof value === "number") yield* [value + 1, value + 7, 0];
  else if (value instanceof PyFloat) yield new PyFloat(value.value + 1);
  else if (typeof value === "string") {
    for (const words of ALTERNATIVES) if (words.includes(value)) yield* words.filter((word) => word !== value);
    yield value.replace(/\d(?!.*\d)/s, (digit) => String((Number(digit) + 1) % 10));
    yield `${value}y`;
    yield `other-${value}`;
    yield "";
  } else if (Array.isArray(value)) {
    yield [...value, ...value.slice(0, 1)];
    yield value.slice(1);
    yield* value.flatMap((item, index) =>
      [...alternatives(item)].slice(0, 2).map((other) => value.map((old, at) => (at === index ? other : old))),
    );
  } else if (value instanceof PyDict) {
    for (const [key, item] of value.entries()) {
      for (const other of alternatives(item)) {
        const copy = value.copy();
        copy.set(key, other);
        yield copy;
      }
    }
  } else if (value === null) yield* ["other", true, 1];
}

/** Words that stand for each other in settings of storage components. */
const ALTERNATIVES: readonly (readonly string[])[] = [
  ["fuse", "kernel"],
  ["Delete", "Retain"],
  ["Reconcile", "EnsureExists"],
  ["Immediate", "WaitForFirstConsumer"],
  ["OnDelete", "RollingUpdate"],
  ["ext4", "xfs"],
];
