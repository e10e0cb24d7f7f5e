import { readFile, stat, statfs } from "node:fs/promises";
import { join } from "node:path";

/** What a file system has, in bytes and in files. */
export interface FilesystemUse {
  readonly bytes: { readonly total: number; readonly available: number; readonly used: number };
  readonly inodes: { readonly total: number; readonly available: number; readonly used: number };
}

/** The node's files, read only: what changes a node is done by its own programs. */
export interface NodeFiles {
  /** `undefined` where there is no such file. */
  read(path: string): Promise<string | undefined>;
  /** `undefined` for what is not there. @throws the system's error where it can't be said, as of a file system that has failed */
  kind(path: string): Promise<"file" | "directory" | "block" | "other" | undefined>;
  /** @throws the system's error */
  use(path: string): Promise<FilesystemUse>;
}

/** The files of the node's process 1, for a pod that shares its process ids. */
export const HOST_ROOT = "/proc/1/root";

export class HostFiles implements NodeFiles {
  readonly #root: string;

  constructor(root = HOST_ROOT) {
    this.#root = root;
  }

  async read(path: string): Promise<string | undefined> {
    // Of /proc the node's own entries are wanted, which are here as well as there; process 1 is it itself.
    const at = path.startsWith("/proc/") ? path : join(this.#root, path);
    return unlessAbsent(readFile(at, "utf8"));
  }

  async kind(path: string): Promise<"file" | "directory" | "block" | "other" | undefined> {
    const found = await unlessAbsent(stat(join(this.#root, path)));
    if (found === undefined) return undefined;
    if (found.isDirectory()) return "directory";
    if (found.isBlockDevice()) return "block";
    return found.isFile() ? "file" : "other";
  }

  async use(path: string): Promise<FilesystemUse> {
    const { bsize, blocks, bavail, bfree, files, ffree } = await statfs(join(this.#root, path));
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
