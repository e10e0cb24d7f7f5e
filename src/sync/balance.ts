/**
 * Which shards a replica asks others for, and which it leaves to others, so that no two of them hold numbers that differ by more than one. Who has
 * two fewer than another asks the one that has the most, for one shard at a time; who is asked leaves it as long as it keeps another. Nobody has
 * to know how many replicas there are, and who stands alone is never asked.
 */
export class Balance<S> {
  readonly #kept: ReadonlyMap<S, unknown>;
  readonly #leases: ReadonlyMap<S, { readonly holder: string | undefined }>;
  /** What another was asked for, and is not had yet. */
  #asked: { readonly shard: S } | undefined;
  readonly #left = new Set<S>();

  /**
   * @param kept what this replica keeps, as it changes
   * @param leases each shard's Lease, as far as it is known
   */
  constructor(kept: ReadonlyMap<S, unknown>, leases: ReadonlyMap<S, { readonly holder: string | undefined }>) {
    this.#kept = kept;
    this.#leases = leases;
  }

  /** Whether the holder of a shard is to be asked for it, or to be asked still. */
  wants(shard: S): boolean {
    if (this.#asked !== undefined && this.#kept.has(this.#asked.shard)) this.#asked = undefined;
    if (this.#asked !== undefined && this.#asked.shard !== shard) return false;
    const counts = this.#countsOfOthers();
    const most = Math.max(0, ...counts.values());
    const wanted = most >= this.#kept.size + 2 && counts.get(this.#leases.get(shard)?.holder ?? "") === most;
    this.#asked = wanted ? { shard } : undefined;
    return wanted;
  }

  /** Whether a shard is left to who has asked for it. Who asks twice is told the same. */
  yields(shard: S): boolean {
    for (const each of this.#left) if (!this.#kept.has(each)) this.#left.delete(each);
    if (!this.#left.has(shard) && this.#kept.size - this.#left.size < 2) return false;
    this.#left.add(shard);
    return true;
  }

  #countsOfOthers(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const [shard, { holder = "" }] of this.#leases)
      if (holder !== "" && !this.#kept.has(shard)) counts.set(holder, (counts.get(holder) ?? 0) + 1);
    return counts;
  }
}
