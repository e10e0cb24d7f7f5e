import {
  closeSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
  type Stats,
} from "node:fs";
import { dirname, join } from "node:path";
import type { Aside } from "./aside.ts";
import { compareOut, contentOf, extraIn, isFolder, makeFolder, writeOut, type OutDifference } from "./out.ts";

/** A file or folder as it was when it was last known to hold what it should: size, inode, and times of change in milliseconds. */
export interface Stamp {
  readonly size: number;
  readonly inode: number;
  readonly modified: number;
  /** When anything about it last changed; unlike `modified` nobody can set it. */
  readonly changed: number;
}

/** What is known of a cluster's folder: that its files held these texts when they were stamped so. */
export interface KnownFolder {
  /** Paths within the folder, with the digest of the text and the stamp. */
  readonly files: ReadonlyMap<string, { readonly digest: string; readonly stamp: Stamp }>;
  /** Folders by path, "" for the cluster's own. */
  readonly folders: ReadonlyMap<string, Stamp>;
}

/** So many numbers a stamp is. */
const STAMP = 4;

/** A known folder in little room: thousands are held at once. */
export class PackedFolder {
  readonly #files: readonly string[];
  readonly #folders: readonly string[];
  /** Of each file its stamp and the digest's place in the list; of each folder its stamp. */
  readonly #numbers: Float64Array;
  readonly #digests: readonly string[];

  constructor(files: readonly string[], folders: readonly string[], numbers: Float64Array, digests: readonly string[]) {
    this.#files = files;
    this.#folders = folders;
    this.#numbers = numbers;
    this.#digests = digests;
  }

  /** `shapes` gives the same lists of paths again, `digests` a digest's place in its list. */
  static of(
    { files, folders }: KnownFolder,
    shapes: Shapes,
    digests: { readonly list: readonly string[]; number(text: string): number },
  ): PackedFolder {
    const shape = shapes.of([...files.keys()], [...folders.keys()]);
    const numbers = new Float64Array(PackedFolder.numbersOf(files.size, folders.size));
    let at = 0;
    const put = ({ size, inode, modified, changed }: Stamp, ...more: readonly number[]): void => {
      numbers.set([size, inode, modified, changed, ...more], at);
      at += STAMP + more.length;
    };
    for (const { digest, stamp } of files.values()) put(stamp, digests.number(digest));
    for (const stamp of folders.values()) put(stamp);
    return new PackedFolder(shape[0], shape[1], numbers, digests.list);
  }

  /** How many numbers so many files and folders are. */
  static numbersOf(files: number, folders: number): number {
    return files * (STAMP + 1) + folders * STAMP;
  }

