import { createHash } from "node:crypto";
import { compareText, type Mode } from "../addon/index.ts";
import { FindingError } from "../finding/index.ts";
import { holdsReference } from "../sealed/index.ts";
import { loadKubernetes } from "../yaml/index.ts";
import {
  isKubernetesObject,
  isList,
  isObject,
  jsonOf,
  listAt,
  numberAt,
  objectAt,
  textAt,
  type Json,
  type JsonObject,
} from "../kubernetes/index.ts";
import {
  DEFAULT_PRUNE,
  describeRef,
  keyOf,
  parseApiVersion,
  type Desired,
  type DesiredAddon,
  type DesiredObject,
  type PruneSettings,
} from "./types.ts";

/** The files of one cluster's folder of a release, by path within it: `release.yaml`, `ADDON/FILE.yaml`. */
export type ReleaseFiles = ReadonlyMap<string, Uint8Array>;

/** Addons read before, by name and digest: many clusters have the same. */
export type AddonTexts = Map<string, DesiredAddon>;

/**
 * Reads what a cluster should hold. `release.yaml` says what belongs; a file that it does not name is not looked at. An addon whose files are not the ones
 * that `release.yaml` was written with counts as failed: nothing of it is applied, nothing pruned.
 *
 * @param cluster the id that the release must be for
 * @throws FindingError `release-missing`, `release-invalid`, `release-cluster`
 */
export function readRelease(files: ReleaseFiles, cluster: string, commit: string | null, known: AddonTexts = new Map()): Desired {
  const text = files.get("release.yaml");
  if (text === undefined) {
    throw refuse(
      "release-missing",
      `there is no release.yaml for cluster ${cluster}`,
      "render or publish the cluster first; a missing folder never means that nothing is wanted",
    );
  }
  const release = parseYaml("release.yaml", text)[0];
  const invalid = (why: string): FindingError => refuse("release-invalid", `release.yaml of cluster ${cluster} ${why}`);
  if (!isObject(release) || textAt(release, "apiVersion") !== "halite.dev/v1alpha1" || textAt(release, "kind") !== "Release")
    throw invalid("is no Release of halite.dev/v1alpha1");
  const named = textAt(release, "cluster");
  if (named !== cluster) throw refuse("release-cluster", `the release is for cluster ${named ?? "?"}, not for ${cluster}`);
  const state = textAt(release, "state");
  if (state !== "complete" && state !== "partial" && state !== "failed") throw invalid(`has the state ${state ?? "?"}`);
  const addons = objectAt(release, "addons");
  return {
    cluster,
    az: textAt(release, "az") ?? "",
    kubernetes: textAt(release, "kubernetes") ?? "",
    commit,
    state,
    why: reasons(release),
    addons: Object.keys(addons)
      .sort(compareText)
      .map((name) => readAddon(name, addons[name] ?? null, files, known, commit)),
  };
}

function reasons(from: Json): string[] {
  return listAt(from, "why").map((each) => textAt(each, "message") ?? "");
}

