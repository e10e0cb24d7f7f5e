import { overflowError } from "./errors.ts";

/** A finite float as `mantissa * 2^exponent`, exactly. */
export function exactFloat(value: number): { readonly mantissa: bigint; readonly exponent: number } {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const sign = bits >> 63n === 1n ? -1n : 1n;
  const raw = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xfffffffffffffn;
  return raw === 0 ? { mantissa: sign * fraction, exponent: -1074 } : { mantissa: sign * (fraction | (1n << 52n)), exponent: raw - 1075 };
}

export function bitLength(value: bigint): number {
  const magnitude = value < 0n ? -value : value;
  if (magnitude === 0n) return 0;
  const hex = magnitude.toString(16);
  return (hex.length - 1) * 4 + (32 - Math.clz32(Number.parseInt(hex.charAt(0), 16)));
}

/** `numerator / denominator` rounded half to even to an integer; the denominator is positive. */
export function divideRound(numerator: bigint, denominator: bigint): bigint {
  const negative = numerator < 0n;
  const magnitude = negative ? -numerator : numerator;
  let quotient = magnitude / denominator;
  const twice = (magnitude - quotient * denominator) * 2n;
  if (twice > denominator || (twice === denominator && quotient % 2n === 1n)) quotient += 1n;
  return negative ? -quotient : quotient;
}

/**
 * The float nearest to `numerator / denominator` (ties to even), as CPython divides ints (Objects/longobject.c, long_true_divide).
 *
 * @throws PyError OverflowError with `message` where it is too large
 */
export function ratioToFloat(numerator: bigint, denominator: bigint, message: string): number {
  if (numerator === 0n) return denominator < 0n ? -0 : 0;
  const negative = numerator < 0n !== denominator < 0n;
  const top = numerator < 0n ? -numerator : numerator;
  const bottom = denominator < 0n ? -denominator : denominator;
  // 2^shift scales the quotient to 54 or 55 bits, or to units of the smallest subnormal.
  const shift = Math.min(55 - (bitLength(top) - bitLength(bottom)), 1074);
  const scaled =
    shift >= 0 ? divideSticky(top << BigInt(shift), bottom, shift === 1074) : divideSticky(top, bottom << BigInt(-shift), false);
  const mantissa = Number(scaled);
  const half = Math.trunc(-shift / 2);
  // Two exact steps, since 2^-shift alone may be no float.
  const value = mantissa * 2 ** half * 2 ** (-shift - half);
  if (!Number.isFinite(value)) throw overflowError(message);
  return negative ? -value : value;
}

/** The quotient with a one in its last bit where a remainder is lost; or, for subnormals, already rounded. */
function divideSticky(top: bigint, bottom: bigint, rounded: boolean): bigint {
  if (rounded) return divideRound(top, bottom);
  const quotient = top / bottom;
  return quotient * bottom === top ? quotient : quotient | 1n;
}

/** `float(int)`. @throws PyError OverflowError */
export function bigToFloat(value: bigint): number {
  const result = Number(value);
  if (!Number.isFinite(result)) throw overflowError("int too large to convert to float");
  return result;
}

/** Binary places of the fixed-point numbers below: enough that rounding to a float's 53 comes out right. */
const PLACES = 220n;
const ONE = 1n << PLACES;

/** `atanh(x)` of a fixed-point number, by its series. */
function atanh(x: bigint): bigint {
  const square = (x * x) >> PLACES;
  let sum = 0n;
  let power = x;
  for (let odd = 1n; power !== 0n; odd += 2n) {
    sum += power / odd;
    power = (power * square) >> PLACES;
  }
  return sum;
}

/**
 * `base ** exponent` for a positive base and any finite exponent, correctly rounded: 2^(exponent * log2 base) in fixed point.
 * JavaScript's own power is off in the last place where the C library is not.
 *
 * @throws PyError OverflowError
 */
export function exactPower(base: number, exponent: number): number {
  const ln2 = 2n * atanh(ONE / 3n);
  const { mantissa, exponent: scale } = exactFloat(base);
  // base = m * 2^e with m in [1, 2).
  const bits = bitLength(mantissa);
  const m = (mantissa << PLACES) >> BigInt(bits - 1);
  const ln = 2n * atanh(((m - ONE) << PLACES) / (m + ONE)) + BigInt(scale + bits - 1) * ln2;
  const by = exactFloat(exponent);
  const product = by.exponent >= 0 ? (ln * by.mantissa) << BigInt(by.exponent) : (ln * by.mantissa) >> BigInt(-by.exponent);
  let whole = product / ln2;
  if (product < 0n) whole -= 1n;
  const rest = product - whole * ln2;
  let sum = 0n;
  let term = ONE;
  for (let n = 1n; term !== 0n; n++) {
    sum += term;
    term = ((term * rest) >> PLACES) / n;
  }
  const shift = PLACES - whole;
  const message = "(34, 'Numerical result out of range')";
  return shift >= 0n ? ratioToFloat(sum, 1n << shift, message) : ratioToFloat(sum << -shift, 1n, message);
}
