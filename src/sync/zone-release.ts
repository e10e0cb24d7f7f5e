import { createHash } from "node:crypto";
import { FindingError } from "../finding/index.ts";
import { isList, isObject, jsonOf, listAt, numberAt, textAt, type Json, type JsonObject } from "../kubernetes/index.ts";
import { loadKubernetes } from "../yaml/index.ts";

/** `rollout` of a cluster's release.yaml. */
export interface ReleasedRollout {
  readonly wave: string;
  readonly order: number;
  readonly soakSeconds: number;
  readonly maxUnavailable: number;
  readonly paused: boolean;
  /** Commits that may go; null: nobody need approve. */
  readonly approved: readonly string[] | null;
}

/** What a commit of the published branch has for one cluster. */
export interface ClusterRelease {
  readonly cluster: string;
  /** The cluster's folder, by path within it. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** null: it waits for nobody. */
  readonly rollout: ReleasedRollout | null;
  /** Equal for what comes to the same in the cluster: release.yaml, which has the digests of all else, without `rollout`. */
  readonly content: string;
  /** Why release.yaml can't be used: such a cluster stays as it is. */
  readonly problem: string | null;
}

/** The clusters of a zone, by id. `files`: the zone's, by path: `CLUSTER/release.yaml`, `CLUSTER/ADDON/FILE.yaml`. */
export function zoneReleases(files: ReadonlyMap<string, Buffer>): ReadonlyMap<string, ClusterRelease> {
  const folders = new Map<string, Map<string, Buffer>>();
  for (const [path, content] of files) {
    const cut = path.indexOf("/");
    if (cut < 0) continue;
    const cluster = path.slice(0, cut);
    const folder = folders.get(cluster) ?? new Map<string, Buffer>();
    folders.set(cluster, folder.set(path.slice(cut + 1), content));
  }
  return new Map([...folders].sort(([a], [b]) => (a < b ? -1 : 1)).map(([cluster, folder]) => [cluster, clusterRelease(cluster, folder)]));
}

/** One cluster's release, from its folder. */
export function clusterRelease(cluster: string, files: ReadonlyMap<string, Buffer>): ClusterRelease {
  const bytes = files.get("release.yaml");
  const failed = (problem: string): ClusterRelease => ({ cluster, files, rollout: null, content: digest(bytes ?? ""), problem });
  if (bytes === undefined) return failed("the commit has no release.yaml for it");
  let release: Json;
  try {
    release = jsonOf(loadKubernetes(bytes.toString("utf8"), { file: "release.yaml" })[0]?.value ?? null);
  } catch (error) {
    if (!(error instanceof FindingError)) throw error;
    return failed(`its release.yaml can't be read: ${error.message.split("\n")[0] ?? ""}`);
  }
  if (!isObject(release) || textAt(release, "kind") !== "Release") return failed("its release.yaml is no Release");
  const { rollout, ...rest } = release;
  if (rest["state"] === "failed") {
    const why = failed(`its release did not compile: ${textAt(listAt(release, "why")[0] ?? null, "message") ?? ""}`);
    // Later waves wait for it.
    return { ...why, rollout: readRollout(rollout ?? null) ?? null };
  }
  const content = digest(canonical(rest));
  if (rollout === undefined || rollout === null) return { cluster, files, rollout: null, content, problem: null };
  const read = readRollout(rollout);
  if (read === undefined) return failed("its rollout in release.yaml is of another version of Halite");
  return { cluster, files, rollout: read, content, problem: null };
}

function readRollout(value: Json): ReleasedRollout | undefined {
  const [wave, order, maxUnavailable] = [textAt(value, "wave"), numberAt(value, "order"), numberAt(value, "maxUnavailable")];
  if (!isObject(value) || wave === undefined || order === undefined || maxUnavailable === undefined) return undefined;
  const approved = value["approved"];
  return {
    wave,
    order,
    soakSeconds: numberAt(value, "soakSeconds") ?? 0,
    maxUnavailable,
    paused: value["paused"] === true,
    approved: isList(approved) ? listAt(value, "approved").filter((each) => typeof each === "string") : null,
  };
}

function canonical(value: Json | undefined): string {
  if (isList(value)) return `[${value.map(canonical).join(",")}]`;
  if (!isObject(value)) return JSON.stringify(value ?? null);
  const object: JsonObject = value;
  return `{${Object.keys(object)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(object[key])}`)
    .join(",")}}`;
}

function digest(text: string | Uint8Array): string {
  return createHash("sha256").update(text).digest("hex");
}
