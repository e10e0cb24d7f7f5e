import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { authSettings, type RemoteAuth } from "./auth.ts";
import type { Remote } from "./remote.ts";
import { commitOf } from "./revisions.ts";
import { git, gitFailed, runGit, TIDY_AT_ONCE } from "./run.ts";
import { adviceFor, troubleOf } from "./said.ts";

/** Makes a bare repository at a path unless one is there; whole or not at all. Says whether it made one. */
export async function ensureBareRepository(path: string, branch: string): Promise<boolean> {
  if (isBareRepository(path)) return false;
  await mkdir(dirname(path), { recursive: true });
  const temporary = await mkdtemp(`${path}.`);
  try {
    await git(["init", "--quiet", "--bare", `--initial-branch=${branch}`, "--", temporary], { cwd: dirname(path) });
    await rename(temporary, path);
    return true;
  } catch (error) {
    // Another process was faster.
    if (isBareRepository(path)) return false;
    throw error;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

function isBareRepository(path: string): boolean {
  return existsSync(join(path, "HEAD")) && existsSync(join(path, "objects"));
}

/** The commit at a branch's head, or null where there is no such branch. */
export async function branchHead(repository: string, branch: string): Promise<string | null> {
  return commitOf(repository, `refs/heads/${branch}`);
}

/** Brings a remote's branch into a bare repository; a remote without that branch is fine. @throws FindingError `git-failed` */
export async function fetchBranch(repository: string, remote: Remote, branch: string, auth: RemoteAuth, folder: string): Promise<void> {
  const url = remote.kind === "embedded" ? remote.path : remote.url;
  const args = ["fetch", "--quiet", "--no-tags", "--", url, `+refs/heads/${branch}:refs/heads/${branch}`];
  const settings = authSettings(remote, auth, folder);
  const run = await runGit(args, { cwd: repository, timeout: 600_000, ...settings, config: [...TIDY_AT_ONCE, ...(settings.config ?? [])] });
  if (run.status !== 0 && !/couldn't find remote ref/.test(run.stderr)) throw gitFailed(args, run, adviceFor(troubleOf(run.stderr)));
}
