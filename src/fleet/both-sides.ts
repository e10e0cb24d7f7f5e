import { FileAnswers } from "./cache/file-answers.ts";
import type { CacheFolder } from "./cache/folder.ts";
import type { RunState } from "./cache/run-state.ts";
import type { AskedFile, ClusterState } from "./cache/state-part.ts";
import type { ClusterCompile } from "./cluster.ts";
import type { FleetCompiler } from "./compile.ts";
import { kindOf, rosterText } from "./partition.ts";
import type { Cluster } from "./roster.ts";

/** An object of a cluster: group, kind, namespace and name. */
export type ObjectName = readonly [group: string, kind: string, namespace: string | null, name: string];

/** What became of one cluster in two states of a fleet. */
export type ComparedCluster =
  /** Nothing that its compile asks for has changed. `objects`: of an earlier run; `compile`: of this one. */
  | { readonly kind: "untouched"; readonly id: string; readonly objects: readonly ObjectName[] }
  | { readonly kind: "alike"; readonly id: string; readonly compile: ClusterCompile }
  /** Absent on a side: the roster has it not. */
  | {
      readonly kind: "compiled";
      readonly id: string;
      readonly base: ClusterCompile | undefined;
      readonly head: ClusterCompile | undefined;
    };

export interface BothSidesOptions {
  /** What earlier comparisons have left; nothing is taken or left without. */
  readonly cache?: CacheFolder | undefined;
  /** When the run began, in milliseconds. */
  readonly begun: number;
  /** Told before each compile: how many are done of how many. */
  readonly progress?: (done: number, of: number) => void;
}

/** What a cluster costs that is like one before it, and the first of a kind, in milliseconds of one core (render-threads.ts). */
const LIKE_ANOTHER = 4;
const FIRST_OF_KIND = 45;

/** Names the state of comparisons beside that of renders. */
const OWN_STATE = "\0diff";

/**
 * Compiles the clusters of two states of a fleet, where something differs that they ask for: a cluster that asks the tree the same and is
 * told the same comes to the same. What one side renders the other takes over.
 */
export class BothSides {
  readonly #base: FleetCompiler;
  readonly #head: FleetCompiler;
  readonly #options: BothSidesOptions;
  readonly #answers: { readonly base: FileAnswers; readonly head: FileAnswers };
  readonly #same = new Map<string, boolean>();

