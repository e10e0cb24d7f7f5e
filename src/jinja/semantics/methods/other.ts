import { equals, PyBytes, PyError, PySet, PyTuple, repr, typeName, type Value } from "../../../python/index.ts";
import { MethodMaker, type MethodTable } from "../args.ts";
import { typeError, valueError } from "../errors.ts";
import { iterate, listOf } from "../sequence.ts";
import { textOf } from "../text.ts";
import { PyRange } from "../values.ts";
import { decodeBytes } from "./encoding.ts";
import { indexOf } from "./list.ts";

/** Python's `tuple` methods. */
export function tupleMethods(): MethodTable<PyTuple> {
  const make = new MethodMaker<PyTuple>("tuple");
  make.one("count", (tuple, item) => tuple.items.filter((candidate) => equals(candidate, item)).length);
  make.positional("index", 1, 3, (tuple, [item = null, start, stop]) => {
    const at = indexOf(tuple.items, item, start, stop);
    if (at < 0) throw valueError("tuple.index(x): x not in tuple");
    return at;
  });
  return make.table;
}

/** `range` has a tuple's methods. */
export function rangeMethods(): MethodTable<PyRange> {
  const make = new MethodMaker<PyRange>("range");
  make.one("count", (range, item) => (range.contains(item) ? 1 : 0));
  make.one("index", (range, item) => {
    const at = indexOf([...range.iterate()], item);
    if (at < 0) throw valueError(`${repr(item)} is not in range`);
    return at;
  });
  return make.table;
}

function setOf(value: Value): PySet {
  return value instanceof PySet ? value : new PySet(iterate(value));
}

/** Python's `set` methods. */
export function setMethods(): MethodTable<PySet> {
  const make = new MethodMaker<PySet>("set");
  make.one("add", (set, item) => {
    set.add(item);
    return null;
  });
  make.one("discard", (set, item) => {
    set.delete(item);
    return null;
  });
  make.one("remove", (set, item) => {
    if (!set.delete(item)) throw new PyError("KeyError", repr(item));
    return null;
  });
  make.none("pop", (set) => {
    for (const item of set.values()) {
      set.delete(item);
      return item;
    }
    throw new PyError("KeyError", repr("pop from an empty set"));
  });
  make.none("clear", (set) => {
    for (const item of set.values()) set.delete(item);
    return null;
  });
  make.none("copy", (set) => new PySet(set.values()));
  make.one("isdisjoint", (set, other) => ![...iterate(other)].some((item) => set.has(item)));
  make.one("issubset", (set, other) => {
    const theirs = setOf(other);
    return [...set.values()].every((item) => theirs.has(item));
  });
  make.one("issuperset", (set, other) => [...iterate(other)].every((item) => set.has(item)));
  make.one("symmetric_difference", (set, other) => {
    const theirs = setOf(other);
    return new PySet([...[...set.values()].filter((item) => !theirs.has(item)), ...[...theirs.values()].filter((item) => !set.has(item))]);
  });
  make.raw("union", (set, others) => new PySet([...set.values(), ...others.flatMap((other) => [...iterate(other)])]));
  make.raw("intersection", (set, others) => {
    const all = others.map(setOf);
    return new PySet([...set.values()].filter((item) => all.every((other) => other.has(item))));
  });
  make.raw("difference", (set, others) => {
    const all = others.map(setOf);
    return new PySet([...set.values()].filter((item) => !all.some((other) => other.has(item))));
  });
  make.raw("update", (set, others) => {
    for (const other of others) for (const item of listOf(other)) set.add(item);
    return null;
  });
  return make.table;
}

/** Python's `bytes` methods that templates use. */
export function bytesMethods(): MethodTable<PyBytes> {
  const make = new MethodMaker<PyBytes>("bytes");
  make.keywords("decode", ["encoding", "errors"], 0, (bytes, [encoding = "utf-8", errors = "strict"]) => {
    const codec = textOf(encoding);
    const mode = textOf(errors);
    if (codec === undefined) throw typeError(`decode() argument 'encoding' must be str, not ${typeName(encoding)}`);
    if (mode === undefined) throw typeError(`decode() argument 'errors' must be str, not ${typeName(errors)}`);
    return decodeBytes(bytes.bytes, codec, mode);
  });
  make.raw("hex", (bytes) => Buffer.from(bytes.bytes).toString("hex"));
  for (const [name, run] of [
    ["upper", (text: string): string => text.replaceAll(/[a-z]/g, (letter) => letter.toUpperCase())],
    ["lower", (text: string): string => text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())],
    ["strip", (text: string): string => text.replaceAll(/^[ \t\n\r\v\f]+|[ \t\n\r\v\f]+$/g, "")],
  ] as const) {
    make.none(name, (bytes) => bytesOf(run(latin1(bytes))));
  }
  make.one("startswith", (bytes, part) => latin1(bytes).startsWith(latin1(requireBytes(part))));
  make.one("endswith", (bytes, part) => latin1(bytes).endsWith(latin1(requireBytes(part))));
  make.positional("replace", 2, 2, (bytes, [from = null, to = null]) =>
    bytesOf(latin1(bytes).replaceAll(latin1(requireBytes(from)), () => latin1(requireBytes(to)))),
  );
  make.one("find", (bytes, part) => latin1(bytes).indexOf(latin1(requireBytes(part))));
  make.one("count", (bytes, part) => latin1(bytes).split(latin1(requireBytes(part))).length - 1);
  make.one("join", (bytes, items) => bytesOf([...iterate(items)].map((item) => latin1(requireBytes(item))).join(latin1(bytes))));
  return make.table;
}

function latin1(bytes: PyBytes): string {
  return Buffer.from(bytes.bytes).toString("latin1");
}

function bytesOf(text: string): PyBytes {
  return new PyBytes(Uint8Array.from(Buffer.from(text, "latin1")));
}

function requireBytes(value: Value): PyBytes {
  if (value instanceof PyBytes) return value;
  throw typeError(`a bytes-like object is required, not '${typeName(value)}'`);
}
