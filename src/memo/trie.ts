/** What a computation read, as pairs of a question and its answer, in the order in which they were first asked. */
export interface Trail {
  readonly questions: readonly number[];
  readonly answers: readonly number[];
}

/**
 * A quicker way to the answers of many questions at once: those about what lies in one place all follow from which object stands there, as
 * no object changes.
 */
export interface Places {
  /** The places from which the answers to questions follow; each is a number. */
  of(questions: readonly number[]): readonly number[];
  /** What stands there: equal numbers for the same object and for equal plain values. `undefined` where that can't be told. */
  holds(place: number): number | undefined;
}

/**
 * Results by what was read for them.
 *
 * A computation that is deterministic asks the same next question whenever the answers so far were the same. So the records of one
 * computation form a tree: a run of questions, and by their answers what follows. Looking up asks each question once.
 */
export class Trie<T> {
  #root: Node<T> | undefined;
  #added = 0;
  #found = 0;

  /** Whether results are added that nobody asks for: each subject reads something of its own. */
  get isIdle(): boolean {
    return this.#added > MOST_IDLE && this.#found === 0;
  }

  /** The result whose every read has the answer that it has now. */
  find(ask: (question: number) => number, places?: Places): T | undefined {
    let node = this.#root;
    while (node !== undefined) {
      if (node.questions.length === 0) {
        if (node.result !== undefined) this.#found++;
        return node.result?.value;
      }
      const held = places === undefined || node.questions.length < MANY ? undefined : heldAt(node, places);
      const known = held === undefined || node.byPlaces === undefined ? undefined : branchOf(node.byPlaces, held);
      if (known !== undefined) {
        node = known.node;
        continue;
      }
      const next: Node<T> | undefined = branchOf(node.next, node.questions.map(ask))?.node;
      if (held !== undefined && next !== undefined) {
        if (node.byPlaces === undefined || node.byPlaces.size >= MOST_BY_PLACES) node.byPlaces = new Map();
        addBranch(node.byPlaces, { answers: held, node: next });
      }
      node = next;
    }
    return undefined;
  }

  /** Every result that is kept. */
  *results(): Generator<T> {
    const open = this.#root === undefined ? [] : [this.#root];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      if (node.result !== undefined) yield node.result.value;
      for (const branches of node.next.values()) for (const branch of branches) open.push(branch.node);
    }
  }

  add({ questions, answers }: Trail, value: T): void {
    this.#added++;
    let from = 0;
    let node = (this.#root ??= leafOrRun<T>(questions, 0));
    for (;;) {
      const run = node.questions.length;
      const given = answers.slice(from, from + run);
      let agree = 0;
      while (agree < run && node.questions[agree] === questions[from + agree]) agree++;
      if (agree < run) {
        // The same questions up to here: what follows depends on the answers, and is not the same for this one.
        split(node, agree);
        if (agree === 0) {
          // A computation that asks other things though nothing that was told is other: keep the newer.
          node.next.clear();
          requestion(node, questions.slice(from));
          if (node.questions.length === 0) {
            node.result = { value };
            return;
          }
        }
        continue;
      }
      from += run;
      if (run === 0) {
        if (from < questions.length) {
          requestion(node, questions.slice(from));
          node.result = undefined;
          continue;
        }
        node.result = { value };
        return;
      }
      let branch = branchOf(node.next, given);
      if (branch === undefined) addBranch(node.next, (branch = { answers: given, node: leafOrRun<T>(questions, from) }));
      node = branch.node;
    }
  }
}

/** So many different results in a row are no sign yet that no two are alike. */
const MOST_IDLE = 1024;

/** Fewer questions are asked one by one. */
const MANY = 8;
const MOST_BY_PLACES = 4096;

interface Node<T> {
  questions: readonly number[];
  readonly next: Branches<T>;
  result: { readonly value: T } | undefined;
  /** The places that the questions are about; `undefined` until they are asked for. */
  places: readonly number[] | undefined;
  /** What follows by what was found at those places. */
  byPlaces: Branches<T> | undefined;
}

/** By the hash of the answers. */
type Branches<T> = Map<number, Branch<T>[]>;

interface Branch<T> {
  readonly answers: readonly number[];
  readonly node: Node<T>;
}

function leafOrRun<T>(questions: readonly number[], from: number): Node<T> {
  return nodeOf(questions.slice(from));
}

function nodeOf<T>(questions: readonly number[]): Node<T> {
  return { questions, next: new Map(), result: undefined, places: undefined, byPlaces: undefined };
}

/** Gives a node other questions. */
function requestion(node: Node<unknown>, questions: readonly number[]): void {
  node.questions = questions;
  node.places = undefined;
  node.byPlaces = undefined;
}

/** What stands at a node's places; `undefined` where to ask each question is no more work. */
function heldAt(node: Node<unknown>, places: Places): readonly number[] | undefined {
  node.places ??= places.of(node.questions);
  if (node.places.length * 2 > node.questions.length) return undefined;
  const held: number[] = [];
  for (const place of node.places) {
    const value = places.holds(place);
    if (value === undefined) return undefined;
    held.push(value);
  }
  return held;
}

function branchOf<T>(branches: Branches<T>, answers: readonly number[]): Branch<T> | undefined {
  return branches.get(hashOf(answers))?.find((branch) => same(branch.answers, answers, answers.length));
}

function addBranch<T>(branches: Branches<T>, branch: Branch<T>): void {
  const hash = hashOf(branch.answers);
  const known = branches.get(hash);
  if (known === undefined) branches.set(hash, [branch]);
  else known.push(branch);
}

/** Makes a run of questions two, the first of `length`. */
function split<T>(node: Node<T>, length: number): void {
  if (length === 0) return;
  const rest = node.questions.slice(length);
  const before = [...node.next.values()].flat();
  requestion(node, node.questions.slice(0, length));
  node.next.clear();
  for (const { answers, node: below } of before) {
    const head = answers.slice(0, length);
    let branch = branchOf(node.next, head);
    if (branch === undefined) addBranch(node.next, (branch = { answers: head, node: nodeOf(rest) }));
    addBranch(branch.node.next, { answers: answers.slice(length), node: below });
  }
}

function hashOf(answers: readonly number[]): number {
  let hash = 17;
  for (const answer of answers) hash = (Math.imul(hash, 31) + answer) | 0;
  return hash;
}

function same(a: readonly number[], b: readonly number[], length: number): boolean {
  for (let index = 0; index < length; index++) if (a[index] !== b[index]) return false;
  return true;
}
