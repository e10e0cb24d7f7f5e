import { DataPaths, type DataPath } from "../python/index.ts";
import { Answers } from "./answers.ts";
import type { PackedRecords } from "./records.ts";
import { Scratch } from "./scratch.ts";
import type { Kept } from "./tracker.ts";
import { Trie } from "./trie.ts";

/** Whether an id passes a test: `kind` as the matchers call it. */
export type IdTest = (kind: string, pattern: string, id: string) => boolean;

/** So many records at most are kept for the next run. */
const MOST_FRESH = 20_000;

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

  /** Records of earlier runs. Default: none. */
  #earlier: PackedRecords | undefined;
  /** Records that this run has made, of the computations that are worth keeping for the next. */
  readonly fresh: { readonly name: string; readonly kept: Kept<unknown> }[] = [];
  readonly #names = new WeakMap<object, string>();

  constructor(testId: IdTest) {
    this.testId = testId;
  }

  /** Takes results from earlier runs from now on, and notes what is to be kept of this one. */
  continue(earlier: PackedRecords): void {
    this.#earlier = earlier;
  }

  /** Whether subjects have texts of their own at a place, as the first that is printed there shows: one that is its subject's id. */
  isOwn(path: DataPath, isId: () => boolean): boolean {
    let own = this.#own.get(path);
    if (own === undefined) this.#own.set(path, (own = isId()));
    return own;
  }
  readonly #own = new Map<DataPath, boolean>();

  root(name: string): DataPath {
    let root = this.#roots.get(name);
    if (root === undefined) {
      root = this.paths.root(name);
      this.#roots.set(name, root);
    }
    return root;
  }

  /**
   * The places that the answers to questions about data follow from: a top entry of a root, by the number of its path, where it is such or lies
   * below one; else, as for the id and the keys of a root, the question itself, as a negative number.
   */
  placesOf(questions: readonly number[]): readonly number[] {
    const places = new Set<number>();
    for (const question of questions) {
      let at = this.paths.at(question >> 2);
      while (at?.parent?.parent !== undefined) at = at.parent;
      places.add(at?.parent === undefined || at.parent === this.root("id") ? ~question : at.id);
    }
    return [...places];
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

  /** The same for a computation whose results are plain data in the sense of JSON, and outlive the process. */
  lastingTrie<T>(name: string): Trie<Kept<T>> {
    const isNew = !this.#tries.has(name);
    const trie = this.trie<T>(name);
    if (isNew && this.#earlier !== undefined) {
      this.#names.set(trie, name);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what was kept under a name was of the type that it stands for
      for (const kept of this.#earlier.of(this, name)) trie.add(kept, kept as Kept<T>);
    }
    return trie;
  }

  /** A result was computed and is kept. */
  added(trie: object, kept: Kept<unknown>): void {
    const name = this.#names.get(trie);
    // What says where it prints something names places of this run; what was written is no JSON.
    if (name !== undefined && kept.printed.length + kept.writes.length === 0 && this.fresh.length < MOST_FRESH)
      this.fresh.push({ name, kept });
  }
}