  constructor(base: FleetCompiler, head: FleetCompiler, options: BothSidesOptions) {
    this.#base = base;
    this.#head = head;
    this.#options = options;
    this.#answers = {
      base: new FileAnswers(base.fleet),
      head: new FileAnswers(head.fleet),
    };
  }

  /** By the clusters' ids, in their order. `ids`: which; of all others nothing is said. */
  compare(ids: ReadonlySet<string>): readonly ComparedCluster[] {
    const pick = ({ fleet }: FleetCompiler): Map<string, Cluster> =>
      new Map(fleet.roster.clusters.filter(({ id }) => ids.has(id)).map((cluster) => [cluster.id, cluster]));
    const [base, head] = [pick(this.#base), pick(this.#head)];
    const sameSettings = this.#base.inputs === this.#head.inputs;
    const alike = (id: string): boolean => {
      const [was, is] = [base.get(id), head.get(id)];
      return sameSettings && was !== undefined && is !== undefined && rosterText(was) === rosterText(is);
    };
    const known = this.#known([...base.values()].filter(({ id }) => alike(id)));
    const open = [...new Set([...base.keys(), ...head.keys()])].toSorted().filter((id) => !known.has(id));
    const before = this.#compileBase(
      open.flatMap((id) => base.get(id) ?? []),
      alike,
    );
    const reached = open.flatMap((id) => (before.get(id)?.reached === false ? [] : (head.get(id) ?? [])));
    const after = this.#compileHead(reached, open.length);
    return [...known.keys(), ...open].toSorted().map((id): ComparedCluster => {
      const objects = known.get(id);
      if (objects !== undefined) return { kind: "untouched", id, objects };
      const was = before.get(id);
      if (was?.reached === false) return { kind: "alike", id, compile: was.compile };
      return { kind: "compiled", id, base: was?.compile, head: after.get(id) };
    });
  }

  /** Clusters of which an earlier run has left what they ask for, and both sides answer that alike. */
  #known(clusters: readonly Cluster[]): Map<string, readonly ObjectName[]> {
    const state = this.#state();
    const known = new Map<string, readonly ObjectName[]>();
    const outcomes = new Map<string, readonly ObjectName[]>();
    if (state === undefined) return known;
    for (const cluster of clusters) {
      const found = state.find(cluster.id);
      if (found === undefined || !state.holds(cluster.id, rosterText(cluster))) continue;
      const asked = found.state.questions.flatMap((number) => found.part.asked[number]?.question ?? []);
      if (!this.#answersAlike(asked)) continue;
      let objects = outcomes.get(found.state.outcome);
      // What `#compileBase` wrote; most clusters came to the same.
      if (objects === undefined) outcomes.set(found.state.outcome, (objects = parseObjects(found.state.outcome)));
      known.set(cluster.id, objects);
    }
    return known;
  }

  #state(): RunState | undefined {
    return this.#options.cache === undefined ? undefined : this.#base.stateIn(this.#options.cache, OWN_STATE);
  }

  #answersAlike(questions: readonly string[]): boolean {
    return questions.every((question) => {
      let same = this.#same.get(question);
      if (same === undefined) {
        same = this.#answers.base.answer(question) === this.#answers.head.answer(question);
        this.#same.set(question, same);
      }
      return same;
    });
  }

  #compileBase(clusters: readonly Cluster[], alike: (id: string) => boolean): ReadonlyMap<string, BaseCompile> {
    const memo = this.#base.continueFrom(this.#options.cache, this.#answers.base, workOf(clusters));
    const compiles = new Map<string, BaseCompile>();
    const asked = new AskedFiles(this.#answers.base);
    const states = new Map<string, ClusterState>();
    for (const [index, cluster] of clusters.entries()) {
      this.#options.progress?.(index, clusters.length * 2);
      const { compile, questions } = this.#base.compileAsked(cluster);
      const reached = !alike(cluster.id) || questions === undefined || !this.#answersAlike(questions);
      compiles.set(cluster.id, { compile, reached });
      if (questions !== undefined && isWhole(compile))
        states.set(cluster.id, {
          roster: rosterText(cluster),
          questions: questions.map((question) => asked.number(question)),
          outcome: JSON.stringify(objectsOf(compile)),
          reach: "",
          folder: undefined,
        });
    }
    memo.keep(new Date());
    this.#state()?.add({ begun: this.#options.begun, saved: Date.now(), asked: asked.list, sets: [], clusters: states });
    return compiles;
  }

  #compileHead(clusters: readonly Cluster[], of: number): ReadonlyMap<string, ClusterCompile> {
    const before = { compiler: this.#base, answers: this.#answers.base };
    const memo = this.#head.continueFrom(this.#options.cache, this.#answers.head, workOf(clusters), before);
    const compiles = new Map<string, ClusterCompile>();
    for (const [index, cluster] of clusters.entries()) {
      this.#options.progress?.(of + index, of + clusters.length);
      compiles.set(cluster.id, this.#head.compile(cluster));
    }
    memo.keep(new Date());
    return compiles;
  }
}

interface BaseCompile {
  readonly compile: ClusterCompile;
  /** Whether the other side may come to something else. */
  readonly reached: boolean;
}

class AskedFiles {
  readonly list: AskedFile[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #answers: FileAnswers;

  constructor(answers: FileAnswers) {
    this.#answers = answers;
  }

  number(question: string): number {
    let number = this.#numbers.get(question);
    if (number === undefined) {
      number = this.list.push({ question, answer: this.#answers.answer(question), stamp: undefined }) - 1;
      this.#numbers.set(question, number);
    }
    return number;
  }
}

/** What fails is compiled again each time, so that it is said each time. */
function isWhole({ release }: ClusterCompile): boolean {
  return release.state === "compiled" && release.addons.every(({ state }) => state === "complete");
}

/** The objects of a compiled cluster. */
export function objectsOf({ release }: ClusterCompile): readonly ObjectName[] {
  if (release.state === "failed") return [];
  return release.addons.flatMap((addon) =>
    addon.state === "failed"
      ? []
      : addon.objects.map(({ apiVersion, kind, namespace, name }): ObjectName => [groupOf(apiVersion), kind, namespace, name]),
  );
}

function parseObjects(text: string): readonly ObjectName[] {
  const objects: readonly ObjectName[] = JSON.parse(text);
  return objects;
}

function groupOf(apiVersion: string): string {
  return apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
}

function workOf(clusters: readonly Cluster[]): number {
  return clusters.length * LIKE_ANOTHER + new Set(clusters.map(kindOf)).size * FIRST_OF_KIND;
}
