import { lstat, readFile, readlink, statfs } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

/** What a file system has, in bytes and in files. */
export interface FilesystemUse {
  readonly bytes: { readonly total: number; readonly available: number; readonly used: number };
  readonly inodes: { readonly total: number; readonly available: number; readonly used: number };
}

/** The node's files, read only: what changes a node is done by its own programs. */
export interface NodeFiles {
  /** `undefined` where there is no such file. */
  read(path: string): Promise<string | undefined>;
  /** A path without symbolic links, as the mount table has it. What is not there stays as it is. @throws the system's error for links in a circle */
  real(path: string): Promise<string>;
  /** `undefined` for what is not there. @throws the system's error where it can't be said, as of a file system that has failed */
  kind(path: string): Promise<"file" | "directory" | "block" | "other" | undefined>;
  /** @throws the system's error */
  use(path: string): Promise<FilesystemUse>;
}

/** The files of the node's process 1, for a pod that shares its process ids. */
export const HOST_ROOT = "/proc/1/root";

/** As many symbolic links as Linux follows. */
const MOST_LINKS = 40;

export class HostFiles implements NodeFiles {
  readonly #root: string;

  constructor(root = HOST_ROOT) {
    this.#root = root;
  }

  async read(path: string): Promise<string | undefined> {
    // Of /proc the node's own entries are wanted, which are here as well as there; process 1 is it itself.
    const at = path.startsWith("/proc/") ? path : join(this.#root, await this.real(path));
    return unlessAbsent(readFile(at, "utf8"));
  }

  /** Links of the node lead to places of the node: followed by the system they would lead to this process's own. */
  async real(path: string): Promise<string> {
    let done = "/";
    let left = path.split("/").filter((name) => name !== "");
    for (let links = 0; left.length > 0;) {
      const [name = "", ...rest] = left;
      const next = join(done, name);
      const found = await unlessAbsent(lstat(join(this.#root, next)));
      if (found?.isSymbolicLink() !== true || ++links > MOST_LINKS) {
        done = next;
        left = rest;
        continue;
      }
      const target = resolve(dirname(next), await readlink(join(this.#root, next)));
      left = [...target.split("/").filter((each) => each !== ""), ...rest];
      done = "/";
    }
    return done;
  }

  async kind(path: string): Promise<"file" | "directory" | "block" | "other" | undefined> {
    const found = await unlessAbsent(lstat(join(this.#root, await this.real(path))));
    if (found === undefined) return undefined;
    if (found.isDirectory()) return "directory";
    if (found.isBlockDevice()) return "block";
    return found.isFile() ? "file" : "other";
  }

  async use(path: string): Promise<FilesystemUse> {
    const { bsize, blocks, bavail, bfree, files, ffree } = await statfs(join(this.#root, await this.real(path)));
    return {
      bytes: { total: blocks * bsize, available: bavail * bsize, used: (blocks - bfree) * bsize },
      inodes: { total: files, available: ffree, used: files - ffree },
    };
  }
}

async function unlessAbsent<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR")) return undefined;
    throw error;
  }
}
