import type { CelList, CelMap } from "@bufbuild/cel";
import type { CelLibrary } from "./library.ts";
import { noOverload, none, opaqueOf, some, type CelAny, type CelFunction } from "./opaque.ts";

/** Shorthands of the library's for declaring functions over values of any type: what they are given is looked at when they are called. */
export class Declare {
  readonly library: CelLibrary;
  readonly functions: CelFunction[] = [];

  constructor(library: CelLibrary) {
    this.library = library;
  }

  /** `name(a, b)`. */
  func(name: string, count: number, body: (...args: readonly CelAny[]) => CelAny): void {
    const { celFunc, CelScalar } = this.library.cel;
    const types = Array.from({ length: count }, () => CelScalar.DYN);
    this.functions.push(celFunc(name, types, CelScalar.DYN, (...args: readonly CelAny[]) => body(...args)));
  }

  /** `target.name(a, b)`. */
  method(name: string, count: number, body: (target: CelAny, ...args: readonly CelAny[]) => CelAny): void {
    const { celMethod, CelScalar } = this.library.cel;
    const types = Array.from({ length: count }, () => CelScalar.DYN);
    this.functions.push(
      celMethod(name, CelScalar.DYN, types, CelScalar.DYN, function (this: CelAny, ...args: readonly CelAny[]) {
        return body(this, ...args);
      }),
    );
  }

  /** `target.name(…)` of lists alone: of strings there is another. */
  listMethod(name: string, count: number, body: (target: CelList, ...args: readonly CelAny[]) => CelAny): void {
    const { celMethod, CelScalar, listType } = this.library.cel;
    const types = Array.from({ length: count }, () => CelScalar.DYN);
    this.functions.push(
      celMethod(name, listType(CelScalar.DYN), types, CelScalar.DYN, function (this: CelList, ...args: readonly CelAny[]) {
        return body(this, ...args);
      }),
    );
  }

  text(value: CelAny): string {
    if (typeof value !== "string") throw noOverload();
    return value;
  }

  list(value: CelAny): CelList {
    if (!this.library.cel.isCelList(value)) throw noOverload();
    return value;
  }

  opaque(value: CelAny, type: string): CelMap {
    const found = opaqueOf(this.library, value, type);
    if (found === undefined) throw noOverload();
    return found;
  }

  /** `==` of CEL. */
  equals(a: CelAny, b: CelAny): boolean {
    const { plan, parse, celEnv } = this.library.cel;
    this.#equality ??= plan(celEnv(), parse("a == b"));
    return this.#equality({ a, b }) === true;
  }
  #equality: ((values: Record<string, CelAny>) => unknown) | undefined;
}

/** What macros are spelt out with (rewrite.ts), and optionals. */
export function declareInternals(declare: Declare): void {
  const { library } = declare;
  const { isCelList, isCelMap, celList, celMap } = library.cel;
  const isOptional = (value: CelAny): boolean => opaqueOf(library, value, "optional") !== undefined;
  const valueOf = (value: CelAny): CelAny | undefined => declare.opaque(value, "optional").get("value");
  declare.func("@pairs", 1, (value) => {
    if (isCelList(value)) return celList([...value].map((item, index) => celList([BigInt(index), item])));
    if (isCelMap(value)) return celList([...value].map(([key, item]) => celList([key, item])));
    throw noOverload();
  });
  const lookUp = (from: CelAny, key: CelAny): CelAny => {
    let value: CelAny | undefined = from;
    if (isOptional(from)) {
      value = valueOf(from);
      if (value === undefined) return none(library);
    }
    const found = at(declare, value, key);
    return found === undefined ? none(library) : some(library, found);
  };
  declare.func("@select", 2, lookUp);
  declare.func("@index", 2, lookUp);
  declare.func("@present", 1, (value) => valueOf(value) !== undefined);
  const given = (value: CelAny): CelAny => {
    const found = valueOf(value);
    if (found === undefined) throw new Error("optional.none() dereference");
    return found;
  };
  declare.func("@value", 1, given);
  declare.method("value", 0, given);
  declare.method("hasValue", 0, (value) => valueOf(value) !== undefined);
  declare.func("optional.of", 1, (value) => some(library, value));
  declare.func("optional.none", 0, () => none(library));
  declare.func("optional.ofNonZeroValue", 1, (value) => (isZero(declare, value) ? none(library) : some(library, value)));
  const kept = (values: CelList, flags: CelList): readonly [number, CelAny][] =>
    [...values].flatMap((value, index): readonly [number, CelAny][] => {
      if (flags.get(index) !== true) return [[index, value]];
      const found = valueOf(value);
      return found === undefined ? [] : [[index, found]];
    });
  declare.func("@list", 2, (values, flags) => celList(kept(declare.list(values), declare.list(flags)).map(([, value]) => value)));
  declare.func("@map", 3, (keys, values, flags) => {
    const names = declare.list(keys);
    return celMap(new Map(kept(declare.list(values), declare.list(flags)).map(([index, value]) => [keyOf(names.get(index)), value])));
  });
  declare.func("@empty", 0, () => celMap(new Map()));
  declare.func("@insert", 3, (map, key, value) => inserted(declare, map, [[key, value]]));
  declare.func("@merge", 2, (map, more) => {
    if (!isCelMap(more)) throw noOverload();
    return inserted(declare, map, [...more]);
  });
}

function inserted(declare: Declare, map: CelAny, entries: readonly (readonly [CelAny, CelAny])[]): CelMap {
  if (!declare.library.cel.isCelMap(map)) throw noOverload();
  const made = new Map<MapKey, CelAny>([...map].map(([key, value]) => [keyOf(key), value]));
  for (const [key, value] of entries) {
    if (map.has(keyOf(key))) throw new Error(`insert failed: key ${String(keyOf(key))} already exists`);
    made.set(keyOf(key), value);
  }
  return declare.library.cel.celMap(made);
}

type MapKey = string | bigint | boolean;

function keyOf(key: CelAny | undefined): MapKey {
  if (typeof key === "string" || typeof key === "bigint" || typeof key === "boolean") return key;
  throw new Error("unsupported key type");
}

function at(declare: Declare, from: CelAny, key: CelAny): CelAny | undefined {
  const { isCelList, isCelMap } = declare.library.cel;
  if (isCelMap(from)) return typeof key === "string" || typeof key === "bigint" || typeof key === "boolean" ? from.get(key) : undefined;
  if (isCelList(from)) return typeof key === "bigint" ? from.get(Number(key)) : undefined;
  throw noOverload();
}

function isZero(declare: Declare, value: CelAny): boolean {
  const { isCelList, isCelMap } = declare.library.cel;
  if (isCelList(value) || isCelMap(value)) return value.size === 0;
  return value === null || value === "" || value === 0n || value === 0 || value === false;
}
