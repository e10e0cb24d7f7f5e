import { PyDict, PyError, PySet, PyTuple, typeName, type Value } from "../../python/index.ts";

/** What Python's `for` goes over: items, characters, a dict's keys. @throws PyError `TypeError` for what is not iterable */
export function iterate(value: Value): readonly Value[] {
  if (Array.isArray(value)) return value;
  if (typeof value === "string") return Array.from(value);
  if (value instanceof PyDict) return [...value.keys()];
  if (value instanceof PyTuple) return value.items;
  if (value instanceof PySet) return [...value.values()];
  throw new PyError("TypeError", `'${typeName(value)}' object is not iterable`);
}
