/** Paths of a cluster's files, and what follows from them of its folder. One object serves all clusters that have the same. */
export class FolderShape {
  /** Paths within the cluster's folder. */
  readonly files: readonly string[];
  /** "" for the cluster's own, then every folder before those in it. */
  readonly folders: readonly string[];
  /** Of each file the number of the folder that it lies in. */
  readonly folderOf: readonly number[];
  readonly #folderNumbers = new Map<string, number>([["", 0]]);
  #fileNumbers: ReadonlyMap<string, number> | undefined;
  #names: readonly ReadonlySet<string>[] | undefined;

  constructor(files: readonly string[]) {
    this.files = files;
    const folders = [""];
    const add = (folder: string): number => {
      let number = this.#folderNumbers.get(folder);
      if (number === undefined) {
        add(parentOf(folder));
        number = folders.push(folder) - 1;
        this.#folderNumbers.set(folder, number);
      }
      return number;
    };
    this.folderOf = files.map((file) => add(parentOf(file)));
    this.folders = folders;
  }

  /** The number of a file; `undefined` for a path that is none. */
  fileNumber(path: string): number | undefined {
    this.#fileNumbers ??= new Map(this.files.map((file, number) => [file, number]));
    return this.#fileNumbers.get(path);
  }

  folderNumber(path: string): number | undefined {
    return this.#folderNumbers.get(path);
  }

  /** The names of what lies directly in a folder. */
  namesIn(folder: number): ReadonlySet<string> {
    this.#names ??= this.#allNames();
    return this.#names[folder] ?? new Set<string>();
  }

  #allNames(): readonly ReadonlySet<string>[] {
    const names = this.folders.map(() => new Set<string>());
    for (const path of [...this.folders.slice(1), ...this.files])
      names[this.#folderNumbers.get(parentOf(path)) ?? 0]?.add(path.slice(path.lastIndexOf("/") + 1));
    return names;
  }
}

/** The folder that a path lies in; "" for a name. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

/** Gives the same shape for the same paths in the same order. */
export class Shapes {
  readonly #known = new Map<string, FolderShape>();
  #last = new FolderShape([]);

  of(files: ReadonlyMap<string, unknown>): FolderShape {
    // Most clusters are like the one before them.
    if (!hasKeys(files, this.#last.files)) this.#last = this.#find([...files.keys()]);
    return this.#last;
  }

  #find(files: readonly string[]): FolderShape {
    const key = files.join("\0");
    let shape = this.#known.get(key);
    if (shape === undefined) this.#known.set(key, (shape = new FolderShape(files)));
    return shape;
  }
}

function hasKeys(files: ReadonlyMap<string, unknown>, keys: readonly string[]): boolean {
  if (files.size !== keys.length) return false;
  let at = 0;
  for (const path of files.keys()) if (path !== keys[at++]) return false;
  return true;
}
