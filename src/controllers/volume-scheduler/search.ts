/** One place that a claim could have. */
export interface Option {
  /** A volume that is had by one claim only. */
  readonly volume?: string;
  /** Where room is taken from, and how much of it. */
  readonly pool?: { readonly name: string; readonly bytes: number };
  /** The physical disks below. */
  readonly disks: readonly string[];
  /** What it is worse than the best place by: a whole number of at least 0. */
  readonly cost: number;
  /** Options of one kind, disks and cost are the same to every claim of the pod. Absent: like no other. */
  readonly kind?: string;
}

export interface Puzzle {
  /** The places of each claim. */
  readonly options: readonly (readonly Option[])[];
  /** What is left in pools, by name, in bytes. */
  readonly pools: Readonly<Record<string, number>>;
  /** Whether claims i and j may not be on one disk. */
  readonly apart: (i: number, j: number) => boolean;
  /** What it costs if claims i and j are on one disk: a whole number of at least 0. */
  readonly together: (i: number, j: number) => number;
}

export type Solution =
  /** `choice`: of each claim, its option's index. `proven`: nothing costs less. */
  | { readonly kind: "solved"; readonly choice: readonly number[]; readonly cost: number; readonly proven: boolean; readonly steps: number }
  | { readonly kind: "impossible"; readonly steps: number }
  /** Nothing was found in so many steps, and that there is nothing is not known either. */
  | { readonly kind: "undecided"; readonly steps: number };

/** A node has a few dozen volumes and a pod a few claims: real puzzles take dozens of steps. */
const MOST_STEPS = 20_000;

/**
 * Finds a place for every claim at the least cost, by depth-first search with bounds. It is exact as long as it ends within its steps; a step is one
 * option that is tried.
 */
export function solve(puzzle: Puzzle, mostSteps = MOST_STEPS): Solution {
  return new Search(puzzle, mostSteps).run();
}

/** An option in the order in which it is tried, with its rank among those that differ. */
interface Ranked {
  readonly option: Option;
  readonly index: number;
  readonly rank: number;
}

class Search {
  readonly #puzzle: Puzzle;
  readonly #most: number;
  /** Claims, those with the fewest options first. */
  readonly #order: readonly number[];
  readonly #ranked: readonly (readonly Ranked[])[];
  /** At each depth: the least that the claims from there on can cost. */
  readonly #least: readonly number[];
  /** At each depth: the depth of an earlier claim to which this one is the same, or -1. */
  readonly #twin: readonly number[];
  readonly #used = new Set<string>();
  readonly #left = new Map<string, number>();
  readonly #chosen: Ranked[] = [];
  #best: { readonly choice: readonly number[]; readonly cost: number } | undefined;
  #steps = 0;

