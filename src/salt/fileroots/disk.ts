import type { FileRoots, FileStamp, SourceFile } from "../types.ts";
import { FileContent } from "./content.ts";
import { Disk, type FileStatus, type FileSystem } from "./file-system.ts";
import { compareCodePoints, normalizePath } from "./path.ts";
import { servable } from "./url.ts";

/** One directory of an environment. */
export interface DiskRoot {
  /** Absolute path on this machine. */
  readonly directory: string;
  /** What messages call it, relative to the tree: `states`. */
  readonly display: string;
}

export interface DiskEnvironment {
  readonly name: string;
  /** In the order of the config: the first that has a path wins. */
  readonly roots: readonly DiskRoot[];
}

export interface DiskOptions {
  /** Whether a path is hidden (`file_ignore_regex`, `file_ignore_glob`). Default: none is. */
  readonly ignored?: (path: string) => boolean;
  /** Salt's `fileserver_followsymlinks`. Without it links out of the root are not served. Default true. */
  readonly followSymlinks?: boolean;
  /** Salt's `fileserver_ignoresymlinks`: links are not listed. Default false. */
  readonly ignoreSymlinks?: boolean;
  /** Where the directories are. Default: this machine's disk. */
  readonly files?: FileSystem;
}

interface Listing {
  readonly files: readonly string[];
  readonly directories: readonly string[];
}

/**
 * File roots in directories of this machine, by the rules of Salt's `roots` file server (fileserver/roots.py, 3007.1).
 * Each file is read once in the life of the object, so a compile sees one state of the tree.
 *
 * An environment named `__env__` stands for every environment not named; `__env__` in its paths is then the name asked for.
 * Two differences from Salt, both so that the answer does not hang on the machine: ignore patterns are held against the path
 * within the root also when a file is looked up (Salt takes the absolute path there), and a directory link that leads back
 * above itself is listed but not entered (Salt walks it until the kernel refuses).
 */
export class DiskFileRoots implements FileRoots {
  readonly #environments: ReadonlyMap<string, readonly DiskRoot[]>;
  readonly #ignored: (path: string) => boolean;
  readonly #followSymlinks: boolean;
  readonly #ignoreSymlinks: boolean;
  readonly #disk: FileSystem;
  /** By environment and path, as asked for and as normalised. */
  readonly #files = new Map<string, Map<string, FileContent | undefined>>();
  readonly #listings = new Map<string, Listing>();

  constructor(environments: readonly DiskEnvironment[], options: DiskOptions = {}) {
    this.#environments = new Map(environments.map(({ name, roots }) => [name, roots]));
    this.#ignored = options.ignored ?? (() => false);
    this.#followSymlinks = options.followSymlinks ?? true;
    this.#ignoreSymlinks = options.ignoreSymlinks ?? false;
    this.#disk = options.files ?? new Disk();
  }

  environments(): readonly string[] {
    return [...this.#environments.keys()];
  }

  find(saltenv: string, path: string): SourceFile | undefined {
    let known = this.#files.get(saltenv);
    if (known === undefined) this.#files.set(saltenv, (known = new Map()));
    const found = known.get(path);
    if (found !== undefined || known.has(path)) return found;
    const wanted = normalizePath(path);
    const file = !servable(path) ? undefined : (known.get(wanted) ?? this.#read(saltenv, wanted));
    known.set(path, file);
    return file;
  }

  list(saltenv: string): readonly string[] {
    return this.#listing(saltenv).files;
  }

  listDirectories(saltenv: string): readonly string[] {
    return this.#listing(saltenv).directories;
  }

  #roots(saltenv: string): readonly DiskRoot[] {
    const roots = this.#environments.get(saltenv);
    if (roots !== undefined) return roots;
    return (this.#environments.get("__env__") ?? []).map(({ directory, display }) => ({
      directory: directory.replaceAll("__env__", saltenv),
      display: display.replaceAll("__env__", saltenv),
    }));
  }

  #read(saltenv: string, path: string): FileContent | undefined {
    const found = this.#locate(saltenv, path);
    if (found === undefined) return undefined;
    const { full, display, status } = found;
    return new FileContent(path, display, this.#disk.read(full), status.mode, stampOf(display, status));
  }

  stamp(saltenv: string, path: string): FileStamp | undefined {
    const found = servable(path) ? this.#locate(saltenv, normalizePath(path)) : undefined;
    return found === undefined ? undefined : stampOf(found.display, found.status);
  }

  #locate(saltenv: string, path: string): { readonly full: string; readonly display: string; readonly status: FileStatus } | undefined {
    if (path === "." || path.includes("\0")) return undefined;
    for (const { directory, display } of this.#roots(saltenv)) {
      const full = `${directory}/${path}`;
      const status = this.#disk.status(full);
      if (status?.kind !== "file" || this.#ignored(path)) continue;
      if (!this.#followSymlinks && !within(this.#disk.realPath(directory), this.#disk.realPath(full))) continue;
      return { full, display: `${display}/${path}`, status };
    }
    return undefined;
  }

  #listing(saltenv: string): Listing {
    const known = this.#listings.get(saltenv);
    if (known !== undefined) return known;
    const found = { files: new Set<string>(), directories: new Set<string>() };
    for (const { directory } of this.#roots(saltenv)) this.#walk(directory, "", [], found);
    const listing = { files: [...found.files].sort(compareCodePoints), directories: [...found.directories].sort(compareCodePoints) };
    this.#listings.set(saltenv, listing);
    return listing;
  }

  /** `above` are the real paths of the directories being walked, against links that lead back up. */
  #walk(directory: string, prefix: string, above: readonly string[], found: { files: Set<string>; directories: Set<string> }): void {
    if (this.#disk.status(directory)?.kind !== "folder") return;
    const real = this.#disk.realPath(directory);
    if (above.includes(real)) return;
    for (const name of this.#disk.names(directory)) {
      const full = `${directory}/${name}`;
      const path = prefix + name;
      const isLink = this.#disk.isLink(full);
      const isDirectory = this.#disk.status(full)?.kind === "folder";
      if (!(isLink && this.#ignoreSymlinks) && !this.#ignored(path)) (isDirectory ? found.directories : found.files).add(path);
      // Salt hides an ignored directory's name but still lists what is in it.
      if (isDirectory && (!isLink || this.#followSymlinks)) this.#walk(full, `${path}/`, [...above, real], found);
    }
  }
}

/** The time of change that nobody can set is part of it: who writes to a file may put the other back. */
function stampOf(display: string, { disk }: FileStatus): FileStamp | undefined {
  if (disk === undefined) return undefined;
  const { size, mode, mtimeMs, ctimeMs, ino } = disk;
  return { text: `${display} ${size} ${mode & 0o7777} ${ino} ${mtimeMs} ${ctimeMs}`, modified: Math.max(mtimeMs, ctimeMs) };
}

function within(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith("/") ? root : `${root}/`);
}
