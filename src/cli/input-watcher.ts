import { lstatSync, readdirSync, watch, type FSWatcher, type Stats } from "node:fs";
import { basename, join } from "node:path";
import type { WatchedPaths } from "../fleet/index.ts";
import { EnvironmentError } from "./command.ts";
import { InputTree, isEditors, type InputChange } from "./input-tree.ts";

/** Tells what changes. */
export interface ChangeSource {
  /** Waits for changes since the last call, and until no more come. */
  next(): Promise<readonly InputChange[]>;
  close(): void;
}

const QUIET = 50;

interface WatchedFolder {
  readonly watcher: FSWatcher;
  readonly inode: string;
  /** The entries that count; absent: all do. */
  names: Set<string> | undefined;
  /** It may have been removed: what has its path now is another folder. */
  stale: boolean;
}

/**
 * Watches the files of a fleet. An event only says that it is time to look: what has changed is what the files' contents say.
 *
 * Each folder has a watcher of its own. `recursive` of `fs.watch` watches each file by its inode on Linux in Node 20, and loses a file
 * that was twice replaced by rename, which is how editors save.
 */
export class InputWatcher implements ChangeSource {
  readonly #paths: () => WatchedPaths;
  readonly #quiet: number;
  readonly #tree = new InputTree();
  readonly #folders = new Map<string, WatchedFolder>();
  readonly #touched = new Set<string>();
  #outputs: ReadonlySet<string> = new Set();
  #dirty = false;
  #timer: NodeJS.Timeout | undefined;
  #waiting: { readonly resolve: (changes: readonly InputChange[]) => void; readonly reject: (error: unknown) => void } | undefined;
  /** What went wrong while something was told. */
  #failure: { readonly error: unknown } | undefined;

  /**
   * `paths`: what to watch, asked for again whenever something has changed. `quiet`: changes have settled when nothing has happened for
   * so many milliseconds; an editor writes a file beside and renames it.
   *
   * @throws EnvironmentError where the system has no more watches
   */
  constructor(paths: () => WatchedPaths, quiet = QUIET) {
    this.#paths = paths;
    this.#quiet = quiet;
    this.#look();
  }

  next(): Promise<readonly InputChange[]> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      if (this.#dirty) this.#wait();
    });
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const { watcher } of this.#folders.values()) watcher.close();
    this.#folders.clear();
  }

  /** Begins the wait for quiet anew, if anybody wants to know. */
  #wait(): void {
    clearTimeout(this.#timer);
    if (this.#waiting !== undefined) this.#timer = setTimeout(() => this.#settled(), this.#quiet);
  }

  #settled(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    try {
      if (this.#failure !== undefined) throw this.#failure.error;
      const changes = this.#look();
      if (changes.length === 0) return;
      this.#waiting = undefined;
      waiting.resolve(changes);
    } catch (error) {
      waiting.reject(error);
    }
  }

  /** Looks at the tree, with a watcher on each of its folders before the folder is read. */
  #look(): readonly InputChange[] {
    const touched = new Set(this.#touched);
    this.#touched.clear();
    this.#dirty = false;
    const entered = new Map<string, Set<string> | undefined>();
    const paths = this.#paths();
    this.#outputs = new Set(paths.outputs);
    const changes = this.#tree.scan(paths, touched, (folder, status, name) => {
      const names = entered.has(folder) ? entered.get(folder) : new Set<string>();
      if (name !== undefined) names?.add(name);
      entered.set(folder, name === undefined ? undefined : names);
      this.#watch(folder, status);
    });
    for (const [folder, watched] of this.#folders) {
      if (entered.has(folder)) watched.names = entered.get(folder);
      else this.#drop(folder);
    }
    return changes;
  }

  #watch(folder: string, status: Stats): void {
    const inode = `${status.dev} ${status.ino}`;
    const known = this.#folders.get(folder);
    if (known?.inode === inode && !known.stale) return;
    this.#drop(folder);
    try {
      const watcher = watch(folder, (_event, name) => this.#happened(folder, name));
      watcher.on("error", () => this.#happened(folder, null));
      this.#folders.set(folder, { watcher, inode, names: undefined, stale: false });
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      // It is gone again, and whoever has removed it has told the folder above.
      if (code === "ENOENT" || code === "ENOTDIR") return;
      if (code !== "ENOSPC" && code !== "EMFILE") throw error;
      throw new EnvironmentError(
        `the system lets no more than ${this.#folders.size} folders be watched`,
        "Raise fs.inotify.max_user_watches and fs.inotify.max_user_instances, or let the roots of halite.yaml be smaller.",
        { cause: error },
      );
    }
  }

  /** Has a new folder tell at once what goes on in it: a checkout that is still writing there has not settled. */
  #watchNew(path: string): void {
    if (this.#outputs.has(path) || this.#folders.has(path)) return;
    const status = lstatSync(path, { throwIfNoEntry: false });
    if (status?.isDirectory() !== true) return;
    this.#watch(path, status);
    try {
      for (const name of readdirSync(path)) this.#watchNew(join(path, name));
    } catch {
      // It is gone again.
    }
  }

  #drop(folder: string): void {
    this.#folders.get(folder)?.watcher.close();
    this.#folders.delete(folder);
  }

  /** `name`: an entry of the folder, or its own name where it is gone itself. */
  #happened(folder: string, name: string | null): void {
    const watched = this.#folders.get(folder);
    if (watched === undefined) return;
    if (name === null || name === basename(folder)) watched.stale = true;
    else if (isEditors(name) || watched.names?.has(name) === false) return;
    else {
      this.#touched.add(join(folder, name));
      try {
        if (watched.names === undefined) this.#watchNew(join(folder, name));
      } catch (error) {
        // Nobody waits for an event: who waits for changes hears of it.
        this.#failure ??= { error };
      }
    }
    this.#dirty = true;
    this.#wait();
  }
}
