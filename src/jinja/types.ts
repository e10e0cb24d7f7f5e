import type { DataPath, PyDict, PyObject, Kwargs, Value } from "../python/index.ts";

/** A template's text and the name that messages give it. */
export interface TemplateSource {
  /** As a user would write it, relative to its file root: `ceph/map.jinja`. */
  readonly name: string;
  readonly text: string;
}

/** Where `include`, `import` and `extends` find templates. */
export interface TemplateLoader {
  /**
   * The template, or `undefined` where there is none (the environment then raises TemplateNotFound).
   * `from` is the name of the template whose tag asks.
   */
  load(name: string, from: string | undefined): TemplateSource | undefined;
}

/** Jinja's lexical settings; names are those of Jinja's Environment and of Salt's jinja_env. */
export interface Syntax {
  readonly block_start_string: string;
  readonly block_end_string: string;
  readonly variable_start_string: string;
  readonly variable_end_string: string;
  readonly comment_start_string: string;
  readonly comment_end_string: string;
  readonly line_statement_prefix: string | null;
  readonly line_comment_prefix: string | null;
  readonly trim_blocks: boolean;
  readonly lstrip_blocks: boolean;
  readonly newline_sequence: "\n" | "\r\n" | "\r";
  readonly keep_trailing_newline: boolean;
}

/** What one render may use; each limit has its own error. Counted, never timed, so that a result is the same everywhere. */
export interface Limits {
  /** Loop turns, calls and evaluated statements. */
  readonly steps: number;
  /** UTF-16 units printed in all, and of any string made on the way. */
  readonly outputLength: number;
  /** Nested includes, imports, macro calls and parser nesting. */
  readonly depth: number;
}

/** What filters and tests ask of the environment that renders. */
export interface FilterHost {
  /** The environment's undefined value; `hint` is the whole message, else it is made from `object` and `name` as Jinja does. */
  undefined(about: { readonly hint?: string; readonly object?: Value; readonly name?: Value }): Value;
  /** Whether a value is this environment's (or any) undefined. */
  isUndefined(value: Value): boolean;
  filter(name: string): FilterFunction | undefined;
  test(name: string): TestFunction | undefined;
  /** `foo['name']` and `foo.name` with the sandbox's rules; an undefined value where there is nothing. */
  getItem(object: Value, key: Value): Value;
  getAttribute(object: Value, name: string): Value;
  readonly newlineSequence: string;
}

/** What filters, tests and functions are given beside their arguments. */
export interface CallState {
  /** The environment that renders. */
  readonly environment: PyObject;
  readonly host: FilterHost;
  /** Whether `{% autoescape %}` is on at this place. */
  readonly autoescape: boolean;
  /** Looks a name up as the template would; `undefined` where it is not defined. */
  resolve(name: string): Value | undefined;
  /** Where the running expression stands. */
  readonly at: { readonly file: string; readonly line: number; readonly column: number };
  /** Counts work against the limits; throws when they are spent. */
  spend(steps: number, outputLength?: number): void;
}

/** Watches over texts that stand for something else, which operators would not see. */
export interface TextGuard {
  /** Asked of every text that an operator is given: must be quick. */
  watches(text: string): boolean;
  /** At least one of the two is watched. @throws where they may not be compared */
  compared(operation: string, one: Value, other: Value): void;
  /** A part of a watched text is taken. @throws where it may not */
  taken(operation: string, text: string): void;
  /** A method of a watched text is called. @throws where it may not */
  called(name: string, text: string, args: readonly Value[]): void;
}

export type FilterFunction = (state: CallState, value: Value, args: readonly Value[], kwargs: Kwargs) => Value;
export type TestFunction = (state: CallState, value: Value, args: readonly Value[], kwargs: Kwargs) => boolean;

/** Which template text made which part of the output. Offsets count UTF-16 units of the rendered text. */
export interface SourceSegment {
  readonly start: number;
  readonly end: number;
  /** Innermost first: the line that printed, then the lines that called, included or imported it. */
  readonly trail: readonly { readonly file: string; readonly line: number; readonly column: number }[];
  /** The expression's text where an expression printed it. */
  readonly expression?: string;
}

export interface Rendered {
  readonly text: string;
  /** Only where asked for; sorted, without gaps. */
  readonly map?: readonly SourceSegment[];
}

/** What several renders may use together; each takes from it what it used. */
export interface RenderBudget {
  /** As in Limits. */
  steps: number;
  outputLength: number;
}

/** Where a text of followed data stands in a rendered text, of which nothing but that was asked. Offsets count UTF-16 units. */
export interface PrintedText {
  readonly at: number;
  readonly length: number;
  readonly path: DataPath;
}

export interface RenderOptions {
  /** Gets the texts that the template itself prints and does nothing else with, in order, as far as the data allow it (`PyDict.printed`). */
  readonly printed?: PrintedText[] | undefined;
  /** @default none: only the environment's limits hold */
  readonly budget?: RenderBudget | undefined;
  /** Record which template line printed what (slower). */
  readonly trace?: boolean;
}

export type Context = PyDict | ReadonlyMap<string, Value>;
