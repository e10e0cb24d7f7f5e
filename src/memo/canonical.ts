import { PyBytes, PyDict, PyFloat, PyOrderedDict, PySet, PyTuple, type Value } from "../python/index.ts";

/** A value that no text stands for: a function, an undefined value. */
export class NotPlain extends Error {}

/** Data nest no deeper, unless they hold themselves. */
const DEEPEST = 200;

/**
 * A text equal for equal plain values only, types and the order of keys included.
 *
 * @throws NotPlain for what is no plain data
 */
export function canonical(value: Value): string {
  return textOf(value, 0);
}

function textOf(value: Value, depth: number): string {
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
  if (depth > DEEPEST) throw new NotPlain("what holds itself");
  const all = (items: Iterable<Value>): string => Array.from(items, (item) => textOf(item, depth + 1)).join(",");
  if (Array.isArray(value)) return `[${all(value)}]`;
  if (value instanceof PyDict) {
    let text = value instanceof PyOrderedDict ? "o{" : "{";
    for (const [key, item] of value.entries()) text += `${textOf(key, depth + 1)}:${textOf(item, depth + 1)},`;
    return `${text}}`;
  }
  if (value instanceof PyFloat) return `f${Object.is(value.value, -0) ? "-0" : String(value.value)}`;
  if (value instanceof PyTuple) return `(${all(value.items)})`;
  if (value instanceof PySet) return `s{${all(value.values())}}`;
  if (value instanceof PyBytes) return `b${Buffer.from(value.bytes).toString("base64")}`;
  throw new NotPlain(value.typeName);
}
