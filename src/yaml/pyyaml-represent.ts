import { FindingError } from "../finding/index.ts";
import { floatRepr, PyBytes, PyDict, PyFloat, PyOrderedDict, PySet, PyTuple, typeName, type Value } from "../python/index.ts";
import { implicitTag, YAML_TAG } from "./salt-scalar.ts";

/** A quoting style, as PyYAML's `default_style` has it. */
export type DumpStyle = "'" | '"' | "|" | ">";

/** What PyYAML's representer makes of data. */
export type DumpNode = DumpScalar | DumpSequence | DumpMapping;

export interface DumpScalar {
  readonly kind: "scalar";
  readonly tag: string;
  readonly value: string;
  readonly style: DumpStyle | undefined;
  /** Its tag is what a reader finds where the text is plain. */
  readonly plainImplicit: boolean;
  /** Its tag is what a reader finds where the text is quoted. */
  readonly quotedImplicit: boolean;
}
export interface DumpSequence {
  readonly kind: "sequence";
  readonly tag: string;
  readonly items: DumpNode[];
  flow: boolean;
  anchor: string | undefined;
  written: boolean;
}
export interface DumpMapping {
  readonly kind: "mapping";
  readonly tag: string;
  readonly entries: (readonly [DumpNode, DumpNode])[];
  flow: boolean;
  anchor: string | undefined;
  written: boolean;
}

export interface RepresentOptions {
  readonly defaultFlowStyle: boolean | null;
  readonly defaultStyle: DumpStyle | undefined;
  readonly sortKeys: boolean;
  /** Salt's SafeOrderedDumper keeps the order of an OrderedDict; its serializer's dumper sorts that too. */
  readonly sortOrderedDicts: boolean;
  /** What is no data prints as `NULL` under SafeOrderedDumper, and is refused by the serializer's dumper. */
  readonly undefinedAsNull: boolean;
}

const MAX_DEPTH = 400;

/** Data to nodes, as SafeRepresenter does (yaml/representer.py) with Salt's additions (salt/utils/yamldumper.py, salt/serializers/yaml.py). */
export function represent(value: Value, options: RepresentOptions): DumpNode {
  const known = new Map<object, DumpSequence | DumpMapping>();
  let depth = 0;

  const scalar = (tag: string, text: string, style = options.defaultStyle): DumpScalar => {
    const long = YAML_TAG + tag;
    return { kind: "scalar", tag: long, value: text, style, plainImplicit: implicitTag(text) === tag, quotedImplicit: tag === "str" };
  };
  const isSimple = (node: DumpNode): boolean => node.kind === "scalar" && node.style === undefined;

  const sequence = (owner: object, items: readonly Value[], shared: boolean): DumpSequence => {
    const node: DumpSequence = { kind: "sequence", tag: `${YAML_TAG}seq`, items: [], flow: false, anchor: undefined, written: false };
    if (shared) known.set(owner, node);
    let simple = true;
    for (const item of items) {
      const child = data(item);
      if (!isSimple(child)) simple = false;
      node.items.push(child);
    }
    node.flow = options.defaultFlowStyle ?? simple;
    return node;
  };

  const mapping = (owner: object, tag: string, pairs: readonly (readonly [Value, Value])[], sort: boolean): DumpMapping => {
    const node: DumpMapping = { kind: "mapping", tag: YAML_TAG + tag, entries: [], flow: false, anchor: undefined, written: false };
    known.set(owner, node);
    let simple = true;
    for (const [key, item] of sort ? sortedEntries(pairs) : pairs) {
      const keyNode = data(key);
      const itemNode = data(item);
      if (!isSimple(keyNode) || !isSimple(itemNode)) simple = false;
      node.entries.push([keyNode, itemNode]);
    }
    node.flow = options.defaultFlowStyle ?? simple;
    return node;
  };

  const collection = (item: Exclude<Value, null | boolean | number | bigint | string>): DumpNode => {
    const before = known.get(item);
    if (before !== undefined) return before;
    if (Array.isArray(item)) return sequence(item, item, true);
    if (item instanceof PyDict) {
      return mapping(item, "map", [...item.entries()], options.sortKeys && (options.sortOrderedDicts || !(item instanceof PyOrderedDict)));
    }
    // The empty tuple is one object in Python, and never an anchor.
    if (item instanceof PyTuple) return sequence(item, item.items, item.items.length > 0);
    if (item instanceof PySet) {
      return mapping(
        item,
        "set",
        [...item.values()].map((key) => [key, null]),
        options.sortKeys,
      );
    }
    if (options.undefinedAsNull) return scalar("null", "NULL");
    throw new FindingError({
      code: "yaml-represent",
      severity: "error",
      message: `cannot represent an object: a ${typeName(item)} is no YAML`,
    });
  };

  const data = (item: Value): DumpNode => {
    switch (typeof item) {
      case "string":
        return scalar("str", item);
      case "boolean":
        return scalar("bool", item ? "true" : "false");
      case "number":
      case "bigint":
        return scalar("int", String(item));
      default:
        break;
    }
    if (item === null) return scalar("null", "null");
    if (item instanceof PyFloat) return scalar("float", floatScalar(item.value));
    if (item instanceof PyBytes) return scalar("binary", encodeBytes(item.bytes), "|");
    if (++depth > MAX_DEPTH) {
      throw new FindingError({ code: "yaml-limit", severity: "error", message: `the data nests deeper than ${MAX_DEPTH} levels` });
    }
    const node = collection(item);
    depth--;
    return node;
  };
  return data(value);
}

