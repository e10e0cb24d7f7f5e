import { int, PyBytes, PyError, PyFloat, PyObject, PySet, PyTuple, typeName, type Value } from "../../python/index.ts";
import { escapeText, Markup } from "../markup.ts";
import { bigToFloat, bitLength, exactFloat, exactPower, ratioToFloat } from "./bigfloat.ts";
import { overflowError, typeError } from "./errors.ts";
import { formatPercent } from "./format/percent.ts";
import { boundedItems, boundedText, MAX_INT_BITS } from "./text.ts";
import { PyDictView } from "./values.ts";

/** The int behind an int or bool; `undefined` for anything else. */
export function asInt(value: Value): number | bigint | undefined {
  if (typeof value === "number" || typeof value === "bigint") return value;
  return typeof value === "boolean" ? (value ? 1 : 0) : undefined;
}

/** The JavaScript number of a float, int or bool; `undefined` for anything else. @throws PyError OverflowError */
export function asFloat(value: Value): number | undefined {
  if (value instanceof PyFloat) return value.value;
  const whole = asInt(value);
  return typeof whole === "bigint" ? bigToFloat(whole) : whole;
}

function refuse(value: Value): void {
  if (value instanceof PyObject) value.refuse?.();
}

function unsupported(operator: string, a: Value, b: Value): PyError {
  refuse(a);
  refuse(b);
  return typeError(`unsupported operand type(s) for ${operator}: '${typeName(a)}' and '${typeName(b)}'`);
}

/** Exact integer arithmetic: in numbers while the result is safe, else in bigints. */
function exact(a: number | bigint, b: number | bigint, small: number, big: (a: bigint, b: bigint) => bigint): number | bigint {
  if (typeof a === "number" && typeof b === "number" && Number.isSafeInteger(small)) return small + 0;
  return bounded(int(big(BigInt(a), BigInt(b))));
}

function bounded(value: number | bigint): number | bigint {
  if (typeof value === "bigint" && bitLength(value) > MAX_INT_BITS) {
    throw overflowError(`an integer of more than ${MAX_INT_BITS} bits is beyond the limit`);
  }
  return value;
}

/** `a + b` */
export function add(a: Value, b: Value): Value {
  if (typeof a === "number" && typeof b === "number") {
    const sum = a + b;
    return Number.isSafeInteger(sum) ? sum : int(BigInt(a) + BigInt(b));
  }
  if (typeof a === "string") {
    if (typeof b === "string") {
      boundedText(a.length + b.length);
      return a + b;
    }
    if (b instanceof Markup) return new Markup(escapeText(a) + b.text);
    refuse(b);
    throw typeError(`can only concatenate str (not "${typeName(b)}") to str`);
  }
  const x = asInt(a);
  const y = asInt(b);
  if (x !== undefined && y !== undefined) return exact(x, y, Number(x) + Number(y), (p, q) => p + q);
  if (a instanceof Markup) {
    if (typeof b === "string") return new Markup(a.text + escapeText(b));
    if (b instanceof Markup) return new Markup(a.text + b.text);
    refuse(b);
    throw unsupported("+", a, b);
  }
  if (Array.isArray(a)) {
    if (Array.isArray(b)) {
      boundedItems(a.length + b.length);
      return [...a, ...b];
    }
    refuse(b);
    throw typeError(`can only concatenate list (not "${typeName(b)}") to list`);
  }
  if (a instanceof PyTuple) {
    if (b instanceof PyTuple) {
      boundedItems(a.items.length + b.items.length);
      return new PyTuple([...a.items, ...b.items]);
    }
    refuse(b);
    throw typeError(`can only concatenate tuple (not "${typeName(b)}") to tuple`);
  }
  if (a instanceof PyBytes) {
    if (b instanceof PyBytes) {
      boundedText(a.bytes.length + b.bytes.length);
      return new PyBytes(Buffer.concat([a.bytes, b.bytes]));
    }
    refuse(b);
    throw typeError(`can't concat ${typeName(b)} to bytes`);
  }
  return floats("+", a, b, (p, q) => p + q);
}

function floats(operator: string, a: Value, b: Value, run: (a: number, b: number) => number): Value {
  if (a instanceof PyFloat || b instanceof PyFloat) {
    const x = asFloat(a);
    const y = asFloat(b);
    if (x !== undefined && y !== undefined) return new PyFloat(run(x, y));
  }
  throw unsupported(operator, a, b);
}

/** `a - b`; of sets and key views, the difference. */
export function sub(a: Value, b: Value): Value {
  const x = asInt(a);
  const y = asInt(b);
  if (x !== undefined && y !== undefined) return exact(x, y, Number(x) - Number(y), (p, q) => p - q);
  if (a instanceof PySet && b instanceof PySet) return new PySet([...a.values()].filter((item) => !b.has(item)));
  if (a instanceof PyDictView && a.kind !== "values" && b instanceof PyObject && (b instanceof PyDictView || b instanceof PySet)) {
    const theirs = new PySet(b instanceof PySet ? b.values() : b.iterate());
    return new PySet([...a.iterate()].filter((item) => !theirs.has(item)));
  }
  return floats("-", a, b, (p, q) => p - q);
}

