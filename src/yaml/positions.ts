import { hashKey, PyDict, type HashKey, type Value } from "../python/index.ts";
import type { MappingNode, SequenceNode } from "./nodes.ts";
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

/** Offsets of a container's entries. */
export interface Offsets {
  readonly keys: readonly Value[];
  readonly at: readonly Offset[];
  readonly valueAt: readonly Offset[];
}

/** Positions made from nodes on demand: a load pays one map entry a container, a question pays for its own container, once. */
export class SourcePositions implements DataPositions {
  readonly #source: Source;
  readonly #nodes = new Map<object, SequenceNode | MappingNode>();
  readonly #merged = new Map<object, Offsets>();
  readonly #tables = new Map<object, ReadonlyMap<HashKey, readonly [Offset, Offset]>>();

  constructor(source: Source) {
    this.#source = source;
  }

  /** Notes what a container was made from. The keys of a mapping's nodes hold what they were made to. */
  add(container: PyDict | Value[], node: SequenceNode | MappingNode): void {
    this.#nodes.set(container, node);
  }

  /** Notes where the entries of a mapping stand that came together from several nodes. */
  addMerged(container: PyDict, offsets: Offsets): void {
    this.#merged.set(container, offsets);
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
      const node = this.#nodes.get(container);
      const offsets = this.#merged.get(container) ?? (node === undefined ? undefined : offsetsOf(node));
      if (offsets === undefined) return undefined;
      table = new Map(offsets.keys.map((entry, index) => [hashKey(entry), [offsets.at[index] ?? 0, offsets.valueAt[index] ?? 0]] as const));
      this.#tables.set(container, table);
    }
    const found = table.get(hashKey(key));
    return found === undefined ? undefined : this.#source.place(found[which]);
  }
}

function offsetsOf(node: SequenceNode | MappingNode): Offsets {
  if (node.kind === "sequence") {
    const at = node.items.map((item) => item.at);
    return { keys: at.map((_, index) => index), at, valueAt: at };
  }
  const keys: Value[] = [];
  const at: Offset[] = [];
  const valueAt: Offset[] = [];
  for (let index = 0; index + 1 < node.entries.length; index += 2) {
    const written = node.entries[index];
    const value = node.entries[index + 1];
    const key = written?.kind === "alias" ? written.target : written;
    if (written === undefined || key?.made === undefined || value === undefined) continue;
    keys.push(key.made);
    at.push(written.at);
    valueAt.push(value.at);
  }
  return { keys, at, valueAt };
}
