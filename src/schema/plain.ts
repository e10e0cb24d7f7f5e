import { PyDict, PyFloat, PySet, PyTuple, str, type Value } from "../python/index.ts";
import type { Json, JsonPath } from "./problem.ts";

/** An object as JSON, and the fields that hold null in it. */
export interface Plain {
  readonly json: Json;
  readonly nulls: readonly JsonPath[];
}

/**
 * A value as the API server would see it. A field that is null counts as not set (encoding/json leaves the zero value), so
 * it is left out and told in `nulls`; null in a list stays. An int beyond 2^53 becomes the nearest double.
 */
export function toPlain(value: Value): Plain {
  const nulls: JsonPath[] = [];
  return { json: convert(value, [], nulls), nulls };
}

/** `path` is the way to the value; it is put back as it was. */
function convert(value: Value, path: (string | number)[], nulls: JsonPath[]): Json {
  if (value === null || typeof value === "string" || typeof value === "boolean" || typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  if (value instanceof PyFloat) return value.value;
  if (Array.isArray(value)) return convertList(value, path, nulls);
  if (value instanceof PyTuple) return convertList(value.items, path, nulls);
  if (value instanceof PySet) return convertList([...value.values()], path, nulls);
  if (!(value instanceof PyDict)) return str(value);
  const out: Record<string, Json> = Object.create(null);
  for (const [key, item] of value.entries()) {
    path.push(typeof key === "string" ? key : str(key));
    if (item === null) nulls.push([...path]);
    else out[String(path.at(-1))] = convert(item, path, nulls);
    path.pop();
  }
  return out;
}

function convertList(items: readonly Value[], path: (string | number)[], nulls: JsonPath[]): Json[] {
  return items.map((item, index) => {
    path.push(index);
    const converted = convert(item, path, nulls);
    path.pop();
    return converted;
  });
}

/** Puts a value at a path, where the mapping above it is there. */
export function setAt(root: Json, path: JsonPath, to: Json): void {
  let value: Json | undefined = root;
  for (const step of path.slice(0, -1)) {
    if (Array.isArray(value)) value = value[Number(step)];
    else value = typeof value === "object" && value !== null ? value[String(step)] : undefined;
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) Object.assign(value, { [String(path.at(-1))]: to });
}
