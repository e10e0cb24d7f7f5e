import { FindingError } from "../../finding/index.ts";
import { isIntLike, PyDict, PyError, PyFloat, str, truthy, typeName, type Value } from "../../python/index.ts";
import type { Options } from "../config/index.ts";
import { confirmTop, subjectOf } from "../match/index.ts";
import { findSls, iterate } from "../sls/index.ts";
import type { SourceFile } from "../types.ts";
import type { PillarErrors } from "./errors.ts";
import type { PillarRequest } from "./compile.ts";

/** The pillar SLS that a minion's tops give it, by environment and in order. */
export interface PillarMatches {
  readonly slsOf: ReadonlyMap<string, readonly string[]>;
  /** SLS that may be missing (`ignore_missing`), by environment. */
  readonly ignored: ReadonlyMap<string, readonly string[]>;
  /** SLS that are named by a text of the minion's own, so that no other is likely to have them. Default: none is known. */
  readonly own?: ReadonlySet<string>;
}

/** Targets of one environment in their order: what stands under each. */
type Targets = Map<Value, Value[]>;

/** `get_top` and `top_matches` of salt/pillar/__init__.py. */
export function matchPillarTops(request: PillarRequest, options: Options, errors: PillarErrors): PillarMatches {
  const ignored = new Map<string, string[]>();
  const tops = pillarTops(request, options, errors);
  let merged: Map<Value, Targets>;
  try {
    merged = mergeTops(tops, ignored);
  } catch (error) {
    if (!(error instanceof PyError) || error.type !== "TypeError") throw error;
    errors.add("pillar-top-shape", "Error encountered while rendering pillar top file.", {
      file: topDisplay(tops),
      because: error.message,
      advice: "A top file maps environments to targets, and each target to a list of SLS names",
    });
    merged = new Map();
  }
  const slsOf = new Map<string, string[]>();
  const subject = subjectOf(request.minion, options.nodegroups, request.known);
  for (const [saltenv, targets] of merged) {
    if (typeof saltenv !== "string" || (request.pillarenv !== null && saltenv !== request.pillarenv)) continue;
    for (const [target, entries] of targets) {
      // `confirm_top`. @throws FindingError for a matcher that is none
      if (!confirmTop(subject, target, entries, "pillar top file")) continue;
      const list = slsOf.get(saltenv) ?? [];
      slsOf.set(saltenv, list);
      for (const entry of entries) if (typeof entry === "string" && !list.includes(entry)) list.push(entry);
    }
  }
  return { slsOf, ignored };
}

function topDisplay(tops: readonly Top[]): string {
  return tops[0]?.file.display ?? "top.sls";
}

interface Top {
  readonly saltenv: string;
  readonly data: Value;
  readonly file: SourceFile;
}

/** Environments whose top file counts. Salt takes them in the order of a set, which changes from run to run; here it is the config's. */
function topEnvironments(request: PillarRequest, options: Options): readonly string[] {
  const environments = request.minion.pillarRoots.environments();
  if (request.pillarenv !== null) return environments.includes(request.pillarenv) ? [request.pillarenv] : [];
  const all = ["base", ...environments.filter((name) => name !== "base")];
  if (options.opts.get("pillar_source_merging_strategy") !== "none") return all;
  return all.filter((name) => name === (request.saltenv ?? "base"));
}

function pillarTops(request: PillarRequest, options: Options, errors: PillarErrors): Top[] {
  const tops: Top[] = [];
  for (const saltenv of topEnvironments(request, options)) {
    const file = request.minion.pillarRoots.find(saltenv, options.stateTop);
    if (file === undefined) continue;
    const data = renderTop(request, file, saltenv, "Rendering Primary Top file failed, render error:", errors);
    // One top file that can't be rendered ends the reading of all that would follow.
    if (data === undefined) break;
    tops.push({ saltenv, data, file });
  }
  const included: Top[] = [];
  for (const { saltenv, data } of tops) {
    if (!(data instanceof PyDict) || !data.has("include")) continue;
    const names = iterate(data.get("include") ?? null);
    data.delete("include");
    included.push(...includedTops(request, saltenv, names, errors));
  }
  // Salt files the included ones under their environment, after its own.
  return tops.flatMap((top) => [top, ...included.filter(({ saltenv }) => saltenv === top.saltenv)]);
}

