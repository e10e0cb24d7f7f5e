import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { EnvironmentError } from "./command.ts";

/**
 * Writes a file, with the folders that it needs, so that after a kill at any moment it is the old one or the new one, whole. Its mode stays. What is no file, such as /dev/stdout, is
 * written to.
 *
 * @throws EnvironmentError
 */
export function writeWhole(path: string, text: string): void {
  const aside = join(dirname(path), `.${basename(path)}.halite-${process.pid}`);
  try {
    const there = statSync(path, { throwIfNoEntry: false });
    if (there !== undefined && !there.isFile()) return writeFileSync(path, text);
    mkdirSync(dirname(path), { recursive: true });
    const mode = (there?.mode ?? 0o644) & 0o777;
    const file = openSync(aside, "wx", mode);
    try {
      writeFileSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(aside, path);
  } catch (error) {
    removeQuietly(aside);
    throw new EnvironmentError(
      `${path} can't be written: ${error instanceof Error ? error.message : String(error)}`,
      "the file is as it was",
      { cause: error },
    );
  }
}

/** What was begun goes; where that can't be, the first error is the one to tell. */
function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Nothing was begun there.
  }
}
