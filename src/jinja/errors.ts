import { FindingError, type Finding, type TrailStep } from "../finding/index.ts";
import { PyError } from "../python/index.ts";
import type { TemplateSyntaxError } from "./syntax/stream.ts";

/** A place in a template, with the text for the excerpt. */
export interface SourcePlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The template's whole text, newlines normalised. */
  readonly source: string;
}

/** How a place was reached; the innermost step first. */
export interface CallTrail {
  readonly how: string;
  readonly at: SourcePlace;
  readonly outer: CallTrail | undefined;
}

/** A finding about a template, with what Python would have raised. */
export class JinjaError extends FindingError {
  /** Python's class of the error: `UndefinedError`, `TemplateSyntaxError`, `TypeError` …; `LimitError` for Halite's own limits. */
  readonly type: string;
  /** `str(error)` in Python. */
  readonly original: string;
  constructor(type: string, original: string, finding: Finding) {
    super(finding);
    this.name = "JinjaError";
    this.type = type;
    this.original = original;
  }
}

/** A limit that was reached: not an error of Python's, and not to be caught by what catches those. */
export class LimitReached extends Error {
  readonly code: string;
  readonly advice: string;
  constructor(code: string, message: string, advice: string) {
    super(message);
    this.code = code;
    this.advice = advice;
  }
}

/** The lines round a place: two before, one after, and a mark under the column. */
export function excerptOf(source: string, line: number, column?: number): string {
  const lines = source.split("\n");
  const first = Math.max(1, line - 2);
  const last = Math.min(lines.length, line + 1);
  const width = String(last).length;
  const out: string[] = [];
  for (let number = first; number <= last; number++) {
    const text = (lines[number - 1] ?? "").slice(0, 200);
    out.push(`${number === line ? ">" : " "} ${String(number).padStart(width)} | ${text}`.trimEnd());
    if (number === line && column !== undefined && column <= text.length + 1) {
      const indent = text.slice(0, column - 1).replace(/[^\t]/g, " ");
      out.push(`  ${" ".repeat(width)} | ${indent}^`);
    }
  }
  return out.join("\n");
}

function trailOf(trail: CallTrail | undefined): TrailStep[] {
  const steps: TrailStep[] = [];
  for (let step = trail; step !== undefined; step = step.outer) {
    steps.push({ how: step.how, file: step.at.file, line: step.at.line, column: step.at.column });
  }
  return shortened(steps);
}

/** A trail that a runaway recursion made keeps its ends. */
function shortened(steps: TrailStep[]): TrailStep[] {
  return steps.length <= 12 ? steps : [...steps.slice(0, 8), ...steps.slice(-4)];
}

const CODES: ReadonlyMap<string, string> = new Map([
  ["UndefinedError", "jinja-undefined"],
  ["SecurityError", "jinja-security"],
  ["TemplateNotFound", "jinja-template-not-found"],
  ["TemplatesNotFound", "jinja-template-not-found"],
  ["TemplateRuntimeError", "jinja-runtime"],
  ["MemoryError", "jinja-limit-size"],
  ["ImpureError", "jinja-impure"],
]);

function codeOf(type: string): string {
  return CODES.get(type) ?? `jinja-${type.replace(/([a-z])([A-Z])/g, "$1-$2").toLowerCase()}`;
}

function findingAt(code: string, message: string, at: SourcePlace, trail: CallTrail | undefined, advice?: string): Finding {
  // A tag that fails itself has already noted where it goes.
  const steps = trailOf(trail?.at === at ? trail.outer : trail);
  return {
    code,
    severity: "error",
    message,
    at: { file: at.file, line: at.line, column: at.column },
    excerpt: excerptOf(at.source, at.line, at.column),
    ...(steps.length > 0 ? { trail: steps } : {}),
    ...(advice === undefined ? {} : { advice }),
  };
}

export function syntaxError(error: TemplateSyntaxError, file: string, source: string): JinjaError {
  const at = { file, line: error.at.line, column: error.at.column, source };
  return new JinjaError(
    error.code === "jinja-syntax" ? "TemplateSyntaxError" : "LimitError",
    error.message,
    findingAt(error.code, error.message, at, undefined),
  );
}

/** What was thrown while a template ran, as a finding at the place that ran; what is a bug stays as it is. */
export function runtimeError(error: unknown, at: SourcePlace, trail: CallTrail | undefined): unknown {
  if (error instanceof PyError) {
    const notFound = error.type === "TemplateNotFound";
    const message = notFound ? `template not found: ${error.message}` : error.message;
    return new JinjaError(error.type, error.message, findingAt(codeOf(error.type), message, at, trail));
  }
  if (error instanceof LimitReached)
    return new JinjaError("LimitError", error.message, findingAt(error.code, error.message, at, trail, error.advice));
  if (error instanceof RangeError && /call stack/i.test(error.message)) {
    const message = "the template nests too deep";
    return new JinjaError("LimitError", message, findingAt("jinja-limit-depth", message, at, trail));
  }
  if (error instanceof RangeError && /string length/i.test(error.message)) {
    const message = "the template makes a text that is too long";
    return new JinjaError("LimitError", message, findingAt("jinja-limit-output", message, at, trail));
  }
  if (error instanceof FindingError) return further(error, at, trail);
  return error;
}

/** An error of a template or function deeper down, with the trail that led there. */
function further(error: FindingError, at: SourcePlace, trail: CallTrail | undefined): FindingError {
  const here: CallTrail | undefined = trail?.at === at ? trail : { how: "called from", at, outer: trail };
  const steps = trailOf(here);
  const [first, ...more] = error.findings;
  const longer: Finding = { ...first, trail: shortened([...(first.trail ?? []), ...steps]) };
  return error instanceof JinjaError ? new JinjaError(error.type, error.original, longer) : new FindingError(longer, ...more);
}
