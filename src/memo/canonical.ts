import { PyBytes, PyDict, PyFloat, PyOrderedDict, PySet, PyTuple, type Value } from "../python/index.ts";

/** A value that no text stands for: a function, an undefined value. */
export class NotPlain extends Error {}

/**
 * A text equal for equal plain values only, types and the order of keys included.
 *
 * @throws NotPlain for what is no plain data
 */
export function canonical(value: Value): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "number":
      return String(value);
    case "bigint":
      return `${value}n`;
    case "boolean":
      return value ? "true" : "false";
    default:
      break;
  }
  if (value === null) return "null";
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value instanceof PyDict) {
    let text = value instanceof PyOrderedDict ? "o{" : "{";
    for (const [key, item] of value.entries()) text += `${canonical(key)}:${canonical(item)},`;
    return `${text}}`;
  }
  if (value instanceof PyFloat) return `f${Object.is(value.value, -0) ? "-0" : String(value.value)}`;
  if (value instanceof PyTuple) return `(${value.items.map(canonical).join(",")})`;
  if (value instanceof PySet) return `s{${[...value.values()].map(canonical).join(",")}}`;
  if (value instanceof PyBytes) return `b${Buffer.from(value.bytes).toString("base64")}`;
  throw new NotPlain(value.typeName);
}
