import { createHash } from "node:crypto";
import { FindingError } from "../finding/index.ts";
import { git, gitFailed, runGit } from "./run.ts";
import type { Signature } from "./source.ts";

/** A file of a tree: its content, or the id of a blob that the repository has. */
export type TreeEntry = Uint8Array | string | { readonly blob: string };

/** A tree to commit: paths with `/` to files. */
export type Tree = ReadonlyMap<string, TreeEntry>;

export interface CommitRequest {
  /** A bare repository. */
  readonly repository: string;
  /** `addons`, without refs/heads/. */
  readonly branch: string;
  readonly tree: Tree;
  readonly message: (changes: TreeChanges) => string;
  readonly author: Signature;
  readonly committer: Signature;
}

export interface TreeChanges {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

export type CommitOutcome =
  | { readonly kind: "unchanged"; readonly commit: string; readonly tree: string }
  | {
      readonly kind: "committed";
      readonly commit: string;
      readonly parent: string | null;
      readonly tree: string;
      readonly changes: TreeChanges;
    };

/**
 * Commits a tree to a branch of a bare repository with one `git fast-import`, without a work tree or index.
 * Only what differs from the branch's head is sent; nothing differs, nothing is committed.
 *
 * @throws FindingError `git-branch-moved` where another process moved the branch meanwhile
 */
export async function commitTree(request: CommitRequest): Promise<CommitOutcome> {
  const { repository, branch } = request;
  const ref = `refs/heads/${branch}`;
  const parent = (await runGit(["rev-parse", "--verify", "--quiet", `${ref}^{commit}`], { cwd: repository })).stdout
    .toString("utf8")
    .trim();
  const format = (await git(["rev-parse", "--show-object-format"], { cwd: repository })).trim();
  const existing = parent === "" ? new Map<string, string>() : await listTree(repository, parent);
  const changes = compareTrees(existing, request.tree, format);
  if (parent !== "" && changes.added.length + changes.changed.length + changes.removed.length === 0) {
    return { kind: "unchanged", commit: parent, tree: (await git(["rev-parse", `${parent}^{tree}`], { cwd: repository })).trim() };
  }
  const args = ["fast-import", "--quiet", "--done", "--date-format=raw"];
  const run = await runGit(args, { cwd: repository, input: stream(request, parent, changes), timeout: 600_000 });
  if (run.status !== 0) {
    if (/Not updating/.test(run.stderr)) {
      throw new FindingError({
        code: "git-branch-moved",
        severity: "error",
        message: `branch ${branch} was moved by another process meanwhile`,
        advice: "run the command again",
      });
    }
    throw gitFailed(args, run);
  }
  const commit = (await git(["rev-parse", "--verify", ref], { cwd: repository })).trim();
  const tree = (await git(["rev-parse", `${commit}^{tree}`], { cwd: repository })).trim();
  return { kind: "committed", commit, parent: parent === "" ? null : parent, tree, changes };
}

/** Paths of a commit's tree to their blob ids. */
export async function listTree(repository: string, commit: string): Promise<Map<string, string>> {
  const text = await git(["ls-tree", "-r", "-z", "--full-tree", commit], { cwd: repository });
  const files = new Map<string, string>();
  for (const entry of text.split("\0")) {
    const tab = entry.indexOf("\t");
    if (tab > 0) files.set(entry.slice(tab + 1), entry.slice(0, tab).split(" ")[2] ?? "");
  }
  return files;
}

function compareTrees(existing: ReadonlyMap<string, string>, tree: Tree, format: string): TreeChanges {
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

async function* stream(request: CommitRequest, parent: string, changes: TreeChanges): AsyncGenerator<Uint8Array> {
  const message = Buffer.from(request.message(changes), "utf8");
  const head =
    `commit refs/heads/${request.branch}\nauthor ${signature(request.author)}\ncommitter ${signature(request.committer)}\n` +
    `data ${message.length}\n${message.toString("utf8")}\n${parent === "" ? "" : `from ${parent}\n`}`;
  yield Buffer.from(head, "utf8");
  for (const path of changes.removed) yield Buffer.from(`D ${quotePath(path)}\n`, "utf8");
  for (const path of [...changes.added, ...changes.changed]) {
    const content = request.tree.get(path) ?? "";
    if (typeof content === "object" && "blob" in content) {
      yield Buffer.from(`M 100644 ${content.blob} ${quotePath(path)}\n`, "utf8");
      continue;
    }
    const bytes = typeof content === "string" ? Buffer.from(content, "utf8") : content;
    yield Buffer.concat([Buffer.from(`M 100644 inline ${quotePath(path)}\ndata ${bytes.length}\n`, "utf8"), bytes, Buffer.from("\n")]);
  }
  yield Buffer.from("done\n", "utf8");
}

function signature(who: Signature): string {
  return `${clean(who.name)} <${clean(who.email)}> ${who.date}`;
}

/** A name or address without the characters that end it in a commit. */
function clean(text: string): string {
  return text.replace(/[<>\n\0]/g, "").trim();
}

/** A path in fast-import's quoted form, which any byte may stand in. */
function quotePath(path: string): string {
  return `"${path.replace(/["\\]/g, (character) => `\\${character}`).replace(/\n/g, "\\n")}"`;
}
