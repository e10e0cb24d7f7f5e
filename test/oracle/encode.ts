import { floatRepr, PyBytes, PyDict, PyFloat, PySet, PyTuple, type Value } from "../../src/python/index.ts";

/** JSON that keeps what JSON loses; the twin of encode.py. */
export type Encoded = null | boolean | string | Encoded[] | { readonly [kind: string]: unknown };

export function encodeValue(value: Value): Encoded {
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "bigint") return { int: String(value) };
  if (Array.isArray(value)) return value.map(encodeValue);
  if (value instanceof PyFloat) return { float: floatRepr(value.value) };
  if (value instanceof PyDict) return { dict: [...value.entries()].map(([key, item]) => [encodeValue(key), encodeValue(item)]) };
  if (value instanceof PyTuple) return { tuple: value.items.map(encodeValue) };
  if (value instanceof PySet)
    return { set: [...value.values()].map(encodeValue).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) };
  if (value instanceof PyBytes) return { bytes: Buffer.from(value.bytes).toString("hex") };
  return { repr: value.repr() };
}
