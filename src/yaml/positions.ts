import { hashKey, PyDict, type HashKey, type Value } from "../python/index.ts";
import type { Offset, Source } from "./source.ts";

export interface Place {
  /** From 1. */
  readonly line: number;
  /** From 1, in code points. */
  readonly column: number;
}

/** Where the entries of loaded data stand in their file. */
export interface DataPositions {
  /** The place of a mapping's key or a sequence's item; undefined for data that this load did not make. */
  at(container: PyDict | readonly Value[], key: Value): Place | undefined;
  /** The place of the value of a mapping's key; of a sequence, the item. */
  valueAt(container: PyDict | readonly Value[], key: Value): Place | undefined;
}

/** Positions of data that was loaded without them. */
export const NO_POSITIONS: DataPositions = { at: () => undefined, valueAt: () => undefined };

/** Offsets of a container's entries, in order: key, value, key, value … or item, item …, made only when asked for. */
export type Offsets = () => { readonly keys: readonly Value[]; readonly at: readonly Offset[]; readonly valueAt: readonly Offset[] };

/** Positions made from offsets on demand: a load pays for one map entry a container, a question for its own container. */
export class SourcePositions implements DataPositions {
  readonly #source: Source;
  readonly #containers = new Map<object, Offsets>();
  readonly #tables = new Map<object, ReadonlyMap<HashKey, readonly [Offset, Offset]>>();

  constructor(source: Source) {
    this.#source = source;
  }

  add(container: PyDict | Value[], offsets: Offsets): void {
    this.#containers.set(container, offsets);
  }

  at(container: PyDict | readonly Value[], key: Value): Place | undefined {
    return this.#find(container, key, 0);
  }

  valueAt(container: PyDict | readonly Value[], key: Value): Place | undefined {
    return this.#find(container, key, 1);
  }

  #find(container: PyDict | readonly Value[], key: Value, which: 0 | 1): Place | undefined {
    let table = this.#tables.get(container);
    if (table === undefined) {
      const offsets = this.#containers.get(container)?.();
      if (offsets === undefined) return undefined;
      table = new Map(offsets.keys.map((entry, index) => [hashKey(entry), [offsets.at[index] ?? 0, offsets.valueAt[index] ?? 0]] as const));
      this.#tables.set(container, table);
    }
    const found = table.get(hashKey(key));
    return found === undefined ? undefined : this.#source.place(found[which]);
  }
}
