import type { Finding, TrailStep } from "../finding/index.ts";
import { FindingError } from "../finding/index.ts";
import { holdsAliases, Tracker, Trie, type Kept, type Memo } from "../memo/index.ts";
import { deepCopy, str, PyDict, type DataPath, type Value } from "../python/index.ts";
import { PrintedFiles, type PrintedPlan } from "./common-files.ts";
import { MinionCompiler, type CompiledLow, type PillarStage, type Stage } from "./compile.ts";
import { RecordingFileRoots, type FileRecorder } from "./fileroots/index.ts";
import {
  carryOut,
  chunkOf,
  componentsOf,
  joinRuns,
  planFileStates,
  remade,
  runFileStates,
  writesAt,
  type AppliedStates,
  type FilePlan,
  type FileRunParts,
  type FileStateDeps,
  type TemplateRequest,
  type WrittenResult,
} from "./filestate/index.ts";
import type { SharedSls, SharedTops } from "./pillar/index.ts";
import { MinionBudget, RenderMemo, textFor, type KeptRender, type SlsRenderer, type Usage } from "./render/index.ts";
import type { SlsNames } from "./sls/index.ts";
import type { FileResult, FileRoots, LowChunk, Minion } from "./types.ts";
import { truthy } from "../python/index.ts";

/** A result and what the renders within it used of the minion's budget. */
interface Metered<T> {
  readonly value: T;
  readonly usage: Usage;
}

/** The template of a plan, and the results of its renders once one is known. */
interface RenderSlot {
  readonly request: TemplateRequest;
  results: Trie<Kept<KeptRender>> | undefined;
}

/** States that are run together, with what is known of them. */
interface FileGroup {
  readonly chunks: readonly LowChunk[];
  /** Equal for groups of states of the same names. */
  readonly name: string;
  readonly plans: Trie<Kept<Metered<FilePlan | "unplanned">>>;
  readonly runs: Trie<Kept<Metered<GroupRun>>>;
}

interface GroupRun {
  readonly parts: FileRunParts;
  readonly warnings: readonly Finding[];
  /** The render that a file is, by path; of other files the whole run's reads count. */
  readonly renders: ReadonlyMap<string, Kept<KeptRender>>;
  /** What the parts are made of, where some of its texts are each minion's own. */
  readonly printed?: PrintedPlan;
}

/** Questions that something was made by. */
export type Asked = Pick<Kept<unknown>, "questions" | "files"> & Partial<Pick<Kept<unknown>, "printed">>;

/** What was read for what, of one minion. */
export interface MinionReads {
  /** For all states together: which there are, and in what order. */
  readonly states: Kept<unknown>;
  /** For one SLS's text. */
  readonly sls: ReadonlyMap<string, readonly Asked[]>;
  /** For a file by its path, beside its SLS's. */
  readonly files: ReadonlyMap<string, readonly Asked[]>;
  /** Whether an SLS has a say in the states of others, so that its reads count for all. */
  readonly entangled: boolean;
  /** SLS that have states of their own. */
  readonly declaring: ReadonlySet<string>;
}

/** Stages of states with the renders of their SLS. */
interface KeptStates {
  readonly stage: Stage<CompiledLow>;
  readonly renders: readonly (readonly [sls: string, render: Kept<KeptRender>])[];
}

/** The runs of all groups, and what was read for which file. */
interface AllRuns {
  readonly runs: readonly GroupRun[];
  readonly reads: readonly (readonly [path: string, asked: readonly Asked[]])[];
}

/** One minion's runs; with what it has in common with others, if anything. */
interface OwnRuns {
  readonly runs: () => readonly GroupRun[];
  readonly common?: AllRuns;
}

/** What of applied states is the same for all minions that have their runs in common. */
interface CommonStates {
  readonly states: Pick<AppliedStates, "left" | "findings" | "outcomes">;
  readonly printed: PrintedFiles;
}

/** Results of a plan as a whole, as long as minions have them in common: what each has its own of is not worth a look. */
interface PlanResults {
  readonly trie: Trie<Kept<Metered<GroupRun>>>;
  missed: number;
}

