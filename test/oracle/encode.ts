import { floatRepr, PyBytes, PyDict, PyFloat, PySet, PyTuple, type Value } from "../../src/python/index.ts";

/** JSON that keeps what JSON loses; the twin of encode.py. */
export type Encoded = null | boolean | string | Encoded[] | { readonly [kind: string]: unknown };

/** @throws RangeError for data that holds itself, as encode.py ends in a RecursionError */
export function encodeValue(value: Value): Encoded {
  return encodeAt(value, 0);
}

function encodeAt(value: Value, depth: number): Encoded {
  // Counted rather than left to the stack: where that overflows, JavaScript may fail with other errors first.
  if (depth > 900) throw new RangeError("the data nests too deep");
  const inner = (item: Value): Encoded => encodeAt(item, depth + 1);
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "bigint") return { int: String(value) };
  if (Array.isArray(value)) return value.map(inner);
  if (value instanceof PyFloat) return { float: floatRepr(value.value) };
  if (value instanceof PyDict) return { dict: [...value.entries()].map(([key, item]) => [inner(key), inner(item)]) };
  if (value instanceof PyTuple) return { tuple: value.items.map(inner) };
  if (value instanceof PySet)
    return { set: [...value.values()].map(inner).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)) };
  if (value instanceof PyBytes) return { bytes: Buffer.from(value.bytes).toString("hex") };
  return { repr: value.repr() };
}
