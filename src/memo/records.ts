import { Ask, type DataPath, type HashKey } from "../python/index.ts";
import { createHash } from "node:crypto";
import type { Memo } from "./memo.ts";
import type { Kept } from "./tracker.ts";

/** A record as it outlives the process: its numbers are places in the lists of the pack. */
export interface PackedRecord {
  /** Digest of the computation's name. */
  readonly name: string;
  /** Pairs of a path and what is asked of it. */
  readonly questions: readonly number[];
  readonly answers: readonly number[];
  /** Pairs of a question about files and its answer. */
  readonly files: readonly number[];
  readonly value: unknown;
}

/** Records of one run, with lists of what they have in common. */
export interface RecordPack {
  /** Each a root's name, or the place of the path above it and the key. */
  readonly paths: readonly (string | readonly [number, PackedKey])[];
  readonly answers: readonly string[];
  readonly files: readonly string[];
  readonly records: readonly PackedRecord[];
}

/** A hash key in JSON. Objects that are their own keys are of one process. */
type PackedKey = string | number | null | { readonly n: string };

/** Digest of a computation's name. */
export function nameDigest(name: string): string {
  return createHash("sha256").update(name, "utf8").digest("base64");
}

/** Packs records; those that can't outlive the process are left out. */
export function packRecords(
  memo: Memo,
  records: readonly { readonly name: string; readonly kept: Kept<unknown> }[],
  fileAnswer: (question: string) => string,
): RecordPack {
  const paths: (string | [number, PackedKey])[] = [];
  const places = new Map<DataPath, number | undefined>();
  const place = (path: DataPath): number | undefined => {
    if (places.has(path)) return places.get(path);
    const key = packKey(path.key);
    const above = path.parent === undefined ? undefined : place(path.parent);
    let own: number | undefined;
    if (path.parent === undefined) own = paths.push(typeof path.key === "string" ? path.key : "") - 1;
    else if (above !== undefined && key !== undefined) own = paths.push([above, key]) - 1;
    places.set(path, own);
    return own;
  };
  const [answers, files] = [new Numbers(), new Numbers()];
  const packed = records.flatMap(({ name, kept }): PackedRecord[] => {
    const questions: number[] = [];
    for (const question of kept.questions) {
      const path = memo.paths.at(question >> 2);
      const at = path === undefined ? undefined : place(path);
      if (at === undefined) return [];
      questions.push(at, question & 3);
    }
    const asked = kept.files.flatMap((number) => {
      const question = memo.fileQuestion(number);
      return [files.of(question), answers.of(fileAnswer(question))];
    });
    return [
      {
        name: nameDigest(name),
        questions,
        answers: kept.answers.map((answer) => answers.of(memo.answers.text(answer))),
        files: asked,
        value: kept.value,
      },
    ];
  });
  return { paths, answers: answers.list, files: files.list, records: packed };
}

/** The records of packs, by name, as far as what they say of files still holds. */
export class PackedRecords {
  readonly #byName = new Map<string, { readonly pack: RecordPack; readonly record: PackedRecord }[]>();
  readonly #holds: (question: string, answer: string) => boolean;
  readonly #paths = new WeakMap<RecordPack, (DataPath | undefined)[]>();

  constructor(packs: readonly RecordPack[], holds: (question: string, answer: string) => boolean) {
    this.#holds = holds;
    for (const pack of packs) {
      for (const record of pack.records) {
        const list = this.#byName.get(record.name);
        if (list === undefined) this.#byName.set(record.name, [{ pack, record }]);
        else list.push({ pack, record });
      }
    }
  }

  /** What is kept of the computation of this name. */
  *of(memo: Memo, name: string): Generator<Kept<unknown>> {
    if (this.#byName.size === 0) return;
    for (const { pack, record } of this.#byName.get(nameDigest(name)) ?? []) {
      if (!this.#fits(pack, record)) continue;
      const kept = this.#unpack(memo, pack, record);
      if (kept !== undefined) yield kept;
    }
  }

  #fits(pack: RecordPack, { files }: PackedRecord): boolean {
    for (let at = 0; at < files.length; at += 2)
      if (!this.#holds(pack.files[files[at] ?? -1] ?? "", pack.answers[files[at + 1] ?? -1] ?? "")) return false;
    return true;
  }

  #unpack(memo: Memo, pack: RecordPack, record: PackedRecord): Kept<unknown> | undefined {
    const questions: number[] = [];
    for (let at = 0; at < record.questions.length; at += 2) {
      const path = this.#path(memo, pack, record.questions[at] ?? -1);
      if (path === undefined) return undefined;
      questions.push(path.id * 4 + (record.questions[at + 1] ?? Ask.value));
    }
    const files: number[] = [];
    for (let at = 0; at < record.files.length; at += 2) files.push(memo.file(pack.files[record.files[at] ?? -1] ?? ""));
    return {
      value: record.value,
      questions,
      notes: [],
      printed: [],
      writes: [],
      answers: record.answers.map((answer) => memo.answers.number(pack.answers[answer] ?? "")),
      files,
    };
  }

  #path(memo: Memo, pack: RecordPack, index: number): DataPath | undefined {
    let known = this.#paths.get(pack);
    if (known === undefined) this.#paths.set(pack, (known = []));
    const path = known[index];
    if (path !== undefined) return path;
    const packed = pack.paths[index];
    if (packed === undefined) return undefined;
    const made = typeof packed === "string" ? memo.root(packed) : this.#path(memo, pack, packed[0])?.child(unpackKey(packed[1]));
    known[index] = made;
    return made;
  }
}

function packKey(key: HashKey): PackedKey | undefined {
  if (key === null || typeof key === "string" || typeof key === "number") return key;
  return typeof key === "bigint" ? { n: String(key) } : undefined;
}

function unpackKey(key: PackedKey): HashKey {
  return key !== null && typeof key === "object" ? BigInt(key.n) : key;
}

class Numbers {
  readonly list: string[] = [];
  readonly #numbers = new Map<string, number>();
  of(text: string): number {
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.list.push(text) - 1;
      this.#numbers.set(text, number);
    }
    return number;
  }
}
