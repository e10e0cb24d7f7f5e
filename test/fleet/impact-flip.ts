import type { Release } from "../../src/addon/index.ts";
import { deepCopy, PyDict, str, type Value } from "../../src/python/index.ts";

/** Paths of the values of a pillar: scalars, items of lists by their place, empty containers. */
export function* leafPaths(value: Value, path: readonly (string | number)[] = []): Generator<readonly (string | number)[]> {
  if (value instanceof PyDict && value.size > 0) {
    for (const [key, item] of value.entries()) yield* leafPaths(item, [...path, str(key)]);
  } else if (Array.isArray(value) && value.length > 0) {
    for (const [index, item] of value.entries()) yield* leafPaths(item, [...path, index]);
  } else yield path;
}

export function valueAt(value: Value, path: readonly (string | number)[]): Value | undefined {
  let here: Value | undefined = value;
  for (const step of path) {
    if (here instanceof PyDict) here = here.get(step);
    else if (Array.isArray(here) && typeof step === "number") here = here[step];
    else return undefined;
  }
  return here;
}

/** A copy of a pillar with another value at a path. */
export function withValue(pillar: PyDict, path: readonly (string | number)[], value: Value): PyDict {
  const copy = deepCopy(pillar);
  const last = path.at(-1);
  const container = valueAt(copy, path.slice(0, -1));
  if (container instanceof PyDict && last !== undefined) container.set(last, value);
  else if (Array.isArray(container) && typeof last === "number") container[last] = value;
  if (!(copy instanceof PyDict)) throw new Error("a pillar is a dict");
  return copy;
}

/** Other values of the same kind, the likeliest to be valid first. */
export function* freshValues(value: Value): Generator<Value> {
  if (typeof value === "boolean") yield !value;
  else if (typeof value === "number") {
    yield value + 1;
    yield value - 1;
    yield value * 2;
  } else if (typeof value === "string") {
    for (const words of WORDS) if (words.includes(value)) yield* words.filter((word) => word !== value);
    if (/\d/.test(value)) yield value.replace(/\d(?!.*\d)/, (digit) => String((Number(digit) % 9) + 1));
    yield `${value}x`;
    yield `x-${value}`;
    yield value.replace(/[a-z](?!.*[a-z])/, "q");
  }
}

/** Values that stand for each other. */
const WORDS = [
  ["fuse", "kernel"],
  ["Delete", "Retain"],
  ["Reconcile", "EnsureExists"],
  ["NoSchedule", "NoExecute"],
  ["Exists", "Equal"],
  ["WaitForFirstConsumer", "Immediate"],
  ["OnDelete", "RollingUpdate"],
  ["xfs", "ext4"],
];

/** Every object of a release by addon, file, kind and name, with its digest; addons that failed as one. */
export function objectsOf(release: Release): Map<string, string> {
  const objects = new Map<string, string>();
  for (const addon of release.state === "compiled" ? release.addons : []) {
    if (addon.state === "failed") objects.set(`${addon.name} failed`, "");
    else
      for (const object of addon.objects)
        objects.set(`${addon.name}/${object.file} ${object.kind} ${object.namespace ?? ""}/${object.name}`, object.digest);
  }
  return objects;
}
