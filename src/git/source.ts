import { basename } from "node:path";
import { simpleGit, type SimpleGit } from "simple-git";

/** Whoever wrote a commit, in git's own form. */
export interface Signature {
  readonly name: string;
  readonly email: string;
  /** `SECONDS +ZONE`, as in a raw commit. */
  readonly date: string;
}

/** The state of the tree that is compiled. */
export type SourceState =
  | { readonly kind: "commit"; readonly commit: string; readonly author: Signature; readonly subject: string }
  /** `changed`: files that differ from the commit, or that git ignores and the compile reads. */
  | { readonly kind: "worktree"; readonly base: string | null; readonly changed: readonly string[] }
  | { readonly kind: "no-git" };

/**
 * What the folder's tree is: a commit, a changed work tree, or no repository at all.
 * `paths` (relative to the folder) are what counts; other changed files do not make the tree dirty.
 *
 * simple-git reads the user's repository: it takes the variables of a surrounding git process (a hook's GIT_DIR) out of the environment,
 * and refuses options that would run programs.
 */
export async function sourceState(folder: string, paths: readonly string[]): Promise<SourceState> {
  const repository = simpleGit(folder);
  if (!(await isWorkTree(repository))) return { kind: "no-git" };
  const head = await headOf(repository);
  if (head === null) return { kind: "worktree", base: null, changed: [] };
  const status = await repository.raw(["status", "--porcelain", "-z", "--untracked-files=all", "--ignored=matching", "--", ...paths]);
  const changed = changedPaths(status);
  if (changed.length > 0) return { kind: "worktree", base: head, changed };
  const raw = await repository.raw(["show", "-s", "--format=%an%x00%ae%x00%ad%x00%s", "--date=raw", head]);
  const [name = "", email = "", date = "0 +0000", subject = ""] = raw.replace(/\n$/, "").split("\0");
  return { kind: "commit", commit: head, author: { name, email, date }, subject };
}

async function isWorkTree(repository: SimpleGit): Promise<boolean> {
  try {
    return (await repository.raw(["rev-parse", "--is-inside-work-tree"])).trim() === "true";
  } catch {
    return false;
  }
}

async function headOf(repository: SimpleGit): Promise<string | null> {
  try {
    return (await repository.raw(["rev-parse", "--verify", "--quiet", "HEAD"])).trim() || null;
  } catch {
    return null;
  }
}

/** Ignored files that editors and systems leave everywhere, and that no state reads. */
const NO_INPUT = /^(?:\..*|.*~|.*\.py[co]|__pycache__)$/;

/** The paths of `git status --porcelain -z`; a rename has a second entry, its old name. */
function changedPaths(status: string): string[] {
  const entries = status.split("\0");
  const paths: string[] = [];
  for (let index = 0; index < entries.length; index++) {
    const entry = entries[index] ?? "";
    if (entry.length < 4) continue;
    const path = entry.slice(3);
    if (entry.startsWith("R") || entry.startsWith("C")) index += 1;
    if (!entry.startsWith("!!") || !NO_INPUT.test(basename(path))) paths.push(path);
  }
  return paths;
}
