import { join } from "node:path";
import { simpleGit } from "simple-git";
import { isAncestor } from "./revisions.ts";
import { runGit, type GitRunOptions } from "./run.ts";

/** How a commit stands to ours in the source's history. */
export type Ancestry =
  | "same"
  /** Ours comes after it. */
  | "behind"
  /** It comes after ours. */
  | "ahead"
  /** Neither comes after the other. */
  | "diverged"
  /** Our clone has too little of the history to tell. */
  | "shallow"
  /** Neither we nor the remote that we were cloned from has it. */
  | "unknown";

/**
 * How a commit stands to another in the history of the folder's repository. What is missing there is fetched from the remote that the
 * repository was cloned from, its objects into `store`: the user's repository stays as it is.
 */
export async function ancestry(folder: string, ours: string, theirs: string, store: string): Promise<Ancestry> {
  if (ours === theirs) return "same";
  const objects = (await runGit(["rev-parse", "--path-format=absolute", "--git-path", "objects"], { cwd: folder })).stdout
    .toString("utf8")
    .trim();
  const options: GitRunOptions = {
    cwd: folder,
    env: { GIT_OBJECT_DIRECTORY: join(store, "objects"), GIT_ALTERNATE_OBJECT_DIRECTORIES: objects },
  };
  if (!(await has(theirs, options)) && !(await fetchCommit(folder, theirs, options))) return "unknown";
  if (await isAncestor(theirs, ours, options)) return "behind";
  if (await isAncestor(ours, theirs, options)) return "ahead";
  const shallow = (await runGit(["rev-parse", "--is-shallow-repository"], { cwd: folder })).stdout.toString("utf8").trim() === "true";
  return shallow ? "shallow" : "diverged";
}

async function has(commit: string, options: GitRunOptions): Promise<boolean> {
  return (await runGit(["cat-file", "-e", `${commit}^{commit}`], options)).status === 0;
}

async function fetchCommit(folder: string, commit: string, options: GitRunOptions): Promise<boolean> {
  const remote = await sourceRemote(folder);
  if (remote === undefined) return false;
  const fetch = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--no-auto-gc", "--refmap=", remote];
  // By its name, which not every server allows; else by all branches.
  for (const wanted of [commit, "refs/heads/*"]) {
    await runGit([...fetch, wanted], { ...options, timeout: 300_000 });
    if (await has(commit, options)) return true;
  }
  return false;
}

/** The remote of the branch that is checked out, else `origin`, else the only one. */
async function sourceRemote(folder: string): Promise<string | undefined> {
  const repository = simpleGit(folder);
  const names = (await repository.getRemotes()).map(({ name }) => name);
  const { current } = await repository.branchLocal();
  const own = current === "" ? null : (await repository.getConfig(`branch.${current}.remote`)).value;
  if (own !== null && names.includes(own)) return own;
  return names.includes("origin") ? "origin" : names.length === 1 ? names[0] : undefined;
}