function readAddon(name: string, entry: Json, files: ReleaseFiles, known: AddonTexts, commit: string | null): DesiredAddon {
  const dependsOn = listAt(entry, "dependsOn").filter((each) => typeof each === "string");
  const failed = (...why: string[]): DesiredAddon => ({ state: "failed", name, dependsOn, why });
  if (textAt(entry, "state") === "failed") return failed(...reasons(entry));
  if (textAt(entry, "state") !== "complete") return failed("release.yaml gives it no state that is known");
  // Files of a folder may be another render's, or, as bundles, not be in git at all; a commit has all that it was made of.
  const advice = commit === null ? "; halite render writes it anew" : "";
  const digest = textAt(entry, "digest") ?? "";
  const prune = pruneSettings(objectAt(entry, "prune"));
  const suspended = textAt(entry, "reconcile") === "disabled";
  const listed = listAt(entry, "objects");
  const settings = { dependsOn, prune, suspended };
  const before = known.get(`${name} ${digest}`);
  if (before?.state === "complete") return { ...before, ...settings };
  const paths = [...new Set(listed.map((each) => textAt(each, "file") ?? ""))];
  const objects: DesiredObject[] = [];
  const read = new Map<string, Uint8Array>();
  for (const path of paths) {
    const bytes = files.get(`${name}/${path}`);
    if (bytes === undefined) return failed(`the file ${name}/${path}, which release.yaml names, is not there${advice}`);
    read.set(path, bytes);
  }
  // Bundles stand last among the objects and in order of their paths among the files.
  const digests = [paths, [...paths].sort(compareText)].map((order) => digestOf(order, read));
  if (!digests.includes(digest))
    return failed(`its files are not the ones that release.yaml was written with (digest ${digest.slice(0, 19)}…)${advice}`);
  for (const [path, bytes] of read) {
    let documents: Json[];
    try {
      documents = parseYaml(`${name}/${path}`, bytes);
    } catch (error) {
      if (!(error instanceof FindingError)) throw error;
      return failed(`${name}/${path}: ${error.message.split("\n")[0] ?? ""}`);
    }
    const entries = listed.filter((each) => textAt(each, "file") === path);
    if (entries.length !== documents.length)
      return failed(`${name}/${path} holds ${documents.length} objects, release.yaml names ${entries.length}`);
    for (const [index, document] of documents.entries()) {
      const object = desiredObject(document, entries[index] ?? null, path);
      if (typeof object === "string") return failed(`${name}/${path}: ${object}`);
      objects.push(object);
    }
  }
  const addon: DesiredAddon = { state: "complete", name, digest, objects, ...settings };
  known.set(`${name} ${digest}`, addon);
  return addon;
}

/** As the compile computes it: over paths, lengths and bytes. */
function digestOf(paths: readonly string[], files: ReadonlyMap<string, Uint8Array>): string {
  const hash = createHash("sha256");
  for (const path of paths) {
    const bytes = files.get(path) ?? new Uint8Array();
    hash.update(`${Buffer.byteLength(path)} ${path} ${bytes.length}\n`).update(bytes);
  }
  return `sha256:${hash.digest("hex")}`;
}

function pruneSettings(entry: JsonObject): PruneSettings {
  return {
    empty: entry["empty"] === true,
    percent: numberAt(entry, "percent") ?? DEFAULT_PRUNE.percent,
    confirm: listAt(entry, "confirm").filter((each) => typeof each === "string"),
  };
}

/** The object with what release.yaml says of it; a text says what is wrong. */
function desiredObject(document: Json, entry: Json, file: string): DesiredObject | string {
  if (!isKubernetesObject(document)) return "an object has no apiVersion, kind or metadata.name";
  const { namespace, name } = document.metadata;
  const ref = { ...parseApiVersion(document.apiVersion), kind: document.kind, namespace: namespace ?? null, name };
  const same =
    textAt(entry, "apiVersion") === document.apiVersion &&
    textAt(entry, "kind") === document.kind &&
    (textAt(entry, "namespace") ?? null) === ref.namespace &&
    textAt(entry, "name") === name;
  if (!same) return `${describeRef(ref)} stands where release.yaml names another object`;
  const mode = textAt(entry, "mode");
  if (!isMode(mode)) return `${describeRef(ref)} has the mode ${mode ?? "?"}`;
  return { key: keyOf(ref), ref, mode, object: document, digest: textAt(entry, "digest") ?? "", file, sealed: isSealed(document) };
}

function isMode(mode: string | undefined): mode is Mode {
  return mode === "Reconcile" || mode === "EnsureExists";
}

/** Whether a reference to a sealed value stands anywhere in it. */
function isSealed(value: Json | undefined): boolean {
  if (typeof value === "string") return holdsReference(value);
  if (isList(value)) return value.some(isSealed);
  return isObject(value) && Object.values(value).some(isSealed);
}

function parseYaml(file: string, bytes: Uint8Array): Json[] {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw refuse("release-invalid", `${file} is no UTF-8`);
  }
  return loadKubernetes(text, { file }).map(({ value }) => jsonOf(value));
}

function refuse(code: string, message: string, advice?: string): FindingError {
  return new FindingError({ code, severity: "error", message, ...(advice === undefined ? {} : { advice }) });
}
