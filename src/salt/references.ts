import { FindingError } from "../finding/index.ts";
import type { Value } from "../python/index.ts";
import { findReferences, mayHoldEncoded } from "../sealed/index.ts";

/** Of longer texts it is not asked whether they hold a reference in base64. */
const LONGEST_ENCODED = 16_384;

/** Whether a text holds a reference to a sealed value, also in base64. */
export function watches(text: string): boolean {
  if (text.length < 8) return false;
  if (text.includes("?{")) return findReferences(text).length > 0;
  return text.length < LONGEST_ENCODED && mayHoldEncoded(text);
}

/** @throws FindingError `sealed-reference-changed` where a value is a text with a reference: what is made of it is meant to be made of the sealed value */
export function refuseReferences(operation: string, values: Iterable<Value | undefined>): void {
  for (const value of values) if (typeof value === "string" && watches(value)) refuse(operation, value);
}

/** Refuses an operation on a text that holds a reference. @throws FindingError `sealed-reference-changed` */
export function refuse(operation: string, text: string): never {
  const [first] = findReferences(text);
  const reference = first === undefined ? "a reference in base64" : text.slice(first.start, first.end);
  throw new FindingError({
    code: "sealed-reference-changed",
    severity: "error",
    message: `${operation} would work on ${reference} itself, which only stands for a sealed value: the value is not there yet`,
    advice:
      "a reference can be joined to other text, quoted, indented, and written with json, yaml or base64_encode, nothing else; seal the value in the form that is needed",
  });
}
