import { lstatSync, type Stats } from "node:fs";
import type { FolderShape } from "./folder-shape.ts";

/** So many numbers a stamp is: size, inode, and the two times of change in milliseconds: of the content, which can be set, and of anything. */
const STAMP = 4;
/** Of a file there is the digest's place in its list too. */
const FILE = STAMP + 1;

/**
 * What is known of a cluster's folder: that its files held these texts when they, and the folders that they are in, were stamped so. In
 * little room, as thousands are held at once.
 */
export class KnownFolder {
  readonly shape: FolderShape;
  /** Of each file its stamp and the digest's place in the list; of each folder its stamp. */
  readonly #numbers: Float64Array;
  readonly #digests: readonly string[];

  /** `numbers`: as another one's `numbersIn` gave them. */
  constructor(shape: FolderShape, numbers: Float64Array, digests: readonly string[]) {
    this.shape = shape;
    this.#numbers = numbers;
    this.#digests = digests;
  }

  /** How many numbers so many files and folders are. */
  static numbersOf({ files, folders }: FolderShape): number {
    return files.length * FILE + folders.length * STAMP;
  }

  /** The numbers with places in another list of digests. */
  numbersIn(digests: { number(text: string): number }): Float64Array {
    const numbers = this.#numbers.slice();
    for (let at = STAMP; at < this.shape.files.length * FILE; at += FILE)
      numbers[at] = digests.number(this.#digests[numbers[at] ?? -1] ?? "");
    return numbers;
  }

  digest(file: number): string {
    return this.#digests[this.#numbers[file * FILE + STAMP] ?? -1] ?? "";
  }

  /** The digests by path. */
  digests(): (readonly [path: string, digest: string])[] {
    return this.shape.files.map((path, file) => [path, this.digest(file)]);
  }

  /** Whether all folders and files are, by their stamps alone, as they were. Stamps of the time `trusted` and later are not believed. */
  isUntouched(top: string, trusted: number): boolean {
    if (!this.hasSameFolders(top, trusted)) return false;
    for (const file of this.shape.files.keys()) if (!this.isSameFile(top, file, trusted)) return false;
    return true;
  }

  hasSameFolders(top: string, trusted: number): boolean {
    return this.shape.folders.every((path, folder) => this.#isSame(path === "" ? top : `${top}/${path}`, this.#folderAt(folder), trusted));
  }

  isSameFile(top: string, file: number, trusted: number): boolean {
    return this.#isSame(`${top}/${this.shape.files[file] ?? ""}`, file * FILE, trusted);
  }

  /** A stamp as it is written down once more. */
  fileStamp(file: number): Float64Array {
    return this.#numbers.subarray(file * FILE, file * FILE + STAMP);
  }
  folderStamp(folder: number): Float64Array {
    const at = this.#folderAt(folder);
    return this.#numbers.subarray(at, at + STAMP);
  }

  #folderAt(folder: number): number {
    return this.shape.files.length * FILE + folder * STAMP;
  }

  #isSame(path: string, at: number, trusted: number): boolean {
    const numbers = this.#numbers;
    if (Math.max(numbers[at + 2] ?? 0, numbers[at + 3] ?? 0) >= trusted) return false;
    const status = lstatSync(path, { throwIfNoEntry: false });
    return (
      status !== undefined &&
      sizeOf(status) === numbers[at] &&
      status.ino === numbers[at + 1] &&
      status.mtimeMs === numbers[at + 2] &&
      status.ctimeMs === numbers[at + 3]
    );
  }
}

/** Puts down what a folder is to be known by. */
export class FolderStamps {
  readonly #shape: FolderShape;
  readonly #numbers: Float64Array;

  constructor(shape: FolderShape) {
    this.#shape = shape;
    this.#numbers = new Float64Array(KnownFolder.numbersOf(shape));
  }

  file(file: number, stamp: Stats | Float64Array): void {
    this.#put(file * FILE, stamp);
  }
  folder(folder: number, stamp: Stats | Float64Array): void {
    this.#put(this.#shape.files.length * FILE + folder * STAMP, stamp);
  }

  /** `digests`: of the files, in their order, as places in the list. */
  known(digests: readonly number[], list: readonly string[]): KnownFolder {
    for (let file = 0; file < digests.length; file++) this.#numbers[file * FILE + STAMP] = digests[file] ?? -1;
    return new KnownFolder(this.#shape, this.#numbers, list);
  }

  #put(at: number, stamp: Stats | Float64Array): void {
    if (stamp instanceof Float64Array) {
      this.#numbers.set(stamp, at);
      return;
    }
    this.#numbers[at] = sizeOf(stamp);
    this.#numbers[at + 1] = stamp.ino;
    this.#numbers[at + 2] = stamp.mtimeMs;
    this.#numbers[at + 3] = stamp.ctimeMs;
  }
}

/** Of a folder the file system's own size says nothing. */
function sizeOf(status: Stats): number {
  return status.isDirectory() ? 0 : status.size;
}
