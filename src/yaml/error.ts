import { FindingError } from "../finding/index.ts";
import type { Source, Offset } from "./source.ts";

/** The exception class that PyYAML would raise; Salt's renderer words its message by it. */
export type PyYamlClass =
  | "ReaderError"
  | "ScannerError"
  | "ParserError"
  | "ComposerError"
  | "ConstructorError"
  | "ValueError"
  | "IndexError"
  | "KeyError"
  | "AttributeError";

export type YamlErrorCode =
  | "yaml-syntax"
  | "yaml-duplicate-key"
  | "yaml-tag-refused"
  | "yaml-value"
  | "yaml-several-documents"
  | "yaml-alias"
  | "yaml-limit";

/** What a parser found wrong, and where. */
export interface Problem {
  readonly code: YamlErrorCode;
  readonly type: PyYamlClass;
  /** `while parsing a block mapping` */
  readonly context?: string;
  readonly contextAt?: Offset;
  /** `did not find expected key` */
  readonly problem: string;
  readonly problemAt: Offset;
  readonly advice?: string;
  /** The message, where context and problem joined read badly. */
  readonly message?: string;
  /** Other places that belong to it. */
  readonly places?: readonly { readonly how: string; readonly at: Offset }[];
  /** `str(error)` where Python's differs from PyYAML's form of context and problem. */
  readonly text?: string;
}

/** Bad YAML: a finding, and the words in which PyYAML says the same. */
export class YamlError extends FindingError {
  /** The class of PyYAML 6.0.3 (on libyaml 0.2.5) that this error would have. */
  readonly type: PyYamlClass;
  /** PyYAML's `error.problem`. */
  readonly problem: string;
  /** `str(error)` in Python, with `"<unicode string>"` as the stream's name. */
  readonly pythonText: string;

  constructor(source: Source, problem: Problem) {
    const context = problem.context === undefined ? "" : `, ${problem.context}`;
    const offset = Math.min(problem.problemAt, source.text.length);
    const { contextAt } = problem;
    const elsewhere = contextAt !== undefined && contextAt !== problem.problemAt && problem.places === undefined;
    const places = problem.places ?? (elsewhere ? [{ how: "begun at", at: contextAt }] : []);
    super({
      code: problem.code,
      severity: "error",
      message: problem.message ?? problem.problem + context,
      at: source.position(offset),
      excerpt: source.excerpt(offset),
      ...(places.length === 0 ? {} : { trail: places.map(({ how, at }) => ({ how, ...source.position(at) })) }),
      ...(problem.advice === undefined ? {} : { advice: problem.advice }),
    });
    this.name = "YamlError";
    this.type = problem.type;
    this.problem = problem.problem;
    this.pythonText = problem.text ?? pythonText(source, problem);
  }

  /**
   * What Salt 3007.1's yaml renderer puts after `Rendering SLS … failed: `: the problem alone for scanner errors, else `str(error)`
   * (salt/renderers/yaml.py).
   */
  get saltText(): string {
    return this.type === "ScannerError" ? this.problem : this.pythonText;
  }
}

/** MarkedYAMLError.__str__ (yaml/error.py): context, its mark unless it is the problem's own, problem, mark. */
function pythonText(source: Source, problem: Problem): string {
  const mark = (offset: Offset): string => {
    const { line, column } = source.place(offset);
    // At the end of a text libyaml counts the missing line break as if it were there.
    if (offset > source.text.length) return `  in "<unicode string>", line ${line + 1}, column 1`;
    return `  in "<unicode string>", line ${line}, column ${column}`;
  };
  const lines: string[] = [];
  if (problem.context !== undefined) lines.push(problem.context);
  if (problem.contextAt !== undefined && mark(problem.contextAt) !== mark(problem.problemAt)) lines.push(mark(problem.contextAt));
  lines.push(problem.problem, mark(problem.problemAt));
  return lines.join("\n");
}
