import type { Finding } from "../../finding/index.ts";
import type { Chunk } from "./chunk.ts";

/** What running one state gave: Salt's `result`, `changes` and `comment`, and what is to be said about it. */
export interface Outcome {
  readonly chunk: Chunk;
  /** None in Salt's sense: a trial run that would change something. */
  readonly result: boolean | null;
  readonly changed: boolean | "unknown";
  readonly comment: string;
  /** False where a requisite kept the state from running (Salt's `__state_ran__`). */
  readonly ran: boolean;
  /** The state acts on the node, and why. */
  readonly left?: string;
  /** Paths that are not written, with the reason. Without any, the state's own name is the path. */
  readonly errors?: readonly { readonly path: string; readonly findings: readonly [Finding, ...Finding[]] }[];
}

/** What a state function answers. */
export interface Answer {
  readonly result: boolean;
  readonly changed: boolean;
  readonly comment: string;
  /** Findings that say more than the comment: the template's own, with position and excerpt. */
  readonly findings?: readonly [Finding, ...Finding[]];
  /** Of states that write many files: those that failed. */
  readonly errors?: Outcome["errors"];
}

export function done(comment: string, changed: boolean): Answer {
  return { result: true, changed, comment };
}
export function failed(comment: string, findings?: readonly [Finding, ...Finding[]]): Answer {
  return { result: false, changed: false, comment, ...(findings === undefined ? {} : { findings }) };
}
