import { repr, str, type Value } from "../../python/index.ts";
import { compare } from "../semantics/compare.ts";
import { asInt } from "../semantics/arithmetic.ts";
import { valueError } from "../semantics/errors.ts";
import { pointsOf, sliceText, textLength } from "../semantics/text.ts";

const SPACE = "\\t\\n\\v\\f\\r ";
const WORD = "\\p{L}\\p{N}_";
const LETTER = "[\\p{L}_]";
/** Where a line may be broken: white space, dashes between words, after a hyphen in a word (CPython 3.11, Lib/textwrap.py). */
const CHUNKS = new RegExp(
  `([${SPACE}]+|(?<=[${WORD}!"'&.,?])-{2,}(?=[${WORD}])|[^${SPACE}]+?(?:-(?:(?<=${LETTER}{2}-)|(?<=${LETTER}-${LETTER}-))(?=${LETTER}-?${LETTER})|(?=[${SPACE}]|$)|(?<=[${WORD}!"'&.,?])(?=-{2,}[${WORD}])))`,
  "u",
);
const WORDS = new RegExp(`([${SPACE}]+)`, "u");

/** `textwrap.wrap(line, width, expand_tabs=False, replace_whitespace=False, …)`. @throws PyError ValueError for a width below 1 */
export function wrapText(line: string, widthValue: Value, breakLong: boolean, breakHyphens: boolean): string[] {
  const chunks = line
    .split(breakHyphens ? CHUNKS : WORDS)
    .filter((chunk) => chunk !== "")
    .reverse();
  if (!compare(">", widthValue, 0)) throw valueError(`invalid width ${repr(widthValue)} (must be > 0)`);
  const width = Number(asInt(widthValue) ?? str(widthValue));
  const lines: string[] = [];
  while (chunks.length > 0) {
    const current: string[] = [];
    let used = 0;
    if (isBlank(chunks.at(-1)) && lines.length > 0) chunks.pop();
    for (let chunk = chunks.at(-1); chunk !== undefined && used + textLength(chunk) <= width; chunk = chunks.at(-1)) {
      current.push(chunk);
      used += textLength(chunk);
      chunks.pop();
    }
    const next = chunks.at(-1);
    if (next !== undefined && textLength(next) > width) {
      chunks.pop();
      const rest = placeLongWord(next, current, width - used, breakLong, breakHyphens);
      if (rest !== "") chunks.push(rest);
    }
    if (isBlank(current.at(-1))) current.pop();
    if (current.length > 0) lines.push(current.join(""));
  }
  return lines;
}

function isBlank(chunk: string | undefined): boolean {
  return chunk !== undefined && chunk.trim() === "";
}

/** Puts as much of a word longer than the line on it as may be; what is left over comes back. */
function placeLongWord(word: string, current: string[], room: number, breakLong: boolean, breakHyphens: boolean): string {
  if (breakLong) {
    let end = room;
    if (breakHyphens && textLength(word) > room) {
      const hyphen = pointsOf(word).lastIndexOf("-", Math.max(room - 1, 0));
      if (room > 0 && hyphen > 0 && /[^-]/u.test(sliceText(word, 0, hyphen))) end = hyphen + 1;
    }
    current.push(sliceText(word, 0, end));
    return sliceText(word, end);
  }
  if (current.length > 0) return word;
  current.push(word);
  return "";
}
