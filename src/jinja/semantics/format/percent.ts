import { int, PyBytes, PyDict, PyFloat, PyObject, PyTuple, repr, str, typeName, type Value } from "../../../python/index.ts";
import { PyError } from "../../../python/index.ts";
import { escapeText, Markup } from "../../markup.ts";
import { asInt } from "../arithmetic.ts";
import { overflowError, typeError, valueError } from "../errors.ts";
import { boundedText, textLength, textOf, sliceText } from "../text.ts";
import { fixed, general, MAX_PRECISION, scientific } from "./float.ts";

interface Conversion {
  readonly flags: string;
  readonly width: number;
  readonly precision: number | undefined;
  readonly type: string;
}

/** `template % values`: printf formatting (CPython, Objects/unicodeobject.c, PyUnicode_Format). */
export function formatPercent(template: string | Markup, values: Value): Value {
  const text = typeof template === "string" ? template : template.text;
  const formatted = new PercentFormat(text, values, template instanceof Markup).run();
  return typeof template === "string" ? formatted : new Markup(formatted);
}

class PercentFormat {
  readonly #text: string;
  readonly #tuple: readonly Value[];
  readonly #values: Value;
  readonly #isMapping: boolean;
  readonly #escape: boolean;
  #at = 0;
  #next = 0;

  constructor(text: string, values: Value, escape: boolean) {
    this.#text = text;
    this.#values = values;
    this.#escape = escape;
    this.#tuple = values instanceof PyTuple ? values.items : [values];
    // A mapping to CPython is what has `__getitem__` and is neither tuple nor str; a list counts.
    this.#isMapping =
      Array.isArray(values) ||
      values instanceof PyDict ||
      values instanceof PyBytes ||
      (values instanceof PyObject && !(values instanceof PyTuple) && !(values instanceof Markup) && values.item !== undefined);
  }

  run(): string {
    let out = "";
    let mappingUsed = false;
    for (;;) {
      const percent = this.#text.indexOf("%", this.#at);
      if (percent < 0) {
        out += this.#text.slice(this.#at);
        break;
      }
      out += this.#text.slice(this.#at, percent);
      this.#at = percent + 1;
      if (this.#text[this.#at] === "%") {
        this.#at++;
        out += "%";
        continue;
      }
      const key = this.#key();
      if (key !== undefined) mappingUsed = true;
      const conversion = this.#conversion();
      out += this.#convert(conversion, this.#take(key));
      boundedText(out.length);
    }
    if (!mappingUsed && !this.#isMapping && this.#next < this.#tuple.length) {
      throw typeError("not all arguments converted during string formatting");
    }
    return out;
  }

  #key(): string | undefined {
    if (this.#text[this.#at] !== "(") return undefined;
    if (!this.#isMapping) throw typeError("format requires a mapping");
    let depth = 1;
    const start = ++this.#at;
    while (depth > 0) {
      const next = this.#text[this.#at++];
      if (next === undefined) throw valueError("incomplete format key");
      if (next === "(") depth++;
      else if (next === ")") depth--;
    }
    return this.#text.slice(start, this.#at - 1);
  }

  #conversion(): Conversion {
    const flags = /[-+ #0]*/y;
    flags.lastIndex = this.#at;
    const found = flags.exec(this.#text)?.[0] ?? "";
    this.#at += found.length;
    let flagText = found;
    let width = this.#number("width");
    if (width !== undefined && width < 0) {
      flagText += "-";
      width = -width;
    }
    let precision: number | undefined;
    if (this.#text[this.#at] === ".") {
      this.#at++;
      precision = Math.max(0, this.#number("prec") ?? 0);
    }
    if (/[hlL]/.test(this.#text[this.#at] ?? "")) this.#at++;
    const type = this.#text[this.#at];
    if (type === undefined) throw valueError("incomplete format");
    this.#at++;
    if (width !== undefined) boundedText(width);
    if (precision !== undefined && precision > MAX_PRECISION) throw valueError("precision too big");
    return { flags: flagText, width: width ?? 0, precision, type };
  }

  #number(what: "width" | "prec"): number | undefined {
    if (this.#text[this.#at] === "*") {
      this.#at++;
      const value = this.#take(undefined);
      const given = asInt(value);
      if (given === undefined) throw typeError("* wants int");
      if (typeof given === "bigint") throw overflowError("Python int too large to convert to C ssize_t");
      return given;
    }
    const digits = /[0-9]+/y;
    digits.lastIndex = this.#at;
    const found = digits.exec(this.#text)?.[0];
    if (found === undefined) return undefined;
    this.#at += found.length;
    const given = Number(found);
    if (given > 2 ** 31 - 1 && what === "prec") throw valueError("precision too big");
    if (given > Number.MAX_SAFE_INTEGER) throw valueError("width too big");
    return given;
  }

  #take(key: string | undefined): Value {
    if (key !== undefined) return this.#lookUp(key);
    // After a key has been used the mapping is one argument, taken over and over by the sole `%s`.
    const value = this.#tuple[this.#next];
    if (value === undefined) throw typeError("not enough arguments for format string");
    this.#next++;
    return value;
  }

  #lookUp(key: string): Value {
    const values = this.#values;
    if (values instanceof PyDict) {
      const value = values.get(key);
      if (value === undefined) throw new PyError("KeyError", repr(key));
      return value;
    }
    if (values instanceof PyObject && values.item !== undefined) {
      const value = values.item(key);
      if (value === undefined) throw new PyError("KeyError", repr(key));
      return value;
    }
    const kind = Array.isArray(values) ? "list" : typeName(values);
    throw typeError(
      kind === "list" ? "list indices must be integers or slices, not str" : "byte indices must be integers or slices, not str",
    );
  }

  #convert(conversion: Conversion, value: Value): string {
    const { type } = conversion;
    switch (type) {
      case "s":
        return this.#pad(conversion, this.#cut(conversion, this.#escaped(value, str)));
      case "r":
        return this.#pad(conversion, this.#cut(conversion, this.#escaped(value, repr)));
      case "a":
        return this.#pad(conversion, this.#cut(conversion, ascii(this.#escaped(value, repr))));
      case "c":
        return this.#pad(conversion, character(value));
      case "d":
      case "i":
      case "u":
      case "o":
      case "x":
      case "X":
        return this.#integer(conversion, value);
      case "e":
      case "E":
      case "f":
      case "F":
      case "g":
      case "G":
        return this.#float(conversion, value);
      default: {
        const code = type.codePointAt(0) ?? 0;
        const shown = code > 31 && code < 127 ? type : "?";
        throw valueError(`unsupported format character '${shown}' (0x${code.toString(16)}) at index ${this.#at - 1}`);
      }
    }
  }

  #escaped(value: Value, print: (value: Value) => string): string {
    if (!this.#escape) return print(value);
    if (print === str && value instanceof Markup) return value.text;
    return escapeText(print(value));
  }

  #cut(conversion: Conversion, text: string): string {
    return conversion.precision === undefined ? text : sliceText(text, 0, conversion.precision);
  }

  #pad(conversion: Conversion, text: string): string {
    const fill = " ".repeat(Math.max(0, conversion.width - textLength(text)));
    return conversion.flags.includes("-") ? text + fill : fill + text;
  }

