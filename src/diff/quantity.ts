import type { Json } from "./json.ts";

const QUANTITY = /^([+-]?)(\d*)\.?(\d*)(?:(Ki|Mi|Gi|Ti|Pi|Ei|n|u|m|k|M|G|T|P|E)|[eE]([+-]?\d{1,3}))?$/;
const TEN: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const TWO: Readonly<Record<string, number>> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };

interface Exact {
  readonly digits: bigint;
  /** Power of ten. */
  readonly exponent: number;
}

/** Whether two values are one quantity, exactly: `1000m`, `1` and 1; `1024Mi` and `1Gi` (apimachinery, pkg/api/resource). */
export function sameQuantity(a: Json, b: Json): boolean {
  const [x, y] = [exact(a), exact(b)];
  if (x === undefined || y === undefined) return false;
  const least = Math.min(x.exponent, y.exponent);
  return x.digits * 10n ** BigInt(x.exponent - least) === y.digits * 10n ** BigInt(y.exponent - least);
}

/** Negative where the first is the smaller one; `undefined` where one of them is no quantity. */
export function compareQuantities(a: Json | undefined, b: Json | undefined): number | undefined {
  const [x, y] = [exact(a), exact(b)];
  if (x === undefined || y === undefined) return undefined;
  const least = Math.min(x.exponent, y.exponent);
  const difference = x.digits * 10n ** BigInt(x.exponent - least) - y.digits * 10n ** BigInt(y.exponent - least);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

function exact(value: Json | undefined): Exact | undefined {
  if (typeof value !== "number" && typeof value !== "string" && typeof value !== "bigint") return undefined;
  const match = QUANTITY.exec(String(value).trim());
  if (match === null) return undefined;
  const [, sign, whole = "", fraction = "", suffix = "", power = "0"] = match;
  if (whole === "" && fraction === "") return undefined;
  const digits = BigInt(`${whole}${fraction}`) * 2n ** BigInt(TWO[suffix] ?? 0);
  return { digits: sign === "-" ? -digits : digits, exponent: (TEN[suffix] ?? 0) + Number(power) - fraction.length };
}
