import type { Finding, Position } from "../finding/index.ts";
import { PyError, str, type PyDict } from "../python/index.ts";
import { Options } from "./config/index.ts";
import { applyFileStates, type AppliedStates, type FileStateDeps } from "./filestate/index.ts";
import { inputErrors } from "./failure.ts";
import { compilePillar, PillarTracer, type CompiledPillar, type PillarSharing } from "./pillar/index.ts";
import { MinionBudget, SlsRenderer, type RenderMemo } from "./render/index.ts";
import type { Memo } from "../memo/index.ts";
import { SharedMinionCompiler, type SharedStates } from "./shared-compile.ts";
import { SlsNames, type RenderSls } from "./sls/index.ts";
import { compileHigh, compileStates, verifyHigh, type CompiledStates, type HighRequest } from "./state/index.ts";
import { compileTop, type CompiledTop } from "./top/index.ts";
import type { LowChunk, Minion } from "./types.ts";

/** What a stage came to: its value, or errors in Salt's words; findings say the same with places, and hold warnings too. */
export interface Stage<T> {
  /** Absent where the stage failed. */
  readonly value?: T;
  /** What `salt-call` would list: Salt's own texts. */
  readonly messages: readonly string[];
  readonly findings: readonly Finding[];
}

/** Which states a stage is about. */
export interface StateSelection {
  /** SLS names; absent: the highstate of the top file. */
  readonly sls?: readonly string[];
  readonly saltenv?: string;
}

export interface MinionSettings {
  /** `--pillar`: data put over the compiled pillar. Pillar SLS see the pillar without it. */
  readonly pillarOverride?: PyDict;
  /** Keep which pillar line won (`pillar().provenance`). Default false. */
  readonly trace?: boolean;
  /** Leave failing SLS out and go on (`low().failed`), as `halite render` does. Default false: any error fails the stage. */
  readonly lenient?: boolean;
  /** The pillar where it is known already, or is to be another. It may be changed. */
  readonly pillar?: PillarStage | undefined;
  readonly sharing?: CompileSharing;
}

/** How a minion's stages share results with other minions' (shared-compile.ts). */
export interface CompileSharing {
  readonly memo: RenderMemo;
  /** The pillar, compiled already; absent while it is. */
  readonly pillar?: PillarStage;
  readonly pillarSharing?: PillarSharing;
}

/** Low chunks with what the next stages need of them. */
export interface CompiledLow {
  readonly chunks: readonly LowChunk[];
  /** In the order of `state.apply`'s run. */
  readonly order: readonly LowChunk[];
  readonly failed: CompiledStates["failed"];
  readonly positionOf: (chunk: LowChunk, key?: string) => Position | undefined;
}

/** What is shared by the compiles of many minions: the renderer with its compiled templates, and lists of names. */
export class SaltCompiler {
  readonly #renderer: SlsRenderer;
  readonly #names = new SlsNames();

  constructor(renderer: SlsRenderer = new SlsRenderer()) {
    this.#renderer = renderer;
  }

