import { int, PyBytes, PyFloat, PyObject, repr, typeName, type Value } from "../../python/index.ts";
import { asInt } from "./arithmetic.ts";
import { bigToFloat } from "./bigfloat.ts";
import { decimalValue, isSpace } from "./characters.ts";
import { overflowError, typeError, valueError } from "./errors.ts";
import { pointsOf, textOf } from "./text.ts";

/** CPython's own limit on the digits of a decimal integer (sys.int_info.default_max_str_digits). */
const MAX_STR_DIGITS = 4300;

function strip(text: string): string {
  const points = pointsOf(text);
  let start = 0;
  let end = points.length;
  while (start < end && isSpace(points[start] ?? "")) start++;
  while (end > start && isSpace(points[end - 1] ?? "")) end--;
  return points.slice(start, end).join("");
}

/** Decimal digits of any script as ASCII ones. */
function asciiDigits(text: string): string {
  if (/^[\x00-\x7f]*$/.test(text)) return text;
  return pointsOf(text)
    .map((point) => (decimalValue(point) < 0 ? point : String(decimalValue(point))))
    .join("");
}

/** `int(text, base)`. @throws PyError ValueError */
export function parseInteger(text: string, base = 10): number | bigint {
  if (base !== 0 && (base < 2 || base > 36)) throw valueError("int() base must be >= 2 and <= 36, or 0");
  const refuse = (): Error => valueError(`invalid literal for int() with base ${base}: ${repr(text)}`);
  const found = /^([-+]?)(0[xXoObB])?(_?[0-9a-zA-Z]+(?:_[0-9a-zA-Z]+)*)$/.exec(asciiDigits(strip(text)));
  if (found === null) throw refuse();
  const [, sign, prefix, body = ""] = found;
  let radix = base;
  let digits = body;
  if (prefix !== undefined) {
    const named = { x: 16, o: 8, b: 2 }[prefix.charAt(1).toLowerCase()] ?? 10;
    if (base === named || base === 0) radix = named;
    else digits = prefix + body;
  } else if (digits.startsWith("_")) throw refuse();
  if (digits.includes("__")) throw refuse();
  if (radix === 0) {
    radix = 10;
    if (/^0[0_]*[1-9]/.test(digits)) throw refuse();
  }
  digits = digits.replaceAll("_", "").toLowerCase();
  if (digits === "") throw refuse();
  for (const digit of digits) if (Number.parseInt(digit, 36) >= radix) throw refuse();
  if ((radix & (radix - 1)) !== 0 && digits.length > MAX_STR_DIGITS) {
    throw valueError(
      `Exceeds the limit (${MAX_STR_DIGITS} digits) for integer string conversion: value has ${digits.length} digits; use sys.set_int_max_str_digits() to increase the limit`,
    );
  }
  const magnitude = bigOf(digits, radix);
  return int(sign === "-" ? -magnitude : magnitude);
}

function bigOf(digits: string, radix: number): bigint {
  if (radix === 10) return BigInt(digits);
  if (radix === 16 || radix === 8 || radix === 2) return BigInt(`0${radix === 16 ? "x" : radix === 8 ? "o" : "b"}${digits}`);
  const small = Number.parseInt(digits, radix);
  if (Number.isSafeInteger(small)) return BigInt(small);
  let value = 0n;
  for (const digit of digits) value = value * BigInt(radix) + BigInt(Number.parseInt(digit, 36));
  return value;
}

/** `float(text)`. @throws PyError ValueError */
export function parseFloatText(text: string): number {
  const trimmed = asciiDigits(strip(text));
  const plain = trimmed.replaceAll(/(?<=[0-9])_(?=[0-9])/g, "");
  if (/^[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$/.test(plain)) return Number(plain);
  const named = /^([-+]?)(inf|infinity|nan)$/i.exec(trimmed);
  if (named === null) throw valueError(`could not convert string to float: ${repr(text)}`);
  const value = named[2]?.toLowerCase() === "nan" ? Number.NaN : Infinity;
  return named[1] === "-" ? -value : value;
}

/** `int(value)`. @throws PyError TypeError, ValueError, OverflowError */
export function toInt(value: Value): number | bigint {
  const whole = asInt(value);
  if (whole !== undefined) return whole;
  const text = textOf(value);
  if (text !== undefined) return parseInteger(text);
  if (value instanceof PyFloat) return floatToInt(value.value);
  if (value instanceof PyBytes) return bytesToInt(value);
  if (value instanceof PyObject) value.refuse?.();
  throw typeError(`int() argument must be a string, a bytes-like object or a real number, not '${typeName(value)}'`);
}

function bytesToInt(value: PyBytes): number | bigint {
  const text = Buffer.from(value.bytes).toString("latin1");
  try {
    return parseInteger(text);
  } catch {
    throw valueError(`invalid literal for int() with base 10: ${value.repr()}`);
  }
}

/** `int(float)`, towards zero. @throws PyError ValueError, OverflowError */
export function floatToInt(value: number): number | bigint {
  if (Number.isNaN(value)) throw valueError("cannot convert float NaN to integer");
  if (!Number.isFinite(value)) throw overflowError("cannot convert float infinity to integer");
  return int(BigInt(Math.trunc(value)));
}

/** `float(value)`. @throws PyError TypeError, ValueError, OverflowError */
export function toFloat(value: Value): number {
  if (value instanceof PyFloat) return value.value;
  const whole = asInt(value);
  if (whole !== undefined) return typeof whole === "bigint" ? bigToFloat(whole) : whole;
  const text = textOf(value) ?? (value instanceof PyBytes ? Buffer.from(value.bytes).toString("latin1") : undefined);
  if (text !== undefined) {
    try {
      return parseFloatText(text);
    } catch (error) {
      if (typeof value !== "string") throw valueError(`could not convert string to float: ${repr(value)}`);
      throw error;
    }
  }
  if (value instanceof PyObject) value.refuse?.();
  throw typeError(`float() argument must be a string or a real number, not '${typeName(value)}'`);
}
