import { equals, PyFloat, PyObject, PySet, PyTuple, PyBytes, typeName, type Value } from "../../python/index.ts";
import { asInt } from "./arithmetic.ts";
import { typeError } from "./errors.ts";
import { textOf } from "./text.ts";
import { PyDictView } from "./values.ts";

export type Comparison = "<" | "<=" | ">" | ">=" | "==" | "!=";

/**
 * `a op b` as Python compares: numbers with numbers, texts by code point, lists and tuples item by item, sets by inclusion.
 *
 * @throws PyError `TypeError: '<' not supported between instances of 'int' and 'str'`
 */
export function compare(operator: Comparison, a: Value, b: Value): boolean {
  if (operator === "==") return equals(a, b);
  if (operator === "!=") return !equals(a, b);
  if (typeof a === "number" && typeof b === "number") return holds(operator, a - b);
  const order = ordering(operator, a, b);
  if (order !== undefined) return order;
  if (a instanceof PyObject) a.refuse?.();
  if (b instanceof PyObject) b.refuse?.();
  throw typeError(`'${operator}' not supported between instances of '${typeName(a)}' and '${typeName(b)}'`);
}

type Ordering = Exclude<Comparison, "==" | "!=">;

function holds(operator: Ordering, sign: number): boolean {
  switch (operator) {
    case "<":
      return sign < 0;
    case "<=":
      return sign <= 0;
    case ">":
      return sign > 0;
    default:
      return sign >= 0;
  }
}

function ordering(operator: Ordering, a: Value, b: Value): boolean | undefined {
  const x = numeric(a);
  const y = numeric(b);
  if (x !== undefined && y !== undefined) {
    // Mixed number and bigint compare exactly in JavaScript; NaN is never in order.
    if (Number.isNaN(x) || Number.isNaN(y)) return false;
    return holds(operator, x < y ? -1 : x > y ? 1 : 0);
  }
  const p = textOf(a);
  const q = textOf(b);
  if (p !== undefined && q !== undefined) return holds(operator, compareText(p, q));
  if (Array.isArray(a) && Array.isArray(b)) return sequences(operator, a, b);
  if (a instanceof PyTuple && b instanceof PyTuple) return sequences(operator, a.items, b.items);
  if (a instanceof PyBytes && b instanceof PyBytes) return holds(operator, Buffer.compare(a.bytes, b.bytes));
  const left = setLike(a);
  const right = setLike(b);
  if (left !== undefined && right !== undefined) {
    switch (operator) {
      case "<":
        return left.size < right.size && within(left, right);
      case "<=":
        return within(left, right);
      case ">":
        return right.size < left.size && within(right, left);
      default:
        return within(right, left);
    }
  }
  return undefined;
}

function numeric(value: Value): number | bigint | undefined {
  return value instanceof PyFloat ? value.value : asInt(value);
}

function setLike(value: Value): PySet | undefined {
  if (value instanceof PySet) return value;
  return value instanceof PyDictView && value.kind !== "values" ? new PySet(value.iterate()) : undefined;
}

function within(inner: PySet, outer: PySet): boolean {
  for (const item of inner.values()) if (!outer.has(item)) return false;
  return true;
}

/** The order of two texts by code point, which for astral characters is not that of UTF-16. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const shorter = Math.min(a.length, b.length);
  for (let index = 0; index < shorter; index++) {
    const x = a.charCodeAt(index);
    const y = b.charCodeAt(index);
    if (x !== y) {
      // A surrogate stands for a code point above every other unit.
      const high = (x >= 0xd800 && x <= 0xdfff ? 1 : 0) - (y >= 0xd800 && y <= 0xdfff ? 1 : 0);
      return high === 0 ? x - y : high;
    }
  }
  return a.length - b.length;
}

function sequences(operator: Ordering, a: readonly Value[], b: readonly Value[]): boolean {
  const shorter = Math.min(a.length, b.length);
  for (let index = 0; index < shorter; index++) {
    const x = a[index] ?? null;
    const y = b[index] ?? null;
    if (!equals(x, y)) return compare(operator, x, y);
  }
  return holds(operator, a.length - b.length);
}

/**
 * `sorted(items, key=…, reverse=…)`: stable, with `<` alone, in CPython's order of comparisons for short lists,
 * so that an error names the operands as CPython names them.
 */
export function sorted(items: readonly Value[], key?: (item: Value) => Value, reverse = false): Value[] {
  const entries = items.map((item) => ({ item, key: key === undefined ? item : key(item) }));
  if (reverse) entries.reverse();
  const result = entries.length < 64 ? insertionSort(entries) : mergeSort(entries);
  if (reverse) result.reverse();
  return result.map((entry) => entry.item);
}

interface Entry {
  readonly item: Value;
  readonly key: Value;
}

function less(a: Entry, b: Entry): boolean {
  return compare("<", a.key, b.key);
}

/** CPython's count_run and binary insertion (Objects/listobject.c). */
function insertionSort(entries: Entry[]): Entry[] {
  const at = (index: number): Entry => entries[index] ?? { item: null, key: null };
  if (entries.length < 2) return entries;
  let run = 2;
  if (less(at(1), at(0))) {
    while (run < entries.length && less(at(run), at(run - 1))) run++;
    entries.splice(0, run, ...entries.slice(0, run).reverse());
  } else {
    while (run < entries.length && !less(at(run), at(run - 1))) run++;
  }
  for (let next = run; next < entries.length; next++) {
    const pivot = at(next);
    let low = 0;
    let high = next;
    while (low < high) {
      const middle = low + ((high - low) >> 1);
      if (less(pivot, at(middle))) high = middle;
      else low = middle + 1;
    }
    entries.splice(next, 1);
    entries.splice(low, 0, pivot);
  }
  return entries;
}

function mergeSort(entries: readonly Entry[]): Entry[] {
  if (entries.length < 64) return insertionSort([...entries]);
  const middle = entries.length >> 1;
  const left = mergeSort(entries.slice(0, middle));
  const right = mergeSort(entries.slice(middle));
  const out: Entry[] = [];
  let i = 0;
  let j = 0;
  for (;;) {
    const a = left[i];
    const b = right[j];
    if (a === undefined) return out.concat(right.slice(j));
    if (b === undefined) return out.concat(left.slice(i));
    if (less(b, a)) {
      out.push(b);
      j++;
    } else {
      out.push(a);
      i++;
    }
  }
}
