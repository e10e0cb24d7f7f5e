import { FindingError, sortFindings, type Finding } from "../../finding/index.ts";
import { inputErrors } from "../failure.ts";
import { PyBytes, PyDict, PyError, str, truthy, type Value } from "../../python/index.ts";
import { compareCodePoints } from "../fileroots/index.ts";
import type { FileResult, LeftToNode, LowChunk } from "../types.ts";
import { Accumulators } from "./accumulate.ts";
import { FileCall, missingParameters, unknownOptions, type RunContext } from "./call.ts";
import { chunkOf, type Chunk } from "./chunk.ts";
import { conditions } from "./conditions.ts";
import { FILE_FUNCTIONS, NODE_FUNCTIONS } from "./dispatch.ts";
import { NeedsNode, NodeFiles, underAddons, type RegularFile } from "./files.ts";
import { normalizePath } from "../fileroots/index.ts";
import type { Answer, Outcome } from "./outcome.ts";
import { errorFinding } from "./report.ts";
import { runStates } from "./run.ts";
import { isKnownState, unknownState } from "./known-states.ts";
import { traceOf } from "./trace.ts";
import type { AppliedStates, FileStateDeps, FileTrace, StateOutcome } from "./types.ts";

/**
 * What `state.apply` of Salt 3007.1 would leave on a node that has none of the tree's files yet. States of other modules, and file
 * states that hang on what only the node knows, are listed as left to it; under `/etc/kubernetes/addons` the latter are errors.
 * One file's failure hides no other. `low`: in list order or in run order; requisites are followed either way.
 */
export function applyFileStates(low: readonly LowChunk[], deps: FileStateDeps): AppliedStates {
  return joinRuns([runFileStates(low, deps)], deps);
}

/** What a run of some of a minion's states came to, before it is joined with the other runs. */
export interface FileRunParts {
  /** Sorted by path. */
  readonly files: ReadonlyMap<string, FileResult>;
  /** How the files were made, by path. */
  readonly made: ReadonlyMap<string, RegularFile>;
  readonly left: readonly (readonly [low: LowChunk, left: LeftToNode])[];
  readonly findings: readonly (readonly [low: LowChunk, finding: Finding])[];
  readonly outcomes: readonly StateOutcome[];
  /** Whether anything hung on what a file holds. */
  readonly contentMattered: boolean;
  /** `deps`: of the minion that asks, which need not be the one that ran the states. */
  readonly trace: (path: string, deps: FileStateDeps) => FileTrace | undefined;
}

/** Mostly the runs' folders follow one another. */
function sortedFiles(runs: readonly FileRunParts[]): FileResult[] {
  const lists = runs.map((run) => [...run.files.values()]).filter((list) => list.length > 0);
  lists.sort(([a], [b]) => compareCodePoints(a?.path ?? "", b?.path ?? ""));
  const files = lists.flat();
  const sorted = files.every((file, index) => index === 0 || compareCodePoints(files[index - 1]?.path ?? "", file.path) < 0);
  return sorted ? files : files.sort((a, b) => compareCodePoints(a.path, b.path));
}

export function runFileStates(low: readonly LowChunk[], deps: FileStateDeps): FileRunParts {
  return new FileRun(low, deps).parts();
}

/** `order`: all states of the minion, in the order in which they take effect. */
export function joinRuns(runs: readonly FileRunParts[], deps: FileStateDeps, order?: ReadonlyMap<LowChunk, number>): AppliedStates {
  const place = (low: LowChunk): number => order?.get(low) ?? 0;
  const inOrder = <T>(parts: readonly (readonly [LowChunk, T])[]): T[] =>
    [...parts].sort(([a], [b]) => place(a) - place(b)).map(([, part]) => part);
  return {
    files: sortedFiles(runs),
    left: inOrder(runs.flatMap((run) => run.left)),
    findings: sortFindings(inOrder(runs.flatMap((run) => run.findings))),
    outcomes: runs.flatMap((run) => run.outcomes),
    traceFile: (path) => runs.find((run) => run.files.has(path))?.trace(path, deps),
  };
}

class FileRun {
  readonly #context: RunContext;
  readonly #chunks: readonly Chunk[];
  readonly #outcomes: readonly Outcome[];

  constructor(low: readonly LowChunk[], deps: FileStateDeps) {
    this.#chunks = low.map(chunkOf);
    this.#context = { deps, files: new NodeFiles(), accumulators: new Accumulators(), chunks: this.#chunks };
    const failhard = deps.minion.opts.get("failhard");
    this.#outcomes = runStates(this.#chunks, (chunk, trial) => this.#call(chunk, trial), failhard !== undefined && truthy(failhard));
  }

