import { int, PyFloat, str, truthy, typeName, type Value } from "../../python/index.ts";
import { PyError } from "../../python/index.ts";
import { abs, asFloat, asInt, div, mul, pow } from "../semantics/arithmetic.ts";
import { indexArgument, signature } from "../semantics/args.ts";
import { divideRound } from "../semantics/bigfloat.ts";
import { floatToInt, parseInteger, toFloat, toInt } from "../semantics/convert.ts";
import { typeError } from "../semantics/errors.ts";
import { fixed, roundFloat } from "../semantics/format/float.ts";
import { textOf } from "../semantics/text.ts";
import type { FilterFunction } from "../types.ts";
import { filter, filterArgumentError } from "./define.ts";

function caught<T>(types: readonly string[], run: () => T): T | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof PyError && types.includes(error.type)) return undefined;
    throw error;
  }
}

const intFilter = filter(signature("do_int", ["value"], { default: 0, base: 10 }), (_, [value = null, fallback = null, base = null]) => {
  const text = textOf(value);
  const direct = caught(["TypeError", "ValueError"], () => (text === undefined ? toInt(value) : parseInteger(text, indexArgument(base))));
  return direct ?? caught(["TypeError", "ValueError", "OverflowError"], () => floatToInt(toFloat(value))) ?? fallback;
});

const floatFilter = filter(signature("do_float", ["value"], { default: new PyFloat(0) }), (_, [value = null, fallback = null]) => {
  const number = caught(["TypeError", "ValueError"], () => toFloat(value));
  return number === undefined ? fallback : new PyFloat(number);
});

/** `round(value, digits)`: ints stay ints. @throws PyError TypeError where the type cannot be rounded */
export function roundValue(value: Value, digits: Value): Value {
  const whole = asInt(value);
  if (whole !== undefined) {
    const places = indexArgument(digits);
    if (places >= 0) return whole;
    if (places < -5000) return 0;
    const unit = 10n ** BigInt(-places);
    return int(divideRound(BigInt(whole), unit) * unit);
  }
  if (value instanceof PyFloat) return new PyFloat(roundFloat(value.value, indexArgument(digits)));
  throw typeError(`type ${typeName(value)} doesn't define __round__ method`);
}

const round = filter(
  signature("do_round", ["value"], { precision: 0, method: "common" }),
  (_, [value = null, precision = null, method = null]) => {
    const kind = textOf(method);
    if (kind !== "common" && kind !== "ceil" && kind !== "floor") throw filterArgumentError("method must be common, ceil or floor");
    if (kind === "common") return roundValue(value, precision);
    const scale = pow(10, precision);
    const scaled = mul(value, scale);
    const number = asFloat(scaled);
    if (number === undefined) throw typeError(`must be real number, not ${typeName(scaled)}`);
    const whole = scaled instanceof PyFloat ? floatToInt(kind === "ceil" ? Math.ceil(number) : Math.floor(number)) : (asInt(scaled) ?? 0);
    return div(whole, scale);
  },
);

const absFilter: FilterFunction = (_state, value, args, kwargs) => {
  if (kwargs.size > 0) throw typeError("abs() takes no keyword arguments");
  if (args.length > 0) throw typeError(`abs() takes exactly one argument (${args.length + 1} given)`);
  return abs(value);
};

const filesizeformat = filter(signature("do_filesizeformat", ["value"], { binary: false }), (_, [value = null, binary = null]) => {
  const bytes = toFloat(value);
  const two = truthy(binary);
  const base = two ? 1024 : 1000;
  if (bytes === 1) return "1 Byte";
  if (bytes < base) return `${str(floatToInt(bytes))} Bytes`;
  const prefixes = two ? ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"] : ["kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"];
  let unit = base;
  for (const prefix of prefixes) {
    unit *= base;
    if (bytes < unit || prefix === prefixes.at(-1))
      return `${Number.isFinite(bytes) ? fixed((base * bytes) / unit, 1) : Number.isNaN(bytes) ? "nan" : "inf"} ${prefix}`;
  }
  return "";
});

/** The filters on numbers. */
export const numberFilters: Readonly<Record<string, FilterFunction>> = {
  abs: absFilter,
  filesizeformat,
  float: floatFilter,
  int: intFilter,
  round,
};
