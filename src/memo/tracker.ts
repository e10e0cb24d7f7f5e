import { Ask, deepCopy, PyDict, type DataPath, type DataReads, type Value } from "../python/index.ts";
import { NEVER, questionOf } from "./answers.ts";
import { canonical, NotPlain } from "./canonical.ts";
import { Trie } from "./trie.ts";
import type { Memo } from "./memo.ts";

/** A result with all that was read for it. */
export interface Kept<T> {
  readonly value: T;
  /** Questions about data, see `questionOf`, and their answers. */
  readonly questions: readonly number[];
  readonly answers: readonly number[];
  /** Questions about files. */
  readonly files: readonly number[];
  /** Questions about data that were asked under a label. */
  readonly notes: readonly (readonly [label: string, questions: readonly number[]])[];
}

/** What is known of one subject (a cluster) at first. Nothing in it may change while it is tracked. */
export interface TrackedData {
  readonly id: string;
  readonly grains: PyDict;
  readonly opts: PyDict;
}

/** Reads of one computation while it runs. */
class Recording {
  readonly questions = new Set<number>();
  readonly files = new Set<number>();
  readonly notes: (readonly [label: string, questions: Set<number>])[] = [];
  /** Questions asked under the label that is open. */
  noting: Set<number> | undefined;
  /** It wrote to shared data, or read what was written: its result is this subject's alone. */
  volatile = false;
}

/**
 * Follows what the computations of one subject read, and takes results of other subjects' computations whose reads have the same answers.
 *
 * What writes to shared data is carried out for each subject, and so is what reads what was written.
 */
export class Tracker implements DataReads {
  readonly #memo: Memo;
  readonly #id: string;
  readonly #roots = new Map<string, PyDict>();
  readonly #epoch: number;
  readonly #views = new Map<string, PyDict>();
  readonly #handed = new Map<DataPath, { readonly copy: Value; readonly original: Value }>();
  readonly #dirty = new Set<DataPath>();
  readonly #dirtyParents = new Set<DataPath>();
  readonly #ask = (question: number): number => this.#answer(question);
  #current = new Recording();
  /** Something happened that results can't be kept over: the subject is to be computed alone. */
  unsound = false;
  /** How often shared data were written to, as far as has been noticed. */
  writes = 0;

  constructor(memo: Memo, data: TrackedData) {
    this.#memo = memo;
    this.#id = data.id;
    this.add("grains", data.grains);
    this.add("opts", data.opts);
    this.#epoch = memo.scratch.next();
  }

  /** More data of the subject, under the name of a root. */
  add(root: string, data: PyDict): void {
    this.#roots.set(root, data);
    if (holdsAliases(data)) this.unsound = true;
  }

