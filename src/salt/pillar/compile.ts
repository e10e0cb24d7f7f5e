import type { Finding } from "../../finding/index.ts";
import { PyDict, PyError, type DataPath, type Value } from "../../python/index.ts";
import { Options } from "../config/index.ts";
import { fnmatchcase, isGlob } from "../data/index.ts";
import { SlsNames, type RenderSls } from "../sls/index.ts";
import type { Minion } from "../types.ts";
import { inputErrors } from "../failure.ts";
import { PillarErrors } from "./errors.ts";
import { PillarMerger } from "./merger.ts";
import type { PillarProvenance, PillarTracer } from "./provenance.ts";
import { PillarSls } from "./render.ts";
import { sharedPillarTops, type SharedTops } from "./shared-tops.ts";
import { matchPillarTops } from "./tops.ts";

export interface PillarRequest {
  readonly minion: Minion;
  readonly render: RenderSls;
  readonly names: SlsNames;
  /** The state environment asked for, which only the strategy `none` minds. */
  readonly saltenv: string | null;
  /** Null: the pillar of all environments. */
  readonly pillarenv: string | null;
  /** `--pillar`: under the tree's data while it is merged, then over it. */
  readonly override?: PyDict;
  /**
   * The pillar the minion has already. A pillar that is compiled anew, because of an override or another environment, sees it in its
   * templates and targets, and is merged over it (`ssh_merge_pillar`).
   */
  readonly known?: PyDict;
  /** Whether the override is put over the result once more, as Salt does where states are compiled (`State.__init__`). */
  readonly overrideAgain?: boolean;
  /** Follows values to their lines; the same for a pillar that is compiled anew. */
  readonly tracer?: PillarTracer | undefined;
  readonly warn: (findings: readonly Finding[]) => void;
  /** Where merged and rendered data are taken from and kept: then nothing of the pillar may be changed. */
  readonly sharing?: PillarSharing | undefined;
}

/** Keeps top files and pillar SLS over many minions. */
export interface PillarSharing {
  /** What the top files come to for many minions; `undefined` from `run` is not kept. `textAt`: the minion's own text at a place. */
  tops(environments: string, run: () => SharedTops | undefined): SharedTops | undefined;
  textAt(place: DataPath): string | undefined;
  /** What an SLS without includes comes to; `undefined` from `run` is not kept. */
  sls(saltenv: string, sls: string, run: () => SharedSls | undefined): SharedSls | undefined;
  /** Told of what is about to be merged over what there is, so that only what both have is copied. */
  merging(above: PyDict): void;
  /** Told that data were put together in another way, so that one container may stand at two places. */
  mixed(): void;
  /** The mapping that every pillar begins with, which holds nothing. */
  readonly nothing: PyDict;
  /** What two mappings that nobody changes merge to: one object for the same two. */
  merged(below: PyDict, above: PyDict, merge: () => PyDict): PyDict;
}

/** What a pillar SLS comes to, for many minions. */
export interface SharedSls {
  readonly state: Value;
  readonly sealed: ReadonlyMap<string, string> | undefined;
}

export interface CompiledPillar {
  /** With `_errors`, a list of texts, where something failed. */
  readonly data: PyDict;
  readonly findings: readonly Finding[];
  /** The PGP messages that became references, by their digests, in their normal form. */
  readonly sealed: ReadonlyMap<string, string>;
  /** Only where asked for. */
  readonly provenance?: PillarProvenance;
}

/** What the command line's pillar is called in provenance. */
const COMMAND_LINE = { file: "--pillar" };

/** Compiles a minion's pillar: tops, targets, SLS with their includes, merged (`Pillar.compile_pillar`). Errors are collected. */
export function compilePillar(request: PillarRequest): CompiledPillar {
  const options = new Options(request.minion.opts);
  const errors = new PillarErrors();
  const { tracer, override } = request;
  const merger = new PillarMerger(options, tracer);
  let data = request.sharing?.nothing ?? new PyDict();
  if (override !== undefined) {
    data = override.copy();
    for (const key of data.keys()) for (const dict of [data, override]) tracer?.placed(dict, key, COMMAND_LINE);
  }
  const topErrors = new PillarErrors();
  const sealed = new Map<string, string>();
  try {
    const matched = sharedPillarTops(request) ?? matchPillarTops(request, options, topErrors);
    const renderer = new PillarSls(request, options, merger, errors, matched, tracer, sealed);
    for (const [saltenv, patterns] of matched.slsOf) data = mergeEnvironment(renderer, merger, data, saltenv, patterns);
  } catch (error) {
    collect(error, errors);
  }
  errors.messages.push(...topErrors.messages);
  errors.findings.push(...topErrors.findings);
  if (request.known !== undefined && options.flag("ssh_merge_pillar")) data = merger.merge(request.known, data);
  if (errors.messages.length > 0) {
    // Others may have the same.
    if (request.sharing !== undefined) data = data.copy();
    data.set("_errors", errors.messages);
  }
  if (override !== undefined) data = merger.merge(data, override);
  if (override !== undefined && request.overrideAgain === true) data = merger.merge(data, override);
  const findings = [...errors.findings, ...strategyWarning(merger)];
  return { data, findings, sealed, ...(tracer !== undefined && { provenance: tracer.provenance(data) }) };
}

function mergeEnvironment(
  renderer: PillarSls,
  merger: PillarMerger,
  before: PyDict,
  saltenv: string,
  patterns: readonly string[],
): PyDict {
  let data = before;
  const available = renderer.available(saltenv);
  if (available === undefined) for (const _ of patterns) renderer.noEnvironment(saltenv);
  const names = patterns.flatMap((pattern) => {
    // What holds no wildcard matches itself at the most.
    const found = isGlob(pattern) ? (available ?? []).filter((name) => fnmatchcase(name, pattern)) : [];
    return found.length > 0 ? found : [pattern];
  });
  const rendered = new Map<string, Value>();
  for (const sls of names) {
    const state = renderer.render(sls, saltenv, rendered, undefined, () => renderer.topNames(sls, saltenv));
    // Data that is no mapping is an error already; Salt leaves it out.
    if (state instanceof PyDict) data = merger.shared(data, state, renderer.sharing, renderer.isShared(state));
  }
  return data;
}

/** Where Salt's compile would end in a Python exception, ours says what is wrong and keeps the rest. */
function collect(error: unknown, errors: PillarErrors): void {
  if (error instanceof PyError) {
    errors.add("pillar-shape", `Pillar can't be compiled: ${error.type}: ${error.message}`);
    return;
  }
  const causes = inputErrors(error, "compiling the pillar");
  if (causes === undefined) throw error;
  errors.causedBy("pillar", causes[0].message, causes);
}

function strategyWarning(merger: PillarMerger): Finding[] {
  if (merger.unknownStrategy === undefined) return [];
  const message = `Unknown merging strategy '${merger.unknownStrategy}', fallback to recurse`;
  return [{ code: "pillar-strategy", severity: "warning", message }];
}
