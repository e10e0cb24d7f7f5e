/** What a computation read, as pairs of a question and its answer, in the order in which they were first asked. */
export interface Trail {
  readonly questions: readonly number[];
  readonly answers: readonly number[];
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
  find(ask: (question: number) => number): T | undefined {
    let node = this.#root;
    while (node !== undefined) {
      if (node.questions.length === 0) {
        if (node.result !== undefined) this.#found++;
        return node.result?.value;
      }
      const answers: number[] = [];
      let hash = 17;
      for (const question of node.questions) {
        const answer = ask(question);
        answers.push(answer);
        hash = (Math.imul(hash, 31) + answer) | 0;
      }
      node = node.next.get(hash)?.find((branch) => same(branch.answers, answers, answers.length))?.node;
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
          node.questions = questions.slice(from);
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
          node.questions = questions.slice(from);
          node.result = undefined;
          continue;
        }
        node.result = { value };
        return;
      }
      const hash = hashOf(given);
      const branches = node.next.get(hash) ?? [];
      node.next.set(hash, branches);
      let branch = branches.find((each) => same(each.answers, given, run));
      if (branch === undefined) {
        branch = { answers: given, node: leafOrRun<T>(questions, from) };
        branches.push(branch);
      }
      node = branch.node;
    }
  }
}

/** So many different results in a row are no sign yet that no two are alike. */
const MOST_IDLE = 1024;

interface Node<T> {
  questions: readonly number[];
  readonly next: Map<number, Branch<T>[]>;
  result: { readonly value: T } | undefined;
}

interface Branch<T> {
  readonly answers: readonly number[];
  readonly node: Node<T>;
}

function leafOrRun<T>(questions: readonly number[], from: number): Node<T> {
  return { questions: questions.slice(from), next: new Map(), result: undefined };
}

/** Makes a run of questions two, the first of `length`. */
function split<T>(node: Node<T>, length: number): void {
  if (length === 0) return;
  const rest = node.questions.slice(length);
  const before = [...node.next.values()].flat();
  node.questions = node.questions.slice(0, length);
  node.next.clear();
  for (const { answers, node: below } of before) {
    const head = answers.slice(0, length);
    const hash = hashOf(head);
    const branches = node.next.get(hash) ?? [];
    node.next.set(hash, branches);
    let branch = branches.find((each) => same(each.answers, head, length));
    if (branch === undefined) {
      branch = { answers: head, node: { questions: rest, next: new Map(), result: undefined } };
      branches.push(branch);
    }
    const tail = answers.slice(length);
    const tailHash = hashOf(tail);
    branch.node.next.set(tailHash, [...(branch.node.next.get(tailHash) ?? []), { answers: tail, node: below }]);
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
