import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { git, gitFailed, runGit } from "./run.ts";

/** Makes a bare repository at a path unless one is there; whole or not at all. Says whether it made one. */
export async function ensureBareRepository(path: string, branch: string): Promise<boolean> {
  if (existsSync(join(path, "HEAD"))) return false;
  await mkdir(dirname(path), { recursive: true });
  const temporary = await mkdtemp(`${path}.`);
  try {
    await git(["init", "--quiet", "--bare", `--initial-branch=${branch}`, "--", temporary], { cwd: dirname(path) });
    await rename(temporary, path);
    return true;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** The commit at a branch's head, or null where there is no such branch. */
export async function branchHead(repository: string, branch: string): Promise<string | null> {
  const head = (await runGit(["rev-parse", "--verify", "--quiet", `refs/heads/${branch}^{commit}`], { cwd: repository })).stdout
    .toString("utf8")
    .trim();
  return head === "" ? null : head;
}

/** Brings a remote's branch into a bare repository; a remote without that branch is fine. @throws FindingError `git-failed` */
export async function fetchBranch(repository: string, remote: string, branch: string): Promise<void> {
  const args = ["fetch", "--quiet", "--no-tags", "--", remote, `+refs/heads/${branch}:refs/heads/${branch}`];
  const run = await runGit(args, { cwd: repository, timeout: 600_000 });
  if (run.status !== 0 && !/couldn't find remote ref/.test(run.stderr)) throw gitFailed(args, run);
}

/** Pushes a branch without force. @throws FindingError `git-failed`, also where somebody else pushed meanwhile */
export async function pushBranch(repository: string, remote: string, branch: string): Promise<void> {
  const args = ["push", "--quiet", "--", remote, `refs/heads/${branch}:refs/heads/${branch}`];
  const run = await runGit(args, { cwd: repository, timeout: 600_000 });
  if (run.status !== 0) throw gitFailed(args, run);
}
