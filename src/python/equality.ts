import { PyError, PyObject, type HashKey, type Value } from "./value.ts";

/**
 * The key under which a dict or set files a value.
 *
 * @throws PyError `TypeError: unhashable type: 'list'`
 */
export function hashKey(value: Value): HashKey {
  switch (typeof value) {
    case "string":
      // NUL marks the keys of floats, tuples and bytes; a string that begins with it is moved out of the way.
      return value.charCodeAt(0) === 0 ? `\0s${value}` : value;
    case "number":
    case "bigint":
      return value;
    case "boolean":
      return value ? 1 : 0;
    default:
      break;
  }
  if (value === null) return null;
  const key = value instanceof PyObject ? value.hashKey() : undefined;
  if (key === undefined) throw new PyError("TypeError", `unhashable type: '${typeName(value)}'`);
  return key;
}

/** Python's `==`: by value, `1 == True == 1.0`, `1 != '1'`. */
export function equals(a: Value, b: Value): boolean {
  if (a === b) {
    // Only objects can be unlike themselves: NaN is, and an undefined value raises.
    return a === null || typeof a !== "object" || Array.isArray(a) || selfEqual(a);
  }
  if (Array.isArray(a)) {
    if (!Array.isArray(b)) return b instanceof PyObject && b.equals(a);
    return sameItems(a, b);
  }
  if (a instanceof PyObject) return a.equals(b) || (b instanceof PyObject && b.equals(a));
  if (b instanceof PyObject) return b.equals(a);
  if (typeof a === "boolean") return typeof b === "number" && b === (a ? 1 : 0);
  if (typeof b === "boolean") return typeof a === "number" && a === (b ? 1 : 0);
  return false;
}

function selfEqual(value: PyObject): boolean {
  if (value.refuse !== undefined || value.typeName === "float") return value.equals(value);
  return true;
}

/** Whether two sequences hold the same: item by item, each identical or equal (so that a NaN is like itself there). */
export function sameItems(a: readonly Value[], b: readonly Value[]): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) {
    const x = a[index] ?? null;
    const y = b[index] ?? null;
    if (x !== y && !equals(x, y)) return false;
  }
  return true;
}

/** `type(x).__name__`. */
export function typeName(value: Value): string {
  switch (typeof value) {
    case "string":
      return "str";
    case "number":
    case "bigint":
      return "int";
    case "boolean":
      return "bool";
    default:
      if (value === null) return "NoneType";
      return Array.isArray(value) ? "list" : value.typeName;
  }
}

/** `bool(x)`: empty strings and containers, zero and None are false. */
export function truthy(value: Value): boolean {
  switch (typeof value) {
    case "string":
      return value.length > 0;
    case "number":
      return value !== 0;
    case "bigint":
      return value !== 0n;
    case "boolean":
      return value;
    default:
      if (value === null) return false;
      return Array.isArray(value) ? value.length > 0 : value.truthy();
  }
}