/** So many minions with results of their own make a plan's results no more be kept as a whole. */
const MOST_MISSED = 256;

/** What one SLS read. */
export interface SlsReads {
  /** Empty for a top file. */
  readonly sls: string;
  /** The file's text. */
  readonly text: string;
  readonly questions: readonly number[];
}

/** The run of the states that write one path. */
export interface PathRun {
  readonly parts: FileRunParts;
  /** What was asked of shared data. */
  readonly questions: readonly number[];
  /** What the states before that wrote to shared data asked of it. */
  readonly writing: ReadonlySet<number>;
  /** The SLS of the states that write the path, and of those before that wrote to shared data. */
  readonly sls: ReadonlySet<string>;
  /** Paths of the states whose templates wrote to shared data. */
  readonly writers: readonly string[];
  /** Where a line of the file at the path comes from. */
  readonly trace: (line: number) => readonly TrailStep[];
}

/** What is shared by the compiles of many minions besides the memo itself. */
export class SharedStates {
  readonly groups = new WeakMap<CompiledLow, readonly FileGroup[]>();
  readonly whole = new WeakMap<CompiledLow, FileGroup>();
  readonly followOneAnother = new WeakMap<CompiledLow, boolean>();
  readonly entangled = new WeakMap<CompiledLow, boolean>();
  readonly order = new WeakMap<CompiledLow, ReadonlyMap<LowChunk, number>>();
  readonly runs = new WeakMap<CompiledLow, Trie<Kept<Metered<AllRuns>>>>();
  readonly common = new WeakMap<AllRuns, CommonStates>();
  readonly slots = new WeakMap<FilePlan, readonly RenderSlot[]>();
  readonly asked = new WeakMap<FilePlan, Map<string, Asked>>();
  readonly planned = new WeakMap<FilePlan, PlanResults>();
  /** Names of groups whose states and templates have to take their turns, see `outOfOrder`. */
  readonly inOrder = new Set<string>();
  /** Whether one container stands twice in what a pillar SLS gives. */
  readonly aliased = new WeakMap<PyDict, boolean>();
  readonly #merged = new WeakMap<PyDict, WeakMap<PyDict, PyDict>>();
  /** What every pillar begins with. */
  readonly nothing = new PyDict();
  /** A plan's file with its content, by its text: one object for equal files. */
  readonly files = new WeakMap<FileResult, Map<string, WrittenResult>>();
  /** The same of renders that print texts of a minion's own, for the minion that was first. */
  readonly bases = new WeakMap<FileResult, WeakMap<KeptRender, WrittenResult>>();

  /** What two mappings merge to, one object for the same two. */
  merged(below: PyDict, above: PyDict, merge: () => PyDict): PyDict {
    let known = this.#merged.get(below);
    if (known === undefined) this.#merged.set(below, (known = new WeakMap()));
    let merged = known.get(above);
    if (merged === undefined) known.set(above, (merged = merge()));
    return merged;
  }
}

/**
 * One minion's way from tree to files, as `MinionCompiler`, with the results of other minions wherever all that would be read is the
 * same. The data it is given must not change any more, nor must what it gives.
 */
export class SharedMinionCompiler {
  readonly tracker: Tracker;
  /** What each SLS of the states read of shared data, as far as it was rendered for this minion. */
  readonly slsReads: SlsReads[] = [];
  readonly #memo: Memo;
  readonly #shared: SharedStates;
  readonly #minion: Minion;
  readonly #renderer: SlsRenderer;
  readonly #names: SlsNames;
  readonly #budget = new MinionBudget();
  readonly #renders: RenderMemo;
  /** Renders since the list was last emptied. */
  #rendered: { readonly kept: Kept<KeptRender>; readonly trie: Trie<Kept<KeptRender>>; readonly sls: string | undefined }[] = [];
  #pillar: PillarStage | undefined;
  /** Whether the pillar is merged of SLS that were looked through for aliases, each by itself. */
  #mergedPlainly = false;
  #low: Stage<CompiledLow> | undefined;
  #states: Kept<Metered<KeptStates>> | undefined;
  readonly #fileReads = new Map<string, readonly Asked[]>();
  #compiler: MinionCompiler | undefined;
  /**
   * Templates wrote to pillar and were rendered in another order than the states', or twice: what came of it does not count. From now on
   * the states concerned are run in order, also those of other minions.
   */
  outOfOrder = false;

