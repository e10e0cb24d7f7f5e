import { CR, LF } from "./characters.ts";
import { YamlError } from "./error.ts";
import type { Offset, Source } from "./source.ts";

/** Which program's rules the scanner follows where two descendants of one code differ. */
export type Dialect = "libyaml" | "go";

/** A place in a text that moves forward and knows its line. */
export class Cursor {
  readonly source: Source;
  readonly text: string;
  readonly dialect: Dialect;
  readonly #from: Offset;
  #json: boolean | undefined;
  pos: Offset;
  line = 0;
  lineStart: Offset;

  /** `part` limits the cursor to a piece of the source, whose places stay those of the whole. */
  constructor(source: Source, dialect: Dialect, part?: { readonly from: Offset; readonly to: Offset }) {
    this.source = source;
    this.text = part === undefined ? source.text : source.text.slice(0, part.to);
    // kubectl's reader of lines ends the last one too.
    if (dialect === "go" && !this.text.endsWith("\n")) this.text += "\n";
    this.dialect = dialect;
    const from = part?.from ?? 0;
    // A byte order mark at the very start is no character of the text.
    this.pos = this.text.charCodeAt(from) === 0xfeff ? from + 1 : from;
    // go-yaml takes off a second one.
    if (dialect === "go" && this.pos > from && this.text.charCodeAt(this.pos) === 0xfeff) this.pos++;
    this.lineStart = this.pos;
    this.#from = this.pos;
  }

  /** Whether the text is JSON, which kubectl reads with a reader of its own: that one takes `\/` and pairs of `\u` escapes. */
  get isJson(): boolean {
    this.#json ??= this.dialect === "go" && isJsonObject(this.text.slice(this.#from));
    return this.#json;
  }

  /** Skips the line break that stands here. */
  skipBreak(): void {
    this.pos += this.text.charCodeAt(this.pos) === CR && this.text.charCodeAt(this.pos + 1) === LF ? 2 : 1;
    this.line++;
    this.lineStart = this.pos;
  }

  /** Skips the line break that stands here and gives what it reads as: LF, or LS and PS as they are. */
  readBreak(): string {
    const unit = this.text.charCodeAt(this.pos);
    this.skipBreak();
    return unit === 0x2028 || unit === 0x2029 ? String.fromCharCode(unit) : "\n";
  }

  /**
   * libyaml ends every text with a line break: what is found at the end of a text without one stands on the line after it. An offset one
   * past the end says so.
   */
  endLine(): void {
    if (this.pos === this.lineStart) return;
    this.line++;
    this.pos = this.text.length + (this.dialect === "go" ? 0 : 1);
    this.lineStart = this.pos;
  }

  /** An error of the scanner at the cursor's place. */
  scannerError(context: string | undefined, contextAt: Offset | undefined, problem: string, advice?: string): YamlError {
    return new YamlError(this.source, {
      code: "yaml-syntax",
      type: "ScannerError",
      ...(context === undefined ? {} : { context }),
      ...(contextAt === undefined || context === undefined ? {} : { contextAt }),
      problem,
      problemAt: this.pos,
      ...(advice === undefined ? {} : { advice }),
    });
  }
}

function isJsonObject(text: string): boolean {
  if (!/^\s*\{/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
