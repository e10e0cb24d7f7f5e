import { int, PyFloat, type Value } from "../python/index.ts";

/** Go's tags of resolved scalars, in their short form. */
export type GoTag = "!!str" | "!!bool" | "!!null" | "!!float" | "!!int" | "!!timestamp";

export interface Resolved {
  readonly tag: GoTag;
  readonly value: Value;
}

const word = (tag: GoTag, value: Value, ...texts: readonly string[]): [string, Resolved][] => texts.map((text) => [text, { tag, value }]);
const WORDS: ReadonlyMap<string, Resolved> = new Map([
  ...word("!!bool", true, "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"),
  ...word("!!bool", false, "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"),
  ...word("!!null", null, "", "~", "null", "Null", "NULL"),
  ...word("!!float", new PyFloat(Number.NaN), ".nan", ".NaN", ".NAN"),
  ...word("!!float", new PyFloat(Infinity), ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"),
  ...word("!!float", new PyFloat(-Infinity), "-.inf", "-.Inf", "-.INF"),
]);

const STYLE_FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
/** What strconv.ParseFloat takes after a leading point: `_` between digits. */
const GO_FLOAT = /^\.[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+(?:_[0-9]+)*)?$/;
const MIN_INT64 = -(2n ** 63n);
const MAX_UINT64 = 2n ** 64n - 1n;

/**
 * What a plain scalar is to go.yaml.in/yaml v2.4.3 (resolve.go): YAML 1.1's words with `y` and `n`, Go's integers (`0644`, `0o644`, `0x1f`,
 * `0b1`, all with `_`), floats without a point, no numbers of base 60; dates stay strings.
 */
export function resolveGo(text: string): Resolved {
  const first = text === "" ? 0 : text.charCodeAt(0);
  const isNumeric = (first >= 48 && first <= 57) || first === 43 || first === 45;
  if (first !== 0 && !isNumeric && first !== 46 && !"yYnNtTfFoO~".includes(text.charAt(0))) return { tag: "!!str", value: text };
  const known = WORDS.get(text);
  if (known !== undefined) return known;
  if (first === 46) {
    const float = GO_FLOAT.test(text) ? finite(text.replaceAll("_", "")) : undefined;
    return float === undefined ? { tag: "!!str", value: text } : { tag: "!!float", value: float };
  }
  if (!isNumeric) return { tag: "!!str", value: text };
  if (isGoTimestamp(text)) return { tag: "!!timestamp", value: text };
  const plain = text.includes("_") ? text.replaceAll("_", "") : text;
  const integer = goInteger(plain);
  if (integer !== undefined) return { tag: "!!int", value: integer };
  if (STYLE_FLOAT.test(plain)) {
    const float = finite(plain);
    if (float !== undefined) return { tag: "!!float", value: float };
  }
  return { tag: "!!str", value: text };
}

/** Go's ParseFloat fails for what overflows. */
function finite(text: string): PyFloat | undefined {
  const value = Number(text);
  return Number.isFinite(value) ? new PyFloat(value) : undefined;
}

/** strconv.ParseInt(text, 0, 64), else ParseUint. */
function goInteger(text: string): number | bigint | undefined {
  const match = /^([-+]?)(?:(0[bB])([01]+)|0[oO]?([0-7]+)|(0[xX])([0-9a-fA-F]+)|(0|[1-9][0-9]*))$/.exec(text);
  if (match === null) return undefined;
  const [, sign = "", binary, bits = "", octal, hexadecimal, digits = "", decimal = ""] = match;
  const value =
    binary !== undefined
      ? BigInt(`0b${bits}`)
      : octal !== undefined
        ? BigInt(`0o${octal}`)
        : hexadecimal !== undefined
          ? BigInt(`0x${digits}`)
          : decimal.length <= 15
            ? Number(decimal)
            : BigInt(decimal);
  if (typeof value === "number") return sign === "-" ? 0 - value : value;
  const signed = sign === "-" ? -value : value;
  // ParseUint takes no sign.
  const most = sign === "" ? MAX_UINT64 : 2n ** 63n - 1n;
  return signed < MIN_INT64 || signed > most ? undefined : int(signed);
}

/** The dates that Go's decoder knows (`2006-1-2`, `2006-1-2T15:4:5.9Z07:00`, `2006-1-2 15:4:5.9`), which it keeps as strings. */
function isGoTimestamp(text: string): boolean {
  return /^[0-9]{4}-/.test(text) && /^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ].*)?$/.test(text);
}

/** A float as encoding/json prints it: what Go's decoder would hand on. */
export function goFloatKey(value: number): string {
  if (Number.isNaN(value)) return ".nan";
  if (!Number.isFinite(value)) return value > 0 ? ".inf" : "-.inf";
  // FormatFloat(value, 'g', -1, 32): the shortest text of the nearest 32-bit float.
  const single = Math.fround(value);
  if (!Number.isFinite(single)) return single > 0 ? ".inf" : "-.inf";
  let digits = "";
  let exponent = 0;
  for (let precision = 1; precision <= 9; precision++) {
    const text = single.toExponential(precision - 1);
    if (Math.fround(Number(text)) !== single && precision < 9) continue;
    const [mantissa = "", power = "0"] = text.split("e");
    digits = mantissa.replace(/[-.]/g, "").replace(/0+$/, "") || "0";
    exponent = Number(power);
    break;
  }
  const sign = single < 0 || Object.is(single, -0) ? "-" : "";
  if (exponent < -4 || exponent >= 6) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : "";
    return `${sign}${digits.charAt(0)}${fraction}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  const rest = digits.slice(exponent + 1);
  return `${sign}${whole}${rest === "" ? "" : `.${rest}`}`;
}

/** Whether a plain scalar of this text is a string of the same text to Kubernetes' loader. */
export function isPlainString(text: string): boolean {
  return resolveGo(text).tag === "!!str";
}
