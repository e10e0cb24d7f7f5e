import { divideRound, exactFloat } from "../bigfloat.ts";

/** How many digits a format may ask for; beyond it a template only fills memory. */
export const MAX_PRECISION = 1 << 20;

/** `|value| * 10^digits` rounded half to even, exactly. */
function scaled(value: number, digits: number): bigint {
  const { mantissa, exponent } = exactFloat(Math.abs(value));
  let top = mantissa;
  let bottom = 1n;
  if (digits >= 0) top *= 10n ** BigInt(digits);
  else bottom *= 10n ** BigInt(-digits);
  if (exponent >= 0) top <<= BigInt(exponent);
  else bottom <<= BigInt(-exponent);
  return divideRound(top, bottom);
}

/** `%.<digits>f` of the magnitude. */
export function fixed(value: number, digits: number): string {
  const text = scaled(value, digits)
    .toString()
    .padStart(digits + 1, "0");
  return digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

/** The magnitude as `count` significant digits and a decimal exponent: `d.ddd * 10^exponent`. */
export function significant(value: number, count: number): { readonly digits: string; readonly exponent: number } {
  if (value === 0) return { digits: "0".repeat(count), exponent: 0 };
  let exponent = Number(Math.abs(value).toExponential().split("e")[1] ?? 0);
  let digits = scaled(value, count - 1 - exponent).toString();
  if (digits.length < count) {
    exponent -= 1;
    digits = scaled(value, count - 1 - exponent).toString();
  }
  if (digits.length > count) {
    exponent += 1;
    digits = digits.slice(0, count);
  }
  return { digits, exponent };
}

function exponentText(exponent: number): string {
  return `e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

/** `%.<precision>e` of the magnitude. */
export function scientific(value: number, precision: number, alternate: boolean): string {
  const { digits, exponent } = significant(value, precision + 1);
  const point = precision > 0 || alternate ? "." : "";
  return `${digits.slice(0, 1)}${point}${digits.slice(1)}${exponentText(exponent)}`;
}

/**
 * `%.<precision>g` of the magnitude: scientific below 1e-4 and from 10^precision up, zeros at the end dropped unless `alternate`.
 * `atLeastOne` keeps `.0` on whole numbers and turns to scientific a place earlier, as `format(x, '')` with a precision does.
 */
export function general(value: number, precision: number, alternate: boolean, atLeastOne = false): string {
  const count = precision === 0 ? 1 : precision;
  const { digits, exponent } = significant(value, count);
  if (exponent < -4 || exponent >= (atLeastOne ? count - 1 : count)) {
    // With `atLeastOne` a value that needs all its digits before the point goes scientific as well (repr style).
    const tail = alternate ? digits.slice(1) : digits.slice(1).replace(/0+$/, "");
    return `${digits.slice(0, 1)}${tail === "" && !alternate ? "" : "."}${tail}${exponentText(exponent)}`;
  }
  const whole = exponent < 0 ? "0" : digits.slice(0, exponent + 1);
  const rest = exponent < 0 ? "0".repeat(-exponent - 1) + digits : digits.slice(exponent + 1);
  const tail = alternate ? rest : rest.replace(/0+$/, "");
  if (tail === "") return alternate ? `${whole}.` : atLeastOne ? `${whole}.0` : whole;
  return `${whole}.${tail}`;
}

/**
 * `round(x, digits)` of a float: to the nearest decimal, ties to even, on the exact value (CPython, double_round).
 */
export function roundFloat(value: number, digits: number): number {
  if (!Number.isFinite(value) || digits > 323) return value;
  if (digits < -308) return value < 0 || Object.is(value, -0) ? -0 : 0;
  const units = scaled(value, digits);
  const text = `${units}e${-digits}`;
  const magnitude = Number(text);
  return value < 0 || Object.is(value, -0) ? -magnitude : magnitude;
}
