import {
  equals,
  hashKey,
  PyCallable,
  PyDict,
  PyError,
  PyObject,
  PyTuple,
  repr,
  type HashKey,
  type Kwargs,
  type Value,
} from "../../python/index.ts";

/** A Python iterator or generator: read once, lazily. */
export class PyIterator extends PyObject {
  readonly typeName: string;
  readonly #source: Iterator<Value>;
  constructor(source: Iterable<Value>, typeName = "generator") {
    super();
    this.typeName = typeName;
    this.#source = source[Symbol.iterator]();
  }
  /** The next item, or `undefined` at the end. */
  next(): Value | undefined {
    const step = this.#source.next();
    return step.done === true ? undefined : step.value;
  }
  override iterate(): Iterable<Value> {
    const source = this.#source;
    // Without `return`, so that leaving a loop early leaves the rest to be read, as in Python.
    return { [Symbol.iterator]: () => ({ next: () => source.next() }) };
  }
  /** CPython prints an address, which no two runs share. */
  repr(): string {
    return `<${this.typeName} object>`;
  }
}

/** `range(start, stop, step)`. */
export class PyRange extends PyObject {
  readonly typeName = "range";
  readonly start: number;
  readonly stop: number;
  readonly step: number;
  readonly size: number;
  constructor(start: number, stop: number, step: number) {
    super();
    this.start = start;
    this.stop = stop;
    this.step = step;
    this.size = Math.max(0, step > 0 ? Math.ceil((stop - start) / step) : Math.ceil((start - stop) / -step));
  }
  at(index: number): number {
    return this.start + index * this.step;
  }
  override len(): number {
    return this.size;
  }
  override *iterate(): Iterable<Value> {
    for (let index = 0; index < this.size; index++) yield this.at(index);
  }
  override contains(value: Value): boolean {
    if (typeof value === "number") {
      const offset = (value - this.start) / this.step;
      return Number.isInteger(offset) && offset >= 0 && offset < this.size;
    }
    for (const item of this.iterate()) if (equals(item, value)) return true;
    return false;
  }
  override truthy(): boolean {
    return this.size > 0;
  }
  override equals(other: Value): boolean {
    return (
      other instanceof PyRange &&
      other.size === this.size &&
      (this.size === 0 || (other.start === this.start && (this.size === 1 || other.step === this.step)))
    );
  }
  override hashKey(): HashKey {
    return `\0r${this.size}:${this.size > 0 ? this.start : ""}:${this.size > 1 ? this.step : ""}`;
  }
  repr(): string {
    return this.step === 1 ? `range(${this.start}, ${this.stop})` : `range(${this.start}, ${this.stop}, ${this.step})`;
  }
}

/** `dict.keys()`, `dict.values()`, `dict.items()`: windows on the dict, not copies. */
export class PyDictView extends PyObject {
  readonly typeName: string;
  readonly dict: PyDict;
  readonly kind: "keys" | "values" | "items";
  constructor(dict: PyDict, kind: "keys" | "values" | "items") {
    super();
    this.dict = dict;
    this.kind = kind;
    this.typeName = dict.typeName === "OrderedDict" ? `odict_${kind}` : `dict_${kind}`;
  }
  override len(): number {
    return this.dict.size;
  }
  override *iterate(): Iterable<Value> {
    const size = this.dict.size;
    const changed = (): void => {
      if (this.dict.size !== size) throw new PyError("RuntimeError", "dictionary changed size during iteration");
    };
    if (this.kind === "values") {
      for (const value of this.dict.values()) {
        yield value;
        changed();
      }
    } else if (this.kind === "keys") {
      for (const key of this.dict.keys()) {
        yield key;
        changed();
      }
    } else {
      for (const [key, value] of this.dict.entries()) {
        yield new PyTuple([key, value]);
        changed();
      }
    }
  }
  override contains(value: Value): boolean {
    if (this.kind === "keys") return this.dict.has(value);
    if (this.kind === "items") {
      if (!(value instanceof PyTuple) || value.items.length !== 2) return false;
      const [key = null, item = null] = value.items;
      const theirs = this.dict.get(key);
      return theirs !== undefined && equals(theirs, item);
    }
    for (const item of this.dict.values()) if (equals(item, value)) return true;
    return false;
  }
  override truthy(): boolean {
    return this.dict.size > 0;
  }
  override equals(other: Value): boolean {
    if (!(other instanceof PyDictView) || this.kind === "values" || other.kind === "values") return false;
    if (other.dict.size !== this.dict.size) return false;
    for (const item of this.iterate()) if (!other.contains(item)) return false;
    return true;
  }
  override hashKey(): HashKey | undefined {
    return this.kind === "values" ? this : undefined;
  }
  override repr(seen: Set<object> = new Set()): string {
    if (seen.has(this)) return "...";
    seen.add(this);
    const text = `${this.typeName}([${[...this.iterate()].map((item) => repr(item, seen)).join(", ")}])`;
    seen.delete(this);
    return text;
  }
}

/** A method bound to its object, such as `'a'.upper`. */
export class BoundMethod extends PyCallable {
  readonly typeName = "builtin_function_or_method";
  readonly name: string;
  readonly owner: Value;
  readonly #run: (args: readonly Value[], kwargs: Kwargs) => Value;
  constructor(name: string, owner: Value, run: (args: readonly Value[], kwargs: Kwargs) => Value) {
    super();
    this.name = name;
    this.owner = owner;
    this.#run = run;
  }
  call(args: readonly Value[], kwargs: Kwargs): Value {
    return this.#run(args, kwargs);
  }
  override equals(other: Value): boolean {
    return other instanceof BoundMethod && other.name === this.name && other.owner === this.owner;
  }
  repr(): string {
    return `<built-in method ${this.name}>`;
  }
}

/** A function of the language, such as `range`. */
export class BuiltinFunction extends PyCallable {
  readonly typeName = "builtin_function_or_method";
  readonly name: string;
  readonly #run: (args: readonly Value[], kwargs: Kwargs) => Value;
  constructor(name: string, run: (args: readonly Value[], kwargs: Kwargs) => Value) {
    super();
    this.name = name;
    this.#run = run;
  }
  call(args: readonly Value[], kwargs: Kwargs): Value {
    return this.#run(args, kwargs);
  }
  repr(): string {
    return `<built-in function ${this.name}>`;
  }
}

/** A named tuple, whose fields are attributes too. */
export class NamedTuple extends PyTuple {
  readonly fields: readonly string[];
  constructor(fields: readonly string[], items: readonly Value[]) {
    super(items);
    this.fields = fields;
  }
  override attribute(name: string): Value | undefined {
    const index = this.fields.indexOf(name);
    return index < 0 ? undefined : this.items[index];
  }
}

/** The key of a value that may not be hashable. */
export function hashable(value: Value): boolean {
  try {
    hashKey(value);
    return true;
  } catch (error) {
    if (error instanceof PyError) return false;
    throw error;
  }
}
