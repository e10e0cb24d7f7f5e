import { createHash, randomBytes } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";

/** So many bytes of cache are kept at most, of all versions of the program together. Default: 512 MiB. */
const MOST_BYTES = 512 * 1024 * 1024;
/** What a killed process has left half written is taken away after so many milliseconds. */
const STALE = 60 * 60 * 1000;

/**
 * `.halite/cache` of a fleet: what was computed before, for the next run. Nothing in it is needed, and nothing in it is believed without
 * its digest. Files are written aside and renamed, so that any number of processes may use one folder.
 *
 * Each version of the program has a folder of its own in it. Where it can't be written (a full disk, a folder that is read only) the
 * cache says so once and keeps nothing more.
 */
export class CacheFolder {
  readonly #top: string;
  readonly #version: string;
  readonly #warn: (message: string) => void;
  #broken = false;

  /** `version` names the program's very build. */
  constructor(top: string, version: string, warn: (message: string) => void) {
    this.#top = top;
    this.#version = version;
    this.#warn = warn;
  }

  get folder(): string {
    return join(this.#top, this.#version);
  }

  /** What was kept under a name, if it is whole. */
  read(name: string): Buffer | undefined {
    let bytes: Buffer;
    try {
      bytes = readFileSync(join(this.folder, name));
    } catch {
      return undefined;
    }
    const content = bytes.subarray(DIGEST_LENGTH);
    return bytes.subarray(0, DIGEST_LENGTH).equals(digest(content)) ? content : undefined;
  }

  /** How many bytes are kept under a name; 0 where there are none. */
  size(name: string): number {
    return statSync(join(this.folder, name), { throwIfNoEntry: false })?.size ?? 0;
  }

  /** Keeps bytes under a name, in the place of what was there. */
  write(name: string, content: Buffer): void {
    if (this.#broken) return;
    const target = join(this.folder, name);
    const temporary = `${target}.${process.pid}-${randomBytes(4).toString("hex")}.tmp`;
    try {
      mkdirSync(this.folder, { recursive: true });
      const file = openSync(temporary, "wx", 0o644);
      try {
        for (const bytes of [digest(content), content]) for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(temporary, target);
    } catch (error) {
      rmSync(temporary, { force: true });
      this.#broken = true;
      this.#warn(
        `the cache ${this.#top} can't be written, so the next run has more to do: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }

  /** Names that begin so, newest first. */
  names(prefix: string): readonly string[] {
    return this.#entries(this.folder)
      .filter(({ name }) => name.startsWith(prefix) && !name.endsWith(".tmp"))
      .sort((a, b) => b.modified - a.modified || (a.name < b.name ? -1 : 1))
      .map(({ name }) => name);
  }

  /** Says that what a name stands for was of use, so that it outlives what was not. */
  touch(name: string, now: Date): void {
    try {
      utimesSync(join(this.folder, name), now, now);
    } catch {
      // Somebody else has removed it, or may write here and this process may not.
    }
  }

  remove(name: string): void {
    rmSync(join(this.folder, name), { force: true });
  }

  /** Removes what is oldest until the whole is within its bounds, and what killed processes have left. */
  tidy(now: number, mostBytes = MOST_BYTES): void {
    const files = this.#entries(this.#top).flatMap(({ name, isFolder }) =>
      isFolder ? this.#entries(join(this.#top, name)).map((entry) => ({ ...entry, path: join(this.#top, name, entry.name) })) : [],
    );
    let total = files.reduce((sum, file) => sum + file.size, 0);
    for (const file of files.sort((a, b) => a.modified - b.modified)) {
      const halfWritten = file.name.endsWith(".tmp") && file.modified < now - STALE;
      if (total <= mostBytes && !halfWritten) continue;
      rmSync(file.path, { force: true });
      total -= file.size;
    }
  }

  #entries(folder: string): { name: string; modified: number; size: number; isFolder: boolean }[] {
    let names: string[];
    try {
      names = readdirSync(folder);
    } catch {
      return [];
    }
    return names.flatMap((name) => {
      const status = statSync(join(folder, name), { throwIfNoEntry: false });
      return status === undefined ? [] : [{ name, modified: status.mtimeMs, size: status.size, isFolder: status.isDirectory() }];
    });
  }
}

const DIGEST_LENGTH = 32;

function digest(content: Buffer): Buffer {
  return createHash("sha256").update(content).digest();
}
