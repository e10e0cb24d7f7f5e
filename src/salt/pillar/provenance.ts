import { printPosition, type Position } from "../../finding/index.ts";
import { hashKey, PyDict, type HashKey, type Value } from "../../python/index.ts";
import type { DataPositions } from "../types.ts";

/** Where one pillar value comes from. */
export interface PillarOrigin {
  readonly winner: Position;
  /** What it replaced, latest first. */
  readonly overridden: readonly Position[];
}

/** Which line of which pillar file won, path by path. */
export interface PillarProvenance {
  /** `path`: keys from the top; a list's index is a number. The origin of the nearest enclosing entry that has one. */
  at(path: readonly Value[]): PillarOrigin | undefined;
}

interface Source {
  readonly file: string;
  readonly positions: DataPositions;
}

/** Follows values from the files they stand in through the merges. Containers are told by identity. */
export class PillarTracer {
  readonly #sources = new WeakMap<object, Source>();
  readonly #origins = new WeakMap<object, Map<HashKey, PillarOrigin>>();

  /** Data just loaded from a file. */
  loaded(data: Value, file: string, positions: DataPositions): void {
    this.#register(data, { file, positions });
  }

  /** An entry that no file holds: `key:` of an include, or the command line. */
  placed(dict: PyDict, key: Value, winner: Position): void {
    this.#entry(dict).set(hashKey(key), { winner, overridden: [] });
  }

  /** `merged` was made of `below` with `above` put over it. */
  merged(merged: Value, below: Value, above: Value): void {
    if (!(merged instanceof PyDict)) {
      this.#copied(merged, below);
      return;
    }
    if (!(below instanceof PyDict) || !(above instanceof PyDict)) return;
    for (const [key, value] of merged.entries()) this.#mergedEntry(merged, below, above, key, value);
  }

  #mergedEntry(merged: PyDict, below: PyDict, above: PyDict, key: Value, value: Value): void {
    const old = below.get(key);
    const put = above.get(key);
    const oldOrigin = old === undefined ? undefined : this.origin(below, key);
    const putOrigin = put === undefined ? undefined : this.origin(above, key);
    if (put === undefined) {
      if (oldOrigin !== undefined) this.#entry(merged).set(hashKey(key), oldOrigin);
      if (old !== undefined) this.#copied(value, old);
      return;
    }
    const joined = value !== put && old instanceof PyDict && put instanceof PyDict;
    if (putOrigin !== undefined) this.#entry(merged).set(hashKey(key), joined || oldOrigin === undefined ? putOrigin : over(putOrigin, oldOrigin));
    if (joined) this.merged(value, old, put);
    else if (value !== put) this.#copied(value, put);
  }

  origin(container: PyDict | readonly Value[], key: Value): PillarOrigin | undefined {
    const known = this.#origins.get(container)?.get(hashKey(key));
    if (known !== undefined) return known;
    const source = this.#sources.get(container);
    const place = source?.positions.at(container, key);
    return source === undefined || place === undefined ? undefined : { winner: { file: source.file, ...place }, overridden: [] };
  }

  provenance(data: PyDict): PillarProvenance {
    return {
      at: (path) => {
        let here: Value = data;
        let origin: PillarOrigin | undefined;
        for (const step of path) {
          if (Array.isArray(here) && typeof step === "number") {
            origin = this.origin(here, step) ?? origin;
            here = here[step] ?? null;
          } else if (here instanceof PyDict) {
            origin = this.origin(here, step) ?? origin;
            here = here.get(step) ?? null;
          } else break;
        }
        return origin;
      },
    };
  }

  /** A deep copy's containers have the origins of what they copy. */
  #copied(copy: Value, original: Value): void {
    if (copy === original) return;
    if (copy instanceof PyDict && original instanceof PyDict) {
      for (const [key, value] of copy.entries()) {
        const origin = this.origin(original, key);
        if (origin !== undefined) this.#entry(copy).set(hashKey(key), origin);
        this.#copied(value, original.get(key) ?? null);
      }
    } else if (Array.isArray(copy) && Array.isArray(original)) {
      copy.forEach((value, index) => {
        const origin = this.origin(original, index);
        if (origin !== undefined) this.#entry(copy).set(index, origin);
        this.#copied(value, original[index] ?? null);
      });
    }
  }

  #register(data: Value, source: Source): void {
    if (data === null || typeof data !== "object" || this.#sources.has(data)) return;
    if (data instanceof PyDict) {
      this.#sources.set(data, source);
      for (const value of data.values()) this.#register(value, source);
    } else if (Array.isArray(data)) {
      this.#sources.set(data, source);
      for (const value of data) this.#register(value, source);
    }
  }

  #entry(container: object): Map<HashKey, PillarOrigin> {
    let entries = this.#origins.get(container);
    if (entries === undefined) {
      entries = new Map();
      this.#origins.set(container, entries);
    }
    return entries;
  }
}

/** An SLS can be merged more than once: a place counts once. */
function over(put: PillarOrigin, old: PillarOrigin): PillarOrigin {
  const places = new Map<string, Position>();
  for (const at of [...put.overridden, old.winner, ...old.overridden]) places.set(printPosition(at), at);
  places.delete(printPosition(put.winner));
  return { winner: put.winner, overridden: [...places.values()] };
}
