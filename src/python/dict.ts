import { hashKey, equals } from "./equality.ts";
import { deepCopy, isScalar } from "./copy.ts";
import { repr } from "./print.ts";
import { Ask, type DataPath, type DataReads, type ValueKind } from "./reads.ts";
import { PyObject, type HashKey, type Value } from "./value.ts";

/** How reads of a dict are told. */
interface Track {
  readonly reads: DataReads;
  /**
   * The place of a view of shared data; absent for a copy, which is its maker's own and only has entries that stand for entries of
   * shared data which nobody has looked at.
   */
  readonly path: DataPath | undefined;
  /** Of a view: entries whose value here is the view's own, containers handed out and what was written. */
  readonly own: Set<HashKey>;
  /** Of a copy: entries that are still as they stand in the shared data, which may not be changed. */
  readonly leaves: Map<HashKey, DataPath>;
}

/**
 * A Python dict: insertion order, any hashable key, `1 == True == 1.0` one key.
 *
 * A dict can be a view of shared data (`PyDict.view`): then every read of it is told, and what is written to it stays with the view.
 * Copies and merges take over what they do not look at without its being told as read; it is once somebody reads it in the copy.
 */
export class PyDict extends PyObject {
  readonly typeName: string = "dict";
  #values = new Map<HashKey, Value>();
  /** Of a view: whether the values are still the base's own map. */
  #isBorrowed = false;
  /** Keys whose printed form is not their hash key (bool, float, tuple …). */
  #originals: Map<HashKey, Value> | undefined;
  #track: Track | undefined;

