import { createHash } from "node:crypto";
import { readdirSync, readFileSync, realpathSync, statSync, type Stats } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { WatchedPaths } from "../fleet/index.ts";

/** What became of one file of the inputs, by its absolute path. */
export interface InputChange {
  readonly path: string;
  readonly change: "new" | "changed" | "removed";
}

/** Is told of each folder before it is read: `names` are the only entries in it that count; absent: all do. */
export type EnterFolder = (folder: string, status: Stats, name: string | undefined) => void;

interface SeenFile {
  readonly stamp: string;
  /** Of content and permissions. */
  readonly digest: string;
}

/** What editors make beside a file while it is open or being saved: no input of anybody. */
const EDITORS = /^(?:\..*\.sw[a-px]|\.#.*|#.*#|.*~|4913|.*___jb_(?:tmp|old)___)$/;

export function isEditors(name: string): boolean {
  return EDITORS.test(name);
}

/** The files that a fleet's compile may read, as they were when they were last looked at. */
export class InputTree {
  #files = new Map<string, SeenFile>();

  /**
   * Looks at all files again and says which are others than before. `touched`: paths that are read whatever their time of change says,
   * since two writes may fall into one tick of the clock.
   */
  scan(paths: WatchedPaths, touched: ReadonlySet<string>, enter: EnterFolder): readonly InputChange[] {
    const before = this.#files;
    const walk = new Walk(paths.outputs, enter, before, touched);
    for (const file of paths.files) walk.single(file);
    for (const folder of paths.folders) walk.root(folder);
    this.#files = walk.files;
    const changes: InputChange[] = [];
    for (const [path, { digest }] of walk.files) {
      const known = before.get(path);
      if (known?.digest !== digest) changes.push({ path, change: known === undefined ? "new" : "changed" });
    }
    for (const path of before.keys()) if (!walk.files.has(path)) changes.push({ path, change: "removed" });
    return changes.sort((a, b) => (a.path < b.path ? -1 : 1));
  }
}

class Walk {
  readonly files = new Map<string, SeenFile>();
  readonly #outputs: ReadonlySet<string>;
  readonly #enter: EnterFolder;
  readonly #before: ReadonlyMap<string, SeenFile>;
  readonly #touched: ReadonlySet<string>;

  constructor(outputs: readonly string[], enter: EnterFolder, before: ReadonlyMap<string, SeenFile>, touched: ReadonlySet<string>) {
    this.#outputs = new Set(outputs);
    this.#enter = enter;
    this.#before = before;
    this.#touched = touched;
  }

  /** A file by its name, and the folder in which it comes and goes. */
  single(path: string): void {
    this.#enterAbove(path);
    this.#file(path, statusOf(path));
  }

  /** A folder with all that is below it, and the folder in which it comes and goes. */
  root(path: string): void {
    this.#enterAbove(path);
    this.#folder(path, []);
  }

  /** The nearest folder above that is there; in it the next name on the way counts. */
  #enterAbove(path: string): void {
    for (let below = path; ; below = dirname(below)) {
      const folder = dirname(below);
      const status = statusOf(folder);
      if (status?.isDirectory() === true) return this.#enter(folder, status, basename(below));
      if (folder === below) return;
    }
  }

  /** What a link to a file leads to changes elsewhere. */
  #enterTarget(link: string): void {
    if (statusOf(link)?.isFile() === true) this.#enterAbove(realpathSync(link));
  }

  /** `above`: real paths of the folders that it is in, against links that lead back up. */
  #folder(path: string, above: readonly string[]): void {
    if (this.#outputs.has(path)) return;
    const status = statusOf(path);
    if (status === undefined) return;
    if (!status.isDirectory()) return this.#file(path, status);
    try {
      const real = realpathSync(path);
      if (above.includes(real)) return;
      this.#enter(path, status, undefined);
      for (const entry of readdirSync(path, { withFileTypes: true })) {
        if (entry.name === ".git" || isEditors(entry.name)) continue;
        if (entry.isSymbolicLink()) this.#enterTarget(join(path, entry.name));
        this.#folder(join(path, entry.name), [...above, real]);
      }
    } catch (error) {
      // It is gone, and whoever has removed it has told the folder above.
      if (!isMissing(error)) throw error;
    }
  }

  #file(path: string, status: Stats | undefined): void {
    if (status?.isFile() !== true) return;
    const stamp = `${status.size} ${status.mtimeMs} ${status.ino} ${status.mode}`;
    const known = this.#before.get(path);
    if (known?.stamp === stamp && !this.#touched.has(path)) {
      this.files.set(path, known);
      return;
    }
    try {
      const digest = `${status.mode} ${createHash("sha256").update(readFileSync(path)).digest("base64")}`;
      this.files.set(path, { stamp, digest });
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
}

/** What a path leads to; `undefined` where there is nothing, and for a link that leads nowhere. */
function statusOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
}
