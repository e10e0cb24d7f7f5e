import { repr, str, type Value } from "../../python/index.ts";
import { compare } from "../semantics/compare.ts";
import { asInt } from "../semantics/arithmetic.ts";
import { valueError } from "../semantics/errors.ts";
import { pointsOf } from "../semantics/text.ts";

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
  const left = chunks.map((chunk) => new Chunk(chunk));
  while (left.length > 0) {
    const current: string[] = [];
    let used = 0;
    if (left.at(-1)?.isBlank === true && lines.length > 0) left.pop();
    for (let chunk = left.at(-1); chunk !== undefined && used + chunk.length <= width; chunk = left.at(-1)) {
      current.push(chunk.take(chunk.length));
      used += chunk.taken;
      left.pop();
    }
    const next = left.at(-1);
    if (next !== undefined && next.length > width) {
      placeLongWord(next, current, width - used, breakLong, breakHyphens);
      if (next.length === 0) left.pop();
    }
    if (current.at(-1)?.trim() === "") current.pop();
    if (current.length > 0) lines.push(current.join(""));
  }
  return lines;
}

/** A word or blank of which pieces are taken from the front; each step costs what it takes, however long the rest is. */
class Chunk {
  readonly #points: readonly string[];
  readonly isBlank: boolean;
  #start = 0;
  /** Code points of the last piece. */
  taken = 0;

  constructor(text: string) {
    this.#points = pointsOf(text);
    this.isBlank = text.trim() === "";
  }

  get length(): number {
    return this.#points.length - this.#start;
  }

  take(count: number): string {
    const piece = this.#points.slice(this.#start, this.#start + count);
    this.#start += piece.length;
    this.taken = piece.length;
    return piece.join("");
  }

  /** Where the last hyphen among the first `within` code points stands, if something else stands before it; -1 for none. */
  hyphen(within: number): number {
    const head = this.#points.slice(this.#start, this.#start + within);
    const found = head.lastIndexOf("-");
    return found > 0 && head.slice(0, found).some((point) => point !== "-") ? found : -1;
  }
}

/** Puts as much of a word longer than the line on it as may be. */
function placeLongWord(word: Chunk, current: string[], room: number, breakLong: boolean, breakHyphens: boolean): void {
  if (breakLong) {
    const hyphen = breakHyphens && room > 0 && word.length > room ? word.hyphen(room) : -1;
    current.push(word.take(hyphen >= 0 ? hyphen + 1 : room));
  } else if (current.length === 0) current.push(word.take(word.length));
}
