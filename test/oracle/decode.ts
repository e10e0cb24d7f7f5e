import { int, PyBytes, PyDict, PyFloat, PySet, PyTuple, type Value } from "../../src/python/index.ts";
import type { Encoded } from "./encode.ts";

/** The value that `encodeValue` or encode.py wrote. */
export function decodeValue(encoded: Encoded): Value {
  if (encoded === null || typeof encoded !== "object") return encoded;
  if (Array.isArray(encoded)) return encoded.map(decodeValue);
  const [[kind, body] = ["", null]] = Object.entries(encoded);
  const items = (): Value[] => (body as Encoded[]).map(decodeValue);
  switch (kind) {
    case "int":
      return int(BigInt(body as string));
    case "float":
      return new PyFloat(body === "inf" ? Infinity : body === "-inf" ? -Infinity : Number(body));
    case "dict":
      return PyDict.of((body as [Encoded, Encoded][]).map(([key, value]) => [decodeValue(key), decodeValue(value)]));
    case "tuple":
      return new PyTuple(items());
    case "set":
      return new PySet(items());
    case "bytes":
      return new PyBytes(Buffer.from(body as string, "hex"));
    default:
      throw new Error(`cannot decode ${kind}`);
  }
}
