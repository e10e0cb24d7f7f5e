import type { Finding } from "../../finding/index.ts";
import { Options } from "../config/index.ts";
import { findSls } from "../sls/index.ts";
import type { LowChunk } from "../types.ts";
import type { SlsName, StateError } from "./errors.ts";
import { compileHigh, type HighRequest } from "./high.ts";
import { compileLow, type LowState } from "./low.ts";
import { runOrder, verifyRequisites } from "./requisites.ts";

/** An SLS that was left out, and why. */
export interface FailedSls extends SlsName {
  readonly findings: readonly Finding[];
  /** The SLS's own source text, from which one can tell what it would have written; empty where there is no such file. */
  readonly texts: readonly string[];
}

/** Low chunks of a highstate or of SLS. */
export interface CompiledStates {
  readonly low: LowState;
  /** The chunks in the order in which they take effect. */
  readonly order: readonly LowChunk[];
  /** SLS left out; only where that was asked for. */
  readonly failed: readonly FailedSls[];
  /** Errors that are no single SLS's, or any error where nothing is to be left out. */
  readonly errors: readonly StateError[];
}

/**
 * Compiles SLS to low chunks. With `lenient`, SLS that fail are left out and the rest is compiled as if they were empty, again until no
 * more fail: what requires something of a failed SLS fails with it.
 */
export function compileStates(request: Omit<HighRequest, "skip">, lenient = false): CompiledStates {
  const options = new Options(request.minion.opts);
  const failed = new Map<string, { readonly name: SlsName; readonly findings: Finding[] }>();
  for (;;) {
    const low = compileLow(request.minion, compileHigh({ ...request, skip: new Set(failed.keys()) }));
    const errors = low.errors.length > 0 ? low.errors : verifyRequisites(low, options.disabledRequisites);
    const done = { low, failed: [...failed.values()].map((entry) => failedSls(request, entry)) };
    if (errors.length === 0) return { ...done, order: runOrder(low.chunks, options.disabledRequisites), errors };
    const leftOut =
      lenient && errors.every((error) => error.blame.length > 0) && errors.map((error) => leaveOut(failed, error)).includes(true);
    if (!leftOut) return { ...done, order: [], errors };
  }
}

/** Whether the error led to an SLS being left out that was not before. */
function leaveOut(failed: Map<string, { readonly name: SlsName; readonly findings: Finding[] }>, error: StateError): boolean {
  let added = false;
  for (const name of error.blame) {
    const key = `${name.saltenv}:${name.sls}`;
    const entry = failed.get(key);
    if (entry === undefined) failed.set(key, { name, findings: [...error.findings] });
    else entry.findings.push(...error.findings);
    added ||= entry === undefined;
  }
  return added;
}

function failedSls(
  request: Omit<HighRequest, "skip">,
  { name, findings }: { readonly name: SlsName; readonly findings: readonly Finding[] },
): FailedSls {
  const file = findSls(request.minion.fileRoots, name.saltenv, name.sls)?.file;
  return { ...name, findings, texts: file === undefined ? [] : [sourceText(file.bytes)] };
}

/** Also what is no UTF-8 is searched for paths. */
function sourceText(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
