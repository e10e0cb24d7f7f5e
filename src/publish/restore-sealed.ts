import { compareText } from "../addon/index.ts";
import { FindingError, type Finding } from "../finding/index.ts";
import type { BranchHead, PublishedBranch, TreeEntry } from "../git/index.ts";
import { PyDict } from "../python/index.ts";
import { findReferences, parseReference, referenceName, SealedTexts } from "../sealed/index.ts";
import { emit } from "../yaml/index.ts";
import { releaseLines, releaseOf } from "./release-objects.ts";

/** What is restored, and where from. */
export interface SealedRestore {
  readonly branch: PublishedBranch;
  readonly head: BranchHead;
  readonly target: BranchHead;
  /** Folders `AZ/CLUSTER/` of the clusters whose addons are restored. */
  readonly clusters: readonly string[];
  /** The addons that are restored. */
  readonly addons: readonly string[];
}

/** A reference as it stands in an addon's file, with the digest of what it was compiled for. */
interface Wanted {
  readonly name: string;
  readonly digest: string;
  readonly addon: string;
}

const FOLDER = ".sealed/";

/**
 * Puts the sealed files that a cluster's addons refer to beside them, once some of its addons are another time's: each file as it is now where that
 * holds what is referred to, else as it was then; none that nothing refers to. The list in release.yaml follows. So the folder is what a
 * compile would have written.
 *
 * @param tree the tree to publish, which is changed
 * @throws FindingError `rollback-sealed` where addons of now and of then want different values of one file
 */
export async function restoreSealed(restore: SealedRestore, tree: Map<string, TreeEntry>): Promise<void> {
  const { branch, head, target, clusters } = restore;
  const having = new Set([...head.files.keys(), ...target.files.keys()].filter((path) => path.includes(`/${FOLDER}`)).map(folderOf));
  const sealed = clusters.filter((folder) => having.has(folder));
  const paths = new Map(sealed.map((folder) => [folder, [] as string[]]));
  for (const path of tree.keys()) paths.get(folderOf(path))?.push(path);
  const texts = await textsOf(branch, sealed, [tree, head.files, target.files]);
  const conflicts = new Conflicts(restore);
  for (const folder of sealed) {
    const release = texts(tree.get(`${folder}release.yaml`));
    const own = paths.get(folder) ?? [];
    const wanted = references(own, (path) => texts(tree.get(path)), releaseOf(release).failed);
    const files = new Map<string, string>();
    for (const [path, all] of bySource(wanted)) {
      const now = head.files.get(folder + path);
      const then = target.files.get(folder + path);
      const blob = [now, then].find((each) => each !== undefined && holds(path, texts({ blob: each }), all));
      if (blob === undefined) conflicts.add(folder, path, all);
      else files.set(path, blob);
    }
    for (const path of own) if (path.startsWith(folder + FOLDER)) tree.delete(path);
    for (const [path, blob] of files) tree.set(folder + path, { blob });
    const listed = withSealed(release, wanted);
    if (listed !== release) tree.set(`${folder}release.yaml`, listed);
  }
  conflicts.refuse();
}

type TextOf = (entry: TreeEntry | undefined) => string;

/** Reads the texts of some clusters' files, each once. */
async function textsOf(
  branch: PublishedBranch,
  clusters: readonly string[],
  trees: readonly ReadonlyMap<string, TreeEntry | string>[],
): Promise<TextOf> {
  const folders = new Set(clusters);
  const ids = new Set<string>();
  const [tree, ...heads] = trees;
  for (const [path, entry] of tree ?? [])
    if (folders.has(folderOf(path)) && typeof entry === "object" && "blob" in entry) ids.add(entry.blob);
  for (const files of heads)
    for (const [path, id] of files) if (typeof id === "string" && folders.has(folderOf(path)) && path.includes(`/${FOLDER}`)) ids.add(id);
  const blobs = await branch.read([...ids]);
  return (entry) => {
    if (entry === undefined) return "";
    if (typeof entry === "string") return entry;
    if ("blob" in entry) return blobs.get(entry.blob)?.toString("utf8") ?? "";
    return Buffer.from(entry.buffer, entry.byteOffset, entry.byteLength).toString("utf8");
  };
}

function folderOf(path: string): string {
  return /^[^/]+\/[^/]+\//.exec(path)?.[0] ?? "";
}

