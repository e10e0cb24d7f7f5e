/** Proofs that results are equal; each throws where they are not. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { PyDict, type Value } from "../src/python/index.ts";
import { loadKubernetes } from "../src/yaml/index.ts";
import { clusterId } from "./fleet.ts";
import { helmCommand } from "./peers.ts";
import { run } from "./program.ts";

/** Every file of a folder, by its path there, as a digest. */
export function digests(folder: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const path of filePaths(folder)) {
    found.set(
      path,
      createHash("sha256")
        .update(readFileSync(join(folder, path)))
        .digest("hex"),
    );
  }
  return found;
}

/** @throws Error with the first path that is in one folder only, or differs */
export function proveSameTree(what: string, one: string, other: string): void {
  const [ours, theirs] = [digests(one), digests(other)];
  for (const path of new Set([...ours.keys(), ...theirs.keys()]))
    if (ours.get(path) !== theirs.get(path)) throw new Error(`${what}: ${path} differs`);
}

/** out/ as it is now, whatever it was made from, is what another render gives. */
export function proveOut(what: string, folder: string, ...options: readonly string[]): void {
  const other = join(folder, "out-other");
  run(folder, "render", "--out", other, ...options);
  proveSameTree(what, join(folder, "out"), other);
  rmSync(other, { recursive: true, force: true });
}

/** Files of the clusters that real Salt did are equal, byte by byte. */
export function proveEqualToSalt(folder: string, out: string): void {
  for (const cluster of readdirSync(out)) {
    const ours = shownFiles(folder, cluster);
    const theirs = [...filePaths(join(out, cluster))];
    if (ours.size !== theirs.length) throw new Error(`${cluster}: ${ours.size} files here, ${theirs.length} by Salt`);
    for (const path of theirs)
      if (ours.get(path) !== readFileSync(join(out, cluster, path), "utf8")) throw new Error(`${cluster}: ${path} differs from Salt's`);
  }
}

/** Objects of the first clusters are equal. */
export function proveEqualToHelm(folder: string, clusters: number): void {
  for (let cluster = 0; cluster < clusters; cluster++) {
    const [command = "", ...args] = helmCommand(folder, cluster);
    const theirs = objects([execFileSync(command, args, { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 })]);
    const ours = objects([...shownFiles(folder, clusterId(cluster)).values()]);
    if (JSON.stringify(ours) !== JSON.stringify(theirs)) throw new Error(`${clusterId(cluster)}: objects differ from Helm's`);
  }
}

/** Every file below a folder, by its path there. */
export function* filePaths(folder: string, below = ""): Generator<string> {
  for (const entry of readdirSync(join(folder, below), { withFileTypes: true })) {
    const path = below === "" ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) yield* filePaths(folder, path);
    else yield path;
  }
}

interface ShownFile {
  readonly content: string;
}

/** One cluster's addon files before the second stage, as Salt writes them. */
function shownFiles(folder: string, cluster: string): Map<string, string> {
  const shown: Record<string, ShownFile> = JSON.parse(run(folder, "show", "files", "--json", "--cluster", cluster));
  return new Map(Object.entries(shown).map(([path, file]) => [path.replace("/etc/kubernetes/addons/", ""), file.content]));
}

/** Every object, sorted, as text. */
function objects(texts: readonly string[]): string[] {
  return texts
    .flatMap((text) => loadKubernetes(text, { file: "bench" }))
    .flatMap((document) => (document.value instanceof PyDict ? [sorted(document.value)] : []))
    .sort();
}

function sorted(value: Value): string {
  if (Array.isArray(value)) return `[${value.map(sorted).join(",")}]`;
  if (!(value instanceof PyDict)) return JSON.stringify(value instanceof Object ? value.repr() : String(value));
  return `{${[...value.entries()]
    .map(([key, item]) => `${JSON.stringify(key)}:${sorted(item)}`)
    .sort()
    .join(",")}}`;
}
