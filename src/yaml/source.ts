import type { Position } from "../finding/index.ts";

/** A place as YAML's parsers count: an offset in UTF-16 units into a source. */
export type Offset = number;

/** A text with its name, which turns offsets into lines and columns when somebody asks. */
export class Source {
  readonly text: string;
  readonly file: string;
  #lineStarts: number[] | undefined;

  constructor(text: string, file: string) {
    this.text = text;
    this.file = file;
  }

  /** Line and column of an offset, from 1; the column counts code points, as Python does. */
  place(offset: Offset): { line: number; column: number } {
    const starts = (this.#lineStarts ??= lineStartsOf(this.text));
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    const start = starts[low] ?? 0;
    const from = start === 0 && this.text.charCodeAt(0) === 0xfeff ? 1 : start;
    let column = Math.max(0, offset - from) + 1;
    for (let index = from; index < offset; index++) {
      // The second half of a surrogate pair is no character of its own.
      const unit = this.text.charCodeAt(index);
      if (unit >= 0xdc00 && unit <= 0xdfff) column--;
    }
    return { line: low + 1, column };
  }

  position(offset: Offset): Position {
    return { file: this.file, ...this.place(offset) };
  }

  /** The line of an offset with the two above it and one below, numbered, the place marked. */
  excerpt(offset: Offset): string {
    const { line, column } = this.place(Math.min(offset, this.text.length));
    const starts = (this.#lineStarts ??= lineStartsOf(this.text));
    const out: string[] = [];
    const last = Math.min(starts.length, line + 1);
    const width = String(last).length;
    for (let number = Math.max(1, line - 2); number <= last; number++) {
      const text = this.text.slice(starts[number - 1] ?? 0, starts[number] ?? this.text.length).replace(/[\r\n\x85\u2028\u2029]+$/, "");
      if (number > line && text.trim() === "") break;
      out.push(`${number === line ? ">" : " "} ${String(number).padStart(width)} | ${clip(text)}`.trimEnd());
      if (number === line && column <= MAX_EXCERPT) out.push(`  ${" ".repeat(width)} | ${" ".repeat(column - 1)}^`);
    }
    return out.join("\n");
  }
}

const MAX_EXCERPT = 160;

function clip(text: string): string {
  const shown = text.length > MAX_EXCERPT ? `${text.slice(0, MAX_EXCERPT)}…` : text;
  return shown.replace(/\t/g, "→").replace(/[\0-\x08\x0b-\x1f\x7f]/g, "�");
}

function lineStartsOf(text: string): number[] {
  const starts = [0];
  const breaks = /\r\n|[\n\r\x85\u2028\u2029]/g;
  while (breaks.exec(text) !== null) starts.push(breaks.lastIndex);
  return starts;
}
