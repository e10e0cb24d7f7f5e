import { PyDict, PyFloat, PyOrderedDict, type Value } from "../../python/index.ts";

/** Data as JSON. */
export type Encoded = null | boolean | number | string | Encoded[] | { readonly [tag: string]: Encoded };

/** `undefined` for data that no JSON stands for here: it is read from its source again. */
export function encodeValue(value: Value): Encoded | undefined {
  if (value === null || typeof value === "string" || typeof value === "boolean" || typeof value === "number") return value;
  if (Array.isArray(value)) return encodeAll(value);
  if (value instanceof PyFloat) return Number.isFinite(value.value) && !Object.is(value.value, -0) ? { f: value.value } : undefined;
  if (!(value instanceof PyDict)) return undefined;
  const entries = encodeAll([...value.entries()].flat());
  return entries === undefined ? undefined : { [value instanceof PyOrderedDict ? "o" : "d"]: entries };
}

function encodeAll(values: readonly Value[]): Encoded[] | undefined {
  const all: Encoded[] = [];
  for (const value of values) {
    const encoded = encodeValue(value);
    if (encoded === undefined) return undefined;
    all.push(encoded);
  }
  return all;
}

/** The data that was encoded. */
export function decodeValue(encoded: Encoded): Value {
  if (encoded === null || typeof encoded !== "object") return encoded;
  if (Array.isArray(encoded)) return encoded.map(decodeValue);
  const [[tag, content] = ["", null]] = Object.entries(encoded);
  if (tag === "f") return new PyFloat(Number(content));
  const dict = tag === "o" ? new PyOrderedDict() : new PyDict();
  const list = Array.isArray(content) ? content.map(decodeValue) : [];
  for (let index = 0; index < list.length; index += 2) dict.set(list[index] ?? null, list[index + 1] ?? null);
  return dict;
}
