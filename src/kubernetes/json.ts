import type { Json } from "../json/index.ts";
import { PyDict, PyFloat, type Value } from "../python/index.ts";

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