  #call(chunk: Chunk, trial: boolean): Outcome {
    const context = trial
      ? { ...this.#context, files: new NodeFiles(this.#context.files), accumulators: new Accumulators(this.#context.accumulators) }
      : this.#context;
    const outcome = this.#run(chunk, context);
    // Test mode says None for what would change.
    return trial && outcome.result === true && outcome.changed !== false ? { ...outcome, result: null } : outcome;
  }

  #run(chunk: Chunk, context: RunContext): Outcome {
    const fail = (comment: string, findings?: readonly [Finding, ...Finding[]]): Outcome => ({
      chunk,
      result: false,
      changed: false,
      comment,
      ran: true,
      errors: [{ path: chunk.name, findings: findings ?? [errorFinding({ context, chunk }, comment)] }],
    });
    const unknown = isKnownState(chunk, context.deps.minion.fileRoots) ? undefined : unknownState(chunk);
    if (unknown !== undefined)
      return fail(unknown.comment, [{ ...errorFinding({ context, chunk }, unknown.comment, "state-unknown", unknown.advice) }]);
    if (chunk.state !== "file") return leftToNode(chunk, "the state acts on the node");
    const wrong = [...missingParameters(chunk)];
    if (wrong.length > 0) return fail(wrong.map((text) => `${text}\n`).join(""));
    const option = unknownOptions(chunk);
    if (option !== undefined) return fail(option);
    try {
      const skip = conditions(chunk, context);
      if (skip !== undefined) return { chunk, result: true, changed: false, comment: skip, ran: true };
      const node = Object.hasOwn(NODE_FUNCTIONS, chunk.fun) ? NODE_FUNCTIONS[chunk.fun] : undefined;
      if (node !== undefined) throw new NeedsNode(node);
      const run = FILE_FUNCTIONS.get(chunk.fun);
      if (run === undefined) return leftToNode(chunk, "the function is not run here");
      refuseSlots(chunk);
      return outcomeOf(chunk, context, run(new FileCall(context, chunk, chunk.low, chunk.fun)));
    } catch (error) {
      if (error instanceof NeedsNode) return this.#needsNode(chunk, error, fail);
      if (error instanceof FindingError) return fail(exceptionComment("SaltRenderError", error.message), error.findings);
      if (error instanceof PyError) return fail(exceptionComment(error.type, error.message));
      const errors = inputErrors(error, `file.${chunk.fun} of ${chunk.name}`, context.deps.positionOf(chunk.low));
      if (errors === undefined) throw error;
      return fail(errors[0].message, errors);
    }
  }

  #needsNode(chunk: Chunk, error: NeedsNode, fail: (comment: string, findings?: readonly [Finding, ...Finding[]]) => Outcome): Outcome {
    if (!concernsAddons(chunk)) return leftToNode(chunk, error.message);
    const comment = `file.${chunk.fun} of ${chunk.name} can't be compiled: ${error.message}`;
    return fail(comment, [errorFinding({ context: this.#context, chunk }, comment, "file-state-needs-node")]);
  }

  parts(): FileRunParts {
    const contentMattered = this.#context.files.reads > 0;
    const files = new Map<string, FileResult>();
    const made = new Map<string, RegularFile>();
    for (const [path, file] of regularFiles(this.#context.files)) {
      const { origin } = file;
      made.set(path, file);
      files.set(path, { kind: "file", path, content: file.bytes, mode: file.mode, id: origin.id, sls: origin.sls, source: origin.source });
    }
    const findings: [LowChunk, Finding][] = [];
    for (const [path, outcome, found] of this.#errors()) {
      const list = found.map((finding) => this.#usedBy(outcome.chunk, finding));
      if (path === undefined) findings.push(...list.map((finding): [LowChunk, Finding] => [outcome.chunk.low, finding]));
      else {
        const known = files.get(path);
        const earlier = known?.kind === "error" ? known.findings : [];
        files.set(path, {
          kind: "error",
          path,
          id: outcome.chunk.id,
          sls: outcome.chunk.sls,
          findings: sortFindings([...earlier, ...list]),
        });
      }
    }
    const left = this.#outcomes
      .filter((outcome) => outcome.left !== undefined)
      .map(({ chunk: { low, state, fun, name, id, sls }, left: reason = "" }): [LowChunk, LeftToNode] => [
        low,
        { state, fun, name, id, sls, reason },
      ]);
    return {
      files: new Map([...files].sort(([a], [b]) => compareCodePoints(a, b))),
      made,
      left,
      findings,
      outcomes: this.#outcomes.map(plainOutcome),
      contentMattered,
      trace: (path, deps) => {
        const file = made.get(path);
        return file === undefined ? undefined : traceOf(file, deps);
      },
    };
  }

  /** What went wrong in another file is told with the state that uses that file. */
  #usedBy(chunk: Chunk, finding: Finding): Finding {
    const at = this.#context.deps.positionOf(chunk.low);
    if (at === undefined || finding.at === undefined || finding.at.file === at.file) return finding;
    const how = `rendered for state ${chunk.id} (file.${chunk.fun}) of SLS ${chunk.sls},`;
    return { ...finding, trail: [...(finding.trail ?? []), { how, ...at }] };
  }

  /** Failed states by the paths that they leave unwritten; those that did not run after a `failhard` too. */
  *#errors(): Generator<readonly [path: string | undefined, outcome: Outcome, findings: readonly Finding[]]> {
    const ran = new Set<Chunk>();
    for (const outcome of this.#outcomes) {
      ran.add(outcome.chunk);
      if (outcome.result !== false) {
        if (outcome.left !== undefined && outcome.chunk.state === "file" && concernsAddons(outcome.chunk)) {
          const comment = `file.${outcome.chunk.fun} of ${outcome.chunk.name} can't be compiled: ${outcome.left}`;
          yield [normalizePath(outcome.chunk.name), outcome, [this.#finding(outcome.chunk, comment, "file-state-needs-node")]];
        }
        continue;
      }
      const listed = outcome.errors ?? [{ path: outcome.chunk.name, findings: [this.#finding(outcome.chunk, outcome.comment)] }];
      for (const { path, findings } of listed) yield [pathOf(outcome.chunk, path), outcome, findings];
    }
    for (const chunk of this.#chunks) {
      if (ran.has(chunk)) continue;
      const comment = `${chunk.state}.${chunk.fun} of ${chunk.name} was not run: a state before it failed with failhard`;
      yield [pathOf(chunk, chunk.name), { chunk, result: false, changed: false, comment, ran: false }, [this.#finding(chunk, comment)]];
    }
  }

  #finding(chunk: Chunk, comment: string, code?: string): Finding {
    return errorFinding({ context: this.#context, chunk }, comment, code);
  }
}

/** The path that a file state's failure concerns; none for other states and for names that are no path. */
function pathOf(chunk: Chunk, path: string): string | undefined {
  return chunk.state === "file" && path.startsWith("/") ? normalizePath(path) : undefined;
}

function concernsAddons(chunk: Chunk): boolean {
  const target = chunk.fun === "accumulated" ? str(chunk.low.get("filename") ?? "") : chunk.name;
  return underAddons(normalizePath(target));
}

function leftToNode(chunk: Chunk, reason: string): Outcome {
  return { chunk, result: true, changed: "unknown", comment: "", ran: true, left: reason };
}

function outcomeOf(chunk: Chunk, context: RunContext, answer: Answer): Outcome {
  const { result, changed, comment } = answer;
  if (result) return { chunk, result, changed, comment, ran: true };
  const errors = answer.errors ?? [{ path: chunk.name, findings: answer.findings ?? [errorFinding({ context, chunk }, comment)] }];
  return { chunk, result, changed, comment, ran: true, errors };
}

/** Salt shows a stack trace here; its last line is what tells. */
function exceptionComment(type: string, message: string): string {
  return `An exception occurred in this state: ${type}: ${message}`;
}

/** A slot is a call that the minion makes when the state runs. */
function refuseSlots(chunk: Chunk): void {
  for (const value of chunk.low.values()) {
    const parts = Array.isArray(value) ? value : value instanceof PyDict ? [...value.values()] : [value];
    // State.format_slots asks every value of a dict whether it begins so, and bytes can't be asked that.
    if (parts.some((part) => part instanceof PyBytes) && value instanceof PyDict)
      throw new PyError("TypeError", "startswith first arg must be bytes or a tuple of bytes, not str");
    if (parts.some((part) => isSlot(part) || (part instanceof PyDict && [...part.values()].some(isSlot))))
      throw new NeedsNode("__slot__ is called on the node");
  }
}

function isSlot(value: Value): boolean {
  return typeof value === "string" && value.startsWith("__slot__:");
}

function* regularFiles(files: NodeFiles): Generator<readonly [string, RegularFile]> {
  for (const [path, entry] of files.entries()) {
    if (entry.kind === "file") yield [path, entry];
    else if (entry.kind === "link" && files.isFile(path)) {
      const target = files.read(path);
      if (target !== undefined) yield [path, { ...target, origin: { ...entry.origin, source: target.origin.source } }];
    }
  }
}

function plainOutcome({ chunk: { state, fun, id, name, sls }, result, changed, comment, ran, left: reason }: Outcome): StateOutcome {
  const ended = reason !== undefined ? "left" : result === false ? "failed" : ran ? "done" : "skipped";
  return { state, fun, id, name, sls, result: ended, changed, comment };
}
