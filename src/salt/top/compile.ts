import { FindingError, type Finding } from "../../finding/index.ts";
import { PyDict, type Value } from "../../python/index.ts";
import { Options } from "../config/index.ts";
import { fnmatchcase } from "../data/index.ts";
import { confirmTop, subjectOf, type Subject } from "../match/index.ts";
import { findSls, iterate, type RenderSls, type SlsNames } from "../sls/index.ts";
import type { Minion, SourceFile } from "../types.ts";
import { stateEnvironments } from "./environments.ts";
import { mergeTops, type Tops } from "./merge.ts";
import { verifyTops } from "./verify.ts";

export interface TopRequest {
  readonly minion: Minion;
  readonly pillar: PyDict;
  /** The environment asked for: only its top file counts, and only its section. Null: all. */
  readonly saltenv: string | null;
  readonly render: RenderSls;
  readonly names: SlsNames;
  readonly warn: (findings: readonly Finding[]) => void;
}

/** SLS names by environment, in order; the shape of `state.show_top`. */
export type CompiledTop = ReadonlyMap<string, readonly string[]>;

/**
 * The SLS of a minion's highstate. A top file that can't be read is an error, where Salt logs it and goes on as if it were empty.
 *
 * @throws FindingError with Salt's words
 */
export function compileTop(request: TopRequest): CompiledTop {
  const options = new Options(request.minion.opts);
  const tops = readTops(request, options);
  const merged = mergeTops(tops, options);
  verifyTops(merged);
  const subject = subjectOf(request.minion, options.nodegroups, request.pillar);
  const environments = new Set(["base", ...stateEnvironments(request.minion, options)]);
  const found = new Map<string, string[]>();
  for (const [saltenv, targets] of merged) {
    if (request.saltenv !== null && saltenv !== request.saltenv) continue;
    for (const [target, entries] of targets) {
      const list = iterate(entries);
      const take = (): void => takeMatches(found, subject, environments, saltenv, target, list);
      if (request.minion.noted === undefined) take();
      else request.minion.noted(targetLabel(list), take);
    }
  }
  return found;
}

/** A target's reads are told under the SLS that it brings, which is what they decide. */
export function targetLabel(entries: readonly Value[]): string {
  const sls = entries.flatMap((entry) => (typeof entry === "string" ? [entry] : entry instanceof PyDict ? [...entry.values()] : []));
  return JSON.stringify(sls.filter((name) => typeof name === "string"));
}

function takeMatches(
  found: Map<string, string[]>,
  subject: Subject,
  environments: ReadonlySet<string>,
  saltenv: string,
  target: Value,
  entries: readonly Value[],
): void {
  if (!confirmTop(subject, target, entries, "top file")) return;
  add(found, saltenv);
  for (const entry of entries) {
    if (typeof entry === "string") add(found, saltenv, entry);
    if (!(entry instanceof PyDict)) continue;
    const filters = entry.get("subfilter");
    if (filters instanceof PyDict) {
      for (const [inner, data] of filters.entries()) {
        takeMatches(found, subject, environments, saltenv, inner, typeof data === "string" ? [data] : iterate(data));
      }
    }
    // `{dev: sls}` takes the SLS from another environment; `match:` and the like name none.
    const [environment, sls] = [...entry.entries()].at(-1) ?? [];
    if (typeof environment !== "string" || !environments.has(environment) || sls === undefined) continue;
    if (typeof sls !== "string") throw topError("top-shape", `the top file's entry for saltenv ${environment} must be one SLS name`);
    add(found, environment, sls);
  }
}

function add(found: Map<string, string[]>, saltenv: string, sls?: string): void {
  const list = found.get(saltenv) ?? [];
  found.set(saltenv, list);
  if (sls !== undefined) list.push(sls);
}

/** `get_tops`: every environment's top file with the ones it includes. */
function readTops(request: TopRequest, options: Options): Tops {
  const { minion, saltenv } = request;
  if (options.topFileMergingStrategy === "same" && saltenv === null && options.defaultTop === null) {
    throw topError("top-default", "top_file_merging_strategy set to 'same', but no default_top configuration option was set");
  }
  const { stateTopSaltenv } = options;
  const environments = saltenv !== null ? [saltenv] : stateTopSaltenv !== null ? [stateTopSaltenv] : stateEnvironments(minion, options);
  const tops = new Map<string, PyDict[]>();
  const included: { readonly saltenv: string; readonly patterns: readonly Value[] }[] = [];
  for (const environment of environments) {
    const file = minion.fileRoots.find(environment, options.stateTop);
    const top = file === undefined ? new PyDict() : renderTop(request, environment, file);
    const include = top.get("include");
    if (include !== undefined) {
      included.push({ saltenv: environment, patterns: iterate(include) });
      top.delete("include");
    }
    tops.set(environment, [...(tops.get(environment) ?? []), top]);
  }
  for (const { saltenv: environment, patterns } of included) {
    for (const file of includedTops(request, environment, patterns)) tops.get(environment)?.push(renderTop(request, environment, file));
  }
  return tops;
}

function includedTops(request: TopRequest, saltenv: string, patterns: readonly Value[]): SourceFile[] {
  const { minion, names } = request;
  const found = new Map<string, SourceFile>();
  for (const pattern of patterns) {
    if (typeof pattern !== "string") throw topError("top-include", "the top file's include must be a list of SLS names");
    for (const sls of names.of(minion.fileRoots, saltenv)) {
      const file = fnmatchcase(sls, pattern) ? findSls(minion.fileRoots, saltenv, sls)?.file : undefined;
      if (file !== undefined) found.set(sls, file);
    }
  }
  return [...found.values()];
}

function renderTop(request: TopRequest, saltenv: string, file: SourceFile): PyDict {
  const { minion, pillar, render, warn } = request;
  const rendered = render({ minion, pillar, saltenv, sls: "", file, role: "state" });
  warn(rendered.warnings);
  if (rendered.data instanceof PyDict) return rendered.data;
  throw topError("top-shape", `${file.display} must map environments to targets`);
}

function topError(code: string, message: string): FindingError {
  return new FindingError({ code, severity: "error", message });
}
