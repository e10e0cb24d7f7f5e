import { semantics } from "../../jinja/index.ts";
import { int, PyDict, PyError, PyFloat, str, type Value } from "../../python/index.ts";

const { abs, add, compare, contains, div, dumpJson, length, sorted, textOf, toFloat, toInt } = semantics;

/** What a function is given: a value, or an expression after `&`. */
export type Argument = { readonly value: Value } | { readonly query: (data: Value) => Value };

function typeOf(value: Value): string {
  if (value === null) return "null";
  if (typeof value === "boolean") return "boolean";
  if (textOf(value) !== undefined) return "string";
  if (Array.isArray(value)) return "array";
  return value instanceof PyDict ? "object" : "number";
}

function same(item: Value): Value {
  return item;
}

/** Runs a function of JMESPath. @throws PyError UnknownFunctionError, ArityError, JMESPathTypeError */
export function callFunction(name: string, args: readonly Argument[]): Value {
  const value = (index: number, ...types: string[]): Value => {
    const arg = args[index];
    if (arg === undefined)
      throw new PyError("ArityError", `Expected at least ${index + 1} arguments for function ${name}(), received ${args.length}`);
    if (!("value" in arg) || (types.length > 0 && !types.includes(typeOf(arg.value)))) {
      throw new PyError(
        "JMESPathTypeError",
        `In function ${name}(), invalid type for value: ${"value" in arg ? str(arg.value) : "expression"}, expected one of: ${types.join(", ")}`,
      );
    }
    return arg.value;
  };
  const list = (index: number): readonly Value[] => {
    const found = value(index, "array");
    return Array.isArray(found) ? found : [];
  };
  const by = (index: number): ((item: Value) => Value) => {
    const arg = args[index];
    if (arg === undefined || !("query" in arg)) throw new PyError("JMESPathTypeError", `In function ${name}(), expected an expression`);
    return arg.query;
  };
  const best = (operator: "<" | ">", key: (item: Value) => Value): Value => {
    let found: Value | undefined;
    for (const item of list(0)) if (found === undefined || compare(operator, key(item), key(found))) found = item;
    return found ?? null;
  };
  const sum = (): Value => list(0).reduce<Value>((total, item) => add(total, item), 0);
  switch (name) {
    case "abs":
      return abs(value(0, "number"));
    case "avg":
      return list(0).length === 0 ? null : div(sum(), list(0).length);
    case "ceil":
    case "floor": {
      const number = value(0, "number");
      return number instanceof PyFloat ? int(BigInt(name === "ceil" ? Math.ceil(number.value) : Math.floor(number.value))) : number;
    }
    case "contains": {
      const subject = value(0, "array", "string");
      return textOf(subject) !== undefined && textOf(value(1)) === undefined ? false : contains(subject, value(1));
    }
    case "ends_with":
      return str(value(0, "string")).endsWith(str(value(1, "string")));
    case "starts_with":
      return str(value(0, "string")).startsWith(str(value(1, "string")));
    case "join":
      return list(1)
        .map(str)
        .join(str(value(0, "string")));
    case "keys":
    case "values": {
      const dict = value(0, "object");
      return dict instanceof PyDict ? [...(name === "keys" ? dict.keys() : dict.values())] : null;
    }
    case "length":
      return length(value(0, "string", "array", "object"));
    case "map": {
      const run = by(0);
      return list(1).map((item) => run(item));
    }
    case "max":
      return best(">", same);
    case "min":
      return best("<", same);
    case "max_by":
      return best(">", by(1));
    case "min_by":
      return best("<", by(1));
    case "merge":
      return PyDict.of(
        args.flatMap((_arg, index) => {
          const dict = value(index, "object");
          return dict instanceof PyDict ? [...dict.entries()] : [];
        }),
      );
    case "not_null":
      return args.map((_arg, index) => value(index)).find((item) => item !== null) ?? null;
    case "reverse": {
      const subject = value(0, "string", "array");
      return Array.isArray(subject) ? [...subject].reverse() : Array.from(str(subject)).reverse().join("");
    }
    case "sort":
      return sorted(list(0));
    case "sort_by":
      return sorted(list(0), by(1));
    case "sum":
      return sum();
    case "to_array": {
      const subject = value(0);
      return Array.isArray(subject) ? subject : [subject];
    }
    case "to_number": {
      const subject = value(0);
      if (typeOf(subject) === "number") return subject;
      if (typeOf(subject) !== "string") return null;
      return attempt(() => toInt(subject)) ?? attempt(() => new PyFloat(toFloat(subject)));
    }
    case "to_string": {
      const subject = value(0);
      return textOf(subject) === undefined ? dumpJson(subject, { separators: [",", ":"] }) : subject;
    }
    case "type":
      return typeOf(value(0));
    default:
      throw new PyError("UnknownFunctionError", `Unknown function: ${name}()`);
  }
}

function attempt(run: () => Value): Value {
  try {
    return run();
  } catch (error) {
    if (error instanceof PyError) return null;
    throw error;
  }
}