function includedTops(request: PillarRequest, saltenv: string, names: readonly Value[], errors: PillarErrors): Top[] {
  const found: Top[] = [];
  for (const sls of new Set(names)) {
    const file = typeof sls === "string" ? findSls(request.minion.pillarRoots, saltenv, sls)?.file : undefined;
    // A top file that is not there is passed over, as in Salt.
    if (file === undefined) continue;
    const data = renderTop(request, file, saltenv, `Rendering Top file ${str(sls)} failed, render error:`, errors);
    if (data !== undefined) found.push({ saltenv, data, file });
  }
  return found;
}

function renderTop(request: PillarRequest, file: SourceFile, saltenv: string, message: string, errors: PillarErrors): Value | undefined {
  try {
    const { minion, known } = request;
    const rendered = request.render({ minion, pillar: known ?? new PyDict(), saltenv, sls: "", file, role: "pillar" });
    request.warn(rendered.warnings);
    return rendered.data;
  } catch (error) {
    if (!(error instanceof FindingError)) throw error;
    errors.causedBy("pillar-top-render", `${message}\n${error.message}`, error.findings);
    return undefined;
  }
}

/** `merge_tops`: a later target of the same name replaces the earlier in its place; then sorted by `order`. */
function mergeTops(tops: readonly Top[], ignored: Map<string, string[]>): Map<Value, Targets> {
  const merged = new Map<Value, Map<Value, { readonly order: number; readonly entries: Value[] }>>();
  for (const { data } of tops) {
    if (!(data instanceof PyDict)) throw new PyError("TypeError", `a top file must be a mapping, not ${typeName(data)}`);
    for (const [saltenv, targets] of data.entries()) {
      if (saltenv === "include") continue;
      const names = iterate(targets);
      if (!(targets instanceof PyDict)) {
        if (names.length === 0) continue;
        throw new PyError("TypeError", `targets must be a mapping, not ${typeName(targets)}`);
      }
      const into = merged.get(saltenv) ?? new Map<Value, { readonly order: number; readonly entries: Value[] }>();
      merged.set(saltenv, into);
      for (const [target, entries] of targets.entries()) into.set(target, readTarget(saltenv, entries, ignored));
    }
  }
  return new Map(
    [...merged].map(([saltenv, targets]) => {
      const sorted = [...targets].sort(([, a], [, b]) => a.order - b.order);
      return [saltenv, new Map(sorted.map(([target, { entries }]) => [target, entries]))];
    }),
  );
}

function readTarget(saltenv: Value, value: Value, ignored: Map<string, string[]>): { readonly order: number; readonly entries: Value[] } {
  const options: Value[] = [];
  const names = new Set<string>();
  let order = 0;
  let ignoreMissing = false;
  for (const entry of iterate(value)) {
    if (entry instanceof PyDict) {
      if (entry.has("match")) options.push(entry);
      if (entry.has("order")) order = orderOf(entry.get("order") ?? null);
      if (truthy(entry.get("ignore_missing") ?? false)) ignoreMissing = true;
    } else if (typeof entry === "string") names.add(entry);
  }
  if (ignoreMissing && typeof saltenv === "string") ignored.set(saltenv, [...(ignored.get(saltenv) ?? []), ...names]);
  return { order, entries: [...options, ...names] };
}

/** Python's `int()`, with 0 for text that is no number. */
function orderOf(value: Value): number {
  if (isIntLike(value)) return Number(value);
  if (value instanceof PyFloat) return Math.trunc(value.value);
  if (typeof value === "string") return /^\s*[+-]?\d+(?:_\d+)*\s*$/u.test(value) ? Number(value.replaceAll("_", "")) : 0;
  throw new PyError("TypeError", `int() argument must be a string, a bytes-like object or a real number, not '${typeName(value)}'`);
}