  /** `pillar`: the minion's pillar where it is known already, or is to be another. */
  constructor(minion: Minion, memo: Memo, shared: SharedStates, renderer: SlsRenderer, names: SlsNames, pillar?: PillarStage) {
    this.tracker = new Tracker(memo, { id: minion.id, grains: minion.grains, opts: minion.opts });
    this.#memo = memo;
    this.#shared = shared;
    this.#renderer = renderer;
    this.#names = names;
    if (pillar !== undefined) {
      this.#pillar = pillar;
      this.tracker.add("pillar", pillar.value.data);
    }
    this.#minion = trackedMinion(minion, memo, this.tracker);
    this.#renders = new RenderMemo(memo, this.tracker, (kept, trie, { role, sls, text }) => {
      this.#rendered.push({ kept, trie, sls });
      if (role === "state" && sls !== undefined) this.slsReads.push({ sls, text, questions: [...kept.questions, ...kept.printed] });
    });
  }

  /** Whether results may not be relied on: the minion is to be compiled by itself. */
  get alone(): boolean {
    return this.keepsNothing || this.outOfOrder;
  }

  /** Whether nothing of the minion can be shared with others. */
  get keepsNothing(): boolean {
    return this.tracker.unsound || this.#budget.scarce;
  }

  pillar(): PillarStage {
    if (this.#pillar !== undefined) return this.#pillar;
    const pillar = this.#compute(this.#memo.trie<Metered<PillarStage>>("pillar"), () => this.#compilePillar());
    // What stands at one place in each of some mappings stands at that place alone in what they merge to.
    this.tracker.add("pillar", pillar.value.data, !this.#mergedPlainly && this.#hasAliases(pillar.value.data));
    this.#pillar = pillar;
    return pillar;
  }

  low(): Stage<CompiledLow> {
    if (this.#low !== undefined) return this.#low;
    this.#states = this.#computeKept(this.#statesTrie(), () => {
      this.#rendered = [];
      const stage = this.#stages().low();
      return { stage, renders: this.#rendered.map(({ kept, sls }): [string, Kept<KeptRender>] => [sls ?? "", kept]) };
    });
    this.#low = this.#states.value.value.stage;
    return this.#low;
  }

  #statesTrie(): Trie<Kept<Metered<KeptStates>>> {
    const { findings } = this.pillar();
    return this.#memo.trie(findings.length === 0 ? "states" : `states ${JSON.stringify(findings)}`);
  }

  /**
   * The states of some SLS, as far as the top file brings those: of all SLS where these are known already, or where the top file can't
   * be cut down.
   */
  lowOf(sls: ReadonlySet<string>): Stage<CompiledLow> {
    const known = this.#low === undefined ? this.tracker.take(this.#statesTrie())?.value : undefined;
    if (known !== undefined) {
      this.#budget.use(known.usage);
      return known.value.stage;
    }
    const stages = this.#newStages();
    const [base, ...others] = stages.top().value ?? [];
    if (base === undefined || others.length > 0 || base[0] !== (this.#minion.opts.get("saltenv") ?? "base")) return this.low();
    if (base[1].some((name) => /[*?[]/.test(name))) return this.low();
    return stages.low({ sls: base[1].filter((name) => sls.has(name)) });
  }

  /** What was read for what; after `files()`, and `undefined` where there are none. */
  reads(): MinionReads | undefined {
    const states = this.#states;
    const low = states?.value.value.stage.value;
    if (states === undefined || low === undefined) return undefined;
    const sls = new Map<string, Asked[]>();
    for (const [name, asked] of states.value.value.renders) sls.set(name, [...(sls.get(name) ?? []), asked]);
    let entangled = this.#shared.entangled.get(low);
    if (entangled === undefined) {
      entangled = isEntangled(low.chunks) || states.value.value.renders.some(([, { value }]) => DECLARING.test(value.text));
      this.#shared.entangled.set(low, entangled);
    }
    const declaring = new Set(low.chunks.map((chunk) => str(chunk.get("__sls__") ?? "")));
    return { states, sls, files: this.#fileReads, entangled, declaring };
  }

  /** Questions that are asked to find the SLS of the top file, by whatever else they are asked too. */
  topReads(): readonly number[] {
    return this.tracker.compute(new Trie<Kept<unknown>>(), () => this.#newStages().top()).questions;
  }

  files(): Stage<AppliedStates> {
    const { value: low, messages, findings } = this.low();
    if (low === undefined) return { messages, findings };
    const { runs, common } = this.#run(low);
    const value = common === undefined ? this.#join(low, runs()) : this.#joinCommon(low, common, runs);
    const warnings = common === undefined ? runs().flatMap((run) => run.warnings) : [];
    return { value, messages: [], findings: [...findings, ...warnings, ...value.findings] };
  }

  #join(low: CompiledLow, runs: readonly GroupRun[]): AppliedStates {
    return joinRuns(
      runs.map((run) => run.parts),
      this.#deps(low, []),
      this.#order(low),
    );
  }

  /** The same of runs that other minions have too: the files are put together when they are asked for. */
  #joinCommon(low: CompiledLow, all: AllRuns, runs: () => readonly GroupRun[]): AppliedStates {
    let joined: AppliedStates | undefined;
    const join = (): AppliedStates => (joined ??= this.#join(low, runs()));
    let common = this.#shared.common.get(all);
    if (common === undefined) {
      const { left, findings, outcomes } = join();
      const plans = all.runs.flatMap(({ printed }) => printed ?? []);
      const baseOf = (file: WrittenResult, render: KeptRender): WrittenResult => this.#baseOf(file, render, remade(file));
      common = { states: { left, findings, outcomes }, printed: new PrintedFiles(plans, baseOf) };
      this.#shared.common.set(all, common);
    }
    return {
      ...common.states,
      get files() {
        return join().files;
      },
      traceFile: (path) => join().traceFile(path),
      common: { of: all, ...common.printed.of(this.tracker) },
    };
  }

  /**
   * What the states that write a path come to. The states before them run too, as their templates may write into what later ones read:
   * all of them, or of those that are known to do so any that write at one of the paths of `writers`.
   */
  runOf(path: string, low = this.low().value, writers?: readonly string[]): PathRun | undefined {
    if (low === undefined) return undefined;
    const writing = new Set<number>();
    const wrote: string[] = [];
    const sls = new Set<string>();
    const { writes } = this.tracker;
    for (const group of this.#groupsInOrder(low)) {
      if (writers !== undefined && !group.chunks.some((chunk) => [path, ...writers].some((each) => writesAt(chunk, each)))) continue;
      const before = this.tracker.writes;
      const { value, questions } = this.tracker.compute(new Trie<Kept<FileRunParts>>(), () => this.#runGroup(low, group).parts);
      const wanted = value.files.has(path);
      if (wanted || this.tracker.writes > before) for (const outcome of value.outcomes) sls.add(outcome.sls);
      if (wanted) {
        if (this.tracker.writes > writes && !this.#followOneAnother(low)) this.#mustRunInOrder(this.#whole(low));
        const trace = (line: number): readonly TrailStep[] => value.trace(path, this.#deps(low, []))?.at(line) ?? [];
        return { parts: value, questions, writing, sls, writers: wrote, trace };
      }
      if (this.tracker.writes === before) continue;
      wrote.push(...value.files.keys());
      for (const question of questions) writing.add(question);
    }
    return undefined;
  }

  /** All states as one where they have to be run in order. */
  #groupsInOrder(low: CompiledLow): readonly FileGroup[] {
    const whole = this.#whole(low);
    return this.#shared.inOrder.has(whole.name) ? [whole] : this.#groups(low);
  }

  /** Whether the groups one after the other have the order of all their states. */
  #followOneAnother(low: CompiledLow): boolean {
    let follow = this.#shared.followOneAnother.get(low);
    if (follow === undefined) {
      const chunks = this.#groups(low).flatMap((group) => group.chunks);
      this.#shared.followOneAnother.set(low, (follow = chunks.every((chunk, index) => chunk === low.order[index])));
    }
    return follow;
  }

  #compute<T>(trie: Trie<Kept<Metered<T>>>, run: () => T): T {
    return this.#computeKept(trie, run).value.value;
  }

  #computeKept<T>(trie: Trie<Kept<Metered<T>>>, run: () => T): Kept<Metered<T>> {
    return this.tracker.compute(
      trie,
      () => this.#budget.metered(run),
      ({ usage }) => this.#budget.use(usage),
    );
  }

  /** A computation that may come to nothing that can be kept. */
  #computeSome<T>(
    trie: Trie<Kept<Metered<T> | undefined>>,
    run: () => T | undefined,
    options: { readonly tellsPrinted?: boolean } = {},
  ): T | undefined {
    const { value } = this.tracker.compute<Metered<T> | undefined>(
      trie,
      () => {
        const metered = this.#budget.metered(run);
        return metered.value === undefined ? undefined : { value: metered.value, usage: metered.usage };
      },
      (found) => {
        if (found !== undefined) this.#budget.use(found.usage);
      },
      options,
    );
    return value?.value;
  }

  #compilePillar(): PillarStage {
    const sharing = {
      memo: this.#renders,
      pillarSharing: {
        tops: (environments: string, run: () => SharedTops | undefined) =>
          this.#computeSome(this.#memo.trie<Metered<SharedTops> | undefined>(`pillar-tops ${environments}`), run, { tellsPrinted: true }),
        textAt: (place: DataPath) => this.tracker.printedText(place),
        sls: (saltenv: string, sls: string, run: () => SharedSls | undefined) =>
          this.#computeSome(this.#memo.trie<Metered<SharedSls> | undefined>(`pillar-sls ${saltenv}\0${sls}`), run),
        merging: (above: PyDict) => {
          // Salt merges in place, so that more for one name of a YAML anchor is more for its other names.
          if (this.#hasAliases(above)) this.tracker.unsound = true;
        },
        mixed: () => {
          this.#mergedPlainly = false;
        },
        nothing: this.#shared.nothing,
        merged: (below: PyDict, above: PyDict, merge: () => PyDict) => this.#shared.merged(below, above, merge),
      },
    };
    this.#mergedPlainly = true;
    return new MinionCompiler(this.#minion, { lenient: true, sharing }, this.#renderer, this.#names, this.#budget).pillar();
  }

  #hasAliases(data: PyDict): boolean {
    let has = this.#shared.aliased.get(data);
    if (has === undefined) this.#shared.aliased.set(data, (has = holdsAliases(data)));
    return has;
  }

  /** The stages after pillar, which see it as a view. */
  #stages(): MinionCompiler {
    this.#compiler ??= this.#newStages();
    return this.#compiler;
  }

  #newStages(): MinionCompiler {
    const pillar = this.pillar();
    const seen = { ...pillar, value: { ...pillar.value, data: this.tracker.view("pillar") } };
    const settings = { lenient: true, sharing: { memo: this.#renders, pillar: seen } };
    return new MinionCompiler(this.#minion, settings, this.#renderer, this.#names, this.#budget);
  }

  #deps(low: CompiledLow, warnings: Finding[]): FileStateDeps {
    return this.#stages().fileStateDeps(low, (finding) => void warnings.push(finding));
  }

  #groups(low: CompiledLow): readonly FileGroup[] {
    let groups = this.#shared.groups.get(low);
    if (groups === undefined) {
      const failhard = truthy(this.#minion.opts.get("failhard") ?? false);
      groups = componentsOf(low.order, failhard).map(groupOf);
      this.#shared.groups.set(low, groups);
    }
    return groups;
  }

  #whole(low: CompiledLow): FileGroup {
    let group = this.#shared.whole.get(low);
    if (group === undefined) this.#shared.whole.set(low, (group = groupOf(low.order)));
    return group;
  }

  #order(low: CompiledLow): ReadonlyMap<LowChunk, number> {
    let order = this.#shared.order.get(low);
    if (order === undefined) this.#shared.order.set(low, (order = new Map(low.order.map((chunk, index) => [chunk, index]))));
    return order;
  }

  #run(low: CompiledLow): OwnRuns {
    const { writes } = this.tracker;
    const groups = this.#groupsInOrder(low);
    if (groups.length === 1) {
      const alone = groups.map((group) => this.#runGroup(low, group));
      return { runs: () => alone };
    }
    const all = this.#runAll(low, groups);
    // Warnings have the order of the states, which is known only of states that are run together.
    const again = all.common.runs.some((run) => run.warnings.length > 0);
    const whole = this.#whole(low);
    if (this.tracker.writes > writes && (again || !this.#followOneAnother(low))) this.#mustRunInOrder(whole);
    if (!again) return all;
    const alone = [this.#runAlone(low, whole)];
    return { runs: () => alone };
  }

  /** All groups in their order: most minions have what they come to in common with another. */
  #runAll(low: CompiledLow, groups: readonly FileGroup[]): Required<OwnRuns> {
    let trie = this.#shared.runs.get(low);
    if (trie === undefined) this.#shared.runs.set(low, (trie = new Trie()));
    let own: readonly GroupRun[] | undefined;
    let taken = false;
    const common = this.#computeOwn(
      trie,
      () => ({ runs: groups.map((group) => this.#runGroup(low, group)), reads: [...this.#fileReads] }),
      (found) => {
        taken = true;
        for (const [path, asked] of found.reads) this.#fileReads.set(path, asked);
        return found;
      },
    );
    return { common, runs: () => (own ??= taken ? common.runs.map((run) => this.#ownRun(run)) : common.runs) };
  }

  /** A computation that says where in its result a minion's own texts are printed; `own` puts this one's into another's. */
  #computeOwn<T>(trie: Trie<Kept<Metered<T>>>, run: () => T, own: (value: T) => T): T {
    let taken = false;
    const { value } = this.tracker.compute(
      trie,
      () => this.#budget.metered(run),
      ({ usage }) => {
        taken = true;
        this.#budget.use(usage);
      },
      { tellsPrinted: true },
    );
    return taken ? own(value.value) : value.value;
  }

  #mustRunInOrder(group: FileGroup): void {
    this.#shared.inOrder.add(group.name);
    this.outOfOrder = true;
    // What holds this run is no result for others.
    this.tracker.volatile();
  }

  #runGroup(low: CompiledLow, group: FileGroup): GroupRun {
    if (this.#shared.inOrder.has(group.name)) return this.#runAlone(low, group);
    const planned = this.#computeKept(group.plans, () => {
      const warnings: Finding[] = [];
      return planFileStates(group.chunks, this.#deps(low, warnings), warnings) ?? "unplanned";
    });
    const plan = planned.value.value;
    if (plan === "unplanned") return this.#runAlone(low, group);
    const { writes } = this.tracker;
    const run = this.#runPlanned(low, group, plan);
    // A plan's states have run before its templates, which are rendered again where one fails.
    const isAsInOrder = run.renders.size > 0 && !this.tracker.haveChanged(planned.questions);
    if (this.tracker.writes > writes && !isAsInOrder) this.#mustRunInOrder(group);
    for (const path of run.parts.files.keys()) {
      const render = run.renders.get(path);
      // A run by itself has told its reads already.
      const asked = this.#askedFor(plan, planned, path);
      if (render !== undefined || !this.#fileReads.has(path)) this.#fileReads.set(path, render === undefined ? [asked] : [asked, render]);
    }
    return run;
  }

  /** What a plan read for one of its files: not the sources of the others. */
  #askedFor(plan: FilePlan, planned: Asked, path: string): Asked {
    let known = this.#shared.asked.get(plan);
    if (known === undefined) this.#shared.asked.set(plan, (known = new Map()));
    let asked = known.get(path);
    if (asked === undefined) {
      const own = sourceOf(plan, path);
      const others = new Set([...plan.parts.made.keys()].map((other) => sourceOf(plan, other)));
      others.delete(own);
      const files = planned.files.filter((file) => {
        const [, what, , found] = this.#memo.fileQuestion(file).split("\0");
        return what !== "find" || !others.has(found);
      });
      known.set(path, (asked = { questions: planned.questions, files }));
    }
    return asked;
  }

  #runPlanned(low: CompiledLow, group: FileGroup, plan: FilePlan): GroupRun {
    const results = this.#shared.planned.get(plan) ?? { trie: new Trie<Kept<Metered<GroupRun>>>(), missed: 0 };
    this.#shared.planned.set(plan, results);
    if (results.missed > MOST_MISSED) return this.#runPlan(low, group, plan);
    const run = (): GroupRun => {
      results.missed++;
      return this.#runPlan(low, group, plan);
    };
    return this.#computeOwn(results.trie, run, (found) => this.#ownRun(found));
  }

  #runPlan(low: CompiledLow, group: FileGroup, plan: FilePlan): GroupRun {
    const results = this.#renderAll(low, plan);
    if (results === undefined) return this.#runAlone(low, group);
    const renders = new Map(
      [...plan.rendered].flatMap(([path, number]) => (results[number] === undefined ? [] : [[path, results[number]] as const])),
    );
    const run = { parts: this.#carryOut(plan, results), warnings: plan.warnings, renders };
    return results.some(({ printed }) => printed.length > 0) ? { ...run, printed: { plan, results } } : run;
  }

  /** Another minion's run with this one's own printed texts. */
  #ownRun(run: GroupRun): GroupRun {
    return run.printed === undefined ? run : { ...run, parts: this.#carryOut(run.printed.plan, run.printed.results) };
  }

  #runAlone(low: CompiledLow, group: FileGroup): GroupRun {
    const run = this.#computeKept(group.runs, () => {
      const warnings: Finding[] = [];
      return { parts: runFileStates(group.chunks, this.#deps(low, warnings)), warnings, renders: new Map<string, Kept<KeptRender>>() };
    });
    for (const path of run.value.value.parts.files.keys()) this.#fileReads.set(path, [run]);
    return run.value.value;
  }

  /** `undefined` where a render fails: what else then happens is for the states' run to say. */
  #renderAll(low: CompiledLow, plan: FilePlan): readonly Kept<KeptRender>[] | undefined {
    let slots = this.#shared.slots.get(plan);
    if (slots === undefined) {
      slots = plan.renders.map((request) => ({ request, results: undefined }));
      this.#shared.slots.set(plan, slots);
    }
    const results: Kept<KeptRender>[] = [];
    let deps: FileStateDeps | undefined;
    for (const slot of slots) {
      const found = slot.results === undefined ? undefined : this.tracker.take(slot.results);
      if (found !== undefined) {
        this.#budget.use(found.value.usage);
        results.push(found);
        continue;
      }
      deps ??= this.#deps(low, []);
      const variables = new Map([...slot.request.variables].map(([name, value]): [string, Value] => [name, deepCopy(value)]));
      this.#rendered = [];
      try {
        const { text } = deps.renderTemplate({ ...slot.request, variables }, { trace: false, results: slot.results });
        const [rendered] = this.#rendered;
        results.push(rendered?.kept ?? lone(text));
        slot.results = rendered?.trie ?? slot.results;
      } catch (error) {
        if (error instanceof FindingError) return undefined;
        throw error;
      }
    }
    return results;
  }

  #carryOut(plan: FilePlan, results: readonly Kept<KeptRender>[]): FileRunParts {
    const texts = results.map(({ value }) => textFor(value, this.tracker));
    return carryOut(plan, texts, (file, number, make) => {
      const text = texts[number] ?? "";
      const render = results[number]?.value;
      if (render !== undefined && render.printed.length > 0) return this.#printedFile(file, render, text, make);
      let made = this.#shared.files.get(file);
      if (made === undefined) this.#shared.files.set(file, (made = new Map()));
      let known = made.get(text);
      if (known === undefined) {
        // Texts that one cluster has for itself are not asked for again.
        if (made.size >= MOST_TEXTS) made.clear();
        made.set(text, (known = make(text)));
      }
      return known;
    });
  }

  #printedFile(file: WrittenResult, render: KeptRender, text: string, make: (text: string) => WrittenResult): WrittenResult {
    const base = this.#baseOf(file, render, make);
    if (text === render.text) return base;
    const texts = render.printed.map(({ path }) => this.tracker.printedText(path) ?? "");
    return { ...make(text), printed: { base, places: render.printed, texts } };
  }

  #baseOf(file: WrittenResult, render: KeptRender, make: (text: string) => WrittenResult): WrittenResult {
    let bases = this.#shared.bases.get(file);
    if (bases === undefined) this.#shared.bases.set(file, (bases = new WeakMap()));
    let base = bases.get(render);
    if (base === undefined) bases.set(render, (base = make(render.text)));
    return base;
  }
}