  get shape(): readonly [files: readonly string[], folders: readonly string[]] {
    return [this.#files, this.#folders];
  }

  /** The numbers with places in another list of digests. */
  numbersIn(digests: { number(text: string): number }): Float64Array {
    const numbers = this.#numbers.slice();
    for (let at = STAMP; at < this.#files.length * (STAMP + 1); at += STAMP + 1)
      numbers[at] = digests.number(this.#digests[numbers[at] ?? -1] ?? "");
    return numbers;
  }

  unpack(): KnownFolder {
    const number = (index: number): number => this.#numbers[index] ?? 0;
    const stampAt = (at: number): Stamp => ({ size: number(at), inode: number(at + 1), modified: number(at + 2), changed: number(at + 3) });
    const files = new Map<string, { digest: string; stamp: Stamp }>();
    let at = 0;
    for (const path of this.#files) {
      files.set(path, { digest: this.#digests[number(at + STAMP)] ?? "", stamp: stampAt(at) });
      at += STAMP + 1;
    }
    const folders = new Map<string, Stamp>();
    for (const path of this.#folders) {
      folders.set(path, stampAt(at));
      at += STAMP;
    }
    return { files, folders };
  }
}

/** Lists of paths of folders, equal ones once. */
export class Shapes {
  readonly #known = new Map<string, readonly [readonly string[], readonly string[]]>();

  of(files: readonly string[], folders: readonly string[]): readonly [readonly string[], readonly string[]] {
    const key = JSON.stringify([files, folders]);
    let shape = this.#known.get(key);
    if (shape === undefined) this.#known.set(key, (shape = [files, folders]));
    return shape;
  }
}

/** Times of change may be this coarse, in milliseconds. */
export const TICK = 20;

/** The folder after it was written or compared. */
export interface FolderState {
  readonly difference: OutDifference;
  /** Absent where it is not as it should be, or can't be vouched for. */
  readonly known: KnownFolder | undefined;
}

export interface SyncOptions {
  /** Only compare. */
  readonly check: boolean;
  readonly known: KnownFolder | undefined;
  /** Stamps of this time (in milliseconds) and later are not believed. */
  readonly trusted: number;
  /** When this run began: a file changed since by somebody else may change again within the same tick of the clock. */
  readonly begun: number;
  /** Is told of each file that is not as it should be, before it is written or removed. */
  readonly differs?: (path: string) => void;
  /** Whether a check lets a file be missing. */
  readonly optional?: (path: string, text: string) => boolean;
  readonly aside: Aside;
  readonly digestOf: (text: string) => string;
}

/**
 * Makes a cluster's folder (`path` in `out`) hold its files, or with `check` only says what it has that is different.
 *
 * A file whose stamp is a known one is taken to hold what it held then.
 * A folder that is not there yet is written aside and then renamed, file by file otherwise; so no reader sees half a file.
 */
export function syncClusterFolder(out: string, path: string, files: ReadonlyMap<string, string>, options: SyncOptions): FolderState {
  const { check, known, digestOf, differs = () => undefined, optional = () => false } = options;
  const folder = join(out, path);
  if (!isClusterFolder(out, path)) {
    for (const name of files.keys()) differs(name);
    if (check) return { difference: allMissing(files), known: undefined };
    const made = writeNew(out, path, files, options);
    if (made !== undefined) return made;
  }
  const wanted = new Map([...files].map(([name, text]) => [name, digestOf(text)]));
  const compared = known === undefined ? compareOut(folder, files) : compareKnown(folder, files, wanted, known, options);
  const difference = check ? { ...compared, missing: compared.missing.filter((name) => !optional(name, files.get(name) ?? "")) } : compared;
  const same = difference.missing.length + difference.changed.length + difference.extra.length === 0;
  for (const name of [difference.missing, difference.changed, difference.extra].flat()) differs(name);
  if (!same && check) return { difference, known: undefined };
  const written = new Map<string, Stamp>();
  if (!same) writeOut(folder, files, difference, options.aside, (name, status) => written.set(name, stampFrom(status)));
  return { difference, known: stampAll(folder, wanted, written, options.begun) };
}

/** Whether a cluster's folder is there, and no link on the way: what is no folder of out/ itself is not the render's. */
export function isClusterFolder(out: string, path: string): boolean {
  return isFolder(join(out, dirname(path))) && isFolder(join(out, path));
}

/** Whether a cluster's folder is, by its stamps alone, as it was known to be. */
export function isUntouched(folder: string, known: KnownFolder, trusted: number): boolean {
  if (!foldersUntouched(folder, known, trusted)) return false;
  for (const [path, { stamp }] of known.files) if (!sameStamp(`${folder}/${path}`, stamp, trusted)) return false;
  return true;
}

function foldersUntouched(folder: string, known: KnownFolder, trusted: number): boolean {
  for (const [path, stamp] of known.folders) if (!sameStamp(path === "" ? folder : `${folder}/${path}`, stamp, trusted)) return false;
  return true;
}

/** Whether a folder holds what it was known to hold, by reading it, and nothing else. */
export function holdsDigests(folder: string, known: KnownFolder, digestOf: (content: Buffer) => string): boolean {
  const { files, others } = contentOf(folder);
  if (others.size > 0 || files.size !== known.files.size) return false;
  return [...known.files].every(([path, { digest }]) => {
    const bytes = files.has(path) ? readIfThere(join(folder, path)) : undefined;
    return bytes !== undefined && digestOf(bytes) === digest;
  });
}

/** `undefined` where another process has made the folder meanwhile. */
function writeNew(
  out: string,
  path: string,
  files: ReadonlyMap<string, string>,
  { aside, digestOf, begun }: SyncOptions,
): FolderState | undefined {
  const temporary = aside.path();
  mkdirSync(temporary);
  const made = new Set(["."]);
  const wanted = new Map<string, string>();
  const written = new Map<string, Stamp>();
  for (const [name, text] of files) {
    makeParents(temporary, name, made);
    const file = openSync(join(temporary, name), "wx", 0o644);
    try {
      writeFileSync(file, text);
      wanted.set(name, digestOf(text));
      written.set(name, stampFrom(fstatSync(file)));
    } finally {
      closeSync(file);
    }
  }
  makeFolder(out, dirname(path));
  if (lstatSync(join(out, path), { throwIfNoEntry: false }) !== undefined) {
    try {
      unlinkSync(join(out, path));
    } catch {
      // Somebody else has made the folder, or taken away what stood in its way.
    }
  }
  try {
    renameSync(temporary, join(out, path));
  } catch (error) {
    if (!isFolder(join(out, path))) throw error;
    return undefined;
  }
  return { difference: allMissing(files), known: stampAll(join(out, path), wanted, written, begun) };
}

function allMissing(files: ReadonlyMap<string, string>): OutDifference {
  return { missing: [...files.keys()].sort(), changed: [], extra: [] };
}

function makeParents(top: string, path: string, made: Set<string>): void {
  const parent = dirname(path);
  if (made.has(parent)) return;
  makeParents(top, parent, made);
  mkdirSync(join(top, parent));
  made.add(parent);
}

function compareKnown(
  folder: string,
  files: ReadonlyMap<string, string>,
  wanted: ReadonlyMap<string, string>,
  known: KnownFolder,
  { trusted }: SyncOptions,
): OutDifference {
  const present = foldersUntouched(folder, known, trusted) ? presentAsKnown(known) : contentOf(folder);
  const missing: string[] = [];
  const changed: string[] = [];
  for (const [path, text] of files) {
    const before = known.files.get(path);
    if (before !== undefined && present.files.has(path) && sameStamp(join(folder, path), before.stamp, trusted)) {
      if (before.digest !== wanted.get(path)) changed.push(path);
      continue;
    }
    const bytes = present.files.has(path) ? readIfThere(join(folder, path)) : undefined;
    if (bytes === undefined) missing.push(path);
    else if (!bytes.equals(Buffer.from(text, "utf8"))) changed.push(path);
  }
  return { missing: missing.sort(), changed: changed.sort(), extra: extraIn(present, files) };
}

function presentAsKnown({ files, folders }: KnownFolder): ReturnType<typeof contentOf> {
  return { files: new Set(files.keys()), others: new Set(), folders: new Set(folders.keys()) };
}

/** What the folder is known by from now on; `undefined` where somebody else may be changing it. */
function stampAll(
  folder: string,
  wanted: ReadonlyMap<string, string>,
  written: ReadonlyMap<string, Stamp>,
  begun: number,
): KnownFolder | undefined {
  const files = new Map<string, { digest: string; stamp: Stamp }>();
  const folders = new Map<string, Stamp>();
  const paths = new Set([""]);
  for (const [path, digest] of wanted) {
    const stamp = written.get(path) ?? stampOf(join(folder, path), "file");
    if (stamp === undefined || (latest(stamp) >= begun - TICK && !written.has(path))) return undefined;
    files.set(path, { digest, stamp });
    for (let parent = dirname(path); parent !== "."; parent = dirname(parent)) paths.add(parent);
  }
  for (const path of paths) {
    const stamp = stampOf(join(folder, path), "folder");
    if (stamp === undefined) return undefined;
    folders.set(path, stamp);
  }
  // Listed after it was stamped, so that what comes later shows by the stamps.
  const present = contentOf(folder);
  const asWanted = present.others.size === 0 && present.files.size === files.size && present.folders.size === folders.size - 1;
  return asWanted && [...files.keys()].every((path) => present.files.has(path)) ? { files, folders } : undefined;
}

function stampFrom(status: Stats): Stamp {
  return { size: status.isDirectory() ? 0 : status.size, inode: status.ino, modified: status.mtimeMs, changed: status.ctimeMs };
}

function stampOf(path: string, kind: "file" | "folder"): Stamp | undefined {
  const status = lstatSync(path, { throwIfNoEntry: false });
  return status !== undefined && (kind === "file" ? status.isFile() : status.isDirectory()) ? stampFrom(status) : undefined;
}

function latest({ modified, changed }: Stamp): number {
  return Math.max(modified, changed);
}

function sameStamp(path: string, stamp: Stamp, trusted: number): boolean {
  if (latest(stamp) >= trusted) return false;
  const status = lstatSync(path, { throwIfNoEntry: false });
  if (status === undefined) return false;
  const now = stampFrom(status);
  return now.size === stamp.size && now.inode === stamp.inode && now.modified === stamp.modified && now.changed === stamp.changed;
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
