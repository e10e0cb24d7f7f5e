import { simpleGit } from "simple-git";
import { runGit } from "./run.ts";

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
  | { readonly kind: "worktree"; readonly base: string | null; readonly changed: readonly string[] }
  | { readonly kind: "no-git" };

/**
 * What the folder's tree is: a commit, a changed work tree, or no repository at all.
 * `paths` (relative to the folder) are what counts; other changed files do not make the tree dirty.
 */
export async function sourceState(folder: string, paths: readonly string[]): Promise<SourceState> {
  const inside = await runGit(["rev-parse", "--is-inside-work-tree"], { cwd: folder });
  if (inside.status !== 0 || inside.stdout.toString("utf8").trim() !== "true") return { kind: "no-git" };
  const repository = simpleGit(folder);
  const head = (await runGit(["rev-parse", "--verify", "--quiet", "HEAD"], { cwd: folder })).stdout.toString("utf8").trim();
  if (head === "") return { kind: "worktree", base: null, changed: [] };
  const status = await repository.raw(["status", "--porcelain", "-z", "--untracked-files=all", "--", ...paths]);
  const changed = status
    .split("\0")
    .filter((entry) => entry.length > 3)
    .map((entry) => entry.slice(3));
  if (changed.length > 0) return { kind: "worktree", base: head, changed };
  const raw = await repository.raw(["show", "-s", "--format=%an%x00%ae%x00%ad%x00%s", "--date=raw", head]);
  const [name = "", email = "", date = "0 +0000", subject = ""] = raw.replace(/\n$/, "").split("\0");
  return { kind: "commit", commit: head, author: { name, email, date }, subject };
}
