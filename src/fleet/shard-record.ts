import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { FindingError } from "../finding/index.ts";
import type { CompiledCluster } from "./compiled.ts";
import type { RenderedCluster } from "./render.ts";

/** The folder of out/ in which shards leave their records. No availability zone can be called so. */
export const SHARD_RECORDS = ".shards";

/** One of so many parts of a fleet. */
export interface ShardNumber {
  /** From 0. */
  readonly shard: number;
  readonly shards: number;
}

/** What one shard of a fleet has rendered, and what it was rendered from. */
export interface ShardRecord extends ShardNumber {
  /** The digest of all that the compile reads. */
  readonly inputs: string;
  /** The program's very build. */
  readonly build: string;
  readonly clusters: readonly ShardCluster[];
}

export interface ShardCluster extends Omit<CompiledCluster, "files"> {
  /** SHA-256 of each file, by path within the cluster's folder. */
  readonly files: Readonly<Record<string, string>>;
}

/** The record of clusters that were rendered with their digests. */
export function shardRecord(
  number: ShardNumber,
  origin: Pick<ShardRecord, "inputs" | "build">,
  rendered: readonly RenderedCluster[],
): ShardRecord {
  const clusters = rendered.map(({ cluster, release, findings, leftToNode, digests }): ShardCluster => ({
    cluster,
    release,
    findings,
    leftToNode,
    files: Object.fromEntries(digests ?? []),
  }));
  return { ...number, ...origin, clusters };
}

/** Takes away what records say no more: the shard's own, and those of a fleet cut into another number of parts. */
export function dropShardRecords(out: string, { shard, shards }: ShardNumber): void {
  for (const name of shardRecordNames(out)) {
    if (name === fileName({ shard, shards }) || !name.endsWith(`-of-${shards}.json`))
      rmSync(join(out, SHARD_RECORDS, name), { force: true });
  }
}

/** Leaves a shard's record in out/, whole or not at all. */
export function writeShardRecord(out: string, record: ShardRecord): void {
  const folder = join(out, SHARD_RECORDS);
  const path = join(folder, fileName(record));
  mkdirSync(folder, { recursive: true });
  const text = JSON.stringify(record);
  writeFileSync(`${path}.tmp`, `${JSON.stringify({ kind: KIND, digest: digestOf(text), record })}\n`);
  renameSync(`${path}.tmp`, path);
}

/** Names of the records in out/, sorted. */
export function shardRecordNames(out: string): readonly string[] {
  try {
    return readdirSync(join(out, SHARD_RECORDS))
      .filter((name) => name.endsWith(".json"))
      .sort();
  } catch {
    return [];
  }
}

/** Which shard a record is of, by its name; `undefined` for what is no record. */
export function shardOfRecord(name: string): ShardNumber | undefined {
  const match = /^(\d{1,6})-of-(\d{1,6})\.json$/.exec(name);
  return match === null ? undefined : { shard: Number(match[1]), shards: Number(match[2]) };
}

/**
 * Reads a record. `display`: what messages call out/.
 *
 * @throws FindingError `shard-record` for a file that no program of this build has written, or that is not as it was written
 */
export function readShardRecord(out: string, display: string, name: string, build: string): ShardRecord {
  const file = `${display}/${SHARD_RECORDS}/${name}`;
  const refuse = (message: string, advice: string): FindingError =>
    new FindingError({ code: "shard-record", severity: "error", message, at: { file }, advice });
  const again = "Render the shard again: the record is written last, when all files of its clusters are there.";
  const parsed = parse(readFileSync(join(out, SHARD_RECORDS, name), "utf8"));
  if (parsed === undefined) throw refuse("this is no record of a shard", again);
  const { digest, record } = parsed;
  const number = shardOfRecord(name);
  if (digest !== digestOf(JSON.stringify(record)) || record.shard !== number?.shard || record.shards !== number.shards)
    throw refuse("the record is not as it was written", again);
  if (record.build !== build)
    throw new FindingError({
      code: "shard-build",
      severity: "error",
      message: `the shard was rendered by build ${record.build} of Halite, and this is build ${build}`,
      at: { file },
      advice: "Render all shards and publish with one image: another build may write other bytes.",
    });
  return record;
}

const KIND = "halite.dev/Shard";

function parse(text: string): { readonly digest: string; readonly record: ShardRecord } | undefined {
  try {
    const file: unknown = JSON.parse(text);
    if (typeof file !== "object" || file === null || !("kind" in file) || file.kind !== KIND) return undefined;
    // What it holds beside is judged by its digest and by the build that wrote it.
    const { digest, record }: { digest: string; record: ShardRecord } = JSON.parse(text);
    return typeof record === "object" && record !== null ? { digest, record } : undefined;
  } catch {
    return undefined;
  }
}

function fileName({ shard, shards }: ShardNumber): string {
  return `${shard}-of-${shards}.json`;
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("base64");
}
