import type { HashKey, Value } from "./value.ts";

/** What can be asked of an entry of shared data. */
export const Ask = {
  /** Its value; of a mapping only that it is one. */
  value: 0,
  /** Whether it is there, and whether it is a mapping, a list, another container or a scalar. */
  kind: 1,
  /** The keys of the mapping, in order, and whether it is an ordered one, which prints another way. */
  keys: 2,
  /** How many keys the mapping has, and whether it is an ordered one. */
  size: 3,
} as const;

export type Ask = (typeof Ask)[keyof typeof Ask];

/** The kinds that `Ask.kind` tells apart. */
export type ValueKind = "dict" | "list" | "other";

/** Numbers the paths of one run. */
export class DataPaths {
  readonly #all: DataPath[] = [];

  /** A new root, such as `pillar`. */
  root(name: string): DataPath {
    return this.add(undefined, name);
  }
  add(parent: DataPath | undefined, key: HashKey): DataPath {
    const path = new DataPath(this, this.#all.length, parent, key);
    this.#all.push(path);
    return path;
  }
  at(id: number): DataPath | undefined {
    return this.#all[id];
  }
  get count(): number {
    return this.#all.length;
  }
}

/** A place in shared data: a root, and keys down from it. One object for each place of a run. */
export class DataPath {
  readonly id: number;
  readonly parent: DataPath | undefined;
  /** The key's hash key; a root's name. */
  readonly key: HashKey;
  readonly #paths: DataPaths;
  #children: Map<HashKey, DataPath> | undefined;

  constructor(paths: DataPaths, id: number, parent: DataPath | undefined, key: HashKey) {
    this.#paths = paths;
    this.id = id;
    this.parent = parent;
    this.key = key;
  }

  child(key: HashKey): DataPath {
    let child = this.#children?.get(key);
    if (child === undefined) {
      child = this.#paths.add(this, key);
      (this.#children ??= new Map()).set(key, child);
    }
    return child;
  }
}

/** Is told what is read of shared data and what is written to it. */
export interface DataReads {
  /** `own`: what stands there is the view's own, written or handed out by it. */
  asked(path: DataPath, what: Ask, own?: boolean): void;
  /**
   * A text is printed and nothing else is done with it. Whether that counts as read no further than that a text is there, so that who
   * asked must be able to print another in its place; otherwise nothing is told.
   */
  printed(path: DataPath, text: string): boolean;
  /** The entry at the path was set to a value; without one it was removed. */
  wrote(path: DataPath, value?: Value): void;
  /**
   * A container of which no writes are told was handed out: it may be changed behind this one's back. It is a private copy of what stands
   * in the shared data, or `original` itself where that was written there.
   */
  handed(path: DataPath, copy: Value, original: Value): void;
}
