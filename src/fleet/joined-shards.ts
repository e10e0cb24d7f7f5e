import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { FindingError, type Finding } from "../finding/index.ts";
import { filesBelow } from "./out.ts";
import { listed, type Roster } from "./roster.ts";
import {
  readShardRecord,
  SHARD_RECORDS,
  shardOfRecord,
  shardRecordNames,
  type ShardCluster,
  type ShardNumber,
  type ShardRecord,
} from "./shard-record.ts";

/** A folder that shards were rendered into. */
export interface RenderedFolder {
  readonly path: string;
  /** What messages call it. */
  readonly display: string;
}

/** What shards must have been rendered from. */
export interface ShardOrigin {
  readonly inputs: string;
  readonly build: string;
  readonly roster: Pick<Roster, "clusters">;
}

/** A fleet put together from its shards. */
export interface JoinedShards {
  /** In the roster's order. */
  readonly clusters: readonly ShardCluster[];
  /** The files of out/: paths relative to it. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** Why they are no whole fleet; nothing where they are. */
  readonly findings: readonly Finding[];
}

/** A record's file, and the shard that it is of by its name. */
interface RecordFile {
  readonly folder: RenderedFolder;
  readonly name: string;
  /** What messages call it. */
  readonly file: string;
  readonly number: ShardNumber;
}

interface FoundRecord extends RecordFile {
  readonly record: ShardRecord;
}

/** Puts a fleet together from the folders of its shards, each shard exactly once and each file as it was rendered. */
export function joinShards(folders: readonly RenderedFolder[], origin: ShardOrigin): JoinedShards {
  const findings: Finding[] = [];
  const named = folders.flatMap((folder) => recordFiles(folder, findings));
  findings.push(...wrongNumbers(named, folders));
  const found = named.flatMap((each) => readRecord(each, origin, findings));
  // What is missing with a shard need not be said again, cluster by cluster.
  const whole = findings.length === 0;
  findings.push(...wrongClusters(found, origin.roster, whole));
  const files = new Map<string, Uint8Array>();
  const known = new Map<string, Uint8Array>();
  for (const { folder, record, file } of found) {
    for (const cluster of record.clusters) findings.push(...takeFiles(cluster, folder, file, known, files));
  }
  const clusters = found.flatMap(({ record }) => record.clusters).sort((a, b) => (a.cluster.id < b.cluster.id ? -1 : 1));
  return { clusters, files, findings };
}

function recordFiles(folder: RenderedFolder, findings: Finding[]): RecordFile[] {
  const files = shardRecordNames(folder.path).flatMap((name): RecordFile[] => {
    const number = shardOfRecord(name);
    return number === undefined ? [] : [{ folder, name, number, file: `${folder.display}/${SHARD_RECORDS}/${name}` }];
  });
  if (files.length === 0) {
    findings.push({
      code: "shard-none",
      severity: "error",
      message: `no shard was rendered into ${folder.display}`,
      at: { file: `${folder.display}/${SHARD_RECORDS}` },
      advice: "`halite render --shards N --shard I --out DIR` leaves a record in DIR: name that DIR.",
    });
  }
  return files;
}

/** Nothing, with findings, for a record that can't be believed or is of another tree. */
function readRecord(each: RecordFile, { inputs, build }: ShardOrigin, findings: Finding[]): FoundRecord[] {
  try {
    const record = readShardRecord(each.folder.path, each.folder.display, each.name, build);
    if (record.inputs === inputs) return [{ ...each, record }];
    findings.push({
      code: "shard-inputs",
      severity: "error",
      message: `${numberOf(record)} was rendered from another tree: its inputs have digest ${short(record.inputs)}, those here ${short(inputs)}`,
      at: { file: each.file },
      advice: "Render the shard from the tree that is here, or check out the commit that the shards were rendered from.",
    });
  } catch (error) {
    if (!(error instanceof FindingError)) throw error;
    findings.push(...error.findings);
  }
  return [];
}