  constructor(puzzle: Puzzle, most: number) {
    this.#puzzle = puzzle;
    this.#most = most;
    const { options } = puzzle;
    this.#order = options.map((_each, claim) => claim).sort((a, b) => (options[a]?.length ?? 0) - (options[b]?.length ?? 0) || a - b);
    this.#ranked = this.#order.map((claim) => rank(options[claim] ?? []));
    const least: number[] = [0];
    for (const ranked of [...this.#ranked].reverse()) least.unshift((least[0] ?? 0) + (ranked[0]?.option.cost ?? 0));
    this.#least = least;
    this.#twin = this.#order.map((claim, depth) => {
      for (let earlier = depth - 1; earlier >= 0; earlier--) if (this.#same(this.#order[earlier] ?? 0, claim)) return earlier;
      return -1;
    });
    for (const [name, free] of Object.entries(puzzle.pools)) this.#left.set(name, free);
  }

  run(): Solution {
    if (this.#ranked.some((ranked) => ranked.length === 0)) return { kind: "impossible", steps: 0 };
    const whole = this.#place(0, 0);
    const best = this.#best;
    const steps = this.#steps;
    if (best !== undefined) return { kind: "solved", ...best, proven: whole, steps };
    return whole ? { kind: "impossible", steps } : { kind: "undecided", steps };
  }

  /** Tries what can be done with the claims from a depth on. False where the steps ran out. */
  #place(depth: number, cost: number): boolean {
    if (depth === this.#order.length) {
      const choice = Array.from({ length: depth }, () => 0);
      for (const [at, { index }] of this.#chosen.entries()) choice[this.#order[at] ?? 0] = index;
      this.#best = { choice, cost };
      return true;
    }
    const rest = this.#least[depth + 1] ?? 0;
    // Claims that are the same to each other are tried in one order only.
    const twin = this.#twin[depth] ?? -1;
    const from = twin === -1 ? -1 : (this.#chosen[twin]?.rank ?? -1);
    let tried = -1;
    for (const ranked of this.#ranked[depth] ?? []) {
      const { option } = ranked;
      if (ranked.rank < from || ranked.rank === tried) continue;
      // Options come with the cheapest first.
      if (this.#best !== undefined && cost + option.cost + rest >= this.#best.cost) break;
      if (this.#steps >= this.#most) return false;
      this.#steps += 1;
      const pairs = this.#fits(option, depth);
      if (pairs === undefined) continue;
      tried = ranked.rank;
      const total = cost + option.cost + pairs;
      if (this.#best !== undefined && total + rest >= this.#best.cost) continue;
      this.#take(ranked);
      const whole = this.#place(depth + 1, total);
      this.#giveBack(ranked);
      if (!whole) return false;
    }
    return true;
  }

  /** What the option costs beside those that are chosen; `undefined` where it can't be. */
  #fits({ volume, pool, disks }: Option, depth: number): number | undefined {
    if (volume !== undefined && this.#used.has(volume)) return undefined;
    if (pool !== undefined && (this.#left.get(pool.name) ?? 0) < pool.bytes) return undefined;
    const claim = this.#order[depth] ?? 0;
    let pairs = 0;
    for (const [at, { option }] of this.#chosen.entries()) {
      if (!disks.some((disk) => option.disks.includes(disk))) continue;
      const other = this.#order[at] ?? 0;
      if (this.#puzzle.apart(claim, other)) return undefined;
      pairs += this.#puzzle.together(claim, other);
    }
    return pairs;
  }

  #take(ranked: Ranked): void {
    const { volume, pool } = ranked.option;
    this.#chosen.push(ranked);
    if (volume !== undefined) this.#used.add(volume);
    if (pool !== undefined) this.#left.set(pool.name, (this.#left.get(pool.name) ?? 0) - pool.bytes);
  }

  #giveBack({ option: { volume, pool } }: Ranked): void {
    this.#chosen.pop();
    if (volume !== undefined) this.#used.delete(volume);
    if (pool !== undefined) this.#left.set(pool.name, (this.#left.get(pool.name) ?? 0) + pool.bytes);
  }

  /** Whether exchanging two claims changes nothing. */
  #same(a: number, b: number): boolean {
    const { options, apart, together } = this.#puzzle;
    const [first = [], second = []] = [options[a], options[b]];
    if (first !== second && !(first.length === second.length && first.every((option, index) => sameOption(option, second[index]))))
      return false;
    return this.#order.every(
      (other) => other === a || other === b || (apart(a, other) === apart(b, other) && together(a, other) === together(b, other)),
    );
  }
}

function sameOption(a: Option, b: Option | undefined): boolean {
  return (
    a.volume === b?.volume &&
    a.pool?.name === b?.pool?.name &&
    a.pool?.bytes === b?.pool?.bytes &&
    a.cost === b?.cost &&
    a.kind === b.kind &&
    a.disks.length === b.disks.length &&
    a.disks.every((disk, index) => disk === b.disks[index])
  );
}

/** The cheapest first; options that are the same to everybody beside each other, under one rank. */
function rank(options: readonly Option[]): readonly Ranked[] {
  const keyed = options.map((option, index) => ({ option, index, key: kindOf(option, index) }));
  keyed.sort(
    (a, b) =>
      a.option.cost - b.option.cost || before(a.key, b.key) || before(a.option.volume ?? "", b.option.volume ?? "") || a.index - b.index,
  );
  let at = -1;
  let last = "";
  return keyed.map(({ option, index, key }) => {
    if (at === -1 || key !== last) at += 1;
    last = key;
    return { option, index, rank: at };
  });
}

function before(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function kindOf({ volume, pool, disks, cost, kind }: Option, index: number): string {
  if (kind === undefined || volume === undefined || pool !== undefined) return `#${index}`;
  return `${cost} ${kind} ${disks.join(" ")}`;
}
