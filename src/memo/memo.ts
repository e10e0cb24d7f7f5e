import { DataPaths, type DataPath } from "../python/index.ts";
import { Answers } from "./answers.ts";
import { Scratch } from "./scratch.ts";
import type { Kept } from "./tracker.ts";
import { Trie } from "./trie.ts";

/** Whether an id passes a test: `kind` as the matchers call it. */
export type IdTest = (kind: string, pattern: string, id: string) => boolean;

/** What one run keeps: results by what was read for them. */
export class Memo {
  readonly paths = new DataPaths();
  readonly answers = new Answers();
  readonly scratch = new Scratch();
  /** How many computations were carried out, and how many results were taken from an earlier one. */
  readonly counts = { computed: 0, taken: 0 };
  readonly testId: IdTest;
  readonly #roots = new Map<string, DataPath>();
  readonly #files: string[] = [];
  readonly #fileNumbers = new Map<string, number>();
  readonly #tries = new Map<string, Trie<Kept<unknown>>>();

  constructor(testId: IdTest) {
    this.testId = testId;
  }

  root(name: string): DataPath {
    let root = this.#roots.get(name);
    if (root === undefined) {
      root = this.paths.root(name);
      this.#roots.set(name, root);
    }
    return root;
  }

  /** The number of a question about files. */
  file(question: string): number {
    const known = this.#fileNumbers.get(question);
    if (known !== undefined) return known;
    const number = this.#files.length;
    this.#files.push(question);
    this.#fileNumbers.set(question, number);
    return number;
  }
  fileQuestion(number: number): string {
    return this.#files[number] ?? "";
  }

  /** The results of one computation, told from others by all that it is given besides tracked data: one name stands for one type. */
  trie<T>(name: string): Trie<Kept<T>> {
    let trie = this.#tries.get(name);
    if (trie === undefined) {
      trie = new Trie();
      this.#tries.set(name, trie);
    }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each kind of name is used with one type
    return trie as Trie<Kept<T>>;
  }
}
