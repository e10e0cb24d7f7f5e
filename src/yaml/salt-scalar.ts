import { int, PyBytes, PyFloat, repr, type Value } from "../python/index.ts";

/** Prefix of YAML's own tags. */
export const YAML_TAG = "tag:yaml.org,2002:";
export type ImplicitTag = "null" | "bool" | "int" | "float" | "timestamp" | "merge" | "value" | "str";

const BOOL = /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/;
const INT = /^(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$/;
const FLOAT =
  /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
const TIMESTAMP =
  /^(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?)$/;

/** What a plain scalar is to PyYAML 6.0.3 (yaml/resolver.py), decided by its first character before any pattern runs. */
export function implicitTag(text: string): ImplicitTag {
  if (text === "") return "null";
  switch (text.charCodeAt(0)) {
    case 0x7e: // ~
      return text === "~" ? "null" : "str";
    case 0x6e: // n
    case 0x4e:
      if (text === "null" || text === "Null" || text === "NULL") return "null";
      return BOOL.test(text) ? "bool" : "str";
    case 0x79: // y Y t T f F o O
    case 0x59:
    case 0x74:
    case 0x54:
    case 0x66:
    case 0x46:
    case 0x6f:
    case 0x4f:
      return text.length <= 5 && BOOL.test(text) ? "bool" : "str";
    case 0x3c:
      return text === "<<" ? "merge" : "str";
    case 0x3d:
      return text === "=" ? "value" : "str";
    case 0x2e:
      return FLOAT.test(text) ? "float" : "str";
    case 0x2b: // + - and digits
    case 0x2d:
    case 0x30:
    case 0x31:
    case 0x32:
    case 0x33:
    case 0x34:
    case 0x35:
    case 0x36:
    case 0x37:
    case 0x38:
    case 0x39:
      if (INT.test(text)) return "int";
      if (FLOAT.test(text)) return "float";
      return TIMESTAMP.test(text) ? "timestamp" : "str";
    default:
      return "str";
  }
}

/** Whether a plain scalar is a string to PyYAML. */
export function isSaltString(text: string): boolean {
  return implicitTag(text) === "str";
}

/** An error that Python's `int`, `float` or a table look-up raises; the loader gives it its place. */
export class ScalarError extends Error {
  readonly type: "ValueError" | "IndexError" | "KeyError" | "ConstructorError";
  constructor(type: ScalarError["type"], message: string) {
    super(message);
    this.type = type;
  }
}

/** What Salt makes of an integer's text before PyYAML sees it: leading zeros go, so that `0644` is 644 (SaltYamlSafeLoader.construct_scalar). */
export function saltIntText(text: string): string {
  if (text === "0" || !text.startsWith("0") || text.startsWith("0b") || text.startsWith("0x")) return text;
  return text.replace(/^0+/, "") || "0";
}

/** PyYAML's construct_yaml_int. @throws ScalarError */
export function constructInt(written: string): Value {
  let text = written.replaceAll("_", "");
  if (text === "") throw new ScalarError("IndexError", "string index out of range");
  const negative = text.startsWith("-");
  if (negative || text.startsWith("+")) text = text.slice(1);
  if (text === "0") return 0;
  let value: number | bigint;
  if (text.startsWith("0b")) value = parseDigits(text.slice(2), 2);
  else if (text.startsWith("0x")) value = parseDigits(text.slice(2), 16);
  else if (text === "") throw new ScalarError("IndexError", "string index out of range");
  else if (text.startsWith("0")) value = parseDigits(text, 8);
  else if (text.includes(":")) value = sexagesimal(text);
  else value = parseDigits(text, 10);
  return negative ? int(typeof value === "bigint" ? -value : -value) : value;
}

const DIGITS = { 2: /^(?:0[bB])?[01]+$/, 8: /^(?:0[oO])?[0-7]+$/, 10: /^[0-9]+$/, 16: /^(?:0[xX])?[0-9a-fA-F]+$/ } as const;
const PREFIX = { 2: "0b", 8: "0o", 10: "", 16: "0x" } as const;

/** Python's str.strip, which leaves a byte order mark where JavaScript's trim takes it. */
function strip(text: string): string {
  return text.replace(/^(?:(?!\ufeff)[\s\x1c-\x1f\x85])+|(?:(?!\ufeff)[\s\x1c-\x1f\x85])+$/g, "");
}

/** Python's `int(text, base)`, with its sign and surrounding blanks. */
function parseDigits(text: string, base: 2 | 8 | 10 | 16): number | bigint {
  const trimmed = strip(text);
  const negative = trimmed.startsWith("-");
  const digits = negative || trimmed.startsWith("+") ? trimmed.slice(1) : trimmed;
  if (!DIGITS[base].test(digits)) throw new ScalarError("ValueError", `invalid literal for int() with base ${base}: ${repr(text)}`);
  if (base === 10 && digits.length > 4300) {
    throw new ScalarError(
      "ValueError",
      `Exceeds the limit (4300 digits) for integer string conversion: value has ${digits.length} digits; use sys.set_int_max_str_digits() to increase the limit`,
    );
  }
  const bare = base === 10 ? digits : digits.replace(/^0[bBoOxX]/, "");
  const value = bare.length <= 9 ? Number.parseInt(bare, base) : int(BigInt(PREFIX[base] + bare));
  return negative ? int(typeof value === "bigint" ? -value : -value) : value;
}

function sexagesimal(text: string): number | bigint {
  let value = 0n;
  for (const part of text.split(":")) value = value * 60n + BigInt(parseDigits(part, 10));
  return int(value);
}

/** PyYAML's construct_yaml_float. @throws ScalarError */
export function constructFloat(written: string): PyFloat {
  let text = written.replaceAll("_", "").toLowerCase();
  if (text === "") throw new ScalarError("IndexError", "string index out of range");
  const sign = text.startsWith("-") ? -1 : 1;
  if (sign < 0 || text.startsWith("+")) text = text.slice(1);
  if (text === ".inf") return new PyFloat(sign * Infinity);
  if (text === ".nan") return new PyFloat(Number.NaN);
  if (text.includes(":")) {
    let value = 0;
    let base = 1;
    for (const part of text.split(":").reverse()) {
      value += parseFloatText(part) * base;
      base *= 60;
    }
    return new PyFloat(sign * value);
  }
  return new PyFloat(sign * parseFloatText(text));
}

function parseFloatText(text: string): number {
  const trimmed = strip(text);
  if (/^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?$/.test(trimmed)) return Number(trimmed);
  const word = /^([+-]?)(inf|infinity|nan)$/.exec(trimmed);
  if (word === null) throw new ScalarError("ValueError", `could not convert string to float: ${repr(text)}`);
  return word[2] === "nan" ? Number.NaN : word[1] === "-" ? -Infinity : Infinity;
}

const TRUE = new Set(["yes", "true", "on"]);
const FALSE = new Set(["no", "false", "off"]);

/** PyYAML's construct_yaml_bool. @throws ScalarError */
export function constructBool(text: string): boolean {
  const word = text.toLowerCase();
  if (TRUE.has(word)) return true;
  if (FALSE.has(word)) return false;
  throw new ScalarError("KeyError", repr(word));
}

/** PyYAML's construct_yaml_binary: `base64.decodebytes`, which skips what is no base64 digit. @throws ScalarError */
export function constructBinary(text: string): PyBytes {
  const foreign = /[^\0-\x7f]+/.exec(text);
  if (foreign !== null)
    throw new ScalarError("ConstructorError", `failed to convert base64 data into ascii: ${encodeError(text, foreign)}`);
  const bytes: number[] = [];
  let bits = 0;
  let count = 0;
  let padding = 0;
  let digits = 0;
  for (const character of text) {
    if (character === "=") {
      if (count >= 2 && count + ++padding >= 4) return new PyBytes(Uint8Array.from(bytes));
      continue;
    }
    const digit = BASE64.indexOf(character);
    if (digit < 0) continue;
    padding = 0;
    digits++;
    bits = (bits << 6) | digit;
    if (count > 0) bytes.push((bits >> (6 - 2 * count)) & 0xff);
    count = (count + 1) % 4;
    if (count === 0) bits = 0;
    else bits &= (1 << (6 - 2 * (count - 1))) - 1;
  }
  if (count === 0) return new PyBytes(Uint8Array.from(bytes));
  throw new ScalarError(
    "ConstructorError",
    count === 1
      ? `failed to decode base64 data: Invalid base64-encoded string: number of data characters (${digits}) cannot be 1 more than a multiple of 4`
      : "failed to decode base64 data: Incorrect padding",
  );
}

/** Python's UnicodeEncodeError for the first run of characters beyond ASCII. */
function encodeError(text: string, run: RegExpExecArray): string {
  const start = Array.from(text.slice(0, run.index)).length;
  const [first = "", ...more] = Array.from(run[0]);
  if (more.length > 0)
    return `'ascii' codec can't encode characters in position ${start}-${start + more.length}: ordinal not in range(128)`;
  const code = first.codePointAt(0) ?? 0;
  const digits = code.toString(16);
  const escape =
    code <= 0xff ? `\\x${digits.padStart(2, "0")}` : code <= 0xffff ? `\\u${digits.padStart(4, "0")}` : `\\U${digits.padStart(8, "0")}`;
  return `'ascii' codec can't encode character '${escape}' in position ${start}: ordinal not in range(128)`;
}

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
