import { PyDict, PyFloat, type Value } from "../python/index.ts";

/** What JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value that a path of names and indexes leads to. */
export function valueAt(root: Json | undefined, path: readonly (string | number)[]): Json | undefined {
  let value: Json | undefined = root;
  for (const step of path) {
    if (isList(value) && typeof step === "number") value = value[step];
    else if (isObject(value) && typeof step === "string") value = Object.hasOwn(value, step) ? value[step] : undefined;
    else return undefined;
  }
  return value;
}

export function isList(value: unknown): value is readonly Json[] {
  return Array.isArray(value);
}

export function textAt(root: Json | undefined, ...path: (string | number)[]): string | undefined {
  const value = valueAt(root, path);
  return typeof value === "string" ? value : undefined;
}

export function numberAt(root: Json | undefined, ...path: (string | number)[]): number | undefined {
  const value = valueAt(root, path);
  return typeof value === "number" ? value : undefined;
}

export function listAt(root: Json | undefined, ...path: (string | number)[]): readonly Json[] {
  const value = valueAt(root, path);
  return isList(value) ? value : [];
}

export function objectAt(root: Json | undefined, ...path: (string | number)[]): JsonObject {
  const value = valueAt(root, path);
  return isObject(value) ? value : {};
}

/** Whether two values are the same JSON; the order of an object's keys does not count. */
export function sameJson(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (isList(a) && isList(b)) return a.length === b.length && a.every((item, index) => sameJson(item, b[index]));
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && sameJson(a[key], b[key]));
}

/** A manifest's value as JSON holds it. Keys with null go: to the API server they are as if they were not there. */
export function jsonOf(value: Value): Json {
  if (value instanceof PyDict) {
    const entries: [string, Json][] = [];
    for (const [key, item] of value.entries()) if (typeof key === "string" && item !== null) entries.push([key, jsonOf(item)]);
    return Object.fromEntries(entries);
  }
  if (Array.isArray(value)) return value.map(jsonOf);
  if (value instanceof PyFloat) return value.value;
  if (typeof value === "bigint") return Number(value);
  if (value === null || typeof value === "boolean" || typeof value === "number" || typeof value === "string") return value;
  throw new TypeError(`a manifest holds a ${value.typeName}`);
}
