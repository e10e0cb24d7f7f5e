import {
  closeSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
  type Stats,
} from "node:fs";
import { dirname, join } from "node:path";
import { isAside, type Aside } from "./aside.ts";
import { parentOf, Shapes, type FolderShape } from "./folder-shape.ts";
import { FolderStamps, type KnownFolder } from "./known-folder.ts";
import { digestOf, type TextDigests } from "./text-digests.ts";
import { compareOut, contentOf, extraIn, isFolder, makeFolder, writeOut, type OutDifference } from "./out.ts";

/** Times of change may be this coarse, in milliseconds. */
export const TICK = 20;

/** The folder after it was written or compared. */
export interface FolderState {
  readonly difference: OutDifference;
  /** Absent where it is not as it should be, or can't be vouched for. */
  readonly known: KnownFolder | undefined;
}

export interface SyncOptions {
  /** One object for clusters most of whose files have the same texts. */
  readonly alike: object | undefined;
  /** What an earlier run has left. Default: nothing is known. */
  readonly known: KnownFolder | undefined;
  /** Stamps of this time (in milliseconds) and later are not believed. */
  readonly trusted: number;
  /** Is told of each file that is not as it should be, before it is written or removed. */
  readonly differs?: (path: string) => void;
  /** Whether a check lets a file be missing. */
  readonly optional?: (path: string, text: string) => boolean;
}

/** A folder as it was compared: what of it need not be looked at again. */
interface Compared {
  readonly difference: OutDifference;
  /** Whose stamps were found as they were known; the numbers are the known folder's. */
  readonly files: ReadonlyMap<string, number>;
  readonly known: KnownFolder | undefined;
  /** Whether all its folders were found as they were known. */
  readonly sameFolders: boolean;
}

/** The clusters' folders in out/, for one run. */
export class ClusterFolders {
  readonly #out: string;
  readonly #check: boolean;
  readonly #begun: number;
  readonly #aside: Aside;
  readonly #digests: TextDigests;
  readonly #shapes = new Shapes();

  /**
   * @param check only compare
   * @param begun when this run began: a file changed since by somebody else may change again within the same tick of the clock
   */
  constructor(
    out: string,
    {
      check,
      begun,
      aside,
      digests,
    }: { readonly check: boolean; readonly begun: number; readonly aside: Aside; readonly digests: TextDigests },
  ) {
    this.#out = out;
    this.#check = check;
    this.#begun = begun;
    this.#aside = aside;
    this.#digests = digests;
  }