const MOST_TEXTS = 64;

const NOTHING: Usage = { steps: 0, output: 0, data: 0, lowest: { steps: 0, output: 0, data: 0 } };

/** Declarations of an SLS that are about states of others. */
const DECLARING = /^["']?(?:extend|exclude)["']?\s*:/m;

/** The path in the file roots of what a file is copied or rendered from. */
function sourceOf({ parts }: FilePlan, path: string): string | undefined {
  const made = parts.made.get(path)?.origin.made;
  if (made?.how === "copied") return made.file.path;
  return made?.how === "rendered" && "path" in made.request.template ? made.request.template.path : undefined;
}

/** Whether an SLS may have had a say in states of others: by `extend`, `exclude`, `use` or a requisite that is put into another state. */
function isEntangled(chunks: readonly LowChunk[]): boolean {
  return chunks.some((chunk) => [...chunk.keys()].some((key) => typeof key === "string" && (key.endsWith("_in") || key === "use")));
}

/** A render that is not shared. */
function lone(text: string): Kept<KeptRender> {
  return {
    value: { text, warnings: [], usage: NOTHING, printed: [] },
    questions: [],
    answers: [],
    files: [],
    printed: [],
    writes: [],
    notes: [],
  };
}

function groupOf(chunks: readonly LowChunk[]): FileGroup {
  let name: string | undefined;
  return {
    chunks,
    get name() {
      return (name ??= JSON.stringify(chunks.map((chunk) => chunkOf(chunk).tag)));
    },
    plans: new Trie(),
    runs: new Trie(),
  };
}

/** The minion as it is seen by what is followed. */
function trackedMinion(minion: Minion, memo: Memo, tracker: Tracker): Minion {
  return {
    get id() {
      return tracker.id();
    },
    testId: (kind, pattern) => tracker.testId(kind, pattern),
    noted: (label, run) => tracker.noted(label, run),
    grains: tracker.view("grains"),
    opts: tracker.view("opts"),
    ...followedRoots(minion, (question) => tracker.file(memo.file(question))),
  };
}

/** The minion's file roots and pillar roots, every question to which `asked` is told. */
export function followedRoots(minion: Minion, asked: (question: string) => void): Pick<Minion, "fileRoots" | "pillarRoots"> {
  return { fileRoots: recorded(minion.fileRoots, "file_roots", asked), pillarRoots: recorded(minion.pillarRoots, "pillar_roots", asked) };
}

function recorded(roots: FileRoots, name: string, asked: (question: string) => void): FileRoots {
  const ask = (...question: readonly string[]): void => asked([name, ...question].join("\0"));
  const recorder: FileRecorder = {
    found: (saltenv, path) => ask("find", saltenv, path),
    listed: (saltenv, what) => ask(what, saltenv),
    environments: () => ask("environments"),
  };
  return new RecordingFileRoots(roots, recorder);
}
