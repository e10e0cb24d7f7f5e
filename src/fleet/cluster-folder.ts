import { closeSync, fstatSync, lstatSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { compareOut, filesBelow, writeOut, type OutDifference } from "./out.ts";

/** A file or folder as it was when it was last known to hold what it should: size, time of change in milliseconds, inode. */
export interface Stamp {
  readonly size: number;
  readonly modified: number;
  readonly inode: number;
}

/** What is known of a cluster's folder: that its files held these texts when they were stamped so. */
export interface KnownFolder {
  /** Paths within the folder, with the digest of the text and the stamp. */
  readonly files: ReadonlyMap<string, { readonly digest: string; readonly stamp: Stamp }>;
  /** Folders by path, "" for the cluster's own. */
  readonly folders: ReadonlyMap<string, Stamp>;
}

/** A known folder in little room: thousands are held at once. */
export class PackedFolder {
  readonly #files: readonly string[];
  readonly #folders: readonly string[];
  /** Of each file size, time, inode and the digest's place in the list; of each folder time and inode. */
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
    const numbers = new Float64Array(files.size * 4 + folders.size * 2);
    let at = 0;
    for (const { digest, stamp } of files.values()) {
      numbers.set([stamp.size, stamp.modified, stamp.inode, digests.number(digest)], at);
      at += 4;
    }
    for (const stamp of folders.values()) {
      numbers.set([stamp.modified, stamp.inode], at);
      at += 2;
    }
    return new PackedFolder(shape[0], shape[1], numbers, digests.list);
  }

  get shape(): readonly [files: readonly string[], folders: readonly string[]] {
    return [this.#files, this.#folders];
  }

  /** The numbers with places in another list of digests. */
  numbersIn(digests: { number(text: string): number }): Float64Array {
    const numbers = this.#numbers.slice();
    for (let file = 0; file < this.#files.length; file++)
      numbers[file * 4 + 3] = digests.number(this.#digests[numbers[file * 4 + 3] ?? -1] ?? "");
    return numbers;
  }

  unpack(): KnownFolder {
    const number = (index: number): number => this.#numbers[index] ?? 0;
    const files = new Map<string, { digest: string; stamp: Stamp }>();
    let at = 0;
    for (const path of this.#files) {
      const stamp = { size: number(at), modified: number(at + 1), inode: number(at + 2) };
      files.set(path, { digest: this.#digests[number(at + 3)] ?? "", stamp });
      at += 4;
    }
    const folders = new Map<string, Stamp>();
    for (const path of this.#folders) {
      folders.set(path, { size: 0, modified: number(at), inode: number(at + 1) });
      at += 2;
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
  /** Absent where it is not as it should be. */
  readonly known: KnownFolder | undefined;
}

/**
 * Makes a cluster's folder hold its files, or with `check` only says what it has that is different.
 *
 * A file whose stamp is a known one is taken to hold what it held then.
 * A folder that is not there yet is written aside and then renamed, file by file otherwise; so no reader sees half a file.
 */
export function syncClusterFolder(
  folder: string,
  files: ReadonlyMap<string, string>,
  digestOf: (text: string) => string,
  { check, known, trusted, begun, differs = () => undefined }: SyncOptions,
): FolderState {
  if (known === undefined && !check && !exists(folder)) {
    for (const path of files.keys()) differs(path);
    return writeNew(folder, files, digestOf);
  }
  const wanted = new Map([...files].map(([path, text]) => [path, digestOf(text)]));
  const difference = known === undefined ? compareOut(folder, files, [""]) : compareKnown(folder, files, wanted, known, trusted);
  const same = difference.missing.length + difference.changed.length + difference.extra.length === 0;
  for (const path of [difference.missing, difference.changed, difference.extra].flat()) differs(path);
  if (!same && check) return { difference, known: undefined };
  const written = new Map<string, Stamp>();
  if (!same)
    writeOut(folder, files, difference, (path, { size, mtimeMs, ino }) => written.set(path, { size, modified: mtimeMs, inode: ino }));
  return { difference, known: stampAll(folder, wanted, written, begun) };
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
}

/** Whether a cluster's folder is, by its stamps alone, as it was known to be. */
export function isUntouched(folder: string, known: KnownFolder, trusted: number): boolean {
  for (const [path, stamp] of known.folders) if (!sameStamp(path === "" ? folder : `${folder}/${path}`, stamp, trusted)) return false;
  for (const [path, { stamp }] of known.files) if (!sameStamp(`${folder}/${path}`, stamp, trusted)) return false;
  return true;
}

function writeNew(folder: string, files: ReadonlyMap<string, string>, digestOf: (text: string) => string): FolderState {
  const aside = join(dirname(folder), `.${folder.slice(dirname(folder).length + 1)}.halite-tmp`);
  rmSync(aside, { recursive: true, force: true });
  mkdirSync(aside, { recursive: true });
  const made = new Set([""]);
  const stamped = new Map<string, { digest: string; stamp: Stamp }>();
  for (const [path, text] of files) {
    makeParents(aside, path, made);
    const file = openSync(join(aside, path), "w", 0o644);
    try {
      writeSync(file, text, null, "utf8");
      const { size, mtimeMs, ino } = fstatSync(file);
      stamped.set(path, { digest: digestOf(text), stamp: { size, modified: mtimeMs, inode: ino } });
    } finally {
      closeSync(file);
    }
  }
  const folders = new Map([...made].map((path) => [path, stampOf(join(aside, path))] as const));
  renameSync(aside, folder);
  return { difference: { missing: [...files.keys()].sort(), changed: [], extra: [] }, known: knownOf(stamped, folders) };
}

function makeParents(top: string, path: string, made: Set<string>): void {
  const parent = dirname(path);
  if (parent === "." || made.has(parent)) return;
  makeParents(top, parent, made);
  mkdirSync(join(top, parent));
  made.add(parent);
}

function compareKnown(
  folder: string,
  files: ReadonlyMap<string, string>,
  wanted: ReadonlyMap<string, string>,
  known: KnownFolder,
  trusted: number,
): OutDifference {
  const missing: string[] = [];
  const changed: string[] = [];
  for (const [path, text] of files) {
    const before = known.files.get(path);
    if (before !== undefined && sameStamp(join(folder, path), before.stamp, trusted)) {
      if (before.digest !== wanted.get(path)) changed.push(path);
      continue;
    }
    const bytes = readIfThere(join(folder, path));
    if (bytes === undefined) missing.push(path);
    else if (!bytes.equals(Buffer.from(text, "utf8"))) changed.push(path);
  }
  const present = [...known.folders].every(([path, stamp]) => sameStamp(join(folder, path), stamp, trusted))
    ? [...known.files.keys()]
    : filesBelow(folder, "");
  return { missing: missing.sort(), changed: changed.sort(), extra: present.filter((path) => !files.has(path)).sort() };
}

function stampAll(
  folder: string,
  wanted: ReadonlyMap<string, string>,
  written: ReadonlyMap<string, Stamp>,
  begun: number,
): KnownFolder | undefined {
  const stamped = new Map<string, { digest: string; stamp: Stamp }>();
  const folders = new Set([""]);
  for (const [path, digest] of wanted) {
    const stamp = written.get(path) ?? stampOf(join(folder, path));
    if (stamp === undefined || (stamp.modified >= begun - TICK && !written.has(path))) return undefined;
    stamped.set(path, { digest, stamp });
    for (let parent = dirname(path); parent !== "."; parent = dirname(parent)) folders.add(parent);
  }
  return knownOf(
    stamped,
    [...folders].map((path) => [path, stampOf(join(folder, path))] as const),
  );
}

function knownOf(files: KnownFolder["files"], folders: Iterable<readonly [string, Stamp | undefined]>): KnownFolder | undefined {
  const stamped = new Map<string, Stamp>();
  for (const [path, stamp] of folders) {
    if (stamp === undefined) return undefined;
    stamped.set(path, stamp);
  }
  return { files, folders: stamped };
}

function stampOf(path: string): Stamp | undefined {
  const status = lstatSync(path, { throwIfNoEntry: false });
  return status === undefined ? undefined : { size: status.isDirectory() ? 0 : status.size, modified: status.mtimeMs, inode: status.ino };
}

function sameStamp(path: string, stamp: Stamp, trusted: number): boolean {
  if (stamp.modified >= trusted) return false;
  const now = stampOf(path);
  return now !== undefined && now.size === stamp.size && now.modified === stamp.modified && now.inode === stamp.inode;
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
