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
  type Stats,
} from "node:fs";
import { join } from "node:path";
import { isOver, PROCESS, PROCESS_NAME, STALE } from "../running.ts";

/** So many bytes of cache are kept at most, of all versions of the program together. Default: 512 MiB. */
const MOST_BYTES = 512 * 1024 * 1024;
/** Half written, and by whom. */
const TEMPORARY = new RegExp(`\\.(${PROCESS_NAME})-[0-9a-f]+\\.tmp$`);

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
    return bytes.subarray(0, DIGEST_LENGTH).equals(this.#digest(name, content)) ? content : undefined;
  }

  /** How many bytes are kept under a name; 0 where there are none. */
  size(name: string): number {
    return statusOf(join(this.folder, name))?.size ?? 0;
  }

  /** Keeps bytes under a name, in the place of what was there. */
  write(name: string, content: Buffer): void {
    if (this.#broken) return;
    const target = join(this.folder, name);
    const temporary = `${target}.${PROCESS}-${randomBytes(4).toString("hex")}.tmp`;
    try {
      mkdirSync(this.folder, { recursive: true });
      const file = openSync(temporary, "wx", 0o644);
      try {
        for (const bytes of [this.#digest(name, content), content]) for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(temporary, target);
    } catch (error) {
      removeFile(temporary);
      this.#broken = true;
      // Without the path, which is another each time.
      const [why] = (error instanceof Error ? error.message : String(error)).split(", ");
      this.#warn(`the cache ${this.#top} can't be written, so the next run has more to do: ${why}`);
    }
  }

  /** Of what stands under a name, written by this very build. */
  #digest(name: string, content: Buffer): Buffer {
    return createHash("sha256").update(`${this.#version}\0${name}\0`).update(content).digest();
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
    removeFile(join(this.folder, name));
  }

  /** Removes what is oldest until the whole is within its bounds, and what killed processes have left. */
  tidy(now: number, mostBytes = MOST_BYTES): void {
    const files = this.#entries(this.#top).flatMap(({ name, isFolder }) =>
      isFolder ? this.#entries(join(this.#top, name)).map((entry) => ({ ...entry, path: join(this.#top, name, entry.name) })) : [],
    );
    let total = files.reduce((sum, file) => sum + file.size, 0);
    for (const file of files.sort((a, b) => a.modified - b.modified)) {
      const writer = TEMPORARY.exec(file.name)?.[1];
      const halfWritten = writer !== undefined && (file.modified < now - STALE || isOver(writer));
      if (total <= mostBytes && !halfWritten) continue;
      removeFile(file.path);
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
      const status = statusOf(join(folder, name));
      return status === undefined ? [] : [{ name, modified: status.mtimeMs, size: status.size, isFolder: status.isDirectory() }];
    });
  }
}

const DIGEST_LENGTH = 32;

function statusOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** What can't be removed stays: nothing in a cache is needed, nor has to be gone. */
function removeFile(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // A folder that is read only, or no file at all.
  }
}
