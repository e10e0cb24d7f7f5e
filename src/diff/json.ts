import { PyDict, PyFloat, str, type Value } from "../python/index.ts";

/** A value of a Kubernetes object as JSON holds it; integers beyond 2^53 are bigints. Mappings have no prototype, so that any key is a key. */
export type Json = null | boolean | number | bigint | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

/** What a loader or the compiler gave, as JSON. Floats without a fraction become integers, as in the JSON that an API server gets. */
export function toJson(value: Value): Json {
  if (value instanceof PyDict) {
    const object = emptyObject();
    for (const [key, item] of value.entries()) object[str(key)] = toJson(item);
    return object;
  }
  if (Array.isArray(value)) return value.map(toJson);
  if (value instanceof PyFloat) return value.value;
  if (value !== null && typeof value === "object") throw new Error(`a ${value.typeName} can't stand in an object`);
  return value;
}

/** A mapping that can be filled. */
export function emptyObject(): Record<string, Json> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Object.create gives any
  return Object.create(null) as Record<string, Json>;
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** Equal values; the order of a mapping's keys does not count. */
export function equalJson(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (isList(a)) return isList(b) && a.length === b.length && a.every((item, index) => equalJson(item, b[index]));
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => key in b && equalJson(a[key], b[key]));
}

/** What stands at a path of names and indexes. */
export function valueAt(value: Json | undefined, path: readonly (string | number)[]): Json | undefined {
  let at = value;
  for (const step of path) {
    if (typeof step === "number") at = isList(at) ? at[step] : undefined;
    else at = isObject(at) && step in at ? at[step] : undefined;
  }
  return at;
}

/** A mapping at a path, empty where there is none. */
export function objectAt(value: Json | undefined, ...path: readonly string[]): JsonObject {
  const found = valueAt(value, path);
  return isObject(found) ? found : {};
}

/** A list at a path, empty where there is none. */
export function listAt(value: Json | undefined, ...path: readonly string[]): readonly Json[] {
  const found = valueAt(value, path);
  return isList(found) ? found : [];
}

/** A text at a path. */
export function textAt(value: Json | undefined, ...path: readonly string[]): string | undefined {
  const found = valueAt(value, path);
  return typeof found === "string" ? found : undefined;
}

/** JSON text: keys in their order, or sorted, so that equal values have equal texts; bigints as numbers. */
export function jsonText(
  value: unknown,
  { sorted = false, indent = "" }: { readonly sorted?: boolean; readonly indent?: string } = {},
): string {
  const write = (item: unknown, margin: string): string => {
    if (typeof item === "bigint") return String(item);
    if (item === null || typeof item !== "object") return JSON.stringify(item) ?? "null";
    const inner = margin + indent;
    const [open, join, close] = indent === "" ? ["", ",", ""] : [`\n${inner}`, `,\n${inner}`, `\n${margin}`];
    if (Array.isArray(item)) {
      return item.length === 0 ? "[]" : `[${open}${item.map((each) => write(each, inner)).join(join)}${close}]`;
    }
    const entries = Object.entries(item).filter(([, each]) => each !== undefined);
    if (sorted) entries.sort(([a], [b]) => (a < b ? -1 : 1));
    const colon = indent === "" ? ":" : ": ";
    return entries.length === 0
      ? "{}"
      : `{${open}${entries.map(([key, each]) => `${JSON.stringify(key)}${colon}${write(each, inner)}`).join(join)}${close}}`;
  };
  return write(value, "");
}
