import { createHash } from "node:crypto";
import type { AddonCache, StoredPart } from "../../addon/index.ts";
import { PackedRecords, packRecords, type Memo, type RecordPack } from "../../memo/index.ts";
import type { FileAnswers } from "./file-answers.ts";
import type { CacheFolder } from "./folder.ts";

/** What one run leaves of its memo. */
interface MemoPack {
  readonly renders: RecordPack;
  readonly parts: readonly (readonly [string, StoredPart])[];
}

const PREFIX = "memo-";
/** So many packs are kept at most. */
const MOST_PACKS = 8;
/** So many bytes at most are kept of packs. */
const MOST_BYTES = 192 * 1024 * 1024;
/** Bytes of packs that are read in a millisecond. */
const READ = 60_000;

/** Renders and parts of files that earlier runs have computed, and those of this one for later runs. */
export class MemoStore {
  readonly #cache: CacheFolder | undefined;
  readonly #answers: FileAnswers;
  #packs: readonly { readonly name: string; readonly pack: MemoPack }[] = [];
  #open = false;

  /** Without a cache nothing is kept beyond the run. */
  constructor(cache: CacheFolder | undefined, answers: FileAnswers) {
    this.#cache = cache;
    this.#answers = answers;
  }

  /**
   * Has the memo and the second stage go on from earlier runs, if that is less work than the work before them.
   *
   * @param work in milliseconds
   * @param more records beside those of the cache
   */
  open(memo: Memo, addons: AddonCache, work: number, more: readonly RecordPack[] = []): void {
    const cache = this.#cache;
    const names = cache?.names(PREFIX) ?? [];
    const buffers = names.map((name) => [name, cache?.size(name) ?? 0] as const);
    const worthReading = work >= buffers.reduce((sum, [, size]) => sum + size, 0) / READ;
    if (!worthReading && more.length === 0) return;
    this.#packs = (worthReading ? names : []).flatMap((name) => {
      const bytes = cache?.read(name);
      // Only what this very build wrote, and whose digest is right, comes here.
      const pack: MemoPack | undefined = bytes === undefined ? undefined : JSON.parse(bytes.toString("utf8"));
      return pack === undefined ? [] : [{ name, pack }];
    });
    const holds = (question: string, answer: string): boolean => this.#answers.answer(question) === answer;
    memo.continue(new PackedRecords([...this.#packs.map(({ pack }) => pack.renders), ...more], holds));
    addons.continue(new Map(this.#packs.flatMap(({ pack }) => pack.parts)));
    this.#open = true;
  }

  /** Leaves for later runs what this one has computed. */
  keep(memo: Memo, addons: AddonCache, now: Date): void {
    const cache = this.#cache;
    if (!this.#open || cache === undefined) return;
    for (const { name } of this.#packs) cache.touch(name, now);
    if (memo.fresh.length + addons.fresh.length === 0) return;
    const renders = packRecords(memo, memo.fresh, (question) => this.#answers.answer(question));
    const own = JSON.stringify({ renders, parts: addons.fresh } satisfies MemoPack);
    cache.write(`${PREFIX}${createHash("sha256").update(own).digest("hex").slice(0, 24)}`, Buffer.from(own, "utf8"));
    // Two compilers may have one cache of addons.
    addons.fresh.splice(0);
    drop(cache);
  }
}

/** Packs beyond the bounds go, oldest first: what is missed is computed again, into the next pack. */
function drop(cache: CacheFolder): void {
  let total = 0;
  for (const [index, name] of cache.names(PREFIX).entries()) {
    total += cache.size(name);
    if (index >= MOST_PACKS || total > MOST_BYTES) cache.remove(name);
  }
}
