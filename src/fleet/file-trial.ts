import { readAddonSettings, type Mode, type WrittenFile } from "../addon/index.ts";
import { FindingError, type TrailStep } from "../finding/index.ts";
import { Memo, Trie, type Kept } from "../memo/index.ts";
import type { PyDict } from "../python/index.ts";
import {
  SaltCompiler,
  SharedStates,
  type FileRunParts,
  type Minion,
  type PathRun,
  type PillarProvenance,
  type SharedMinionCompiler,
} from "../salt/index.ts";
import { withoutAliases } from "./changed-data.ts";
import { testClusterId } from "./compile.ts";

type PillarStage = ReturnType<SharedMinionCompiler["pillar"]>;
type LowStage = ReturnType<SharedMinionCompiler["low"]>;

/** What an SLS has in it that reaches states of another one. */
const REACHING = /\b(?:include|extend|exclude|[a-z]+_in)\b["']?\s*:/;

/** A file as a cluster with some data of another value would have it. */
export interface FileAs {
  /** Absent where it is not written. */
  readonly file: WrittenFile | undefined;
  /** It is not written since something does not compile. */
  readonly failed: boolean;
  /** The mode that pillar declares for the file's addon. */
  readonly declared: Mode | undefined;
}

/** What a cluster has in the place of its own data. */
export interface OtherData {
  readonly pillar?: PyDict;
  readonly grains?: PyDict;
  readonly id?: string;
}

/**
 * One cluster's way to one of its files, and again with other data. What does not read the data that is other is not computed again, so
 * that a trial costs about what the file's own render does.
 */
export class FileTrial {
  readonly minion: Minion;
  readonly memo = new Memo(testClusterId);
  readonly pillar: PillarStage;
  readonly low: LowStage;
  readonly #salt = new SaltCompiler();
  readonly #shared = new SharedStates();
  readonly #compiler: SharedMinionCompiler;
  readonly #lowReads: readonly number[];
  #used = false;
  #run: PathRun | undefined;
  #reads: ReadonlySet<number> | undefined;
  #nearSls: ReadonlySet<string> | undefined;
  #path = "";
  #addon = "";

  constructor(minion: Minion) {
    this.minion = minion;
    const compiler = this.#salt.forSharing(minion, this.memo, this.#shared);
    const pillar = compiler.pillar();
    // Anchors of YAML put one mapping at two places, which no result can be kept over.
    this.pillar = compiler.keepsNothing ? { ...pillar, value: { ...pillar.value, data: withoutAliases(pillar.value.data) } } : pillar;
    this.#compiler = compiler.keepsNothing ? this.#salt.forSharing(minion, this.memo, this.#shared, this.pillar) : compiler;
    const low = this.#compiler.tracker.compute(new Trie<Kept<LowStage>>(), () => this.#compiler.low());
    this.low = low.value;
    this.#lowReads = low.questions;
  }

  /** What the states that write a path of the addon come to; the trials are about that path from now on. */
  choose(addon: string, path: string): FileRunParts | undefined {
    this.#addon = addon;
    this.#path = path;
    this.#reads = undefined;
    // What templates write into pillar stays with the compiler.
    const compiler = this.#used ? this.#again(this.minion, this.pillar) : this.#compiler;
    this.#used = true;
    this.#nearSls = undefined;
    this.#run = this.#inOrder(compiler, this.minion, this.pillar, (each) => each.runOf(path));
    return this.#run?.parts;
  }

  /** All files that the states write. */
  allFiles(): readonly WrittenFile[] {
    const files = this.#inOrder(
      this.#again(this.minion, this.pillar),
      this.minion,
      this.pillar,
      (compiler) => compiler.files().value?.files,
    );
    return (files ?? []).flatMap((file) => (file.kind === "file" ? [file] : []));
  }

  /** Where a line of the file that was chosen comes from. */
  trace(line: number): readonly TrailStep[] {
    return this.#run?.trace(line) ?? [];
  }

  /** Once more where only now it is known that states have to be run in order. */
  #inOrder<T>(compiler: SharedMinionCompiler, minion: Minion, stage: PillarStage, run: (compiler: SharedMinionCompiler) => T): T {
    const done = run(compiler);
    return compiler.outOfOrder ? run(this.#again(minion, stage)) : done;
  }

  /** Which line of pillar won, place by place. */
  provenance(): PillarProvenance | undefined {
    return this.#salt.forMinion(this.minion, { trace: true, lenient: true }).pillar().value.provenance;
  }

  /** Names of the grains that the pillar asks for, its top file's targets among it; none where the pillar can't be compiled in trial. */
  pillarGrains(): readonly string[] {
    if (this.#compiler.keepsNothing) return [];
    const compiler = this.#salt.forSharing(this.minion, this.memo, this.#shared);
    compiler.pillar();
    const root = this.memo.root("grains");
    const names = new Set<string>();
    for (const question of compiler.tracker.questions()) {
      let at = this.memo.paths.at(question >> 2);
      while (at?.parent !== undefined && at.parent !== root) at = at.parent;
      if (at?.parent === root && typeof at.key === "string") names.add(at.key);
    }
    return [...names];
  }

  /** The pillar that the cluster would have with other grains. */
  pillarAs(grains: PyDict): PyDict {
    return this.#salt.forSharing({ ...this.minion, grains }, this.memo, this.#shared).pillar().value.data;
  }

  /** Questions that were asked on the way to the file. */
  get reads(): ReadonlySet<number> {
    this.#reads ??= this.#nearReads();
    return this.#reads;
  }

  /** Questions that only templates asked which wrote into pillar before the file was rendered. */
  get writerReads(): readonly number[] {
    return [...(this.#run?.writing ?? [])].filter((question) => !this.reads.has(question));
  }

  #nearReads(): ReadonlySet<number> {
    const near = this.#near;
    const reads = new Set([...(this.#run?.questions ?? []), ...this.#compiler.topReads()]);
    const far = new Set<number>();
    for (const { sls, questions } of this.#compiler.slsReads) for (const question of questions) (near.has(sls) ? reads : far).add(question);
    for (const question of this.#lowReads) if (!far.has(question)) reads.add(question);
    return reads;
  }

  /**
   * SLS that have a say in the file: those that have a state in common with it, be it by a requisite, and those whose text knows a way of
   * touching other SLS.
   */
  get #near(): ReadonlySet<string> {
    this.#nearSls ??= this.#findNear();
    return this.#nearSls;
  }

  #findNear(): ReadonlySet<string> {
    const reaching = this.#compiler.slsReads.filter(({ text }) => REACHING.test(text)).map(({ sls }) => sls);
    return new Set([...(this.#run?.sls ?? []), ...reaching]);
  }

  with({ pillar, grains, id }: OtherData): FileAs {
    const data = pillar ?? this.pillar.value.data;
    const stage = { ...this.pillar, value: { ...this.pillar.value, data } };
    const minion = { ...this.minion, ...(grains !== undefined && { grains }), ...(id !== undefined && { id }) };
    const declared = readAddonSettings(data).addons.get(this.#addon)?.mode;
    const missing = { file: undefined, declared };
    try {
      const alone = this.#compiler.keepsNothing;
      const { made, failed } = this.#inOrder(this.#again(minion, stage), minion, stage, (compiler) => {
        const low = (alone ? compiler.low() : compiler.lowOf(this.#near)).value;
        const run = low === undefined ? undefined : compiler.runOf(this.#path, low, alone ? undefined : this.#run?.writers);
        return { made: run?.parts.files.get(this.#path), failed: low?.failed.length };
      });
      if (made?.kind === "file") return { file: made, failed: false, declared };
      return { ...missing, failed: made !== undefined || failed === undefined || failed > (this.low.value?.failed.length ?? 0) };
    } catch (error) {
      if (error instanceof FindingError) return { ...missing, failed: true };
      throw error;
    }
  }

  /** Where results can't be kept each trial has a memo of its own. */
  #again(minion: Minion, stage: PillarStage): SharedMinionCompiler {
    if (!this.#compiler.keepsNothing) return this.#salt.forSharing(minion, this.memo, this.#shared, stage);
    return this.#salt.forSharing(minion, new Memo(testClusterId), new SharedStates(), stage);
  }
}
