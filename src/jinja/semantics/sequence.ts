import { equals, PyBytes, PyDict, PyObject, PySet, PyTuple, typeName, type Value } from "../../python/index.ts";
import { Markup } from "../markup.ts";
import { asInt } from "./arithmetic.ts";
import { typeError, valueError } from "./errors.ts";
import { isFlat, pointsOf, textLength, textOf } from "./text.ts";
import { PyDictView, PyRange } from "./values.ts";

/**
 * `value[key]` as far as Jinja needs it: `undefined` wherever Python raises TypeError, KeyError or IndexError,
 * after which Jinja looks for an attribute.
 */
export function getItem(value: Value, key: Value): Value | undefined {
  if (value instanceof PyDict) {
    if (typeof key === "string") return value.get(key);
    // An unhashable key is a TypeError, and so no item.
    return isHashable(key) ? value.get(key) : undefined;
  }
  if (Array.isArray(value)) return at(value, key);
  if (value instanceof PyTuple) return at(value.items, key);
  const index = typeof key === "object" ? undefined : asInt(key);
  if (typeof value === "string") return index === undefined ? undefined : charAt(value, index);
  if (value instanceof PyObject) {
    if (value.item !== undefined) return value.item(key);
    if (index === undefined) return undefined;
    if (value instanceof Markup) {
      const character = charAt(value.text, index);
      return character === undefined ? undefined : new Markup(character);
    }
    if (value instanceof PyBytes) return value.bytes.at(Number(index));
    if (value instanceof PyRange) {
      const offset = Number(index) < 0 ? value.size + Number(index) : Number(index);
      return offset >= 0 && offset < value.size ? value.at(offset) : undefined;
    }
  }
  return undefined;
}

function isHashable(key: Value): boolean {
  if (key === null || typeof key !== "object") return true;
  if (Array.isArray(key)) return false;
  if (key instanceof PyTuple) return key.items.every(isHashable);
  return key.hashKey() !== undefined;
}

function at(items: readonly Value[], key: Value): Value | undefined {
  const index = asInt(key);
  return index === undefined ? undefined : items.at(Number(index));
}

function charAt(text: string, index: number | bigint): string | undefined {
  if (isFlat(text)) return text.at(Number(index));
  return pointsOf(text).at(Number(index));
}

/** The indices that `[start:stop:step]` picks of a sequence of that length (CPython, PySlice_AdjustIndices). */
export function sliceIndices(size: number, start: Value, stop: Value, step: Value): { start: number; count: number; step: number } {
  const by = bound(step) ?? 1;
  if (by === 0) throw valueError("slice step cannot be zero");
  const clip = (value: number | undefined, fallback: number): number => {
    if (value === undefined) return fallback;
    if (value < 0) return Math.max(value + size, by < 0 ? -1 : 0);
    return Math.min(value, by < 0 ? size - 1 : size);
  };
  const from = clip(bound(start), by < 0 ? size - 1 : 0);
  const to = clip(bound(stop), by < 0 ? -1 : size);
  const count = by < 0 ? Math.ceil((from - to) / -by) : Math.ceil((to - from) / by);
  return { start: from, count: Math.max(0, count), step: by };
}

function bound(value: Value): number | undefined {
  if (value === null) return undefined;
  const index = asInt(value);
  if (index === undefined) {
    if (value instanceof PyObject) value.refuse?.();
    throw typeError("slice indices must be integers or None or have an __index__ method");
  }
  return Number(index);
}

function pick<T>(items: ArrayLike<T>, start: Value, stop: Value, step: Value): T[] {
  const indices = sliceIndices(items.length, start, stop, step);
  const out: T[] = [];
  for (let turn = 0; turn < indices.count; turn++) {
    const item = items[indices.start + turn * indices.step];
    if (item !== undefined) out.push(item);
  }
  return out;
}

/**
 * `value[start:stop:step]`, `null` for a part that is left out; `undefined` where the value cannot be sliced
 * (Jinja then makes an undefined value).
 */
