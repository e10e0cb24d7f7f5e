import type { Json } from "../json/index.ts";
import { PyDict, PyFloat, str, type Value } from "../python/index.ts";

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

/** A mapping that can be filled. It has no prototype, so that any key is a key. */
export function emptyObject(): Record<string, Json> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Object.create gives any
  return Object.create(null) as Record<string, Json>;
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