  /** The same with results shared through the memo; `shared` is one object for all minions of a memo. */
  forSharing(minion: Minion, memo: Memo, shared: SharedStates, pillar?: PillarStage): SharedMinionCompiler {
    return new SharedMinionCompiler(minion, memo, shared, this.#renderer, this.#names, pillar);
  }

  forMinion(minion: Minion, settings: MinionSettings = {}): MinionCompiler {
    return new MinionCompiler(minion, settings, this.#renderer, this.#names);
  }
}

/**
 * One minion's way from tree to files, stage by stage: pillar, top, high, low, files. Each stage is computed when first asked for, and once.
 */
export class MinionCompiler {
  readonly #minion: Minion;
  readonly #settings: MinionSettings;
  readonly #renderer: SlsRenderer;
  readonly #render: RenderSls;
  readonly #names: SlsNames;
  readonly #budget: MinionBudget;
  readonly #pillars = new Map<string, PillarStage>();
  readonly #tops = new Map<string, Stage<CompiledTop>>();
  readonly #highs = new Map<string, Stage<PyDict>>();
  readonly #lows = new Map<string, Stage<CompiledLow>>();
  readonly #files = new Map<string, Stage<AppliedStates>>();

  constructor(minion: Minion, settings: MinionSettings, renderer: SlsRenderer, names: SlsNames, budget = new MinionBudget()) {
    this.#budget = budget;
    this.#minion = minion;
    this.#settings = settings;
    this.#renderer = renderer;
    this.#render = (request) =>
      renderer.renderSls({
        ...request,
        budget: this.#budget,
        memo: settings.sharing?.memo,
        freshPillar: (options) => this.#freshPillar(options),
      });
    this.#names = names;
  }

  /** The minion's pillar (`pillar.items`). It has a value even where parts failed; `messages` are then its `_errors`. */
  pillar({ saltenv }: Pick<StateSelection, "saltenv"> = {}): PillarStage {
    return (
      this.#settings.pillar ??
      this.#settings.sharing?.pillar ??
      once(this.#pillars, this.#pillarenv(saltenv) ?? "", () => this.#compilePillar(saltenv))
    );
  }

  /** SLS of the highstate by environment (`state.show_top`). */
  top({ saltenv }: Pick<StateSelection, "saltenv"> = {}): Stage<CompiledTop> {
    return once(this.#tops, saltenv ?? "", () => this.#compileTop(saltenv));
  }

  /** High data (`state.show_highstate`, `state.show_sls`). */
  high(selection: StateSelection = {}): Stage<PyDict> {
    return once(this.#highs, selectionKey(selection), () =>
      this.#states(selection, (request) => {
        const { high, errors: rendering, sources } = compileHigh(request);
        // state.show_sls verifies what it shows, state.show_highstate does not.
        const errors = selection.sls === undefined ? rendering : [...rendering, ...verifyHigh(high, sources)];
        if (errors.length === 0) return { value: high, messages: [], findings: [] };
        return { messages: errors.map((error) => error.message), findings: errors.flatMap((error) => error.findings) };
      }),
    );
  }

  /** Low chunks as `state.apply` makes them, requisites checked. */
  low(selection: StateSelection = {}): Stage<CompiledLow> {
    return once(this.#lows, selectionKey(selection), () =>
      this.#states(selection, (request) => {
        const { low, order, failed: leftOut, errors } = compileStates(request, this.#settings.lenient);
        const findings = [...errors.flatMap((error) => error.findings), ...leftOut.flatMap((each) => each.findings)];
        if (errors.length > 0) return { messages: errors.map((error) => error.message), findings };
        return { value: { chunks: low.chunks, order, failed: leftOut, positionOf: low.positionOf }, messages: [], findings };
      }),
    );
  }

  /** What `state.apply` would leave on the node, in files. */
  files(selection: StateSelection = {}): Stage<AppliedStates> {
    return once(this.#files, selectionKey(selection), () => {
      const { value: low, messages, findings } = this.low(selection);
      if (low === undefined) return { messages, findings };
      const warnings: Finding[] = [];
      const value = applyFileStates(
        low.order,
        this.fileStateDeps(low, (finding) => void warnings.push(finding), selection),
      );
      return { value, messages: [], findings: [...findings, ...warnings, ...value.findings] };
    });
  }

