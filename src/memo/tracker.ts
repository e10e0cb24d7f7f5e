import {
  Ask,
  deepCopy,
  hashKey,
  isScalar,
  PyDict,
  PyTuple,
  type DataPath,
  type DataReads,
  type HashKey,
  type Value,
} from "../python/index.ts";
import { NEVER, questionOf } from "./answers.ts";
import { canonical, NotPlain } from "./canonical.ts";
import { Trie, type Places } from "./trie.ts";
import type { Memo } from "./memo.ts";

/** A result with all that was read for it. */
export interface Kept<T> {
  readonly value: T;
  /** Questions about data, see `questionOf`, and their answers. */
  readonly questions: readonly number[];
  readonly answers: readonly number[];
  /** Questions about files. */
  readonly files: readonly number[];
  /** Questions about the values of texts that were only printed: not among the others, and another subject's may be others. */
  readonly printed: readonly number[];
  /** Entries of pillar that were set, in the order in which they were first. */
  readonly writes: readonly (readonly [key: string, value: Value])[];
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
  readonly printed = new Set<number>();
  readonly notes: (readonly [label: string, questions: Set<number>])[] = [];
  /** Questions asked under the label that is open. */
  noting: Set<number> | undefined;
  /** It wrote to shared data what can't be written again, or read such: its result is this subject's alone. */
  volatile = false;
  /** Entries that it has set, so that to read them again is no read of what was there before. */
  readonly written = new Set<DataPath>();
  /** The computation that it is a part of. */
  readonly outer: Recording | undefined;
  /** Its result says where texts that were only printed stand in it. */
  readonly tellsPrinted: boolean;
  /** Further questions, of results that the outermost took: nobody looks at those before the end. */
  readonly later: (readonly number[])[] = [];

  constructor(outer?: Recording, tellsPrinted = false) {
    this.outer = outer;
    this.tellsPrinted = tellsPrinted;
  }

  ask(question: number): void {
    this.questions.add(question);
    this.noting?.add(question);
  }

  /** A text was printed. */
  print(question: number): void {
    if (!this.tellsPrinted) return this.ask(question);
    this.printed.add(question);
    this.noting?.add(question);
  }
}

/** Longer texts are not left to be printed by others. */
export const LONGEST_PRINTED = 256;

