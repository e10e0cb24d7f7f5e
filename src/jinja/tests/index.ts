import { equals, PyBytes, PyCallable, PyDict, PyFloat, PyTuple, str, type Value } from "../../python/index.ts";
import { PyError } from "../../python/index.ts";
import { Markup } from "../markup.ts";
import { asInt, mod } from "../semantics/arithmetic.ts";
import { bind, signature, type Signature } from "../semantics/args.ts";
import { isLower, isTitle, isUpper } from "../semantics/characters.ts";
import { compare, type Comparison } from "../semantics/compare.ts";
import { typeError } from "../semantics/errors.ts";
import { cased } from "../semantics/methods/str.ts";
import { contains, iterate, lengthOf } from "../semantics/sequence.ts";
import { textOf } from "../semantics/text.ts";
import { PyRange } from "../semantics/values.ts";
import type { CallState, TestFunction } from "../types.ts";

/** A test as Python declares it: the value is its first parameter. */
export function test(fn: Signature, run: (state: CallState, values: readonly Value[]) => boolean): TestFunction {
  return (state, value, args, kwargs) => run(state, bind(fn, [value, ...args], kwargs));
}

function simple(name: string, run: (value: Value, state: CallState) => boolean): TestFunction {
  return test(signature(name, ["value"]), (state, [value = null]) => run(value, state));
}

function comparing(name: string, operator: Comparison): TestFunction {
  return (_state, value, args, kwargs) => {
    const [other] = args;
    if (kwargs.size > 0) throw typeError(`_operator.${name}() takes no keyword arguments`);
    if (other === undefined || args.length !== 1) throw typeError(`${name} expected 2 arguments, got ${args.length + 1}`);
    return compare(operator, value, other);
  };
}

function isSequence(value: Value): boolean {
  if (typeof value === "string" || Array.isArray(value)) return true;
  if (value === null || typeof value !== "object") return false;
  if (
    value instanceof PyDict ||
    value instanceof PyTuple ||
    value instanceof Markup ||
    value instanceof PyBytes ||
    value instanceof PyRange
  ) {
    return true;
  }
  if (value.refuse !== undefined) return lengthQuietly(value) !== undefined;
  return value.item !== undefined && value.len !== undefined;
}

function lengthQuietly(value: Value): number | undefined {
  try {
    return lengthOf(value);
  } catch {
    return undefined;
  }
}

function isIterableValue(value: Value): boolean {
  try {
    iterate(value);
    return true;
  } catch (error) {
    if (error instanceof PyError && error.type === "TypeError") return false;
    throw error;
  }
}

/** `callable(value)`; an undefined value is, for Jinja gives it a `__call__` that raises. */
const isCallable: TestFunction = (state, value, args, kwargs) => {
  if (kwargs.size > 0) throw typeError("callable() takes no keyword arguments");
  if (args.length > 0) throw typeError(`callable() takes exactly one argument (${args.length + 1} given)`);
  return value instanceof PyCallable || state.host.isUndefined(value);
};

const eq = comparing("eq", "==");
const ne = comparing("ne", "!=");
const gt = comparing("gt", ">");
const ge = comparing("ge", ">=");
const lt = comparing("lt", "<");
const le = comparing("le", "<=");

/** All tests of Jinja 3.1.6. */
export const builtinTests: ReadonlyMap<string, TestFunction> = new Map(
  Object.entries({
    boolean: simple("test_boolean", (value) => typeof value === "boolean"),
    callable: isCallable,
    defined: simple("test_defined", (value, state) => !state.host.isUndefined(value)),
    divisibleby: test(signature("test_divisibleby", ["value", "num"]), (_, [value = null, num = null]) => equals(mod(value, num), 0)),
    eq,
    equalto: eq,
    "==": eq,
    escaped: simple("test_escaped", (value) => value instanceof Markup),
    even: simple("test_even", (value) => equals(mod(value, 2), 0)),
    false: simple("test_false", (value) => value === false),
    filter: test(
      signature("test_filter", ["value"], {}, 1),
      (state, [value = null]) => state.host.filter(requireHashableText(value)) !== undefined,
    ),
    float: simple("test_float", (value) => value instanceof PyFloat),
    ge,
    ">=": ge,
    greaterthan: gt,
    gt,
    ">": gt,
    in: test(signature("test_in", ["value", "seq"]), (_, [value = null, seq = null]) => contains(seq, value)),
    integer: simple("test_integer", (value) => typeof value === "number" || typeof value === "bigint"),
    iterable: simple("test_iterable", isIterableValue),
    le,
    "<=": le,
    lessthan: lt,
    lower: simple("test_lower", (value) => cased(str(value), isLower, (point) => isUpper(point) || isTitle(point))),
    lt,
    "<": lt,
    mapping: simple("test_mapping", (value) => value instanceof PyDict),
    ne,
    "!=": ne,
    none: simple("test_none", (value) => value === null),
    number: simple("test_number", (value) => asInt(value) !== undefined || value instanceof PyFloat),
    odd: simple("test_odd", (value) => equals(mod(value, 2), 1)),
    sameas: test(signature("test_sameas", ["value", "other"]), (_, [value = null, other = null]) => value === other),
    sequence: simple("test_sequence", isSequence),
    string: simple("test_string", (value) => textOf(value) !== undefined),
    test: test(
      signature("test_test", ["value"], {}, 1),
      (state, [value = null]) => state.host.test(requireHashableText(value)) !== undefined,
    ),
    true: simple("test_true", (value) => value === true),
    undefined: simple("test_undefined", (value, state) => state.host.isUndefined(value)),
    upper: simple("test_upper", (value) => cased(str(value), isUpper, (point) => isLower(point) || isTitle(point))),
  }),
);

/** A name to look up; anything but a text names nothing, but must be hashable. */
function requireHashableText(value: Value): string {
  const text = textOf(value);
  if (text !== undefined) return text;
  new PyDict().has(value);
  return "\0";
}
