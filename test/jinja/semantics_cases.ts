import { PyBytes, PyCallable, PyDict, PyError, PyObject, PySet, PyTuple, repr, str, truthy, type Value } from "../../src/python/index.ts";
import { hashKey, PyFloat } from "../../src/python/index.ts";
import { Markup } from "../../src/jinja/markup.ts";
import { builtinFilters } from "../../src/jinja/filters/index.ts";
import { builtinGlobals } from "../../src/jinja/globals/index.ts";
import { builtinTests } from "../../src/jinja/tests/index.ts";
import * as semantics from "../../src/jinja/semantics/index.ts";
import type { CallState, FilterFunction, FilterHost, TestFunction } from "../../src/jinja/types.ts";
import { StrictUndefined, Undefined, type UndefinedAbout } from "../../src/jinja/undefined.ts";
import { encodeValue } from "../oracle/encode.ts";

/** One question to Python and to us. */
export interface Case {
  readonly kind:
    | "binary"
    | "unary"
    | "slice"
    | "item"
    | "str"
    | "repr"
    | "bool"
    | "len"
    | "list"
    | "hash"
    | "format"
    | "sorted"
    | "method"
    | "filter"
    | "test"
    | "global";
  readonly name?: string;
  readonly args: readonly Value[];
  readonly kwargs?: Readonly<Record<string, Value>>;
  /** For methods: the object afterwards is part of the answer. */
  readonly mutates?: boolean;
}

export type CaseAnswer = { readonly ok: unknown } | { readonly error: readonly [string, string] };

/** The twin of `encode` in ops_semantics.py. */
export function encodeAny(value: Value): unknown {
  if (value instanceof Markup) return { markup: value.text };
  if (value instanceof Undefined) return { undefined: value.message };
  if (Array.isArray(value)) return value.map(encodeAny);
  if (value instanceof PyDict) return { dict: Array.from(value.entries(), ([key, item]) => [encodeAny(key), encodeAny(item)]) };
  if (value instanceof PyTuple) return { tuple: value.items.map(encodeAny) };
  if (value instanceof semantics.PyIterator) return { iterator: Array.from(value.iterate(), encodeAny) };
  return encodeValue(value);
}

/** The twin for arguments: undefined values go by their name. */
function encodeArgument(value: Value): unknown {
  if (value instanceof Undefined) return { undefined: value.about.name };
  if (value instanceof Markup) return { markup: value.text };
  if (Array.isArray(value)) return value.map(encodeArgument);
  if (value instanceof PyDict) return { dict: Array.from(value.entries(), ([key, item]) => [encodeArgument(key), encodeArgument(item)]) };
  if (value instanceof PyTuple) return { tuple: value.items.map(encodeArgument) };
  return encodeValue(value);
}

export function encodeCase(one: Case): unknown {
  const kwargs = Object.fromEntries(Object.entries(one.kwargs ?? {}).map(([key, value]) => [key, encodeArgument(value)]));
  return { kind: one.kind, name: one.name, args: one.args.map(encodeArgument), kwargs, mutates: one.mutates === true };
}

/** A host as Salt's environment is: strict, no autoescape. */
export function testHost(
  filters: ReadonlyMap<string, FilterFunction> = builtinFilters,
  tests: ReadonlyMap<string, TestFunction> = builtinTests,
): CallState {
  const undefinedOf = (about: UndefinedAbout): Value => new StrictUndefined(about);
  const host: FilterHost = {
    undefined: undefinedOf,
    isUndefined: (value) => value instanceof Undefined,
    filter: (name) => filters.get(name),
    test: (name) => tests.get(name),
    getItem: (object, key) =>
      firstDefined(
        () => semantics.getItem(object, key),
        () => (typeof key === "string" ? semantics.getAttribute(object, key) : undefined),
        () => undefinedOf({ object, name: key }),
      ),
    getAttribute: (object, name) => {
      if (name.startsWith("__")) {
        return undefinedOf({
          hint: `access to attribute ${repr(name)} of ${repr(typeOf(object))} object is unsafe.`,
          raises: "SecurityError",
        });
      }
      return firstDefined(
        () => semantics.getAttribute(object, name),
        () => semantics.getItem(object, name),
        () => undefinedOf({ object, name }),
      );
    },
    newlineSequence: "\n",
  };
  return {
    environment: new (class extends PyObject {
      readonly typeName = "Environment";
      repr(): string {
        return "<environment>";
      }
    })(),
    host,
    autoescape: false,
    resolve: () => undefined,
    at: { file: "test", line: 1, column: 1 },
    spend: () => {},
  };
}

