import { join } from "node:path";
import { isBundleFile } from "../addon/index.ts";
import { FileAnswers } from "./cache/file-answers.ts";
import type { RunState } from "./cache/run-state.ts";
import type { AskedFile, ClusterState, StatePart } from "./cache/state-part.ts";
import { Aside } from "./aside.ts";
import { ClusterFolders } from "./cluster-folder.ts";
import type { FleetCompiler } from "./compile.ts";
import type { CompiledCluster } from "./compiled.ts";
import type { ReachRecord } from "./impact.ts";
import { countLines, type LineCounts } from "./line-counts.ts";
import { textAt, type OutDifference } from "./out.ts";
import { rosterText } from "./partition.ts";
import type { Reach } from "./reach.ts";
import type { Cluster } from "./roster.ts";
import { TextDigests } from "./text-digests.ts";

/** What became of one cluster and of its folder in out/. */
export interface RenderedCluster extends Omit<CompiledCluster, "files"> {
  /** Paths relative to out/. */
  readonly difference: OutDifference;
  readonly milliseconds: number;
  /** SHA-256 of each of its files, by path within its folder; where the options ask for them. */
  readonly digests?: ReadonlyMap<string, string>;
  /** How many lines each file of `difference` got and lost; where the options ask for it. */
  readonly lines?: ReadonlyMap<string, LineCounts>;
}

/** What a render is to say beside what became of the clusters. */
export interface RenderDetails {
  readonly digests?: boolean;
  readonly lines?: boolean;
}

export interface RenderOptions extends RenderDetails {
  /** Absolute path of out/. */
  readonly out: string;
  /** Write nothing. */
  readonly check: boolean;
  /** When the run began, in milliseconds. */
  readonly begun: number;
  /** What earlier runs have left. Default: nothing is taken from them. */
  readonly state?: RunState | undefined;
}

/** How far a render is. */
export interface RenderProgress {
  readonly clusters: number;
  /** Computations carried out, and results taken from another cluster's. */
  readonly computed: number;
  readonly taken: number;
  /** Clusters of which nothing was computed, as nothing that they read has changed. */
  readonly unchanged: number;
}

/**
 * Compiles clusters and makes their folders in out/ what they should be, one after the other, so that no more than one cluster's files are
 * held. What nothing has changed for since an earlier run is not compiled again. `progress` is told before each cluster and at the end.
 */
export function renderClusters(
  compiler: FleetCompiler,
  clusters: readonly Cluster[],
  options: RenderOptions,
  progress: (progress: RenderProgress) => void,
): readonly RenderedCluster[] {
  const run = new RenderRun(compiler, options);
  const at = (done: number): RenderProgress => ({ clusters: done, ...compiler.counts, unchanged: run.unchanged });
  try {
    const rendered = clusters.map((cluster, index) => {
      progress(at(index));
      return run.render(cluster);
    });
    progress(at(clusters.length));
    run.keep();
    return rendered;
  } finally {
    run.aside.remove();
  }
}

/** What was read for what in each cluster, by id; compiles what earlier runs have left no record of, or whose inputs have changed. */
export function recordClusters(
  compiler: FleetCompiler,
  clusters: readonly Cluster[],
  options: Pick<RenderOptions, "begun" | "state">,
): ReadonlyMap<string, ReachRecord> {
  const run = new RenderRun(compiler, { ...options, out: "", check: true });
  const records = new Map(clusters.map((cluster) => [cluster.id, run.record(cluster)]));
  run.keep();
  return records;
}

function recordOf({ sets, asked }: StatePart, state: ClusterState): ReachRecord {
  return {
    reach: state.reach,
    sets,
    get files() {
      return state.questions.flatMap((number) => asked[number]?.question ?? []);
    },
  };
}

type Outcome = Pick<CompiledCluster, "release" | "findings" | "leftToNode">;

class RenderRun {
  unchanged = 0;
  readonly aside: Aside;
  readonly #compiler: FleetCompiler;
  readonly #options: RenderOptions;
  readonly #answers: FileAnswers;
  readonly #state: RunState | undefined;
  readonly #digests = new TextDigests();
  readonly #asked: AskedFile[] = [];
  readonly #askedNumbers: (number | undefined)[] = [];
  readonly #clusters = new Map<string, ClusterState>();
  readonly #texts = new Map<string, string>();
  readonly #folders: ClusterFolders;

  constructor(compiler: FleetCompiler, options: RenderOptions) {
    const { fleet } = compiler;
    this.#compiler = compiler;
    this.#options = options;
    this.aside = new Aside(options.out);
    this.#folders = new ClusterFolders(options.out, { ...options, aside: this.aside, digests: this.#digests });
    this.#answers = options.state?.answers ?? new FileAnswers(fleet);
    this.#state = options.state;
  }

