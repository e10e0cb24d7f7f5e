import type { CallTrail, SourcePlace } from "../errors.ts";
import type { SourceSegment } from "../types.ts";
import type { RenderState } from "./state.ts";

interface Piece {
  readonly length: number;
  readonly at: SourcePlace;
  /** The line within the template, where a piece of text spans several. */
  readonly line: number;
  readonly column: number;
  readonly trail: CallTrail | undefined;
  readonly expression: string | undefined;
}

/** Output of a traced render: the text, and which template line made which part of it. */
export class Pieces {
  readonly #state: RenderState;
  #text = "";
  readonly #pieces: Piece[] = [];

  constructor(state: RenderState) {
    this.#state = state;
  }
  get length(): number {
    return this.#text.length;
  }
  get text(): string {
    return this.#text;
  }
  #add(text: string, at: SourcePlace, line: number, column: number, expression: string | undefined): void {
    if (text.length === 0) return;
    this.#text += text;
    this.#pieces.push({ length: text.length, at, line, column, trail: this.#state.trail, expression });
  }
  /** Adds text of the template itself, line by line. */
  data(text: string, at: SourcePlace): void {
    let line = at.line;
    let column = at.column;
    for (const part of text.split(/(?<=\r\n|\n|\r(?!\n))/)) {
      this.#add(part, at, line, column, undefined);
      line++;
      column = 1;
    }
  }
  /** Adds what an expression printed; what a macro or block made before keeps its lines. */
  printed(text: string, at: SourcePlace, expression: string | null): void {
    const made = this.#state.captures.get(text) ?? this.#byLines(text);
    if (made === undefined) {
      this.#add(text, at, at.line, at.column, expression ?? undefined);
      return;
    }
    const trail: CallTrail = { how: "printed at", at, outer: this.#state.trail };
    this.#text += text;
    for (const piece of made.#pieces)
      this.#pieces.push({ ...piece, trail: piece.trail === this.#state.trail ? trail : joined(piece.trail, trail) });
  }
  /** Adds the output of a block, an include or a module. */
  append(output: Pieces | string): void {
    if (typeof output === "string") {
      this.printed(output, this.#state.at, null);
      return;
    }
    this.#text += output.#text;
    this.#pieces.push(...output.#pieces);
  }
  /** The text, remembered, so that printing it later finds its lines. */
  capture(): string {
    if (this.#text.length > 0) {
      this.#state.captured(this.#text);
      this.#state.captures.set(this.#text, this);
      if (this.#text.includes("\n")) this.#state.capturedLines.set(trimmedLines(this.#text), this);
    }
    return this.#text;
  }

  /**
   * The lines of a captured text that a filter has only indented, trimmed or wrapped in blanks: where each line, trimmed, is the
   * captured text's next line, trimmed. Only texts of several lines are looked for.
   */
  #byLines(text: string): Pieces | undefined {
    const made = text.includes("\n") ? this.#state.capturedLines.get(trimmedLines(text)) : undefined;
    return made === undefined ? undefined : made.#relined(text);
  }
  /** This output with each line's first piece standing for the line as `text` has it. */
  #relined(text: string): Pieces {
    const firsts: Piece[] = [];
    let offset = 0;
    let lineStart = true;
    for (const piece of this.#pieces) {
      const part = this.#text.slice(offset, offset + piece.length);
      offset += piece.length;
      for (const line of part.split(/(?<=\n)/)) {
        if (lineStart && line.trim() !== "") firsts.push(piece);
        if (line.trim() !== "") lineStart = false;
        if (line.endsWith("\n")) lineStart = true;
      }
    }
    const relined = new Pieces(this.#state);
    let next = 0;
    for (const line of text.split(/(?<=\n)/)) {
      const piece = firsts[line.trim() === "" ? Math.max(0, next - 1) : next++] ?? firsts.at(-1);
      if (piece !== undefined && line.length > 0) relined.#pieces.push({ ...piece, length: line.length });
    }
    relined.#text = text;
    return relined;
  }

  /** The whole as segments; neighbours of one line and trail are joined. */
  segments(): SourceSegment[] {
    const segments: { start: number; end: number; trail: SourceSegment["trail"]; expression?: string }[] = [];
    let offset = 0;
    let before: Piece | undefined;
    for (const piece of this.#pieces) {
      const last = segments.at(-1);
      const end = offset + piece.length;
      if (last !== undefined && before?.at === piece.at && before.line === piece.line && before.trail === piece.trail) last.end = end;
      else {
        const trail = [{ file: piece.at.file, line: piece.line, column: piece.column }];
        for (let step = piece.trail; step !== undefined; step = step.outer)
          trail.push({ file: step.at.file, line: step.at.line, column: step.at.column });
        segments.push({ start: offset, end, trail, ...(piece.expression === undefined ? {} : { expression: piece.expression }) });
      }
      before = piece;
      offset = end;
    }
    return segments;
  }
}

/** What stays of a text of several lines when it is indented or trimmed. */
function trimmedLines(text: string): string {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "")
    .join("\n");
}

/** The steps of an inner trail up to where the outer one goes on; the same steps are not said twice. */
function joined(inner: CallTrail | undefined, outer: CallTrail): CallTrail {
  const known = new Set<SourcePlace>();
  for (let step: CallTrail | undefined = outer; step !== undefined; step = step.outer) known.add(step.at);
  const steps: CallTrail[] = [];
  for (let step = inner; step !== undefined && !known.has(step.at); step = step.outer) steps.push(step);
  return steps.reverse().reduce<CallTrail>((trail, step) => ({ how: step.how, at: step.at, outer: trail }), outer);
}