/** Like `??`, past which None would fall. */
function firstDefined(...ways: (() => Value | undefined)[]): Value {
  for (const way of ways) {
    const value = way();
    if (value !== undefined) return value;
  }
  return null;
}

function typeOf(value: Value): string {
  return value === null ? "NoneType" : typeof value === "string" ? "str" : Array.isArray(value) ? "list" : repr(value);
}

const OPERATORS: Readonly<Record<string, (a: Value, b: Value) => Value>> = {
  "+": semantics.add,
  "-": semantics.sub,
  "*": semantics.mul,
  "/": semantics.div,
  "//": semantics.floordiv,
  "%": semantics.mod,
  "**": semantics.pow,
  "<": (a, b) => semantics.compare("<", a, b),
  "<=": (a, b) => semantics.compare("<=", a, b),
  ">": (a, b) => semantics.compare(">", a, b),
  ">=": (a, b) => semantics.compare(">=", a, b),
  "==": (a, b) => semantics.compare("==", a, b),
  "!=": (a, b) => semantics.compare("!=", a, b),
  in: (a, b) => semantics.contains(b, a),
};

function run(one: Case, state: CallState): Value {
  const [first = null, second = null, third = null, fourth = null] = one.args;
  const kwargs = new Map(Object.entries(one.kwargs ?? {}));
  const name = one.name ?? "";
  const rest = one.args.slice(1);
  switch (one.kind) {
    case "binary":
      return (OPERATORS[name] as (a: Value, b: Value) => Value)(first, second);
    case "unary":
      return name === "-" ? semantics.neg(first) : semantics.pos(first);
    case "slice": {
      const out = semantics.slice(first, second, third, fourth);
      if (out === undefined) throw new PyError("TypeError", "not sliceable");
      return out;
    }
    case "item": {
      const out = semantics.getItem(first, second);
      if (out === undefined) throw new PyError("LookupError", "none");
      return out;
    }
    case "str":
      return str(first);
    case "repr":
      return repr(first);
    case "bool":
      return truthy(first);
    case "len":
      return semantics.length(first);
    case "list":
      return semantics.listOf(first);
    case "hash":
      return hashKey(first) === hashKey(second);
    case "format":
      return semantics.formatValue(first, typeof second === "string" ? second : "");
    case "sorted":
      return semantics.sorted(semantics.listOf(first));
    case "method": {
      const method = semantics.getAttribute(first, name);
      if (!(method instanceof PyCallable)) throw new PyError("UndefinedError", `no method ${name}`);
      const result = method.call(rest, kwargs);
      return one.mutates === true ? [result, first] : result;
    }
    case "filter": {
      const filter = builtinFilters.get(name);
      if (filter === undefined) throw new Error(`no filter ${name}`);
      return filter(state, first, rest, kwargs);
    }
    case "test": {
      const test = builtinTests.get(name);
      if (test === undefined) throw new Error(`no test ${name}`);
      return test(state, first, rest, kwargs);
    }
    default: {
      const global = builtinGlobals.get(name);
      if (!(global instanceof PyCallable)) throw new Error(`no global ${name}`);
      return global.call(one.args, kwargs);
    }
  }
}

/** Our answer, in the form of Python's. */
export function answer(one: Case, state: CallState = testHost()): CaseAnswer {
  try {
    return { ok: encodeAny(run(one, state)) };
  } catch (error) {
    if (error instanceof PyError) return { error: [error.type, error.message] };
    throw error;
  }
}

export const int = (text: string): bigint => BigInt(text);
export const float = (value: number): PyFloat => new PyFloat(value);
export const tuple = (...items: Value[]): PyTuple => new PyTuple(items);
export const dict = (...entries: [Value, Value][]): PyDict => PyDict.of(entries);
export const set = (...items: Value[]): PySet => new PySet(items);
export const bytes = (text: string): PyBytes => new PyBytes(Uint8Array.from(Buffer.from(text, "latin1")));
export const safe = (text: string): Markup => new Markup(text);
export const missing = (name: string): Undefined => new StrictUndefined({ name });

/** What a case is called in a test report. */
export function title(one: Case): string {
  const kwargs = Object.entries(one.kwargs ?? {}).map(([key, value]) => `${key}=${quiet(value)}`);
  return `${one.kind} ${one.name ?? ""}(${[...one.args.map(quiet), ...kwargs].join(", ")})`.slice(0, 200);
}

function quiet(value: Value): string {
  return value instanceof Undefined ? "<undefined>" : Array.isArray(value) ? `[${value.map(quiet).join(", ")}]` : repr(value);
}