  /** What file states need of this minion. */
  fileStateDeps(low: CompiledLow, warn: (finding: Finding) => void, selection: StateSelection = {}): FileStateDeps {
    const minion = this.#minion;
    const base = { minion, pillar: this.pillar(selection).value.data, budget: this.#budget, memo: this.#settings.sharing?.memo };
    return {
      minion,
      pillar: base.pillar,
      renderTemplate: (request, { trace, results }) => this.#renderer.renderTemplate({ ...base, ...request, results }, { trace }),
      callFunction: (name, args, kwargs) => {
        const called = this.#renderer.functions({ ...base, saltenv: "base", warn }).function(name);
        if (called === undefined) throw new PyError("KeyError", `'${name}'`);
        return called.call(args, kwargs);
      },
      positionOf: low.positionOf,
    };
  }

  /** `pillar.items` in a template: the pillar without what the command line put over it. */
  #freshPillar({ pillarenv, override }: { readonly pillarenv: string | null; readonly override: PyDict | null }): PyDict {
    const minion = this.#minion;
    const request = { minion, render: this.#render, names: this.#names, saltenv: null, warn: () => undefined };
    const known = this.pillar().value.data;
    return compilePillar({ ...request, pillarenv: pillarenv ?? this.#pillarenv(undefined), known, ...(override !== null && { override }) })
      .data;
  }

  #compilePillar(saltenv: string | undefined): PillarStage {
    const minion = this.#minion;
    const options = new Options(minion.opts);
    const findings: Finding[] = [];
    const common = {
      minion,
      render: this.#render,
      names: this.#names,
      sharing: this.#settings.sharing?.pillarSharing,
      tracer: this.#settings.trace === true ? new PillarTracer() : undefined,
      warn: (more: readonly Finding[]): void => void findings.push(...more),
    };
    let value = compilePillar({ ...common, saltenv: options.saltenv, pillarenv: this.#pillarenv(undefined) });
    const pillarenv = this.#pillarenv(saltenv);
    const override = this.#settings.pillarOverride;
    // With another environment or an override Salt compiles pillar anew, over the one it has.
    if (override !== undefined || pillarenv !== this.#pillarenv(undefined)) {
      const known = value.data;
      const anew = { saltenv: saltenv ?? options.saltenv, pillarenv, known, overrideAgain: true };
      value = compilePillar({ ...common, ...anew, ...(override !== undefined && { override }) });
    }
    const errors = value.data.get("_errors");
    return { value, messages: Array.isArray(errors) ? errors.map(str) : [], findings: [...value.findings, ...findings] };
  }

  #pillarenv(saltenv: string | undefined): string | null {
    const options = new Options(this.#minion.opts);
    if (options.pillarenv === null && options.pillarenvFromSaltenv) return saltenv ?? options.saltenv;
    return options.pillarenvFromSaltenv && saltenv !== undefined ? saltenv : options.pillarenv;
  }

  #compileTop(saltenv: string | undefined): Stage<CompiledTop> {
    return this.#withPillar(saltenv, (pillar, warn) => {
      const environment = saltenv ?? new Options(this.#minion.opts).saltenv;
      const request = { minion: this.#minion, pillar, saltenv: environment, render: this.#render, names: this.#names, warn };
      return { value: compileTop(request), messages: [], findings: [] };
    });
  }

  /** A stage over the SLS selected. */
  #states<T>(selection: StateSelection, run: (request: HighRequest) => Stage<T>): Stage<T> {
    return this.#withPillar(selection.saltenv, (pillar, warn) => {
      const matches = this.#selected(selection);
      if (matches.value === undefined) return { messages: matches.messages, findings: matches.findings };
      const request = { minion: this.#minion, pillar, matches: matches.value, render: this.#render, names: this.#names, warn };
      const stage = run(request);
      return { ...stage, findings: [...matches.findings, ...stage.findings] };
    });
  }

  #selected({ sls, saltenv }: StateSelection): Stage<CompiledTop> {
    if (sls === undefined) return this.top({ ...(saltenv !== undefined && { saltenv }) });
    const environment = saltenv ?? new Options(this.#minion.opts).saltenv ?? "base";
    return { value: new Map([[environment, sls]]), messages: [], findings: [] };
  }

  /** Runs a stage that reads pillar; where pillar failed no state is compiled, as in Salt. */
  #withPillar<T>(saltenv: string | undefined, run: (pillar: PyDict, warn: HighRequest["warn"]) => Stage<T>): Stage<T> {
    const locked = this.#lockedSaltenv(saltenv);
    if (locked !== undefined) return failed(locked);
    const { value, messages, findings } = this.pillar({ ...(saltenv !== undefined && { saltenv }) });
    if (messages.length > 0) {
      return { messages: ["Pillar failed to render with the following messages:", ...messages], findings };
    }
    const warnings: Finding[] = [...findings];
    try {
      const stage = run(value.data, (more) => void warnings.push(...more));
      return { ...stage, findings: [...warnings, ...stage.findings] };
    } catch (error) {
      const errors = inputErrors(error, "compiling the states");
      if (errors === undefined) throw error;
      return { messages: errors.map((finding) => finding.message), findings: [...warnings, ...errors] };
    }
  }

  #lockedSaltenv(saltenv: string | undefined): Finding | undefined {
    const options = new Options(this.#minion.opts);
    if (saltenv === undefined || !options.lockSaltenv || saltenv === options.saltenv) return undefined;
    return { code: "saltenv-locked", severity: "error", message: "lock_saltenv is enabled, saltenv cannot be changed" };
  }
}

/** Pillar always has a value, be it one with `_errors`. */
export type PillarStage = Stage<CompiledPillar> & { readonly value: CompiledPillar };

function once<T>(done: Map<string, T>, key: string, compute: () => T): T {
  const known = done.get(key);
  if (known !== undefined) return known;
  const value = compute();
  done.set(key, value);
  return value;
}

function failed<T>(finding: Finding): Stage<T> {
  return { messages: [finding.message], findings: [finding] };
}

function selectionKey({ sls, saltenv }: StateSelection): string {
  return JSON.stringify([sls ?? null, saltenv ?? null]);
}
