import { hashKey, equals } from "./equality.ts";
import { repr } from "./print.ts";
import { PyObject, type HashKey, type Value } from "./value.ts";

/**
 * A Python dict: insertion order, any hashable key, `1 == True == 1.0` one key.
 *
 * Every access goes through the methods, so that a subclass can record what is read.
 */
export class PyDict extends PyObject {
  readonly typeName: string = "dict";
  readonly #values = new Map<HashKey, Value>();
  /** Keys whose printed form is not their hash key (bool, float, tuple …). */
  #originals: Map<HashKey, Value> | undefined;

  /** A dict of the entries given, later ones winning. */
  static of(entries: Iterable<readonly [Value, Value]>): PyDict {
    const dict = new PyDict();
    for (const [key, value] of entries) dict.set(key, value);
    return dict;
  }

  /** A dict with the own enumerable properties of a plain object. */
  static from(object: Readonly<Record<string, Value>>): PyDict {
    return PyDict.of(Object.entries(object));
  }

  get size(): number {
    return this.#values.size;
  }
  /** The value, or `undefined` where the key is absent (None is `null`). */
  get(key: Value): Value | undefined {
    return this.#values.get(typeof key === "string" && key.charCodeAt(0) !== 0 ? key : hashKey(key));
  }
  has(key: Value): boolean {
    return this.#values.has(hashKey(key));
  }
  /** Sets a value; an equal key that is there keeps its place and its spelling, as in Python. */
  set(key: Value, value: Value): void {
    const hash = hashKey(key);
    if (hash !== key && !this.#values.has(hash)) (this.#originals ??= new Map()).set(hash, key);
    this.#values.set(hash, value);
  }
  delete(key: Value): boolean {
    const hash = hashKey(key);
    this.#originals?.delete(hash);
    return this.#values.delete(hash);
  }
  clear(): void {
    this.#values.clear();
    this.#originals = undefined;
  }
  keys(): IterableIterator<Value> {
    return this.#originals === undefined ? this.#values.keys() : this.#spelledKeys();
  }
  values(): IterableIterator<Value> {
    return this.#values.values();
  }
  entries(): IterableIterator<[Value, Value]> {
    return this.#originals === undefined ? this.#values.entries() : this.#spelledEntries();
  }
  [Symbol.iterator](): IterableIterator<[Value, Value]> {
    return this.entries();
  }
  /** A shallow copy, a plain `PyDict` whatever the subclass. */
  copy(): PyDict {
    return PyDict.of(this.entries());
  }

  *#spelledKeys(): IterableIterator<Value> {
    for (const hash of this.#values.keys()) yield this.#original(hash);
  }
  *#spelledEntries(): IterableIterator<[Value, Value]> {
    for (const [hash, value] of this.#values) yield [this.#original(hash), value];
  }
  #original(hash: HashKey): Value {
    const original = this.#originals?.get(hash);
    return original === undefined ? hash : original;
  }
  repr(seen: Set<object> = new Set()): string {
    if (seen.has(this)) return "{...}";
    seen.add(this);
    const parts: string[] = [];
    for (const [key, value] of this.entries()) parts.push(`${repr(key, seen)}: ${repr(value, seen)}`);
    seen.delete(this);
    return `{${parts.join(", ")}}`;
  }
  override truthy(): boolean {
    return this.size > 0;
  }
  override equals(other: Value): boolean {
    if (!(other instanceof PyDict) || other.size !== this.size) return false;
    for (const [key, value] of this.entries()) {
      const theirs = other.get(key);
      if (theirs === undefined || (theirs !== value && !equals(value, theirs))) return false;
    }
    return true;
  }
  override hashKey(): HashKey | undefined {
    return undefined;
  }
}

/** `collections.OrderedDict`, which Salt's loader gives and which prints under another name. */
export class PyOrderedDict extends PyDict {
  override readonly typeName = "OrderedDict";
  override repr(seen: Set<object> = new Set()): string {
    if (this.size === 0) return "OrderedDict()";
    if (seen.has(this)) return "...";
    seen.add(this);
    const parts: string[] = [];
    for (const [key, value] of this.entries()) parts.push(`(${repr(key, seen)}, ${repr(value, seen)})`);
    seen.delete(this);
    return `OrderedDict([${parts.join(", ")}])`;
  }
}
