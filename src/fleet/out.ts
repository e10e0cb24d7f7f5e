import {
  closeSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  unlinkSync,
  writeFileSync,
  type Stats,
} from "node:fs";
import { dirname, join } from "node:path";
import { isAside, type Aside } from "./aside.ts";

/** What a folder of compiled files has against what it should have. Paths relative to it, sorted. */
export interface OutDifference {
  readonly missing: readonly string[];
  readonly changed: readonly string[];
  readonly extra: readonly string[];
}

/** What lies in a folder, no link being followed. Paths relative to it. */
export interface FolderContent {
  readonly files: ReadonlySet<string>;
  /** Links and whatever else is neither a file nor a folder. */
  readonly others: ReadonlySet<string>;
  readonly folders: ReadonlySet<string>;
}

/** Compares a folder with the files it should hold, and no others. */
export function compareOut(folder: string, files: ReadonlyMap<string, string>): OutDifference {
  const present = contentOf(folder);
  const missing: string[] = [];
  const changed: string[] = [];
  for (const [path, text] of files) {
    const known = present.files.has(path) ? readIfThere(join(folder, path)) : undefined;
    if (known === undefined) missing.push(path);
    else if (!known.equals(Buffer.from(text, "utf8"))) changed.push(path);
  }
  return { missing: missing.sort(), changed: changed.sort(), extra: extraIn(present, files) };
}

/** What a folder holds that is none of the files, sorted. */
export function extraIn({ files, others }: Pick<FolderContent, "files" | "others">, wanted: ReadonlyMap<string, unknown>): string[] {
  return [...files, ...others].filter((path) => !wanted.has(path)).sort();
}

/**
 * Makes the folder hold the files: writes what differs, each by rename so that no reader sees half a file, and removes
 * what is extra. `wrote` is told of each file. Not synced to disk: out/ can be compiled again at any time, and `--check` finds what a power cut left.
 */
export function writeOut(
  folder: string,
  files: ReadonlyMap<string, string>,
  difference: OutDifference,
  aside: Aside,
  wrote: (path: string, status: Stats) => void = () => undefined,
): void {
  for (const path of difference.extra) {
    rmSync(join(folder, path), { force: true });
    removeEmptyFolders(folder, dirname(path));
  }
  const made = new Set<string>();
  for (const path of [...difference.missing, ...difference.changed]) {
    const parent = dirname(path);
    if (!made.has(parent)) {
      makeFolder(folder, parent);
      made.add(parent);
    }
    const { path: temporary, file } = aside.file();
    try {
      writeFileSync(file, files.get(path) ?? "");
      place(temporary, folder, path);
      // After the rename, which counts as a change.
      wrote(path, fstatSync(file));
    } finally {
      closeSync(file);
    }
  }
}

/** So often a file is put in its place while another process takes away what it is put into. */
const ATTEMPTS = 5;

function place(temporary: string, folder: string, path: string): void {
  const target = join(folder, path);
  for (let attempt = 1; ; attempt++) {
    try {
      renameSync(temporary, target);
      return;
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
      if (isErrno(error, "ENOENT", "ENOTDIR")) makeFolder(folder, dirname(path));
      // A folder without files stands there.
      else if (isErrno(error, "EISDIR", "ENOTEMPTY", "EEXIST")) rmSync(target, { recursive: true, force: true });
      else throw error;
    }
  }
}

/** Makes a folder below another; what stands in its way and is no folder goes. */
export function makeFolder(top: string, path: string): void {
  mkdirSync(top, { recursive: true });
  let folder = top;
  for (const name of path === "." ? [] : path.split("/")) {
    folder = join(folder, name);
    if (isFolder(folder)) continue;
    try {
      unlinkSync(folder);
    } catch {
      // Nothing is there, or somebody else has made the folder meanwhile.
    }
    mkdirSync(folder, { recursive: true });
  }
}

/** Whether a path is a folder itself, not a link to one. */
export function isFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
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

/** What lies in a folder, and in those below it. What is being made in it, or was when a process was killed, does not count. */
export function contentOf(top: string): FolderContent {
  const content = { files: new Set<string>(), others: new Set<string>(), folders: new Set<string>() };
  walk(top, "", content);
  return content;
}

function walk(top: string, folder: string, content: Record<"files" | "others" | "folders", Set<string>>): void {
  for (const entry of entriesOf(join(top, folder))) {
    if (folder === "" && isAside(entry.name)) continue;
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    (entry.isDirectory() ? content.folders : entry.isFile() ? content.files : content.others).add(path);
    if (entry.isDirectory()) walk(top, path, content);
  }
}

function entriesOf(folder: string): { readonly name: string; isDirectory(): boolean; isFile(): boolean }[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR")) return [];
    throw error;
  }
}

/** Paths of all files and links below a folder, relative to `top`. */
export function filesBelow(top: string, folder: string): string[] {
  const { files, others } = contentOf(join(top, folder));
  return [...files, ...others].map((path) => (folder === "" ? path : `${folder}/${path}`));
}

/** The text of a file; empty for what is none. */
export function textAt(path: string): string {
  const isFile = lstatSync(path, { throwIfNoEntry: false })?.isFile() === true;
  return (isFile ? readIfThere(path)?.toString("utf8") : undefined) ?? "";
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (isErrno(error, "ENOENT", "EISDIR", "ENOTDIR")) return undefined;
    throw error;
  }
}

function isErrno(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && "code" in error && typeof error.code === "string" && codes.includes(error.code);
}
