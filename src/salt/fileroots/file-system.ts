import { lstatSync, readdirSync, readFileSync, realpathSync, statSync, type Stats } from "node:fs";

/** What a path leads to. */
export interface FileStatus {
  readonly kind: "file" | "folder" | "other";
  /** Permission bits. */
  readonly mode: number;
  /** What the disk says of it; absent where the files are on none. */
  readonly disk?: Pick<Stats, "size" | "mode" | "mtimeMs" | "ctimeMs" | "ino">;
}

/** What a compile reads of a tree of files: this machine's disk, or something in its place such as a commit. Paths are absolute. */
export interface FileSystem {
  /** What a path leads to through its links; `undefined` where that is nothing, and for a circular link. */
  status(path: string): FileStatus | undefined;
  /** Whether the path itself is a symbolic link. */
  isLink(path: string): boolean;
  /** Names of what lies in a folder, in no order; none where there is no folder. */
  names(folder: string): readonly string[];
  /** The path without any link in it. @throws where it leads nowhere */
  realPath(path: string): string;
  /** A file's content. @throws an error whose `code` is ENOENT where there is none */
  read(path: string): Uint8Array;
}

/** This machine's disk. */
export class Disk implements FileSystem {
  status(path: string): FileStatus | undefined {
    const disk = targetOf(path);
    if (disk === undefined) return undefined;
    return { kind: disk.isFile() ? "file" : disk.isDirectory() ? "folder" : "other", mode: disk.mode & 0o7777, disk };
  }
  isLink(path: string): boolean {
    try {
      return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
    } catch {
      // What it would lie in is no folder.
      return false;
    }
  }
  names(folder: string): readonly string[] {
    try {
      return readdirSync(folder);
    } catch (error) {
      if (error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR")) return [];
      throw error;
    }
  }
  realPath(path: string): string {
    return realpathSync(path);
  }
  read(path: string): Uint8Array {
    return readFileSync(path);
  }
}

/** A broken or circular link leads to nothing. */
function targetOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** Paths of all files below a folder, relative to it, links followed unless they lead back up. */
export function filesIn(files: FileSystem, folder: string): string[] {
  const found: string[] = [];
  const walk = (path: string, prefix: string, above: readonly string[]): void => {
    const status = files.status(path);
    if (status?.kind === "file") found.push(prefix.slice(0, -1));
    if (status?.kind !== "folder") return;
    const real = files.realPath(path);
    if (above.includes(real)) return;
    for (const name of files.names(path)) walk(`${path}/${name}`, `${prefix}${name}/`, [...above, real]);
  };
  walk(folder, "", []);
  return found.sort();
}
