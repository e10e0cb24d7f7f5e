import { PyDict, PyOrderedDict, PySet, PyTuple, type Value } from "../../python/index.ts";
import { loadSalt, type DataPositions as YamlPositions } from "../../yaml/index.ts";
import type { DataPositions } from "../types.ts";

export interface LoadedData {
  /** The caller's own, to change as it likes. */
  readonly data: Value;
  /** Lines of the text that was parsed. */
  readonly positions: DataPositions;
}

interface Parsed {
  readonly value: Value;
  readonly positions: YamlPositions;
}

/** So much text at most is kept parsed. */
const MOST_CHARACTERS = 8 * 1024 * 1024;

/**
 * YAML of SLS files, parsed once a text: the clusters of a fleet render most SLS to the same text. What is handed out is a copy,
 * as those who get it change it.
 */
export class DataCache {
  readonly #parsed = new Map<string, Parsed>();
  #characters = 0;

  /** Mappings as OrderedDict, as Salt's yaml renderer makes them. @throws YamlError */
  load(text: string, file: string): LoadedData {
    let parsed = this.#parsed.get(text);
    if (parsed === undefined) {
      parsed = parse(text, file);
      this.#characters += text.length;
      if (this.#characters > MOST_CHARACTERS) {
        this.#parsed.clear();
        this.#characters = text.length;
      }
      this.#parsed.set(text, parsed);
    }
    return handOut(parsed);
  }

  /** The same of a text that is read this once. */
  loadOwn(text: string, file: string): LoadedData {
    const parsed = this.#parsed.get(text);
    if (parsed !== undefined) return handOut(parsed);
    const { value, positions } = parse(text, file);
    return { data: value, positions: { at: (container, key) => positions.at(container, key) } };
  }
}

function parse(text: string, file: string): Parsed {
  return loadSalt(text, { file, positions: true, mappings: "OrderedDict" });
}

function handOut({ value, positions }: Parsed): LoadedData {
  const originals = new Map<object, PyDict | readonly Value[]>();
  const data = copy(value, originals, new Map());
  return {
    data,
    positions: {
      at: (container, key) => {
        const original = originals.get(container);
        return original === undefined ? undefined : positions.at(original, key);
      },
    },
  };
}

/** A copy in which shared containers are shared again; `originals` learns which container each copy was made from. */
function copy(value: Value, originals: Map<object, PyDict | readonly Value[]>, done: Map<object, Value>): Value {
  if (value === null || typeof value !== "object") return value;
  const known = done.get(value);
  if (known !== undefined) return known;
  if (Array.isArray(value)) {
    const list: Value[] = [];
    done.set(value, list);
    originals.set(list, value);
    for (const item of value) list.push(copy(item, originals, done));
    return list;
  }
  if (value instanceof PyDict) {
    const dict = value instanceof PyOrderedDict ? new PyOrderedDict() : new PyDict();
    done.set(value, dict);
    originals.set(dict, value);
    for (const [key, item] of value.entries()) dict.set(key, copy(item, originals, done));
    return dict;
  }
  if (value instanceof PyTuple) return new PyTuple(value.items.map((item) => copy(item, originals, done)));
  return value instanceof PySet ? new PySet(value.values()) : value;
}
