import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, statSync, writeSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { EnvironmentError } from "./command.ts";

/** Writes a file so that after a kill at any moment it is the old one or the new one, whole. Its mode stays. @throws EnvironmentError */
export function writeWhole(path: string, text: string): void {
  const aside = join(dirname(path), `.${basename(path)}.halite-${process.pid}`);
  try {
    mkdirSync(dirname(path), { recursive: true });
    const mode = (statSync(path, { throwIfNoEntry: false })?.mode ?? 0o644) & 0o777;
    const file = openSync(aside, "wx", mode);
    try {
      writeSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(aside, path);
  } catch (error) {
    rmSync(aside, { force: true });
    throw new EnvironmentError(
      `${path} can't be written: ${error instanceof Error ? error.message : String(error)}`,
      "the file is as it was",
      { cause: error },
    );
  }
}
