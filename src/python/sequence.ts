import { hashKey, sameItems } from "./equality.ts";
import { repr } from "./print.ts";
import { PyObject, type HashKey, type Value } from "./value.ts";

/** A Python tuple. */
export class PyTuple extends PyObject {
  readonly typeName: string = "tuple";
  readonly items: readonly Value[];
  constructor(items: readonly Value[]) {
    super();
    this.items = items;
  }
  repr(seen: Set<object> = new Set()): string {
    const parts = this.items.map((item) => repr(item, seen));
    return parts.length === 1 ? `(${parts[0] ?? ""},)` : `(${parts.join(", ")})`;
  }
  override truthy(): boolean {
    return this.items.length > 0;
  }
  override equals(other: Value): boolean {
    return other instanceof PyTuple && sameItems(this.items, other.items);
  }
  override hashKey(): HashKey | undefined {
    const parts: string[] = [];
    for (const item of this.items) {
      const key = hashKey(item);
      // Objects compare by identity, which no text can carry: such a tuple is its own key.
      if (key instanceof PyObject) return this;
      parts.push(`${typeof key === "bigint" ? "number" : typeof key}:${String(key).length}:${String(key)}`);
    }
    return `\0t${parts.join(",")}`;
  }
}

/** A Python set; it prints in insertion order, where CPython's order is that of hashes. */
export class PySet extends PyObject {
  readonly typeName = "set";
  readonly #items = new Map<HashKey, Value>();
  constructor(items: Iterable<Value> = []) {
    super();
    for (const item of items) this.add(item);
  }
  get size(): number {
    return this.#items.size;
  }
  add(item: Value): void {
    const key = hashKey(item);
    if (!this.#items.has(key)) this.#items.set(key, item);
  }
  has(item: Value): boolean {
    return this.#items.has(hashKey(item));
  }
  delete(item: Value): boolean {
    return this.#items.delete(hashKey(item));
  }
  values(): IterableIterator<Value> {
    return this.#items.values();
  }
  repr(seen: Set<object> = new Set()): string {
    return this.size === 0 ? "set()" : `{${[...this.values()].map((item) => repr(item, seen)).join(", ")}}`;
  }
  override truthy(): boolean {
    return this.size > 0;
  }
  override equals(other: Value): boolean {
    return other instanceof PySet && other.size === this.size && [...this.values()].every((item) => other.has(item));
  }
  override hashKey(): HashKey | undefined {
    return undefined;
  }
}

/** Python bytes. */
export class PyBytes extends PyObject {
  readonly typeName = "bytes";
  readonly bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    super();
    this.bytes = bytes;
  }
  repr(): string {
    let text = "";
    const quote = this.bytes.includes(0x27) && !this.bytes.includes(0x22) ? '"' : "'";
    for (const byte of this.bytes) {
      if (byte === 0x5c || byte === quote.charCodeAt(0)) text += `\\${String.fromCharCode(byte)}`;
      else if (byte === 0x09) text += "\\t";
      else if (byte === 0x0a) text += "\\n";
      else if (byte === 0x0d) text += "\\r";
      else if (byte < 0x20 || byte > 0x7e) text += `\\x${byte.toString(16).padStart(2, "0")}`;
      else text += String.fromCharCode(byte);
    }
    return `b${quote}${text}${quote}`;
  }
  override truthy(): boolean {
    return this.bytes.length > 0;
  }
  override equals(other: Value): boolean {
    return other instanceof PyBytes && Buffer.compare(this.bytes, other.bytes) === 0;
  }
  override hashKey(): HashKey {
    return `\0b${Buffer.from(this.bytes).toString("latin1")}`;
  }
}
