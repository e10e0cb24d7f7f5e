import { createHash } from "node:crypto";

/** One of the disjoint parts that the clusters of a zone are kept in, each by a process of its own. */
export interface Shard {
  /** From 0 to below `shards`. */
  readonly shard: number;
  readonly shards: number;
}

/** The shard that a cluster is in: it hangs on its id and their number alone, so that nobody has to tell anybody. */
export function shardOf(cluster: string, shards: number): number {
  return createHash("sha256").update(cluster).digest().readUInt32BE(0) % shards;
}

/** Whether a cluster is in a shard; of no shard all are. */
export function isIn(cluster: string, shard: Shard | null): boolean {
  return shard === null || shardOf(cluster, shard.shards) === shard.shard;
}

/** What a shard's report, state and Lease are called: `AZ.SHARD-of-SHARDS`. */
export function shardName(of: string, shard: Shard | null): string {
  return shard === null ? of : `${of}.${shardWords(shard)}`;
}

export function shardWords({ shard, shards }: Shard): string {
  return `${shard}-of-${shards}`;
}

/** The names of all reports that a zone's own are made of, other than one: of each number of shards that there are reports for. */
export function reportsOf<T>(
  az: string,
  reports: ReadonlyMap<string, T>,
): readonly (readonly (readonly [Shard | null, T | undefined])[])[] {
  const sets: (readonly [Shard | null, T | undefined])[][] = [];
  const whole = reports.get(az);
  if (whole !== undefined) sets.push([[null, whole]]);
  const counts = new Set<number>();
  for (const name of reports.keys()) {
    if (!name.startsWith(`${az}.`)) continue;
    const [, shards = ""] = /^\d+-of-(\d+)$/.exec(name.slice(az.length + 1)) ?? [];
    if (shards !== "") counts.add(Number(shards));
  }
  for (const shards of [...counts].sort((a, b) => a - b))
    sets.push(
      Array.from({ length: shards }, (_, shard): readonly [Shard, T | undefined] => [
        { shard, shards },
        reports.get(shardName(az, { shard, shards })),
      ]),
    );
  return sets;
}
