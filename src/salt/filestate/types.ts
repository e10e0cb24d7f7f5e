import type { Finding, Position, TrailStep } from "../../finding/index.ts";
import type { Rendered } from "../../jinja/types.ts";
import type { Kwargs, PyDict, Value } from "../../python/index.ts";
import type { Kept, Trie } from "../../memo/index.ts";
import type { CommonFiles } from "../common-files.ts";
import type { KeptRender } from "../render/index.ts";
import type { FileResult, LeftToNode, LowChunk, Minion, SourceFile } from "../types.ts";

/** A template that a file state renders. */
export interface TemplateRequest {
  /** The file, or where the text stands in the state itself: its text and what messages call it. */
  readonly template: SourceFile | { readonly text: string; readonly display: string };
  readonly saltenv: string;
  /**
   * What the template sees beside `salt`, `pillar`, `grains`, `opts` and `saltenv`, and over them where it has the same name:
   * `name`, `source`, `user` …, options that the state function does not know, then `defaults` and `context`.
   */
  readonly variables: ReadonlyMap<string, Value>;
}

/** What file states need of the rest of the compiler. */
export interface FileStateDeps {
  readonly minion: Minion;
  readonly pillar: PyDict;
  /** @throws FindingError where the template fails; its message is what Salt's SaltRenderError says */
  renderTemplate(
    request: TemplateRequest,
    options: { readonly trace: boolean; readonly results?: Trie<Kept<KeptRender>> | undefined },
  ): Rendered;
  /** Calls an execution module's function, for `onlyif` and `unless` with `fun`. @throws FindingError for an impure or unknown one */
  callFunction(name: string, args: readonly Value[], kwargs: Kwargs): Value;
  /** Where a state, or one option of it, stands in its SLS, as far as known. */
  positionOf(low: LowChunk, option?: string): Position | undefined;
}

/** How one state ended, in the words of `state.apply`. */
export interface StateOutcome {
  readonly state: string;
  readonly fun: string;
  readonly id: string;
  readonly name: string;
  readonly sls: string;
  /** `left`: the state acts on the node and was not run; those that require it go on. */
  readonly result: "done" | "failed" | "left" | "skipped";
  /** Unknown for what is left to the node. */
  readonly changed: boolean | "unknown";
  readonly comment: string;
}

/** Where the lines of a written file came from (ruling 10). */
export interface FileTrace {
  /** For a line of the file, counted from 1: innermost first. Empty where nothing is known. */
  at(line: number): readonly TrailStep[];
}

export interface AppliedStates {
  /** Sorted by path. */
  readonly files: readonly FileResult[];
  readonly left: readonly LeftToNode[];
  /** What concerns no single file: unknown states, failed states without a path; and warnings. */
  readonly findings: readonly Finding[];
  /** In the order in which they ran. */
  readonly outcomes: readonly StateOutcome[];
  /** Renders the file once more with a record of which template line printed what. `undefined` for a path that was not written. */
  traceFile(path: string): FileTrace | undefined;
  /** What other minions have too. Absent where that is not known. */
  readonly common?: CommonFiles;
}