  render(cluster: Cluster): RenderedCluster {
    const start = performance.now();
    const { out } = this.#options;
    const place = `${cluster.az}/${cluster.id}`;
    const roster = rosterText(cluster);
    const before = this.#state?.find(cluster.id);
    const known = before?.state.folder;
    const trusted = before?.trusted ?? 0;
    if (before !== undefined && known !== undefined && this.#state?.holds(cluster.id, roster) === true) {
      if (this.#folders.isAsKnown(place, known, trusted)) {
        this.unchanged++;
        const outcome: Outcome = JSON.parse(before.state.outcome);
        return {
          cluster: identity(cluster),
          ...outcome,
          difference: NOTHING,
          milliseconds: performance.now() - start,
          ...this.#details(() => known.digests(), new Map()),
        };
      }
    }
    const { compiled, questions, reach, alike } = this.#compiler.compileFollowed(cluster);
    const lines = new Map<string, LineCounts>();
    const { difference, known: now } = this.#folders.sync(place, compiled.files, {
      alike,
      known,
      trusted,
      differs: (name) => {
        if (this.#options.lines !== true) return;
        lines.set(`${place}/${name}`, countLines(textAt(join(out, place, name)), compiled.files.get(name) ?? ""));
      },
      optional: isBundleFile,
    });
    const outcome: Outcome = { release: compiled.release, findings: compiled.findings, leftToNode: compiled.leftToNode };
    if (questions !== undefined && this.#state !== undefined)
      this.#clusters.set(cluster.id, {
        roster,
        questions: questions.map((question) => this.#ask(question)),
        ...this.#textsOf(outcome, reach, alike),
        folder: now,
      });
    return {
      cluster: identity(cluster),
      ...outcome,
      difference: within(`${place}/`, difference),
      milliseconds: performance.now() - start,
      ...this.#details(
        () => [...compiled.files].map(([path, text]) => [path, this.#digests.list[this.#digests.number(text)] ?? ""]),
        lines,
      ),
    };
  }

  record(cluster: Cluster): ReachRecord {
    const roster = rosterText(cluster);
    const before = this.#state?.find(cluster.id);
    if (before !== undefined && this.#state?.holds(cluster.id, roster) === true && before.state.reach !== "")
      return recordOf(before.part, before.state);
    const { compiled, questions, reach, alike } = this.#compiler.compileFollowed(cluster);
    const outcome: Outcome = { release: compiled.release, findings: compiled.findings, leftToNode: compiled.leftToNode };
    const texts = this.#textsOf(outcome, reach, alike);
    if (questions !== undefined && this.#state !== undefined)
      this.#clusters.set(cluster.id, { roster, questions: questions.map((question) => this.#ask(question)), ...texts, folder: undefined });
    return {
      reach: texts.reach,
      sets: this.#compiler.reachSets,
      files: (questions ?? []).map((question) => this.#compiler.fileQuestion(question)),
    };
  }

  /** Outcome and reach as texts, equal ones as one: most clusters came to the same. */
  #textsOf(outcome: Outcome, reach: Reach | undefined, alike: object | undefined): Pick<ClusterState, "outcome" | "reach"> {
    const known = alike === undefined ? undefined : this.#alike.get(alike);
    if (known !== undefined) return known;
    const texts = { outcome: this.#once(JSON.stringify(outcome)), reach: reach === undefined ? "" : this.#once(JSON.stringify(reach)) };
    if (alike !== undefined) this.#alike.set(alike, texts);
    return texts;
  }
  readonly #alike = new WeakMap<object, Pick<ClusterState, "outcome" | "reach">>();

  /** What the options ask for. */
  #details(
    digests: () => (readonly [string, string])[],
    lines: ReadonlyMap<string, LineCounts>,
  ): Pick<RenderedCluster, "digests" | "lines"> {
    return { ...(this.#options.digests === true && { digests: new Map(digests()) }), ...(this.#options.lines === true && { lines }) };
  }

  /** Leaves what was computed for the next run. */
  keep(): void {
    this.#state?.add({
      begun: this.#options.begun,
      saved: Date.now(),
      asked: this.#asked,
      sets: this.#compiler.reachSets,
      clusters: this.#clusters,
    });
  }

  /** The place of a question of the compiler's in the list of this run. */
  #ask(question: number): number {
    let number = this.#askedNumbers[question];
    if (number === undefined) {
      const text = this.#compiler.fileQuestion(question);
      number = this.#asked.push({ question: text, answer: this.#answers.answer(text), stamp: this.#answers.stampRead(text) }) - 1;
      this.#askedNumbers[question] = number;
    }
    return number;
  }

  #once(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    this.#texts.set(text, text);
    return text;
  }
}

const NOTHING: OutDifference = { missing: [], changed: [], extra: [] };

function within(prefix: string, { missing, changed, extra }: OutDifference): OutDifference {
  const add = (paths: readonly string[]): string[] => paths.map((path) => prefix + path);
  return { missing: add(missing), changed: add(changed), extra: add(extra) };
}

function identity({ id, az, kubernetes }: Cluster): CompiledCluster["cluster"] {
  return { id, az, kubernetes };
}
