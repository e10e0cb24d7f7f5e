import { FindingError } from "../finding/index.ts";
import { git, runGit, type GitRunOptions } from "./run.ts";

/** A commit, as it is named to a user. */
export interface NamedCommit {
  readonly commit: string;
  readonly subject: string;
}

/** Whether a folder is in a git repository's work tree. */
export async function isInWorkTree(folder: string): Promise<boolean> {
  const run = await runGit(["rev-parse", "--is-inside-work-tree"], { cwd: folder });
  return run.status === 0 && run.stdout.toString("utf8").trim() === "true";
}

/** The full id of a commit, or null where the repository has none of that name. */
export async function commitOf(repository: string, revision: string): Promise<string | null> {
  const run = await runGit(["rev-parse", "--verify", "--quiet", "--end-of-options", `${revision}^{commit}`], { cwd: repository });
  const id = run.stdout.toString("utf8").trim();
  return run.status === 0 && id !== "" ? id : null;
}

/** Whether the second commit comes after the first, or is the same one. */
export async function isAncestor(first: string, second: string, options: GitRunOptions): Promise<boolean> {
  return (await runGit(["merge-base", "--is-ancestor", first, second], options)).status === 0;
}

/** How a commit stands to one that was applied before it. */
export async function commitStanding(
  repository: string,
  commit: string,
  applied: string,
): Promise<"same" | "newer" | "older" | "unrelated"> {
  if (commit === applied) return "same";
  if (await isAncestor(applied, commit, { cwd: repository })) return "newer";
  return (await isAncestor(commit, applied, { cwd: repository })) ? "older" : "unrelated";
}

/** The commit that a revision names. @throws FindingError `git-revision` where it names none */
export async function resolveCommit(folder: string, revision: string): Promise<NamedCommit> {
  const commit = await commitOf(folder, revision);
  if (commit === null) {
    throw new FindingError({
      code: "git-revision",
      severity: "error",
      message: revision === "HEAD" ? "the repository has no commit yet" : `${revision} names no commit of this repository`,
      advice: (await isShallow(folder))
        ? SHALLOW
        : revision === "HEAD"
          ? "commit what is there: later states are compared with it"
          : "`git branch --all` lists branches; one of a remote may need `git fetch` first",
    });
  }
  return { commit, subject: (await git(["show", "--no-patch", "--format=%s", commit, "--"], { cwd: folder })).trim() };
}

/** Whether a repository's history is cut off. */
export async function isShallow(folder: string): Promise<boolean> {
  return (await git(["rev-parse", "--is-shallow-repository"], { cwd: folder })).trim() === "true";
}

const SHALLOW =
  "this clone is shallow: have CI fetch the history (GitHub Actions: actions/checkout with `fetch-depth: 0`; GitLab: `GIT_DEPTH: 0`), or `git fetch --unshallow`";

/** The commit at which two histories part. @throws FindingError `git-merge-base` where they have none in common here */
export async function mergeBase(folder: string, a: string, b: string): Promise<NamedCommit> {
  const run = await runGit(["merge-base", "--end-of-options", a, b], { cwd: folder });
  const commit = run.stdout.toString("utf8").trim();
  if (run.status === 0 && commit !== "") return resolveCommit(folder, commit);
  throw new FindingError({
    code: "git-merge-base",
    severity: "error",
    message: `${a} and ${b} have no commit in common in this repository`,
    advice: (await isShallow(folder)) ? SHALLOW : "name the commit to compare with: --base REF",
  });
}

/**
 * The branch that changes are merged into: what the remote `origin` has as its default, else main or master of it, else those of this
 * repository. `undefined` where there is none.
 */
export async function mainBranch(folder: string): Promise<string | undefined> {
  const head = await runGit(["symbolic-ref", "--quiet", "refs/remotes/origin/HEAD"], { cwd: folder });
  const named = head.stdout.toString("utf8").trim().replace("refs/remotes/", "");
  for (const branch of [named, "origin/main", "origin/master", "main", "master"]) {
    if (branch !== "" && (await commitOf(folder, branch)) !== null) return branch;
  }
  return undefined;
}