  /** A root's data, every read of which is followed. */
  view(root: string): PyDict {
    const known = this.#views.get(root);
    if (known !== undefined) return known;
    const view = PyDict.view(this.#roots.get(root) ?? new PyDict(), this.#memo.root(root), this);
    this.#views.set(root, view);
    return view;
  }

  /** The subject's id, read as a whole. */
  id(): string {
    this.asked(this.#memo.root("id"), Ask.value);
    return this.#id;
  }

  /** Whether the id is as a test of the memo says, so that only that counts as read. */
  testId(kind: string, pattern: string): boolean {
    this.asked(this.#memo.root("id").child(`${kind}@${pattern}`), Ask.kind);
    return this.#memo.testId(kind, pattern, this.#id);
  }

  /** A file was looked up, or listed; `number` is what the memo calls the question. */
  file(number: number): void {
    this.#current.files.add(number);
  }

  asked(path: DataPath, what: Ask): void {
    const question = questionOf(path, what);
    this.#current.questions.add(question);
    this.#current.noting?.add(question);
    if (this.#dirty.size > 0 && this.#isDirty(path, what)) this.#current.volatile = true;
  }

  wrote(path: DataPath): void {
    this.writes++;
    this.#current.volatile = true;
    this.#dirty.add(path);
    if (path.parent !== undefined) this.#dirtyParents.add(path.parent);
    let top = path;
    while (top.parent !== undefined) top = top.parent;
    if (top !== this.#memo.root("pillar")) this.unsound = true;
  }

  handed(path: DataPath, copy: Value, original: Value): void {
    if (this.#handed.get(path)?.copy !== copy) this.#handed.set(path, { copy, original: copy === original ? deepCopy(copy) : original });
  }

  /** Runs something whose reads are told from others of the running computation. */
  noted<T>(label: string, run: () => T): T {
    const recording = this.#current;
    const outer = recording.noting;
    const questions = new Set<number>();
    recording.noting = questions;
    try {
      return run();
    } finally {
      recording.noting = outer;
      recording.notes.push([label, questions]);
    }
  }

  /** What happened so far makes the running computation's result this subject's alone. */
  volatile(): void {
    this.#current.volatile = true;
  }

  /**
   * The result of a computation, kept from another subject where all it would read is the same;
   * `taken` is told of such a one. `undefined` is not kept.
   */
  compute<T>(trie: Trie<Kept<T>>, run: () => T, taken?: (value: T) => void): Kept<T> {
    const found = this.take(trie);
    if (found !== undefined) {
      taken?.(found.value);
      return found;
    }
    this.#memo.counts.computed++;
    const outer = this.#current;
    const own = new Recording();
    this.#current = own;
    let value: T;
    try {
      value = run();
    } finally {
      this.#noticeChangedLists();
      this.#current = outer;
      this.#adopt(own.questions, own.files);
      if (own.volatile) outer.volatile = true;
    }
    const questions = [...own.questions];
    const kept: Kept<T> = {
      value,
      questions,
      // Data that hold themselves have no answers that end.
      answers: this.unsound ? [] : questions.map(this.#ask),
      files: [...own.files],
      notes: own.notes.map(([label, asked]) => [label, [...asked]]),
    };
    if (!own.volatile && !this.unsound && !trie.isIdle && value !== undefined && !kept.answers.includes(NEVER)) {
      trie.add(kept, kept);
      this.#memo.added(trie, kept);
    }
    return kept;
  }

  /** The result that an earlier subject has left, if all that would be read is the same. */
  take<T>(trie: Trie<Kept<T>>): Kept<T> | undefined {
    const found = this.unsound ? undefined : trie.find(this.#ask);
    if (found === undefined) return undefined;
    this.#memo.counts.taken++;
    this.#adopt(found.questions, found.files);
    return found;
  }

  /** Everything that was read since the tracker was made, outside of what is running. */
  reads(): { readonly questions: readonly number[]; readonly files: readonly number[] } {
    return { questions: [...this.#current.questions], files: [...this.#current.files] };
  }

  /** The text of the answer that a question has now; `-` where there is nothing. */
  answerText(question: number): string {
    return this.#memo.answers.text(this.#answer(question));
  }

  #adopt(questions: Iterable<number>, files: Iterable<number>): void {
    const { questions: into, files: intoFiles } = this.#current;
    for (const question of questions) {
      into.add(question);
      this.#current.noting?.add(question);
    }
    for (const file of files) intoFiles.add(file);
  }

  /** Lists are handed out as copies that all of the subject's templates share, as in Salt: one that was changed counts as written. */
  #noticeChangedLists(): void {
    if (this.#handed.size === 0 || this.unsound) return;
    for (const path of this.#changeable()) {
      const handed = this.#handed.get(path);
      if (handed === undefined || sameData(handed.copy, handed.original)) continue;
      this.#handed.set(path, { copy: handed.copy, original: deepCopy(handed.copy) });
      this.wrote(path);
    }
  }

  /** Where the running computation may have changed a list: where it read one, unless something written has made another way to it. */
  #changeable(): readonly DataPath[] {
    if (this.#dirty.size > 0) return [...this.#handed.keys()];
    return [...this.#current.questions].flatMap((question) =>
      question % 4 === Ask.value ? (this.#memo.paths.at(question >> 2) ?? []) : [],
    );
  }

  #isDirty(path: DataPath, what: Ask): boolean {
    if ((what === Ask.keys || what === Ask.size) && this.#dirtyParents.has(path)) return true;
    for (let at: DataPath | undefined = path; at !== undefined; at = at.parent) if (this.#dirty.has(at)) return true;
    return false;
  }

  #answer(question: number): number {
    const { scratch, paths } = this.#memo;
    if (this.#dirty.size > 0) {
      const path = paths.at(question >> 2);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the two low bits of a question are an Ask
      if (path !== undefined && this.#isDirty(path, (question & 3) as Ask)) return NEVER;
    }
    const known = scratch.answer(question, this.#epoch);
    if (known !== undefined) return known;
    const path = paths.at(question >> 2);
    const answer = path === undefined ? NEVER : this.#compute(path, question & 3);
    scratch.setAnswer(question, this.#epoch, answer);
    return answer;
  }

  #compute(path: DataPath, what: number): number {
    const { answers } = this.#memo;
    const id = this.#memo.root("id");
    if (path === id) return answers.answer(Ask.value, this.#id);
    if (path.parent === id) {
      const test = nameOf(path);
      const cut = test.indexOf("@");
      return answers.answer(Ask.value, this.#memo.testId(test.slice(0, cut), test.slice(cut + 1), this.#id));
    }
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the two low bits of a question are an Ask
    return answers.answer(what as Ask, this.#value(path));
  }

  /** What stands at a place of the data as it came, without what templates wrote. */
  #value(path: DataPath): Value | undefined {
    const { scratch } = this.#memo;
    if (scratch.hasValue(path.id, this.#epoch)) return scratch.value(path.id);
    let value: Value | undefined;
    if (path.parent === undefined) value = this.#roots.get(nameOf(path));
    else {
      const parent = this.#value(path.parent);
      value = parent instanceof PyDict ? parent.getByHash(path.key) : undefined;
    }
    scratch.setValue(path.id, this.#epoch, value);
    return value;
  }
}

/** Whether a copy still holds the same, types and order included. */
function sameData(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object") return false;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, index) => sameData(item, b[index] ?? null));
  if (a instanceof PyDict) {
    if (!(b instanceof PyDict) || a.typeName !== b.typeName || a.size !== b.size) return false;
    const theirs = b.entries();
    for (const [key, value] of a.entries()) {
      const next = theirs.next();
      if (next.done === true || !sameData(key, next.value[0]) || !sameData(value, next.value[1])) return false;
    }
    return true;
  }
  try {
    return canonical(a) === canonical(b);
  } catch (error) {
    if (error instanceof NotPlain) return false;
    throw error;
  }
}

/**
 * Whether one container stands at two places, as YAML's anchors make it, or in itself: a template that changes it in one place changes it
 * in the other too, which views do not follow.
 */
export function holdsAliases(data: PyDict): boolean {
  const seen = new Set<object>();
  const walk = (value: Value): boolean => {
    if (value === null || typeof value !== "object") return false;
    if (Array.isArray(value)) {
      if (seen.has(value)) return true;
      seen.add(value);
      return value.some(walk);
    }
    if (!(value instanceof PyDict)) return false;
    if (seen.has(value)) return true;
    seen.add(value);
    for (const item of value.values()) if (walk(item)) return true;
    return false;
  };
  return walk(data);
}

/** The name of a root, or of a test of the id. */
function nameOf({ key }: DataPath): string {
  return typeof key === "string" ? key : "";
}