/** The references in the files of a cluster's addons, without those that failed: nobody opens anything for them. */
function references(paths: readonly string[], text: (path: string) => string, failed: ReadonlySet<string>): Wanted[] {
  const wanted: Wanted[] = [];
  for (const path of paths) {
    const [addon = "", ...rest] = path.split("/").slice(2);
    if (rest.length === 0 || addon === ".sealed" || failed.has(addon)) continue;
    for (const found of findReferences(text(path)))
      if (found.state === "whole" && found.reference.digest !== null)
        wanted.push({ name: referenceName(found.reference), digest: found.reference.digest, addon });
  }
  return wanted;
}

/** By the published file that the values are in. What is kept elsewhere is in none. */
function bySource(wanted: readonly Wanted[]): ReadonlyMap<string, readonly Wanted[]> {
  const sources = new Map<string, Wanted[]>();
  for (const each of wanted) {
    const reference = parseReference(each.name);
    const path =
      reference.kind === "sops"
        ? `${FOLDER}sops/${reference.file}`
        : reference.kind === "pgp"
          ? `${FOLDER}pgp/${reference.block}.asc`
          : undefined;
    if (path === undefined) continue;
    const all = sources.get(path) ?? [];
    all.push(each);
    sources.set(path, all);
  }
  return sources;
}

/** Whether a published file holds all the sealed texts that are wanted of it. */
function holds(path: string, text: string, wanted: readonly Wanted[]): boolean {
  // A message is named by its digest.
  if (path.startsWith(`${FOLDER}pgp/`)) return true;
  const texts = new SealedTexts({ display: "", list: () => [], find: () => ({ text, display: path }) });
  return wanted.every(({ name, digest }) => {
    const found = texts.of(parseReference(name), new Map());
    return !("message" in found) && found.digest === digest;
  });
}

/** A release.yaml whose list of sealed values is that of these references. */
function withSealed(release: string, wanted: readonly Wanted[]): string {
  const { head } = releaseLines(release);
  const digests = new Map(wanted.map(({ name, digest }) => [name, digest]));
  const list = [...digests]
    .sort(([a], [b]) => compareText(a, b))
    .map(([name, digest]) => {
      const [file] = bySource([{ name, digest, addon: "" }]).keys();
      return PyDict.from({ reference: name, digest: `sha256:${digest}`, ...(file === undefined ? {} : { file }) });
    });
  const lines =
    list.length === 0
      ? []
      : emit([PyDict.from({ sealed: list })])
          .trimEnd()
          .split("\n");
  const from = head.indexOf("sealed:");
  // The list is the last that stands before the addons.
  const before = from < 0 ? head : head.slice(0, from);
  const rest = release.split("\n").slice(head.length);
  return [...before, ...lines, ...rest].join("\n");
}

/** Files of which no one version has what all want. */
class Conflicts {
  readonly #restore: SealedRestore;
  readonly #found = new Map<
    string,
    { readonly file: string; readonly restored: readonly string[]; readonly others: readonly string[]; clusters: string[] }
  >();

  constructor(restore: SealedRestore) {
    this.#restore = restore;
  }

  add(folder: string, file: string, wanted: readonly Wanted[]): void {
    const names = [...new Set(wanted.map(({ addon }) => addon))].sort(compareText);
    const restored = names.filter((name) => this.#restore.addons.includes(name));
    const others = names.filter((name) => !this.#restore.addons.includes(name));
    const key = JSON.stringify([file, names]);
    const found = this.#found.get(key) ?? { file, restored, others, clusters: [] };
    found.clusters.push(folder.slice(0, -1));
    this.#found.set(key, found);
  }

  refuse(): void {
    const [one, ...more] = [...this.#found.values()].map(({ file, restored, others, clusters }): Finding => {
      const where = `${clusters[0] ?? ""}${clusters.length > 1 ? ` and ${clusters.length - 1} more` : ""}`;
      return {
        code: "rollback-sealed",
        severity: "error",
        message:
          others.length === 0
            ? `${file} of ${where} is published neither now nor then with the values that ${restored.join(", ")} refers to`
            : `${restored.join(", ") || "what is restored"} can't go back without ${others.join(", ")}: both refer to ${file} of ${where}, and want different values of it`,
        advice:
          others.length === 0
            ? "roll back to another commit, or as a whole"
            : `roll them back together (${[...restored, ...others].map((name) => `--addon ${name}`).join(" ")}), or without --addon; or change the value in the source`,
      };
    });
    if (one !== undefined) throw new FindingError(one, ...more);
  }
}