  #numeric(conversion: Conversion, negative: boolean, prefix: string, digits: string): string {
    const { flags, width } = conversion;
    const sign = negative ? "-" : flags.includes("+") ? "+" : flags.includes(" ") ? " " : "";
    const used = sign.length + prefix.length + digits.length;
    if (flags.includes("-")) return (sign + prefix + digits).padEnd(width);
    if (flags.includes("0") && width > used) return sign + prefix + "0".repeat(width - used) + digits;
    return (sign + prefix + digits).padStart(width);
  }

  #integer(conversion: Conversion, value: Value): string {
    const { type, precision, flags } = conversion;
    const whole = integerOf(type, value);
    const negative = Number(whole) < 0;
    const magnitude = negative ? -BigInt(whole) : BigInt(whole);
    const radix = type === "o" ? 8 : type === "x" || type === "X" ? 16 : 10;
    let digits = magnitude.toString(radix);
    if (precision !== undefined) digits = digits.padStart(precision, "0");
    let prefix = flags.includes("#") ? (radix === 8 ? "0o" : radix === 16 ? "0x" : "") : "";
    if (type === "X") {
      digits = digits.toUpperCase();
      prefix = prefix.toUpperCase();
    }
    return this.#numeric(conversion, negative, prefix, digits);
  }

  #float(conversion: Conversion, value: Value): string {
    const { type, flags } = conversion;
    const number = floatOf(value);
    const negative = number < 0 || Object.is(number, -0);
    const kind = type.toLowerCase();
    const precision = conversion.precision ?? 6;
    const alternate = flags.includes("#");
    let digits: string;
    if (!Number.isFinite(number)) digits = Number.isNaN(number) ? "nan" : "inf";
    else if (kind === "f") digits = fixed(number, precision) + (alternate && precision === 0 ? "." : "");
    else if (kind === "e") digits = scientific(number, precision, alternate);
    else digits = general(number, precision, alternate);
    if (type !== kind) digits = digits.toUpperCase();
    return this.#numeric(conversion, negative, "", digits);
  }
}

function integerOf(type: string, value: Value): number | bigint {
  const whole = asInt(value);
  if (whole !== undefined) return whole;
  if (value instanceof PyObject) value.refuse?.();
  if (value instanceof PyFloat) {
    if (type === "d" || type === "i" || type === "u") {
      if (Number.isNaN(value.value)) throw valueError("cannot convert float NaN to integer");
      if (!Number.isFinite(value.value)) throw overflowError("cannot convert float infinity to integer");
      return int(BigInt(Math.trunc(value.value)));
    }
    throw typeError(`%${type} format: an integer is required, not float`);
  }
  const wants = type === "o" || type === "x" || type === "X" ? "an integer is required" : "a real number is required";
  throw typeError(`%${type} format: ${wants}, not ${typeName(value)}`);
}

function floatOf(value: Value): number {
  if (value instanceof PyFloat) return value.value;
  const whole = asInt(value);
  if (whole === undefined) {
    if (value instanceof PyObject) value.refuse?.();
    throw typeError(`must be real number, not ${typeName(value)}`);
  }
  const number = Number(whole);
  if (!Number.isFinite(number)) throw overflowError("int too large to convert to float");
  return number;
}

function character(value: Value): string {
  const text = textOf(value);
  if (text !== undefined) {
    if (textLength(text) === 1) return text;
    throw typeError("%c requires int or char");
  }
  const code = asInt(value);
  if (code === undefined) throw typeError("%c requires int or char");
  if (Number(code) < 0 || Number(code) > 0x10ffff) throw overflowError("%c arg not in range(0x110000)");
  return String.fromCodePoint(Number(code));
}

/** What `ascii()` makes of a repr: everything beyond ASCII escaped. */
export function ascii(text: string): string {
  let out = "";
  for (const point of text) {
    const code = point.codePointAt(0) ?? 0;
    if (code < 0x80) out += point;
    else if (code <= 0xff) out += `\\x${code.toString(16).padStart(2, "0")}`;
    else if (code <= 0xffff) out += `\\u${code.toString(16).padStart(4, "0")}`;
    else out += `\\U${code.toString(16).padStart(8, "0")}`;
  }
  return out;
}
