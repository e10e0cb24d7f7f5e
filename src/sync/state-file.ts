import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { isObject, numberAt, objectAt, textAt, type Json } from "../kubernetes/index.ts";

/** At what a cluster is kept, and for how long it was well with it. */
export interface HeldRelease {
  readonly commit: string;
  readonly content: string;
  /** How long it has been well with it, in seconds, as the job itself has seen. */
  readonly wellSeconds: number;
  /** Milliseconds since the epoch at which it was last seen well; null where it was not. */
  readonly seenWell: number | null;
  /** And since when, for people. */
  readonly wellSince: number | null;
}

/** What a zone has to know when it is started again. */
export interface ZoneState {
  readonly az: string;
  readonly held: ReadonlyMap<string, HeldRelease>;
  /** Milliseconds since the epoch at which git was last read. */
  readonly pulled: number | null;
}

/** Reads it; null where there is none, or none of this zone that can be read. What is lost is had again from the zone's own report. */
export function readState(path: string, az: string): ZoneState | null {
  let value: Json;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return null;
  }
  if (!isObject(value) || value["version"] !== 1 || textAt(value, "az") !== az) return null;
  const clusters = objectAt(value, "clusters");
  const held = new Map<string, HeldRelease>();
  for (const [cluster, entry] of Object.entries(clusters)) {
    const [commit, content] = [textAt(entry, "commit"), textAt(entry, "content")];
    if (commit === undefined || content === undefined) continue;
    held.set(cluster, {
      commit,
      content,
      wellSeconds: numberAt(entry, "wellSeconds") ?? 0,
      seenWell: numberAt(entry, "seenWell") ?? null,
      wellSince: numberAt(entry, "wellSince") ?? null,
    });
  }
  return { az, held, pulled: numberAt(value, "pulled") ?? null };
}

/** Writes it whole or not at all. @throws the system's error, as for a full disk */
export function writeState(path: string, { az, held, pulled }: ZoneState): void {
  mkdirSync(dirname(path), { recursive: true });
  const clusters = Object.fromEntries([...held].sort(([a], [b]) => (a < b ? -1 : 1)));
  const aside = `${path}.new`;
  try {
    const file = openSync(aside, "w", 0o600);
    try {
      // Until all is written: a disk that fills up may take a part without an error.
      writeFileSync(file, `${JSON.stringify({ version: 1, az, pulled, clusters }, undefined, 1)}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(aside, path);
  } catch (error) {
    try {
      rmSync(aside, { force: true });
    } catch {
      // The first error says what is wrong.
    }
    throw error;
  }
}
