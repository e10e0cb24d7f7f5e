import { PyError, type Value } from "../../python/index.ts";
import { Markup } from "../markup.ts";

const ASTRAL = /[\ud800-\udbff][\udc00-\udfff]/;

/** Whether every code point of the text is one UTF-16 unit, so that indices agree with Python's. */
export function isFlat(text: string): boolean {
  return !ASTRAL.test(text);
}

/** The code points of a text. */
export function pointsOf(text: string): string[] {
  return Array.from(text);
}

/** `len(str)`: code points. */
export function textLength(text: string): number {
  if (isFlat(text)) return text.length;
  return pointsOf(text).length;
}

/** `text[start:end]` in code points, with both ends within the text. */
export function sliceText(text: string, start: number, end?: number): string {
  if (isFlat(text)) return text.slice(start, end);
  return pointsOf(text).slice(start, end).join("");
}

/** The code-point index of a UTF-16 offset. */
export function pointIndex(text: string, offset: number): number {
  return offset <= 0 ? offset : textLength(text.slice(0, offset));
}

/** The text of a value that is a `str` to Python: a string or a safe string. */
export function textOf(value: Value): string | undefined {
  if (typeof value === "string") return value;
  return value instanceof Markup ? value.text : undefined;
}

/** A limit on what one operation may make: 2^24 UTF-16 units, or a million list items. */
export const MAX_TEXT = 1 << 24;
export const MAX_ITEMS = 1_000_000;
/** A limit on the size of an integer, in bits; 2^17 bits are 39,000 digits. */
export const MAX_INT_BITS = 1 << 17;

/** Refuses a text longer than the sandbox allows. @throws PyError MemoryError */
export function boundedText(length: number): void {
  if (length > MAX_TEXT) throw new PyError("MemoryError", `a text of ${length} characters is longer than the limit of ${MAX_TEXT}`);
}

/** Refuses a list longer than the sandbox allows. @throws PyError MemoryError */
export function boundedItems(length: number): void {
  if (length > MAX_ITEMS) throw new PyError("MemoryError", `${length} items are more than the limit of ${MAX_ITEMS}`);
}