export function slice(value: Value, start: Value, stop: Value, step: Value): Value | undefined {
  const text = textOf(value);
  if (text !== undefined) {
    const points = isFlat(text) ? text : pointsOf(text);
    const part =
      typeof points === "string" && (step === null || step === 1)
        ? sliceFlat(points, start, stop)
        : pick(points, start, stop, step).join("");
    return typeof value === "string" ? part : new Markup(part);
  }
  if (Array.isArray(value)) return pick(value, start, stop, step);
  if (value instanceof PyTuple) return new PyTuple(pick(value.items, start, stop, step));
  if (value instanceof PyBytes) return new PyBytes(Uint8Array.from(pick(value.bytes, start, stop, step)));
  if (value instanceof PyRange) {
    const indices = sliceIndices(value.size, start, stop, step);
    const first = value.at(indices.start);
    const by = value.step * indices.step;
    return new PyRange(first, first + indices.count * by, by);
  }
  return undefined;
}

function sliceFlat(text: string, start: Value, stop: Value): string {
  const indices = sliceIndices(text.length, start, stop, null);
  return text.slice(indices.start, indices.start + indices.count);
}

/** `iter(value)`. @throws PyError `TypeError: 'int' object is not iterable` */
export function iterate(value: Value): Iterable<Value> {
  const items = iterable(value);
  if (items !== undefined) return items;
  throw typeError(`'${typeName(value)}' object is not iterable`);
}

function iterable(value: Value): Iterable<Value> | undefined {
  if (Array.isArray(value)) return growing(value);
  if (typeof value === "string") return value;
  if (value === null || typeof value !== "object") return undefined;
  if (value.iterate !== undefined) return value.iterate();
  if (value instanceof PyDict) return new PyDictView(value, "keys").iterate();
  if (value instanceof PyTuple) return value.items;
  if (value instanceof PySet) return value.values();
  if (value instanceof Markup) return value.text;
  if (value instanceof PyBytes) return value.bytes;
  return undefined;
}

/** A list may grow while it is read, as in Python. */
function growing(list: Value[]): Iterable<Value> {
  return list;
}

/** Whether `iter(value)` works. */
export function isIterable(value: Value): boolean {
  return iterable(value) !== undefined;
}

/** `len(value)`. @throws PyError `TypeError: object of type 'int' has no len()` */
export function length(value: Value): number {
  const size = lengthOf(value);
  if (size !== undefined) return size;
  if (value instanceof PyObject) value.refuse?.();
  throw typeError(`object of type '${typeName(value)}' has no len()`);
}

export function lengthOf(value: Value): number | undefined {
  if (typeof value === "string") return textLength(value);
  if (Array.isArray(value)) return value.length;
  if (value === null || typeof value !== "object") return undefined;
  if (value.len !== undefined) return value.len();
  if (value instanceof PyDict || value instanceof PySet) return value.size;
  if (value instanceof PyTuple) return value.items.length;
  if (value instanceof Markup) return textLength(value.text);
  if (value instanceof PyBytes) return value.bytes.length;
  return undefined;
}

/**
 * `item in container`.
 *
 * @throws PyError `TypeError: 'in <string>' requires string as left operand, not int`, `argument of type 'int' is not iterable`
 */
export function contains(container: Value, item: Value): boolean {
  const text = textOf(container);
  if (text !== undefined) {
    const part = textOf(item);
    if (part !== undefined) return text.includes(part);
    throw typeError(`'in <string>' requires string as left operand, not ${typeName(item)}`);
  }
  // A set is looked up as a frozenset, which no set of ours holds.
  if (container instanceof PySet && item instanceof PySet) return false;
  if (container instanceof PyDict || container instanceof PySet) return container.has(item);
  if (container instanceof PyObject) {
    if (container.contains !== undefined) return container.contains(item);
    if (container instanceof PyBytes) return containsByte(container, item);
  }
  const items = iterable(container);
  if (items === undefined) throw typeError(`argument of type '${typeName(container)}' is not iterable`);
  for (const candidate of items) if (candidate === item || equals(candidate, item)) return true;
  return false;
}

function containsByte(container: PyBytes, item: Value): boolean {
  if (item instanceof PyBytes) return Buffer.from(container.bytes).includes(Buffer.from(item.bytes));
  const byte = asInt(item);
  if (byte === undefined) throw typeError(`a bytes-like object is required, not '${typeName(item)}'`);
  if (Number(byte) < 0 || Number(byte) > 255) throw valueError("byte must be in range(0, 256)");
  return container.bytes.includes(Number(byte));
}

/** All items of an iterable, as `list(value)`. */
export function listOf(value: Value): Value[] {
  if (Array.isArray(value)) return [...value];
  return [...iterate(value)];
}
