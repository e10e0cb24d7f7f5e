import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
  type Stats,
} from "node:fs";
import { dirname, join } from "node:path";

/** What a folder of compiled files has against what it should have. Paths relative to it, sorted. */
export interface OutDifference {
  readonly missing: readonly string[];
  readonly changed: readonly string[];
  readonly extra: readonly string[];
}

/**
 * Compares a folder with the files it should hold.
 *
 * @param within folders (relative) whose other files count as extra; `[""]` for the whole folder
 */
export function compareOut(folder: string, files: ReadonlyMap<string, string>, within: readonly string[]): OutDifference {
  const missing: string[] = [];
  const changed: string[] = [];
  for (const [path, text] of files) {
    const known = readIfThere(join(folder, path));
    if (known === undefined) missing.push(path);
    else if (!known.equals(Buffer.from(text, "utf8"))) changed.push(path);
  }
  const extra = within.flatMap((each) => filesBelow(folder, each)).filter((path) => !files.has(path));
  return { missing: missing.sort(), changed: changed.sort(), extra: extra.sort() };
}

/**
 * Makes the folder hold the files: writes what differs, each by rename so that no reader sees half a file, and removes
 * what is extra. `wrote` is told of each file. Not synced to disk: out/ can be compiled again at any time, and `--check` finds what a power cut left.
 */
export function writeOut(
  folder: string,
  files: ReadonlyMap<string, string>,
  difference: OutDifference,
  wrote: (path: string, status: Stats) => void = () => undefined,
): void {
  for (const path of difference.extra) {
    rmSync(join(folder, path), { force: true });
    removeEmptyFolders(folder, dirname(path));
  }
  const made = new Set<string>();
  for (const path of [...difference.missing, ...difference.changed]) {
    const target = join(folder, path);
    const parent = dirname(target);
    if (!made.has(parent)) {
      makeFolder(folder, parent);
      made.add(parent);
    }
    const temporary = `${target}.halite-tmp`;
    const file = openSync(temporary, "w", 0o644);
    try {
      writeFileSync(file, files.get(path) ?? "");
      wrote(path, fstatSync(file));
    } finally {
      closeSync(file);
    }
    renameSync(temporary, target);
  }
}

/** Makes a folder; a file of an earlier layout that stands in its way goes. */
function makeFolder(top: string, folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    if (!isErrno(error, "EEXIST") && !isErrno(error, "ENOTDIR")) throw error;
    for (let each = folder; each.length > top.length; each = dirname(each)) rmSync(each, { force: true });
    mkdirSync(folder, { recursive: true });
  }
}

function removeEmptyFolders(top: string, folder: string): void {
  let each = folder;
  while (each !== "." && each !== "") {
    try {
      rmdirSync(join(top, each));
    } catch {
      return;
    }
    each = dirname(each);
  }
}

/** Paths of all files below a folder, relative to `top`. */
export function filesBelow(top: string, folder: string): string[] {
  let entries;
  try {
    entries = readdirSync(join(top, folder), { withFileTypes: true });
  } catch (error) {
    if (isErrno(error, "ENOENT") || isErrno(error, "ENOTDIR")) return [];
    throw error;
  }
  return entries.flatMap((entry) => {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    return entry.isDirectory() ? filesBelow(top, path) : [path];
  });
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (isErrno(error, "ENOENT") || isErrno(error, "EISDIR") || isErrno(error, "ENOTDIR")) return undefined;
    throw error;
  }
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
