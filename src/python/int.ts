import type { Value } from "./value.ts";

/** Normalises an integer: a `number` while it is safe, else a `bigint`. */
export function int(value: number | bigint): number | bigint {
  if (typeof value === "number") {
    return Number.isSafeInteger(value) ? value + 0 : BigInt(value);
  }
  return value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value;
}

/** Whether a value is a Python int in the wide sense, in which `True` is 1. */
export function isIntLike(value: Value): value is number | bigint | boolean {
  return typeof value === "number" || typeof value === "bigint" || typeof value === "boolean";
}

/** Whether a value is an int proper, no bool. */
export function isInt(value: Value): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}