function floatScalar(value: number): string {
  if (Number.isNaN(value)) return ".nan";
  if (!Number.isFinite(value)) return value > 0 ? ".inf" : "-.inf";
  const text = floatRepr(value);
  return text.includes("e") && !text.includes(".") ? text.replace("e", ".0e") : text;
}

/** base64.encodebytes: lines of 76 characters, each ended. */
function encodeBytes(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString("base64")
    .replace(/.{1,76}/g, "$&\n");
}

/** `sorted(mapping.items())`; where keys cannot be compared, the order stays. */
function sortedEntries(pairs: readonly (readonly [Value, Value])[]): readonly (readonly [Value, Value])[] {
  if (pairs.length < 2) return pairs;
  const rank = pairs.map(([key]) => keyKind(key));
  if (rank.some((kind) => kind === undefined || kind !== rank[0])) return pairs;
  try {
    return pairs.toSorted(([a], [b]) => compareKeys(a, b));
  } catch (error) {
    if (error === UNORDERED) return pairs;
    throw error;
  }
}

const UNORDERED = new Error("keys cannot be compared");

function keyKind(key: Value): string | undefined {
  if (typeof key === "string") return "str";
  if (typeof key === "number" || typeof key === "bigint" || typeof key === "boolean" || key instanceof PyFloat) return "number";
  if (key instanceof PyTuple) return "tuple";
  return key instanceof PyBytes ? "bytes" : undefined;
}

/** Python's `<` as an order. */
function compareKeys(a: Value, b: Value): number {
  if (keyKind(a) !== keyKind(b) || keyKind(a) === undefined) throw UNORDERED;
  if (typeof a === "string" && typeof b === "string") return compareText(a, b);
  if (a instanceof PyBytes && b instanceof PyBytes) return Buffer.compare(a.bytes, b.bytes);
  if (a instanceof PyTuple && b instanceof PyTuple) {
    for (let index = 0; index < Math.min(a.items.length, b.items.length); index++) {
      const order = compareKeys(a.items[index] ?? null, b.items[index] ?? null);
      if (order !== 0) return order;
    }
    return a.items.length - b.items.length;
  }
  const left = numeric(a);
  const right = numeric(b);
  return left < right ? -1 : left > right ? 1 : 0;
}

function numeric(value: Value): number | bigint {
  if (value instanceof PyFloat) return value.value;
  return typeof value === "bigint" ? value : Number(value);
}

/** By code point, where JavaScript compares UTF-16 units. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left === right) continue;
    // Surrogates stand for characters above all others.
    const leftRank = left >= 0xd800 && left <= 0xdfff ? left + 0x10000 : left;
    const rightRank = right >= 0xd800 && right <= 0xdfff ? right + 0x10000 : right;
    return leftRank - rightRank;
  }
  return a.length - b.length;
}
