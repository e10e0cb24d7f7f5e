import { createHash } from "node:crypto";
import { git, runGit, gitFailed, type GitRunOptions } from "./run.ts";

/** A file of a tree: its content, or the id of a blob that the repository has. */
export type TreeEntry = Uint8Array | string | { readonly blob: string };

/** A tree to commit: paths with `/` to files. */
export type Tree = ReadonlyMap<string, TreeEntry>;

/** What one tree has against another: paths. */
export interface TreeChanges {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

/** Paths of a tree, or of a commit's, to their blob ids. */
export async function listTree(treeish: string, options: GitRunOptions): Promise<Map<string, string>> {
  const text = await git(["ls-tree", "-r", "-z", "--full-tree", treeish], options);
  const files = new Map<string, string>();
  for (let start = 0; ;) {
    const end = text.indexOf("\0", start);
    if (end < 0) return files;
    const tab = text.indexOf("\t", start);
    // `MODE TYPE ID TAB PATH`: the id is what stands between the last space and the tab.
    files.set(text.slice(tab + 1, end), text.slice(text.lastIndexOf(" ", tab) + 1, tab));
    start = end + 1;
  }
}

/** Paths below a folder of a commit to their blob ids. Empty where the commit has no such folder. */
export async function listFolder(commit: string, folder: string, options: GitRunOptions): Promise<ReadonlyMap<string, string>> {
  const there = await runGit(["rev-parse", "--verify", "--quiet", `${commit}:${folder}`], options);
  return there.status === 0 ? listTree(`${commit}:${folder}`, options) : new Map();
}

/**
 * What is in blobs, by their ids.
 *
 * @param lost what is thrown for one that is missing or spoilt; default: FindingError `git-failed`
 */
export async function readBlobs(ids: Iterable<string>, options: GitRunOptions, lost?: (id: string) => Error): Promise<Map<string, Buffer>> {
  const wanted = [...new Set(ids)];
  const blobs = new Map<string, Buffer>();
  if (wanted.length === 0) return blobs;
  const args = ["cat-file", "--batch"];
  const run = await runGit(args, { limit: 2 ** 31, ...options, input: wanted.map((id) => `${id}\n`).join("") });
  if (run.status !== 0) throw gitFailed(args, run);
  let at = 0;
  for (const id of wanted) {
    const end = run.stdout.indexOf(10, at);
    const [, type = "", size = ""] = run.stdout.toString("latin1", at, end).split(" ");
    if (type !== "blob") throw lost?.(id) ?? gitFailed(args, { status: 1, stderr: `object ${id} is missing or no file` });
    blobs.set(id, run.stdout.subarray(end + 1, end + 1 + Number(size)));
    at = end + 2 + Number(size);
  }
  return blobs;
}

/** What changes in `existing`, paths to blob ids, to become `tree`. `format`: how the repository names objects, `sha1` or `sha256`. */
export function compareTrees(existing: ReadonlyMap<string, string>, tree: Tree, format: string): TreeChanges {
  const added: string[] = [];
  const changed: string[] = [];
  for (const [path, content] of tree) {
    const known = existing.get(path);
    if (known === undefined) added.push(path);
    else if (known !== blobId(content, format)) changed.push(path);
  }
  const removed = [...existing.keys()].filter((path) => !tree.has(path));
  return { added, changed, removed };
}

/** The id git gives a blob (gitformat-loose: `blob SIZE NUL` before the content). */
function blobId(content: TreeEntry, format: string): string {
  if (typeof content === "object" && "blob" in content) return content.blob;
  const bytes = typeof content === "string" ? Buffer.from(content, "utf8") : content;
  return createHash(format === "sha256" ? "sha256" : "sha1")
    .update(`blob ${bytes.length}\0`)
    .update(bytes)
    .digest("hex");
}