  /** A view of a dict that must not change from now on, nor anything in it; `path` is its place. */
  static view(base: PyDict, path: DataPath, reads: DataReads): PyDict {
    const view = base.emptyLike();
    view.#values = base.#values;
    view.#isBorrowed = true;
    if (base.#originals !== undefined) view.#originals = new Map(base.#originals);
    view.#track = { reads, path, own: new Set(), leaves: new Map() };
    return view;
  }

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

  /** Whether reads of it are told: it is a view, or holds what nobody has looked at yet. */
  get isFollowed(): boolean {
    return this.#track !== undefined;
  }

  get size(): number {
    if (this.#track?.path !== undefined) this.#track.reads.asked(this.#track.path, Ask.size);
    return this.#values.size;
  }
  /** The value, or `undefined` where the key is absent (None is `null`). */
  get(key: Value): Value | undefined {
    const hash = typeof key === "string" && key.charCodeAt(0) !== 0 ? key : hashKey(key);
    return this.#track === undefined ? this.#values.get(hash) : this.#read(hash, this.#track);
  }
  /**
   * The text under a key and its place in the shared data, if it is only printed and that need not count as read (`DataReads.printed`);
   * `undefined` where it is to be read as any other value.
   */
  printed(key: string): { readonly text: string; readonly path: DataPath } | undefined {
    const track = this.#track;
    const hash = hashKey(key);
    const text = this.#values.get(hash);
    if (track === undefined || typeof text !== "string") return undefined;
    const path = this.#unread(hash, track);
    return path !== undefined && track.reads.printed(path, text) ? { text, path } : undefined;
  }
  /** The value under a key's hash key; of no view. */
  getByHash(hash: HashKey): Value | undefined {
    return this.#values.get(hash);
  }
  has(key: Value): boolean {
    const hash = hashKey(key);
    if (this.#track?.path !== undefined) this.#track.reads.asked(this.#track.path.child(hash), Ask.kind, this.#track.own.has(hash));
    return this.#values.has(hash);
  }
  /** What stands under a key, without looking at it; `undefined` where the key is absent. */
  kind(key: Value): ValueKind | undefined {
    const hash = hashKey(key);
    const track = this.#track;
    const path = track?.path?.child(hash) ?? track?.leaves.get(hash);
    if (path !== undefined) track?.reads.asked(path, Ask.kind, track.own.has(hash));
    return kindOf(this.#values.get(hash));
  }
  /** Sets a value; an equal key that is there keeps its place and its spelling, as in Python. */
  set(key: Value, value: Value): void {
    const hash = hashKey(key);
    if (this.#track !== undefined) this.#written(hash, this.#track, value);
    this.#put(hash, key, value);
  }
  /** Sets a key to what another dict has there, as `set(key, from.get(key))` does; what nobody has looked at stays so. */
  take(from: PyDict, key: Value): void {
    const track = from.#track;
    const hash = hashKey(key);
    const path = track === undefined || this.#track?.path !== undefined ? undefined : from.#unread(hash, track);
    if (track === undefined || path === undefined) this.set(key, from.get(key) ?? null);
    else this.#leaf(hash, key, from.#values.get(hash) ?? null, path, track.reads);
  }
  delete(key: Value): boolean {
    const hash = hashKey(key);
    if (this.#track !== undefined) this.#written(hash, this.#track);
    this.#originals?.delete(hash);
    return this.#ownValues().delete(hash);
  }
  clear(): void {
    // Of an empty dict too it has to be known that it is: another may hold something to clear.
    if (this.#track?.path !== undefined) this.#track.reads.asked(this.#track.path, Ask.size);
    if (this.#track !== undefined) for (const hash of this.#values.keys()) this.#written(hash, this.#track);
    this.#ownValues().clear();
    this.#originals = undefined;
  }
  keys(): IterableIterator<Value> {
    if (this.#track?.path !== undefined) this.#track.reads.asked(this.#track.path, Ask.keys);
    return this.#originals === undefined ? this.#ownValues().keys() : this.#spelledKeys();
  }
  values(): IterableIterator<Value> {
    return this.#track === undefined ? this.#values.values() : this.#readValues(this.#track);
  }
  entries(): IterableIterator<[Value, Value]> {
    if (this.#track !== undefined) return this.#readEntries(this.#track);
    return this.#originals === undefined ? this.#values.entries() : this.#spelledEntries();
  }
  [Symbol.iterator](): IterableIterator<[Value, Value]> {
    return this.entries();
  }
  /** A shallow copy, a plain `PyDict` whatever the subclass. */
  copy(): PyDict {
    const copy = new PyDict();
    for (const key of this.keys()) copy.take(this, key);
    return copy;
  }
  /** An empty dict of the same class. */
  emptyLike(): PyDict {
    return new PyDict();
  }
  /** Puts a copy of every entry into an empty dict; for `deepCopy`, whose `copyItem` copies a value. */
  copyTo(dict: PyDict, copyItem: (value: Value) => Value): void {
    const track = this.#track;
    if (track === undefined) {
      for (const [key, value] of this.entries()) dict.set(key, copyItem(value));
      return;
    }
    for (const key of this.keys()) {
      const hash = hashKey(key);
      const path = track.path === undefined ? track.leaves.get(hash) : track.own.has(hash) ? undefined : track.path.child(hash);
      // A value that was handed out may have been changed since; a mapping that was is itself a view and told of in its own copy.
      if (path === undefined) dict.set(key, copyItem(this.get(key) ?? null));
      else dict.#leaf(hash, key, this.#values.get(hash) ?? null, path, track.reads);
    }
  }

  /** The place of an entry that stands for a plain value nobody has looked at. */
  #unread(hash: HashKey, track: Track): DataPath | undefined {
    const value = this.#values.get(hash);
    if (value === undefined || !isScalar(value)) return undefined;
    if (track.path === undefined) return track.leaves.get(hash);
    return track.own.has(hash) ? undefined : track.path.child(hash);
  }
  #leaf(hash: HashKey, key: Value, value: Value, path: DataPath, reads: DataReads): void {
    this.#track ??= { reads, path: undefined, own: new Set(), leaves: new Map() };
    this.#put(hash, key, value);
    this.#track.leaves.set(hash, path);
  }
  #put(hash: HashKey, key: Value, value: Value): void {
    if (hash !== key && !this.#values.has(hash)) (this.#originals ??= new Map()).set(hash, key);
    this.#ownValues().set(hash, value);
  }
  /** The values to change, or to go through while they are changed. */
  #ownValues(): Map<HashKey, Value> {
    if (this.#isBorrowed) {
      this.#values = new Map(this.#values);
      this.#isBorrowed = false;
    }
    return this.#values;
  }
  #written(hash: HashKey, track: Track, value?: Value): void {
    track.leaves.delete(hash);
    if (track.path === undefined) return;
    track.own.add(hash);
    track.reads.wrote(track.path.child(hash), value);
  }
  #read(hash: HashKey, track: Track): Value | undefined {
    const value = this.#values.get(hash);
    const { path, reads, own, leaves } = track;
    if (path !== undefined) {
      const place = path.child(hash);
      reads.asked(place, Ask.value, own.has(hash));
      if (value === undefined || isScalar(value)) return value;
      if (own.has(hash)) {
        if (!(value instanceof PyDict) || value.#track?.path === undefined) reads.handed(place, value, value);
        return value;
      }
      own.add(hash);
      const handed = value instanceof PyDict ? PyDict.view(value, place, reads) : deepCopy(value);
      if (!(value instanceof PyDict)) reads.handed(place, handed, value);
      this.#ownValues().set(hash, handed);
      return handed;
    }
    const place = leaves.get(hash);
    if (place === undefined || value === undefined) return value;
    reads.asked(place, Ask.value);
    leaves.delete(hash);
    if (isScalar(value)) return value;
    const copy = value instanceof PyDict ? value.#unreadCopy(place, reads) : deepCopy(value);
    this.#values.set(hash, copy);
    return copy;
  }
  /** A copy of shared data of which nothing but its keys counts as read. */
  #unreadCopy(path: DataPath, reads: DataReads): PyDict {
    reads.asked(path, Ask.keys);
    const copy = this.emptyLike();
    copy.#values = new Map(this.#values);
    if (this.#originals !== undefined) copy.#originals = new Map(this.#originals);
    const leaves = new Map<HashKey, DataPath>();
    for (const hash of this.#values.keys()) leaves.set(hash, path.child(hash));
    copy.#track = { reads, path: undefined, own: new Set(), leaves };
    return copy;
  }
  *#readValues(track: Track): Generator<Value> {
    if (track.path !== undefined) track.reads.asked(track.path, Ask.keys);
    for (const hash of this.#ownValues().keys()) yield this.#read(hash, track) ?? null;
  }
  *#readEntries(track: Track): Generator<[Value, Value]> {
    if (track.path !== undefined) track.reads.asked(track.path, Ask.keys);
    for (const hash of this.#ownValues().keys()) yield [this.#original(hash), this.#read(hash, track) ?? null];
  }
  *#spelledKeys(): IterableIterator<Value> {
    for (const hash of this.#ownValues().keys()) yield this.#original(hash);
  }
  *#spelledEntries(): IterableIterator<[Value, Value]> {
    for (const [hash, value] of this.#ownValues()) yield [this.#original(hash), value];
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
  override emptyLike(): PyDict {
    return new PyOrderedDict();
  }
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

function kindOf(value: Value | undefined): ValueKind | undefined {
  if (value === undefined) return undefined;
  if (value instanceof PyDict) return "dict";
  return Array.isArray(value) ? "list" : "other";
}
