import { randomBytes } from "node:crypto";
import { readdirSync, rmSync, statSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";

/** The folder within a bare repository in which each run has one of its own. */
const RUNS = "halite-runs";
const HOUR = 3_600_000;

/** Makes a folder for this run in a bare repository. */
export async function makeRunFolder(repository: string): Promise<string> {
  const folder = join(repository, RUNS, `${process.pid}-${randomBytes(6).toString("hex")}`);
  await mkdir(join(folder, "refs/heads"), { recursive: true });
  return folder;
}

/**
 * Takes away what killed runs have left in a bare repository: folders of processes that are no more, half-written objects and locks that
 * are older than any run. `now`: milliseconds since the epoch.
 */
export function removeGitLeftovers(repository: string, now: number): void {
  for (const name of namesIn(join(repository, RUNS))) {
    const path = join(repository, RUNS, name);
    if (!isAlive(Number(/^\d+/.exec(name)?.[0] ?? "0")) || isOlder(path, now - 24 * HOUR)) remove(path);
  }
  const objects = join(repository, "objects");
  for (const folder of namesIn(objects)) {
    for (const name of namesIn(join(objects, folder))) {
      if (/^(?:tmp_|\.tmp-)/.test(name)) removeOld(join(objects, folder, name), now - HOUR);
    }
    if (/^(?:incoming-|tmp_)/.test(folder)) removeOld(join(objects, folder), now - HOUR);
  }
  // A ref is locked for milliseconds; git itself says to remove what stays.
  for (const path of ["packed-refs.lock", "HEAD.lock", "config.lock", ...refLocks(repository, "refs")])
    removeOld(join(repository, path), now - HOUR / 60);
  for (const name of namesIn(repository)) if (name.startsWith("fast_import_crash_")) removeOld(join(repository, name), now - HOUR);
}

function refLocks(repository: string, folder: string): string[] {
  return namesIn(join(repository, folder)).flatMap((name) => {
    const path = `${folder}/${name}`;
    return name.endsWith(".lock") ? [path] : refLocks(repository, path);
  });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isAlive(pid: number): boolean {
  if (pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, as somebody else's.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

function isOlder(path: string, time: number): boolean {
  const status = statSync(path, { throwIfNoEntry: false });
  return status !== undefined && status.mtimeMs < time;
}

function removeOld(path: string, time: number): void {
  if (isOlder(path, time)) remove(path);
}

/** What can't be removed stays for another time: it is in nobody's way. */
function remove(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {
    return;
  }
}