/**
 * Follows what the computations of one subject read, and takes results of other subjects' computations whose reads have the same answers.
 *
 * Entries of pillar that a computation sets are part of its result, and set again for a subject that takes it; what reads them is kept by
 * what was written. What writes otherwise (into containers, or what other places hold too) is carried out for each subject, and so is what
 * reads what was written so.
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
  /** Of those, what was not set to a value that is known. */
  readonly #unknown = new Set<DataPath>();
  readonly #ask = (question: number): number => this.#answer(question);
  readonly #places: Places = {
    of: (questions) => this.#memo.placesOf(questions),
    holds: (place) => this.#holds(place),
  };
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

  /** More data of the subject, under the name of a root. `hasAliases`: see `holdsAliases`. */
  add(root: string, data: PyDict, hasAliases = holdsAliases(data)): void {
    this.#roots.set(root, data);
    if (hasAliases) this.unsound = true;
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
    // A pattern that is none is so for every id, and no question.
    const passes = this.#memo.testId(kind, pattern, this.#id);
    this.asked(this.#memo.root("id").child(`${kind}@${pattern}`), Ask.kind);
    return passes;
  }

  /** A file was looked up, or listed; `number` is what the memo calls the question. */
  file(number: number): void {
    this.#current.files.add(number);
  }

  asked(path: DataPath, what: Ask, own = false): void {
    if (this.#dirty.size > 0 && this.#isDirty(path, what)) {
      if (!own || this.#written(path) === undefined) this.#current.volatile = true;
      else if (this.#current.written.has(path)) return;
    }
    this.#current.ask(questionOf(path, what));
  }

  printed(path: DataPath, text: string): boolean {
    if (!this.#current.tellsPrinted || text.length > LONGEST_PRINTED || !this.#memo.isOwn(path, () => text === this.#id)) return false;
    this.asked(path, Ask.kind);
    this.#current.print(questionOf(path, Ask.value));
    return true;
  }

  /** This subject's text at a place that is printed; `undefined` where there is none that can stand for another's. */
  printedText(path: DataPath): string | undefined {
    const value = this.#value(path);
    return typeof value === "string" && value.length <= LONGEST_PRINTED ? value : undefined;
  }

  wrote(path: DataPath, value?: Value): void {
    const { parent } = path;
    this.writes++;
    const isEntry = value !== undefined && parent === this.#memo.root("pillar") && isOwnKey(path.key);
    if (isEntry && !this.#unknown.has(path)) {
      // What was asked before, in whatever this is a part of, can't be asked again.
      for (let each: Recording | undefined = this.#current; each?.outer !== undefined; each = each.outer)
        if (this.#hasAsked(each, path)) each.volatile = true;
      this.#current.written.add(path);
    } else {
      this.#current.volatile = true;
      this.#unknown.add(path);
    }
    this.#dirty.add(path);
    if (parent !== undefined) this.#dirtyParents.add(parent);
    let top = path;
    while (top.parent !== undefined) top = top.parent;
    if (top !== this.#memo.root("pillar")) this.unsound = true;
  }

  /** Whether an answer that a computation has been given is another after an entry was set. */
  #hasAsked({ questions, printed }: Recording, entry: DataPath): boolean {
    const { parent } = entry;
    if (parent !== undefined && [Ask.keys, Ask.size].some((what) => questions.has(questionOf(parent, what)))) return true;
    const isBelow = (question: number): boolean => {
      for (let at = this.#memo.paths.at(question >> 2); at !== undefined; at = at.parent) if (at === entry) return true;
      return false;
    };
    for (const question of questions) if (isBelow(question)) return true;
    for (const question of printed) if (isBelow(question)) return true;
    return false;
  }

  /** The value of an entry of pillar that was set, if nobody holds it elsewhere: plain values and mappings of such. */
  #written(path: DataPath): Value | undefined {
    const value = this.#unknown.has(path) || !this.#dirty.has(path) ? undefined : this.#views.get("pillar")?.getByHash(path.key);
    if (value === undefined || isScalar(value)) return value;
    const elsewhere = new Set<object>();
    for (const { copy } of this.#handed.values()) if (copy !== value) collectContainers(copy, elsewhere);
    for (const other of this.#dirty) {
      const held = other === path ? undefined : this.#views.get("pillar")?.getByHash(other.key);
      if (held !== undefined && other.parent === path.parent) collectContainers(held, elsewhere);
    }
    return isOwnData(value, elsewhere) ? value : undefined;
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
   * `taken` is told of such a one. `undefined` is not kept. With `tellsPrinted` the result says where in it texts stand that were only
   * printed, so that it holds for subjects that have others there.
   */
  compute<T>(trie: Trie<Kept<T>>, run: () => T, taken?: (value: T) => void, { tellsPrinted = false } = {}): Kept<T> {
    const found = this.take(trie);
    if (found !== undefined) {
      taken?.(found.value);
      return found;
    }
    this.#memo.counts.computed++;
    const outer = this.#current;
    const own = new Recording(outer, tellsPrinted);
    this.#current = own;
    const writes: [string, Value][] = [];
    let questions: readonly number[];
    let value: T;
    try {
      value = run();
    } finally {
      this.#noticeChangedLists();
      for (const path of own.written) {
        const written = this.#written(path);
        if (written === undefined || typeof path.key !== "string") own.volatile = true;
        else writes.push([path.key, deepCopy(written)]);
      }
      this.#current = outer;
      questions = [...own.questions];
      this.#adopt({ questions, files: own.files, printed: own.printed });
      for (const path of own.written) outer.written.add(path);
      if (own.volatile) outer.volatile = true;
    }
    const kept: Kept<T> = {
      value,
      questions,
      // Data that hold themselves have no answers that end.
      answers: this.unsound ? [] : questions.map(this.#ask),
      files: [...own.files],
      printed: [...own.printed],
      writes,
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
    const found = this.unsound ? undefined : trie.find(this.#ask, this.#dirty.size > 0 ? undefined : this.#places);
    if (found === undefined || !found.printed.every((question) => this.#isPrintable(question))) return undefined;
    this.#memo.counts.taken++;
    this.#adopt(found);
    for (const [key, value] of found.writes) this.view("pillar").set(key, deepCopy(value));
    return found;
  }

  /** What was read for something that the running computation is made of. */
  #adopt({
    questions,
    files,
    printed,
  }: {
    readonly questions: readonly number[];
    readonly files: Iterable<number>;
    readonly printed: Iterable<number>;
  }): void {
    const into = this.#current;
    const isOwn = (question: number): boolean => {
      const path = into.written.size === 0 ? undefined : this.#memo.paths.at(question >> 2);
      return path !== undefined && into.written.has(path);
    };
    if (into.outer === undefined && into.noting === undefined && into.written.size === 0) into.later.push(questions);
    else for (const question of questions) if (!isOwn(question)) into.ask(question);
    for (const file of files) into.files.add(file);
    for (const question of printed) into.print(question);
  }

  /** All questions about data that were asked since the tracker was made, outside of what is running. */
  questions(): readonly number[] {
    const { questions, later } = this.#current;
    return [...new Set([...questions, ...later.flat()])];
  }

  /** The same about files. */
  files(): readonly number[] {
    return [...this.#current.files];
  }

  /** Whether something was written that the answer to one of some questions hangs on. */
  haveChanged(questions: readonly number[]): boolean {
    return questions.some((question) => {
      const path = this.#memo.paths.at(question >> 2);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the two low bits of a question are an Ask
      return path === undefined || this.#isDirty(path, (question & 3) as Ask);
    });
  }

  /** The text of the answer that a question has now; `-` where there is nothing. */
  answerText(question: number): string {
    return this.#memo.answers.text(this.#answer(question));
  }

  #isPrintable(question: number): boolean {
    const path = this.#memo.paths.at(question >> 2);
    return path !== undefined && this.printedText(path) !== undefined;
  }

  /**
   * Lists are handed out as copies that all of the subject's templates share, as in Salt: one that was changed counts as written. The
   * running computation may have changed one where it read one, unless something written has made another way to it.
   */
  #noticeChangedLists(): void {
    if (this.#handed.size === 0 || this.unsound) return;
    const { questions } = this.#current;
    const any = this.#dirty.size > 0;
    for (const [path, handed] of this.#handed) {
      if (!any && !questions.has(questionOf(path, Ask.value))) continue;
      if (sameData(handed.copy, handed.original)) continue;
      this.#handed.set(path, { copy: handed.copy, original: deepCopy(handed.copy) });
      this.wrote(path);
    }
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
      if (path !== undefined && this.#isDirty(path, (question & 3) as Ask)) return this.#answerOfWritten(path);
    }
    const known = scratch.answer(question, this.#epoch);
    if (known !== undefined) return known;
    const path = paths.at(question >> 2);
    const answer = path === undefined ? NEVER : this.#compute(path, question & 3);
    scratch.setAnswer(question, this.#epoch, answer);
    return answer;
  }

  /** See `Memo.placesOf`. */
  #holds(place: number): number | undefined {
    if (place < 0) {
      const answer = this.#answer(~place);
      return answer === NEVER ? undefined : answer;
    }
    const path = this.#memo.paths.at(place);
    return path === undefined ? undefined : this.#memo.answers.identity(this.#value(path));
  }

  /** What was set is told as a whole, as nobody is told of reads within it. */
  #answerOfWritten(path: DataPath): number {
    const value = this.#written(path);
    return value === undefined ? NEVER : this.#memo.answers.number(`w${canonical(value)}`);
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

/** Whether a key is its own hash key. */
function isOwnKey(key: HashKey): key is string {
  return typeof key === "string" && hashKey(key) === key;
}

/** Whether a value is made of plain values and mappings alone, none of which stands elsewhere or twice. */
function isOwnData(value: Value, seen: Set<object>): boolean {
  if (isScalar(value)) return true;
  if (!(value instanceof PyDict) || value.isFollowed || seen.has(value)) return false;
  seen.add(value);
  for (const [key, item] of value.entries()) if (!isScalar(key) || !isOwnData(item, seen)) return false;
  return true;
}

/** Every container in a value, as far as it can be looked into without its being told as read. */
function collectContainers(value: Value, into: Set<object>): void {
  if (value === null || typeof value !== "object" || into.has(value)) return;
  into.add(value);
  if (Array.isArray(value)) for (const item of value) collectContainers(item, into);
  else if (value instanceof PyTuple) for (const item of value.items) collectContainers(item, into);
  else if (value instanceof PyDict && !value.isFollowed) for (const item of value.values()) collectContainers(item, into);
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