/** `a * b`; repetition for texts, lists, tuples and bytes. */
export function mul(a: Value, b: Value): Value {
  const x = asInt(a);
  const y = asInt(b);
  if (x !== undefined && y !== undefined) {
    if (typeof x === "bigint" || typeof y === "bigint") boundedBits(bits(x) + bits(y));
    return exact(x, y, Number(x) * Number(y), (p, q) => p * q);
  }
  if (x !== undefined && isRepeatable(b)) return repeat(b, x);
  if (isRepeatable(a)) {
    if (y !== undefined) return repeat(a, y);
    refuse(b);
    if (a instanceof Markup) throw typeError(`'${typeName(b)}' object cannot be interpreted as an integer`);
    throw typeError(`can't multiply sequence by non-int of type '${typeName(b)}'`);
  }
  if (isRepeatable(b)) {
    refuse(a);
    if (b instanceof Markup) throw typeError(`'${typeName(a)}' object cannot be interpreted as an integer`);
    throw typeError(`can't multiply sequence by non-int of type '${typeName(a)}'`);
  }
  return floats("*", a, b, (p, q) => p * q);
}

type Repeatable = string | Markup | Value[] | PyTuple | PyBytes;

function isRepeatable(value: Value): value is Repeatable {
  return (
    typeof value === "string" || Array.isArray(value) || value instanceof PyTuple || value instanceof Markup || value instanceof PyBytes
  );
}

function lengthOf(value: Repeatable): number {
  if (typeof value === "string" || Array.isArray(value)) return value.length;
  return value instanceof Markup ? value.text.length : value instanceof PyTuple ? value.items.length : value.bytes.length;
}

function repeat(value: Repeatable, times: number | bigint): Value {
  if (typeof times === "bigint" && (times >= 1n << 63n || times < -(1n << 63n)))
    throw overflowError("cannot fit 'int' into an index-sized integer");
  // Nothing repeated is nothing, however often.
  const count = lengthOf(value) === 0 ? 0 : Math.max(0, Number(times));
  if (typeof value === "string") {
    boundedText(value.length * count);
    return value.repeat(count);
  }
  if (value instanceof Markup) {
    boundedText(value.text.length * count);
    return new Markup(value.text.repeat(count));
  }
  if (value instanceof PyBytes) {
    boundedText(value.bytes.length * count);
    return new PyBytes(Buffer.concat(Array.from({ length: count }, () => value.bytes)));
  }
  const items = Array.isArray(value) ? value : value.items;
  boundedItems(items.length * count);
  const out: Value[] = [];
  for (let turn = 0; turn < count; turn++) for (const item of items) out.push(item);
  return Array.isArray(value) ? out : new PyTuple(out);
}

function bits(value: number | bigint): number {
  return typeof value === "bigint" ? bitLength(value) : 53;
}

function boundedBits(count: number): void {
  if (count > MAX_INT_BITS + 64) throw overflowError(`an integer of more than ${MAX_INT_BITS} bits is beyond the limit`);
}

/** `a / b`, always a float. */
export function div(a: Value, b: Value): Value {
  const x = asInt(a);
  const y = asInt(b);
  if (x !== undefined && y !== undefined) {
    if (Number(y) === 0) throw new PyError("ZeroDivisionError", "division by zero");
    if (typeof x === "number" && typeof y === "number") return new PyFloat(x / y);
    return new PyFloat(ratioToFloat(BigInt(x), BigInt(y), "integer division result too large for a float"));
  }
  return floats("/", a, b, (p, q) => {
    if (q === 0) throw new PyError("ZeroDivisionError", "float division by zero");
    return p / q;
  });
}

function floorBig(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  return a % b !== 0n && a < 0n !== b < 0n ? quotient - 1n : quotient;
}

function modBig(a: bigint, b: bigint): bigint {
  const rest = a % b;
  return rest !== 0n && rest < 0n !== b < 0n ? rest + b : rest;
}

/** `a // b`, rounding down. */
export function floordiv(a: Value, b: Value): Value {
  const x = asInt(a);
  const y = asInt(b);
  if (x !== undefined && y !== undefined) {
    if (Number(y) === 0) throw new PyError("ZeroDivisionError", "integer division or modulo by zero");
    if (typeof x === "number" && typeof y === "number") {
      const rest = x % y;
      const quotient = (x - rest) / y;
      return int(rest !== 0 && rest < 0 !== y < 0 ? quotient - 1 : quotient);
    }
    return int(floorBig(BigInt(x), BigInt(y)));
  }
  return floats("//", a, b, (p, q) => {
    if (q === 0) throw new PyError("ZeroDivisionError", "float floor division by zero");
    let rest = p % q;
    let quotient = (p - rest) / q;
    if (rest !== 0 && rest < 0 !== q < 0) {
      rest += q;
      quotient -= 1;
    }
    if (quotient === 0) return p / q < 0 || Object.is(p / q, -0) ? -0 : 0;
    const floor = Math.floor(quotient);
    return quotient - floor > 0.5 ? floor + 1 : floor;
  });
}