function wrongNumbers(named: readonly RecordFile[], folders: readonly RenderedFolder[]): Finding[] {
  const counts = [...new Set(named.map(({ number }) => number.shards))].sort((a, b) => a - b);
  const [count = 0] = counts;
  if (counts.length > 1) {
    const each = counts.map(
      (shards) => `${shards} (${listed(named.filter(({ number }) => number.shards === shards).map(({ file }) => file))})`,
    );
    return [
      {
        code: "shard-count",
        severity: "error",
        message: `the fleet was cut into different numbers of shards: ${each.join(", ")}`,
        advice: "Publish the shards of one run: leave out the folders of the other, or render all with the same --shards.",
      },
    ];
  }
  const findings: Finding[] = [];
  for (let shard = 0; shard < count; shard++) {
    const files = named.filter(({ number }) => number.shard === shard).map(({ file }) => file);
    const number = numberOf({ shard, shards: count });
    if (files.length === 0) {
      findings.push({
        code: "shard-missing",
        severity: "error",
        message: `${number} is not in ${folders.map(({ display }) => display).join(" or ")}`,
        advice: `Render it with \`halite render --shards ${count} --shard ${shard}\`, or name its folder with one more --rendered.`,
      });
    } else if (files.length > 1) {
      findings.push({
        code: "shard-twice",
        severity: "error",
        message: `${number} is there ${files.length} times: ${files.join(", ")}`,
        advice: "Name each folder once, and of two runs only one.",
      });
    }
  }
  return findings;
}

/** `whole`: every shard is there and can be believed, so that a cluster in none of them is lost. */
function wrongClusters(found: readonly FoundRecord[], { clusters }: ShardOrigin["roster"], whole: boolean): Finding[] {
  const holders = new Map<string, FoundRecord[]>();
  for (const each of found)
    for (const { cluster } of each.record.clusters) holders.set(cluster.id, [...(holders.get(cluster.id) ?? []), each]);
  const messages: string[] = [];
  for (const [id, records] of holders) {
    const [first] = records;
    // Shards of different numbers overlap; that is said already.
    if (records.some(({ number }) => number.shards === first?.number.shards && number.shard !== first.number.shard))
      messages.push(`cluster ${id} is in more than one shard: ${records.map(({ file }) => file).join(", ")}`);
    if (!clusters.some((cluster) => cluster.id === id)) messages.push(`cluster ${id} is in ${first?.file ?? ""} and not in the roster`);
  }
  const lost = whole ? clusters.filter(({ id }) => !holders.has(id)).map(({ id }) => id) : [];
  if (lost.length > 0) messages.push(`clusters of the roster are in no shard: ${listed(lost)}`);
  return messages.map((message) => ({
    code: "shard-clusters",
    severity: "error",
    message,
    advice: "Render all shards again, with the same --shards.",
  }));
}

/** Reads a cluster's files; equal ones are one object. */
function takeFiles(
  { cluster, files }: ShardCluster,
  folder: RenderedFolder,
  file: string,
  known: Map<string, Uint8Array>,
  all: Map<string, Uint8Array>,
): Finding[] {
  const own = `${cluster.az}/${cluster.id}`;
  const present = new Set(filesBelow(join(folder.path, own), ""));
  const missing: string[] = [];
  const changed: string[] = [];
  for (const [path, digest] of Object.entries(files)) {
    if (!present.delete(path)) {
      missing.push(path);
      continue;
    }
    const bytes = readFileSync(join(folder.path, own, path));
    if (createHash("sha256").update(bytes).digest("base64") !== digest) changed.push(path);
    const same = known.get(digest) ?? bytes;
    known.set(digest, same);
    all.set(`${own}/${path}`, same);
  }
  const finding = (code: string, paths: readonly string[], what: string): Finding[] =>
    paths.length === 0
      ? []
      : [
          {
            code,
            severity: "error",
            message: `files of cluster ${cluster.id} ${what}: ${listed(paths)}`,
            at: { file: `${folder.display}/${own}` },
            trail: [{ how: "by the record", file }],
            advice: "Render the shard again; nothing but `halite render` may write into a cluster's folder.",
          },
        ];
  return [
    ...finding("shard-file-missing", missing, "are missing"),
    ...finding("shard-file-changed", changed, "are not as they were rendered"),
    ...finding("shard-file-extra", [...present], "were not rendered"),
  ];
}

function numberOf({ shard, shards }: ShardNumber): string {
  return `shard ${shard} of ${shards}`;
}

function short(digest: string): string {
  return digest.slice(0, 12);
}
