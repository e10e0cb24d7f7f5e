import { floatRepr, PyFloat, PyObject, str, typeName, type Value } from "../../../python/index.ts";
import { asInt } from "../arithmetic.ts";
import { bigToFloat } from "../bigfloat.ts";
import { overflowError, typeError, valueError } from "../errors.ts";
import { boundedText, pointsOf, sliceText, textLength, textOf } from "../text.ts";
import { fixed, general, MAX_PRECISION, scientific } from "./float.ts";

/** A parsed format specification: `[[fill]align][sign][z][#][0][width][grouping][.precision][type]`. */
interface Spec {
  readonly fill: string;
  readonly align: string | undefined;
  readonly sign: string;
  readonly noNegativeZero: boolean;
  readonly alternate: boolean;
  readonly width: number;
  readonly grouping: string;
  readonly precision: number | undefined;
  readonly type: string;
}

const SPEC = /^(?:([^])?([<>=^]))?([-+ ])?(z)?(#)?(0)?([0-9]+)?([,_]{0,2})(?:\.([0-9]+)?)?/u;

function parse(text: string, kind: string): Spec {
  const found = SPEC.exec(text);
  const [all = "", fill, align, sign, noNegativeZero, alternate, zero, width, grouping = "", precision] = found ?? [];
  const rest = text.slice(all.length);
  if (grouping.length > 1) {
    throw valueError(
      grouping.charAt(0) === grouping.charAt(1)
        ? `Cannot specify '${grouping.charAt(0)}' with '${grouping.charAt(1)}'.`
        : "Cannot specify both ',' and '_'.",
    );
  }
  if (all.endsWith(".") && precision === undefined) throw valueError("Format specifier missing precision");
  const points = pointsOf(rest);
  if (points.length > 1) throw valueError(`Invalid format specifier '${text}' for object of type '${kind}'`);
  const type = rest === "" && (kind === "str" || kind === "Markup") ? "s" : rest;
  if (grouping !== "" && !(grouping === "," ? /^[defgEG%F]?$/ : /^[defgEG%FboxX]?$/).test(type)) {
    throw valueError(`Cannot specify '${grouping}' with '${type}'.`);
  }
  const wide = Number(width ?? 0);
  const exact = precision === undefined ? undefined : Number(precision);
  if (wide > Number.MAX_SAFE_INTEGER || (exact ?? 0) > Number.MAX_SAFE_INTEGER)
    throw valueError("Too many decimal digits in format string");
  boundedText(wide);
  if ((exact ?? 0) > MAX_PRECISION) throw valueError("precision too big");
  return {
    fill: fill ?? (zero !== undefined && (align === undefined || fill === undefined) ? "0" : " "),
    align: align ?? (zero === undefined || kind === "str" || kind === "Markup" ? undefined : "="),
    sign: sign ?? "",
    noNegativeZero: noNegativeZero !== undefined,
    alternate: alternate !== undefined,
    width: wide,
    grouping,
    precision: exact,
    type: rest,
  };
}

/**
 * `format(value, spec)` (CPython 3.11, Python/formatter_unicode.c).
 *
 * @throws PyError ValueError for a bad specification, TypeError for a type that takes none
 */
export function formatValue(value: Value, spec: string): string {
  if (spec === "") return str(value);
  const text = textOf(value);
  if (text !== undefined) return formatText(text, parse(spec, value instanceof PyObject ? value.typeName : "str"), typeName(value));
  const whole = asInt(value);
  if (whole !== undefined) return formatInt(whole, parse(spec, typeName(value)), typeName(value));
  if (value instanceof PyFloat) return formatFloat(value.value, parse(spec, "float"), "float");
  if (value instanceof PyObject) value.refuse?.();
  throw typeError(`unsupported format string passed to ${typeName(value)}.__format__`);
}

function unknownCode(spec: Spec, kind: string): Error {
  const code = spec.type.codePointAt(0) ?? 0;
  const shown = code > 32 && code < 128 ? spec.type : `\\x${code.toString(16)}`;
  return valueError(`Unknown format code '${shown}' for object of type '${kind}'`);
}

function pad(spec: Spec, text: string, fallback: string): string {
  const missing = spec.width - textLength(text);
  if (missing <= 0) return text;
  const align = spec.align ?? fallback;
  if (align === "<") return text + spec.fill.repeat(missing);
  if (align === "^") {
    const left = missing >> 1;
    return spec.fill.repeat(left) + text + spec.fill.repeat(missing - left);
  }
  return spec.fill.repeat(missing) + text;
}

function formatText(text: string, spec: Spec, kind: string): string {
  if (spec.type !== "" && spec.type !== "s") throw unknownCode(spec, kind);
  if (spec.sign !== "") {
    throw valueError(spec.sign === " " ? "Space not allowed in string format specifier" : "Sign not allowed in string format specifier");
  }
  if (spec.noNegativeZero) throw valueError("Negative zero coercion (z) not allowed in string format specifier");
  if (spec.alternate) throw valueError("Alternate form (#) not allowed in string format specifier");
  if (spec.align === "=") throw valueError("'=' alignment not allowed in string format specifier");
  return pad(spec, spec.precision === undefined ? text : sliceText(text, 0, spec.precision), "<");
}

function signOf(spec: Spec, negative: boolean): string {
  return negative ? "-" : spec.sign === "+" ? "+" : spec.sign === " " ? " " : "";
}

/** Digits in groups; with a zero fill the zeros are grouped too. */
function group(digits: string, separator: string, size: number, width: number): string {
  let padded = digits;
  if (width > 0) {
    const lengthOf = (count: number): number => count + Math.floor((count - 1) / size);
    let count = digits.length;
    while (lengthOf(count) < width) count++;
    padded = digits.padStart(count, "0");
  }
  const parts: string[] = [];
  for (let end = padded.length; end > 0; end -= size) parts.unshift(padded.slice(Math.max(0, end - size), end));
  return parts.join(separator);
}

function assemble(spec: Spec, negative: boolean, prefix: string, whole: string, rest: string, size: number): string {
  const sign = signOf(spec, negative);
  const zeroFilled = spec.align === "=" && spec.fill === "0";
  const room = zeroFilled ? spec.width - sign.length - prefix.length - rest.length : 0;
  const digits = spec.grouping === "" ? whole.padStart(room, "0") : group(whole, spec.grouping, size, room);
  if (spec.align === "=") {
    const used = sign.length + prefix.length + digits.length + rest.length;
    return sign + prefix + spec.fill.repeat(Math.max(0, spec.width - used)) + digits + rest;
  }
  return pad(spec, sign + prefix + digits + rest, ">");
}

function formatInt(value: number | bigint, spec: Spec, kind: string): string {
  switch (spec.type) {
    case "":
    case "d":
    case "b":
    case "o":
    case "x":
    case "X":
    case "n":
    case "c":
      return formatWhole(value, spec, kind);
    case "e":
    case "E":
    case "f":
    case "F":
    case "g":
    case "G":
    case "%":
      return formatFloat(typeof value === "bigint" ? bigToFloat(value) : value, spec, kind);
    default:
      throw unknownCode(spec, kind);
  }
}

function formatWhole(value: number | bigint, spec: Spec, kind: string): string {
  const { type } = spec;
  if (spec.precision !== undefined) throw valueError("Precision not allowed in integer format specifier");
  if (spec.noNegativeZero) throw valueError("Negative zero coercion (z) not allowed in integer format specifier");
  if (type === "c") {
    if (spec.sign !== "") throw valueError("Sign not allowed with integer format specifier 'c'");
    if (spec.alternate) throw valueError("Alternate form (#) not allowed with integer format specifier 'c'");
    if (typeof value === "bigint") throw overflowError("Python int too large to convert to C long");
    if (value < 0 || value > 0x10ffff) throw overflowError("%c arg not in range(0x110000)");
    return pad(spec, String.fromCodePoint(value), kind === "str" ? "<" : ">");
  }
  const negative = Number(value) < 0;
  const magnitude = negative ? -BigInt(value) : BigInt(value);
  const radix = type === "b" ? 2 : type === "o" ? 8 : type === "x" || type === "X" ? 16 : 10;
  let digits = magnitude.toString(radix);
  let prefix = spec.alternate ? (radix === 2 ? "0b" : radix === 8 ? "0o" : radix === 16 ? "0x" : "") : "";
  if (type === "X") {
    digits = digits.toUpperCase();
    prefix = prefix.toUpperCase();
  }
  return assemble(spec, negative, prefix, digits, "", radix === 10 ? 3 : 4);
}

function formatFloat(value: number, spec: Spec, kind: string): string {
  const { type } = spec;
  if (!/^[eEfFgGn%]?$/.test(type)) throw unknownCode(spec, kind);
  let text = magnitudeText(value, spec);
  let negative = value < 0 || Object.is(value, -0);
  if (negative && spec.noNegativeZero && /^[0.]*(?:e[-+]\d+)?%?$/i.test(text) && Number.isFinite(value)) negative = false;
  if (/[EFG]/.test(type)) text = text.toUpperCase();
  const split = /^([0-9]+)(.*)$/.exec(text);
  return split === null
    ? assemble({ ...spec, grouping: "" }, negative, "", text, "", 3)
    : assemble(spec, negative, "", split[1] ?? "", split[2] ?? "", 3);
}

function magnitudeText(value: number, spec: Spec): string {
  const { alternate, precision } = spec;
  const type = spec.type.toLowerCase();
  if (!Number.isFinite(value)) return `${Number.isNaN(value) ? "nan" : "inf"}${type === "%" ? "%" : ""}`;
  switch (type) {
    case "f":
      return fixed(value, precision ?? 6) + (alternate && precision === 0 ? "." : "");
    case "e":
      return scientific(value, precision ?? 6, alternate);
    case "%": {
      const hundred = value * 100;
      if (!Number.isFinite(hundred)) return "inf%";
      return `${fixed(hundred, precision ?? 6)}${alternate && precision === 0 ? "." : ""}%`;
    }
    case "g":
    case "n":
      return general(value, precision ?? 6, alternate);
    default:
      if (precision !== undefined) return general(value, precision, alternate, true);
      return reprMagnitude(value, alternate);
  }
}

function reprMagnitude(value: number, alternate: boolean): string {
  const text = floatRepr(Math.abs(value));
  if (!alternate) return text;
  return text.includes(".") ? text : text.replace("e", ".e");
}