/** `a % b` with the sign of the divisor; of a text, printf formatting. */
export function mod(a: Value, b: Value): Value {
  if (typeof a === "string" || a instanceof Markup) return formatPercent(a, b);
  const x = asInt(a);
  const y = asInt(b);
  if (x !== undefined && y !== undefined) {
    if (Number(y) === 0) throw new PyError("ZeroDivisionError", "integer modulo by zero");
    if (typeof x === "number" && typeof y === "number") {
      const rest = x % y;
      return (rest !== 0 && rest < 0 !== y < 0 ? rest + y : rest) + 0;
    }
    return int(modBig(BigInt(x), BigInt(y)));
  }
  return floats("%", a, b, (p, q) => {
    if (q === 0) throw new PyError("ZeroDivisionError", "float modulo");
    const rest = p % q;
    if (rest === 0) return q < 0 ? -0 : 0;
    return rest < 0 !== q < 0 ? rest + q : rest;
  });
}

/**
 * `a ** b`. A negative base with a fractional exponent is a complex number to Python; here it is an error.
 */
export function pow(a: Value, b: Value): Value {
  const x = asInt(a);
  const y = asInt(b);
  if (x !== undefined && y !== undefined) {
    if (Number(y) < 0) return new PyFloat(floatPower(asFloat(x) ?? 0, asFloat(y) ?? 0));
    const base = BigInt(x);
    if (base === 0n || base === 1n) return Number(y) === 0 ? 1 : int(base);
    if (base === -1n) return BigInt(y) % 2n === 0n ? 1 : -1;
    boundedBits((bitLength(base) - 1) * Number(y));
    return int(base ** BigInt(y));
  }
  return floats("** or pow()", a, b, floatPower);
}

function floatPower(base: number, exponent: number): number {
  if (exponent === 0 || base === 1) return 1;
  if (base === 0 && exponent < 0) throw new PyError("ZeroDivisionError", "0.0 cannot be raised to a negative power");
  if (base === -1 && !Number.isFinite(exponent) && !Number.isNaN(exponent)) return 1;
  if (base < 0 && Number.isFinite(base) && Number.isFinite(exponent) && !Number.isInteger(exponent)) {
    throw valueError(`${base} ** ${exponent} is a complex number, which templates cannot use`);
  }
  const quick = base ** exponent;
  if (!Number.isFinite(base) || !Number.isFinite(exponent)) return quick;
  if (!Number.isFinite(quick)) throw overflowError("(34, 'Numerical result out of range')");
  // V8's power is off by a unit in the last place now and then; small whole exponents are worked out exactly.
  if (quick === 0 || base === 0) return quick;
  if (!Number.isInteger(exponent) || Math.abs(exponent) > 1100)
    return exactPower(Math.abs(base), exponent) * (base < 0 && exponent % 2 !== 0 ? -1 : 1);
  const { mantissa, exponent: scale } = exactFloat(base);
  const times = Math.abs(exponent);
  const power = mantissa ** BigInt(times);
  const shift = BigInt(Math.abs(scale) * times);
  const top = scale >= 0 ? power << shift : power;
  const bottom = scale >= 0 ? 1n : 1n << shift;
  const message = "(34, 'Numerical result out of range')";
  return exponent > 0 ? ratioToFloat(top, bottom, message) : ratioToFloat(bottom, top, message);
}

function valueError(message: string): PyError {
  return new PyError("ValueError", message);
}

/** `-a` */
export function neg(a: Value): Value {
  const x = asInt(a);
  if (x !== undefined) return typeof x === "number" ? 0 - x : int(-x);
  if (a instanceof PyFloat) return new PyFloat(-a.value);
  refuse(a);
  throw typeError(`bad operand type for unary -: '${typeName(a)}'`);
}

/** `+a` */
export function pos(a: Value): Value {
  const x = asInt(a);
  if (x !== undefined) return x;
  if (a instanceof PyFloat) return a;
  refuse(a);
  throw typeError(`bad operand type for unary +: '${typeName(a)}'`);
}

/** `abs(x)`. */
export function abs(value: Value): Value {
  const x = asInt(value);
  if (x !== undefined) return Number(x) < 0 ? neg(x) : x;
  if (value instanceof PyFloat) return new PyFloat(Math.abs(value.value));
  throw typeError(`bad operand type for abs(): '${typeName(value)}'`);
}
