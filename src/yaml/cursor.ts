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
  pos: Offset;
  line = 0;
  lineStart: Offset;

  /** `part` limits the cursor to a piece of the source, whose places stay those of the whole. */
  constructor(source: Source, dialect: Dialect, part?: { readonly from: Offset; readonly to: Offset }) {
    this.source = source;
    this.text = part === undefined || part.to === source.text.length ? source.text : source.text.slice(0, part.to);
    this.dialect = dialect;
    this.pos = this.lineStart = part?.from ?? 0;
  }

  get column(): number {
    return this.pos - this.lineStart;
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
