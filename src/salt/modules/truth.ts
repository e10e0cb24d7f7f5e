import { isIntLike, PyFloat, truthy, type Value } from "../../python/index.ts";

/** `salt.utils.data.is_true`: a positive number (also written as text), the word true in any case, else Python's truth. */
export function isTrue(value: Value): boolean {
  if (isIntLike(value)) return Number(value) > 0;
  if (value instanceof PyFloat) return value.value > 0;
  if (typeof value !== "string") return truthy(value);
  const number = /^\s*[+-]?(?:\d[\d_]*\.?\d*|\.\d+)(?:e[+-]?\d+)?\s*$/iu.test(value) ? Number(value.replaceAll("_", "")) : Number.NaN;
  if (!Number.isNaN(number)) return number > 0;
  return value.toLowerCase() === "true";
}