  /** Whether a cluster's folder is there, and no link on the way: what is no folder of out/ itself is not the render's. */
  isThere(path: string): boolean {
    return isFolder(join(this.#out, dirname(path))) && isFolder(join(this.#out, path));
  }

  /** Whether a cluster's folder (`path` in out/) is as it was known to be: by its stamps alone, or by what is in it. */
  isAsKnown(path: string, known: KnownFolder, trusted: number): boolean {
    const folder = join(this.#out, path);
    return this.isThere(path) && (known.isUntouched(folder, trusted) || holdsDigests(folder, known));
  }

  /**
   * Makes a cluster's folder (`path` in out/) hold its files, or in a check only says what it has that is different.
   *
   * A file whose stamp is a known one is taken to hold what it held then.
   * A folder that is not there yet is written aside and then renamed, file by file otherwise; so no reader sees half a file.
   */
  sync(path: string, files: ReadonlyMap<string, string>, options: SyncOptions): FolderState {
    const { alike, known, trusted, differs = () => undefined, optional = () => false } = options;
    const folder = join(this.#out, path);
    if (!this.isThere(path)) {
      for (const name of files.keys()) differs(name);
      if (this.#check) return { difference: allMissing(files), known: undefined };
      const made = this.#writeNew(path, files, alike);
      if (made !== undefined) return made;
    }
    const digests = this.#digests.numbers(files, alike);
    const compared =
      known === undefined ? compareAll(folder, files) : compareKnown(folder, files, this.#digests.list, digests, known, trusted);
    const { missing, changed, extra } = compared.difference;
    const difference = this.#check
      ? { missing: missing.filter((name) => !optional(name, files.get(name) ?? "")), changed, extra }
      : compared.difference;
    const same = difference.missing.length + difference.changed.length + difference.extra.length === 0;
    for (const name of [difference.missing, difference.changed, difference.extra].flat()) differs(name);
    if (!same && this.#check) return { difference, known: undefined };
    const written = new Map<string, Stats>();
    if (!same) writeOut(folder, files, difference, this.#aside, (name, status) => written.set(name, status));
    return { difference, known: this.#stampAll(folder, files, digests, compared, written) };
  }

  /** `undefined` where another process has made the folder meanwhile. */
  #writeNew(path: string, files: ReadonlyMap<string, string>, alike: object | undefined): FolderState | undefined {
    const shape = this.#shapes.of(files);
    const stamps = new FolderStamps(shape);
    const temporary = this.#aside.folder();
    for (const folder of shape.folders) if (folder !== "") mkdirSync(`${temporary}/${folder}`);
    let number = 0;
    for (const [name, text] of files) {
      const file = openSync(`${temporary}/${name}`, "wx", 0o644);
      try {
        writeFileSync(file, text);
        stamps.file(number++, fstatSync(file));
      } finally {
        closeSync(file);
      }
    }
    // Nobody else has any business here; a rename of the outermost leaves the stamps of those in it as they are.
    for (const [index, folder] of shape.folders.entries()) if (folder !== "") stamps.folder(index, lstatSync(`${temporary}/${folder}`));
    const target = join(this.#out, path);
    makeFolder(this.#out, dirname(path));
    if (lstatSync(target, { throwIfNoEntry: false }) !== undefined) {
      try {
        unlinkSync(target);
      } catch {
        // Somebody else has made the folder, or taken away what stood in its way.
      }
    }
    try {
      renameSync(temporary, target);
    } catch (error) {
      if (!isFolder(target)) throw error;
      return undefined;
    }
    const vouched = stampFolder(target, shape, 0, stamps);
    return {
      difference: allMissing(files),
      known: vouched ? stamps.known(this.#digests.numbers(files, alike), this.#digests.list) : undefined,
    };
  }

  /** What the folder is known by from now on; `undefined` where somebody else may be changing it. */
  #stampAll(
    top: string,
    files: ReadonlyMap<string, string>,
    digests: readonly number[],
    { difference, files: same, known, sameFolders }: Compared,
    written: ReadonlyMap<string, Stats>,
  ): KnownFolder | undefined {
    const shape = this.#shapes.of(files);
    const stamps = new FolderStamps(shape);
    for (const [number, path] of shape.files.entries()) {
      const before = same.get(path);
      const stamp =
        written.get(path) ?? (before === undefined ? undefined : known?.fileStamp(before)) ?? this.#stampOfFile(`${top}/${path}`);
      if (stamp === undefined) return undefined;
      stamps.file(number, stamp);
    }
    const touched = foldersAbove([...difference.missing, ...difference.changed, ...difference.extra]);
    for (const [number, path] of shape.folders.entries()) {
      const before = sameFolders && !touched.has(path) ? known?.shape.folderNumber(path) : undefined;
      if (known !== undefined && before !== undefined) stamps.folder(number, known.folderStamp(before));
      else if (!stampFolder(top, shape, number, stamps)) return undefined;
    }
    return stamps.known(digests, this.#digests.list);
  }

  /** Of a file that was read; `undefined` where it may have changed since. */
  #stampOfFile(path: string): Stats | undefined {
    const status = lstatSync(path, { throwIfNoEntry: false });
    return status?.isFile() === true && Math.max(status.mtimeMs, status.ctimeMs) < this.#begun - TICK ? status : undefined;
  }
}

/** Puts a folder's stamp down; whether it holds what it should, and nothing else. */
function stampFolder(top: string, shape: FolderShape, number: number, stamps: FolderStamps): boolean {
  const folder = number === 0 ? top : `${top}/${shape.folders[number] ?? ""}`;
  const status = lstatSync(folder, { throwIfNoEntry: false });
  if (status?.isDirectory() !== true) return false;
  stamps.folder(number, status);
  // Listed after it was stamped, so that what comes later shows by the stamp.
  const names = shape.namesIn(number);
  let found = 0;
  for (const name of namesIn(folder)) {
    if (number === 0 && isAside(name)) continue;
    // Of what kind it is the stamp of each shows.
    if (!names.has(name)) return false;
    found++;
  }
  return found === names.size;
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Whether a folder holds what it was known to hold, by reading it, and nothing else. */
function holdsDigests(folder: string, known: KnownFolder): boolean {
  const { files, others } = contentOf(folder);
  if (others.size > 0 || files.size !== known.shape.files.length) return false;
  return known.digests().every(([path, digest]) => {
    const bytes = files.has(path) ? readIfThere(join(folder, path)) : undefined;
    return bytes !== undefined && digestOf(bytes) === digest;
  });
}

function allMissing(files: ReadonlyMap<string, string>): OutDifference {
  return { missing: [...files.keys()].sort(), changed: [], extra: [] };
}

/** All folders in which something changes where these files do, "" among them. */
function foldersAbove(paths: readonly string[]): ReadonlySet<string> {
  const folders = new Set<string>();
  for (const path of paths) {
    let folder = path;
    do {
      folder = parentOf(folder);
      folders.add(folder);
    } while (folder !== "");
  }
  return folders;
}

function compareAll(folder: string, files: ReadonlyMap<string, string>): Compared {
  return { difference: compareOut(folder, files), files: new Map(), known: undefined, sameFolders: false };
}

function compareKnown(
  folder: string,
  files: ReadonlyMap<string, string>,
  all: readonly string[],
  digests: readonly number[],
  known: KnownFolder,
  trusted: number,
): Compared {
  const sameFolders = known.hasSameFolders(folder, trusted);
  const present = sameFolders ? { files: new Set(known.shape.files), others: new Set<string>() } : contentOf(folder);
  const missing: string[] = [];
  const changed: string[] = [];
  const same = new Map<string, number>();
  let index = 0;
  for (const [path, text] of files) {
    const digest = all[digests[index++] ?? -1];
    const before = present.files.has(path) ? known.shape.fileNumber(path) : undefined;
    if (before !== undefined && known.isSameFile(folder, before, trusted)) {
      if (known.digest(before) === digest) same.set(path, before);
      else changed.push(path);
      continue;
    }
    const bytes = present.files.has(path) ? readIfThere(join(folder, path)) : undefined;
    if (bytes === undefined) missing.push(path);
    else if (!bytes.equals(Buffer.from(text, "utf8"))) changed.push(path);
  }
  return {
    difference: { missing: missing.sort(), changed: changed.sort(), extra: extraIn(present, files) },
    files: same,
    known,
    sameFolders,
  };
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
