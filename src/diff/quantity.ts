import { exactQuantity, type ExactQuantity } from "../schema/index.ts";
import type { Json } from "../json/index.ts";

/** Whether two values are one quantity, exactly: `1000m`, `1` and 1; `1024Mi` and `1Gi`. */
export function sameQuantity(a: Json, b: Json): boolean {
  return compareQuantities(a, b) === 0;
}

/** Negative where the first is the smaller one; `undefined` where one of them is no quantity. */
export function compareQuantities(a: Json | undefined, b: Json | undefined): number | undefined {
  const [x, y] = [exact(a), exact(b)];
  if (x === undefined || y === undefined) return undefined;
  const least = Math.min(x.exponent, y.exponent);
  const difference = x.digits * 10n ** BigInt(x.exponent - least) - y.digits * 10n ** BigInt(y.exponent - least);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

function exact(value: Json | undefined): ExactQuantity | undefined {
  if (typeof value !== "number" && typeof value !== "string" && typeof value !== "bigint") return undefined;
  return exactQuantity(String(value).trim());
}
