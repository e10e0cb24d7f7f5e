/** Objects of a cluster with what tells one state of them from another. */
export type Digests = ReadonlyMap<string, string>;

/** Two states of a cluster, and what any mixture of them comes to. Parts are what is other in them, by number. */
export interface CauseTrial {
  readonly parts: number;
  /** Base, in which some parts are as in head. */
  readonly base: (parts: readonly number[]) => Digests;
  /** Head, in which some parts are as in base. */
  readonly head: (parts: readonly number[]) => Digests;
}

/** The objects that a part has to do with. */
export interface PartCauses {
  /** Those that are others by the part alone. */
  readonly alone: ReadonlySet<string>;
  /** Those that are as in head only with the part, and that other parts have a hand in too. */
  readonly together: ReadonlySet<string>;
}

/** So many mixtures are tried of those that only pairs can explain, and of what is explained already. */
const MOST_PAIRS = 64;
const MOST_CHECKS = 24;

/**
 * Finds which parts made objects others. Each part is put into base by itself; where that does not explain an object wholly, each is taken out of
 * head by itself, which finds what several together bring, as many as they may be; where that does not, pairs are put into base. What is found
 * is looked for until base with it comes to head, or so much has been tried.
 */
export function searchCauses(trial: CauseTrial): readonly PartCauses[] {
  const numbers = Array.from({ length: trial.parts }, (_, index) => index);
  const [base, head] = [trial.base([]), trial.head([])];
  const alone = numbers.map((part) => othersIn(base, trial.base([part])));
  const search = new Search(trial, head, alone);
  let open = search.unexplained(othersIn(base, head));
  if (open.size > 0 && trial.parts > 1) {
    for (const part of numbers) search.add(part, open, othersIn(head, trial.head([part])));
    open = search.unexplained(open);
    if (open.size > 0) search.pairs(open);
  }
  return numbers.map((part) => ({ alone: alone[part] ?? new Set(), together: search.together[part] ?? new Set() }));
}

class Search {
  readonly #trial: CauseTrial;
  readonly #head: Digests;
  readonly #alone: readonly ReadonlySet<string>[];
  readonly together: readonly Set<string>[];
  readonly #tried = new Map<string, Digests>();
  #checks = MOST_CHECKS;
  #pairs = MOST_PAIRS;

  constructor(trial: CauseTrial, head: Digests, alone: readonly ReadonlySet<string>[]) {
    this.#trial = trial;
    this.#head = head;
    this.#alone = alone;
    this.together = alone.map(() => new Set<string>());
  }

  /** Takes a part for a cause of those objects that it has to do with. */
  add(part: number, objects: ReadonlySet<string>, others: ReadonlySet<string>): void {
    for (const object of objects) if (others.has(object) && this.#alone[part]?.has(object) !== true) this.together[part]?.add(object);
  }

  /** The objects that base with all that is found of them does not bring to what they are in head. */
  unexplained(objects: ReadonlySet<string>): ReadonlySet<string> {
    const open = new Set<string>();
    for (const [, { parts, objects: own }] of this.#groups(objects)) {
      const reached = this.#reached(parts);
      for (const object of own) if (reached?.get(object) !== this.#head.get(object)) open.add(object);
    }
    return open;
  }

  /** Puts pairs of further parts into base, beside what is found. */
  pairs(objects: ReadonlySet<string>): void {
    for (const [, { parts, objects: own }] of this.#groups(objects)) {
      const from = this.#reached(parts) ?? this.#trial.base(parts);
      const rest = this.#alone.map((_, part) => part).filter((part) => !parts.includes(part));
      const open = new Set(own);
      for (const [index, one] of rest.entries()) {
        for (const other of rest.slice(index + 1)) {
          if (open.size === 0 || this.#pairs-- <= 0) break;
          const reached = this.#trial.base([...parts, one, other]);
          const others = othersIn(from, reached);
          this.add(one, open, others);
          this.add(other, open, others);
          for (const object of open) if (reached.get(object) === this.#head.get(object)) open.delete(object);
        }
      }
    }
  }

  /** Objects by the parts that are found of them. */
  #groups(objects: ReadonlySet<string>): ReadonlyMap<string, { readonly parts: readonly number[]; readonly objects: readonly string[] }> {
    const groups = new Map<string, { parts: readonly number[]; objects: string[] }>();
    for (const object of objects) {
      const parts = this.#alone.flatMap((found, part) => (found.has(object) || this.together[part]?.has(object) === true ? [part] : []));
      const key = parts.join(" ");
      const group = groups.get(key) ?? { parts, objects: [] };
      group.objects.push(object);
      groups.set(key, group);
    }
    return groups;
  }

  /** What base with these parts comes to; undefined where too much was tried. */
  #reached(parts: readonly number[]): Digests | undefined {
    const key = parts.join(" ");
    let reached = this.#tried.get(key);
    if (reached === undefined) {
      if (this.#checks-- <= 0) return undefined;
      reached = this.#trial.base(parts);
      this.#tried.set(key, reached);
    }
    return reached;
  }
}

/** The objects that are there in one only, or are others. */
function othersIn(before: Digests, after: Digests): ReadonlySet<string> {
  return new Set([...before.keys(), ...after.keys()].filter((key) => before.get(key) !== after.get(key)));
}
