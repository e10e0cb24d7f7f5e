import { pythonFilter as filter, semantics, type FilterFunction } from "../../jinja/index.ts";
import {
  equals,
  hashKey,
  PyBytes,
  PyDict,
  PyError,
  PyFloat,
  PyObject,
  PyOrderedDict,
  PySet,
  PyTuple,
  str,
  truthy,
  typeName,
  type HashKey,
  type Kwargs,
  type Value,
} from "../../python/index.ts";
import { deepCopy, traverse } from "../data/index.ts";
import { bytesOf, isHashableType } from "./text.ts";

const {
  add,
  bind,
  boundedItems,
  compare,
  contains,
  div,
  getAttribute,
  getItem,
  indexArgument,
  isIterable,
  iterate,
  length,
  listOf,
  PyIterator,
  signature,
  textOf,
  toFloat,
  toInt,
} = semantics;

function hashOf(value: Value): HashKey | undefined {
  return semantics.hashable(value) ? hashKey(value) : undefined;
}

/** The first of each kind of equal items, in order. */
function uniqueList(items: Iterable<Value>): Value[] {
  const seen = new Set<HashKey>();
  const odd: Value[] = [];
  const out: Value[] = [];
  for (const item of items) {
    const hash = hashOf(item);
    if (hash === undefined ? odd.some((other) => equals(other, item)) : seen.has(hash)) continue;
    if (hash === undefined) odd.push(item);
    else seen.add(hash);
    out.push(item);
  }
  return out;
}

/** `salt.utils.jinja.unique`: a set of what is hashable by type (texts, tuples), else a list. */
function uniqueOf(value: Value): Value {
  return isHashableType(value) ? new PySet(iterate(value)) : uniqueList(iterate(value));
}

function member(collection: Value): (item: Value) => boolean {
  if (!Array.isArray(collection)) return (item) => contains(collection, item);
  const hashes = new Set<HashKey>();
  const odd: Value[] = [];
  for (const item of collection) {
    const hash = hashOf(item);
    if (hash === undefined) odd.push(item);
    else hashes.add(hash);
  }
  return (item) => {
    const hash = hashOf(item);
    return hash === undefined ? odd.some((other) => equals(other, item)) : hashes.has(hash);
  };
}

function setMath(name: string, onSets: (a: PySet, b: PySet) => Value[], onLists: (a: Value, b: Value) => Value[]): FilterFunction {
  return filter(signature(name, ["lst1", "lst2"]), (_, [a = null, b = null]) => {
    if (isHashableType(a) && isHashableType(b)) return new PySet(onSets(new PySet(iterate(a)), new PySet(iterate(b))));
    return uniqueList(onLists(a, b));
  });
}

const union = setMath(
  "union",
  (a, b) => [...a.values(), ...b.values()],
  (a, b) => listOf(add(a, b)),
);
const intersect = setMath(
  "intersect",
  (a, b) => [...a.values()].filter((item) => b.has(item)),
  (a, b) => listOf(a).filter(member(b)),
);
const difference = setMath(
  "difference",
  (a, b) => [...a.values()].filter((item) => !b.has(item)),
  (a, b) => {
    const theirs = member(b);
    return listOf(a).filter((item) => !theirs(item));
  },
);
const symmetricDifference = setMath(
  "symmetric_difference",
  (a, b) => [...[...a.values()].filter((item) => !b.has(item)), ...[...b.values()].filter((item) => !a.has(item))],
  (a, b) => {
    const both = member(listOf(a).filter(member(b)));
    return uniqueList(listOf(add(a, b))).filter((item) => !both(item));
  },
);

function extreme(name: string, builtin: string, operator: "<" | ">"): FilterFunction {
  return filter(signature(name, ["obj"]), (_, [value = null]) => {
    let best: Value | undefined;
    for (const item of iterate(value)) if (best === undefined || compare(operator, item, best)) best = item;
    if (best === undefined) throw new PyError("ValueError", `${builtin}() arg is an empty sequence`);
    return best;
  });
}

const average = filter(signature("lst_avg", ["lst"]), (_, [value = null]) => {
  if (isHashableType(value)) return new PyFloat(toFloat(value));
  let total: Value = 0;
  for (const item of iterate(value)) total = add(total, item);
  return new PyFloat(toFloat(div(total, length(value))));
});

const flatten: FilterFunction = (_state, value, args, kwargs) => {
  const [data = null, levels = null, keepNulls = null] = bind(
    signature("flatten", ["data"], { levels: null, preserve_nulls: false, _ids: null }),
    [value, ...args],
    kwargs,
  );
  const seen = new Set<Value>();
  const flat = (list: Value, deeper: number | null): Value[] => {
    if (list !== null && typeof list === "object") {
      if (seen.has(list)) throw new PyError("RecursionError", "Reference cycle detected. Check input list.");
      seen.add(list);
    }
    const out: Value[] = [];
    for (const item of iterate(list)) {
      if (!truthy(keepNulls) && (item === null || textOf(item) === "None" || textOf(item) === "null")) continue;
      if (textOf(item) === undefined && isIterable(item) && (deeper === null || deeper >= 1)) {
        for (const inner of flat(item, deeper === null ? null : deeper - 1)) out.push(inner);
      } else out.push(item);
    }
    boundedItems(out.length);
    return out;
  };
  return flat(data, levels === null ? null : Number(toInt(levels)));
};

const compareDicts = filter(signature("compare_dicts", [], { old: null, new: null }), (_, [old = null, fresh = null]) => {
  const out = new PyDict();
  const keys = uniqueList([...(truthy(fresh) ? iterate(fresh) : []), ...(truthy(old) ? iterate(old) : [])]);
  for (const key of keys) {
    const before = contains(old, key) ? getItem(old, key) : undefined;
    const after = contains(fresh, key) ? getItem(fresh, key) : undefined;
    if (before === undefined) out.set(key, PyDict.from({ old: "", new: after ?? null }));
    else if (after === undefined) out.set(key, PyDict.from({ new: "", old: before }));
    else if (!equals(before, after)) out.set(key, PyDict.from({ old: before, new: after }));
  }
  return out;
});

const compareLists = filter(signature("compare_lists", [], { old: null, new: null }), (_, [old = null, fresh = null]) => {
  const added = listOf(fresh).filter((item) => !contains(old, item));
  const removed = listOf(old).filter((item) => !contains(fresh, item));
  const out = new PyDict();
  if (added.length > 0) out.set("new", added);
  if (removed.length > 0) out.set("old", removed);
  return out;
});

function exactly(value: Value, amount: Value): boolean {
  const wanted = indexArgument(amount);
  let count = 0;
  for (const item of iterate(value)) if (truthy(item)) count++;
  return count === Math.max(0, wanted);
}

const isIter = filter(
  signature("is_iter", ["thing"], { ignore: null }),
  (_, [value = null]) => textOf(value) === undefined && isIterable(value),
);

const sequence = filter(signature("ensure_sequence_filter", ["data"]), (_, [value = null]) =>
  Array.isArray(value) || value instanceof PyTuple || value instanceof PySet || value instanceof PyDict ? value : [value],
);

function entry(key: Value, value: Value): PyDict {
  return PyDict.from({ key, value });
}

const toEntries = filter(signature("to_entries", ["data"]), (_, [value = null]) => {
  if (value instanceof PyDict) return Array.from(value.entries(), ([key, item]) => entry(key, item));
  if (Array.isArray(value)) return value.map((item, index) => entry(index, item));
  throw new PyError("SaltException", "Input data must be a dict or list");
});

const fromEntries = filter(signature("from_entries", ["entries"]), (_, [entries = null]) => {
  const out = new PyDict();
  for (const given of iterate(entries)) {
    const fields = new PyDict();
    if (!(given instanceof PyDict)) semantics.updateDict(fields, given, new Map());
    else {
      for (const [key, value] of given.entries()) {
        const text = textOf(key);
        if (text === undefined) throw new PyError("AttributeError", `'${typeName(key)}' object has no attribute 'lower'`);
        fields.set(text.toLowerCase(), value);
      }
    }
    for (const name of ["key", "name"]) {
      const key = fields.get(name);
      if (key === undefined || !truthy(key)) continue;
      out.set(key, fields.get("value") ?? null);
      break;
    }
  }
  return out;
});

const traverseFilter = filter(
  signature("traverse_dict_and_list", ["data", "key"], { default: null, delimiter: ":" }),
  (_, [data = null, key = null, fallback = null, delimiter = null]) => traverse(data, key, fallback, delimiter),
);

/** The dict that holds the last key of a path, made where it is missing (salt/utils/dictupdate.py, _dict_rpartition). */
function lastHolder(dict: Value, path: Value, delimiter: Value, ordered: boolean): { readonly holder: PyDict; readonly last: Value } {
  if (!contains(path, delimiter)) return { holder: wantDict(dict), last: path };
  const steps = str(path).split(str(delimiter));
  const last = steps.pop() ?? "";
  let holder = wantDict(dict);
  for (const step of steps) {
    const inner = holder.get(step);
    if (inner instanceof PyDict) holder = inner;
    else {
      const fresh = ordered ? new PyOrderedDict() : new PyDict();
      holder.set(step, fresh);
      holder = fresh;
    }
  }
  return { holder, last };
}

function wantDict(value: Value): PyDict {
  if (value instanceof PyDict) return value;
  if (value instanceof PyObject) value.refuse?.();
  throw new PyError("TypeError", `'${typeName(value)}' object does not support item assignment`);
}

function dictChange(name: string, verb: "set" | "update" | "append" | "extend"): FilterFunction {
  return filter(
    signature(name, ["in_dict", "keys", "value"], { delimiter: ":", ordered_dict: false }),
    (_, [dict = null, path = null, value = null, delimiter = null, orderedDict = null]) => {
      const ordered = truthy(orderedDict);
      const { holder, last } = lastHolder(dict, path, delimiter, ordered);
      if (verb === "set") holder.set(last, value);
      else {
        const present = holder.get(last);
        let target: Value = present ?? null;
        if (target === null) {
          target = verb === "update" ? (ordered ? new PyOrderedDict() : new PyDict()) : [];
          holder.set(last, target);
        }
        changeInPlace(target, verb, value);
      }
      return dict;
    },
  );
}

function changeInPlace(target: Value, verb: "update" | "append" | "extend", value: Value): void {
  const type = `<class '${typeName(target)}'>`;
  const method = getAttribute(target, verb);
  if (!(method instanceof semantics.BoundMethod))
    throw new PyError("SaltInvocationError", `The last key contains a ${type}, which cannot ${verb}.`);
  try {
    method.call([value], new Map());
  } catch (error) {
    if (verb === "append" || !(error instanceof PyError) || (error.type !== "TypeError" && error.type !== "ValueError")) throw error;
    throw new PyError("SaltInvocationError", `Cannot ${verb} ${type} with a <class '${typeName(value)}'>.`);
  }
}

/** `salt.utils.data.encode_dict` and `encode_list`: every text as bytes, tuples as lists. */
function encoded(value: Value): Value {
  if (Array.isArray(value)) return value.map(encoded);
  if (value instanceof PyTuple) return value.items.map(encoded);
  if (value instanceof PyDict)
    return PyDict.of(Array.from(value.entries(), ([key, item]): [Value, Value] => [encoded(key), encoded(item)]));
  return textOf(value) === undefined || value instanceof PyBytes ? value : bytesOf(value);
}

const encodeDict = filter(signature("encode_dict", ["data"]), (_, [value = null]) => {
  if (!(value instanceof PyDict)) throw new PyError("AttributeError", `'${typeName(value)}' object has no attribute 'items'`);
  return encoded(deepCopy(value));
});
const encodeList = filter(signature("encode_list", ["data"]), (_, [value = null]) => listOf(value).map(encoded));

/** Tuples of `size` positions out of `count`, in itertools' order. */
function* choices(
  count: number,
  size: number,
  next: (chosen: readonly number[], position: number) => number,
  repeat: boolean,
): Generator<number[]> {
  const walk = function* (chosen: number[]): Generator<number[]> {
    if (chosen.length === size) {
      yield [...chosen];
      return;
    }
    for (let index = next(chosen, chosen.length); index < count; index++) {
      if (!repeat && chosen.includes(index)) continue;
      chosen.push(index);
      yield* walk(chosen);
      chosen.pop();
    }
  };
  yield* walk([]);
}

function itertools(
  name: string,
  run: (pool: readonly Value[], size: number) => Iterable<readonly number[]>,
  sizeRequired: boolean,
): FilterFunction {
  return (_state, value, args, kwargs) => {
    const pool = listOf(value);
    const given = args[0] ?? kwargs.get("r");
    if (given === undefined && sizeRequired) throw new PyError("TypeError", `${name}() missing required argument 'r' (pos 2)`);
    const size = given === undefined || given === null ? pool.length : indexArgument(given);
    if (size < 0) throw new PyError("ValueError", "r must be non-negative");
    const tuples = function* (): Generator<Value> {
      let made = 0;
      for (const chosen of run(pool, size)) {
        boundedItems(++made);
        yield new PyTuple(chosen.map((index) => pool[index] ?? null));
      }
    };
    return new PyIterator(tuples(), name);
  };
}

const product: FilterFunction = (_state, value, args, kwargs) => {
  const repeat = indexArgument(kwargs.get("repeat") ?? 1);
  if (repeat < 0) throw new PyError("ValueError", "repeat argument cannot be negative");
  const once = [value, ...args].map(listOf);
  const pools = Array.from({ length: repeat }, () => once).flat();
  const walk = function* (chosen: Value[], at: number): Generator<Value> {
    const pool = pools[at];
    if (pool === undefined) {
      yield new PyTuple([...chosen]);
      return;
    }
    for (const item of pool) yield* walk([...chosen, item], at + 1);
  };
  return new PyIterator(walk([], 0), "product");
};

const compress = filter(signature("compress", ["data", "selectors"]), (_, [data = null, selectors = null]) => {
  const flags = listOf(selectors);
  return new PyIterator(
    listOf(data).filter((_item, index) => index < flags.length && truthy(flags[index] ?? false)),
    "compress",
  );
});

function zipped(name: string, longest: boolean): FilterFunction {
  return (_state, value, args, kwargs: Kwargs) => {
    const lists = [value, ...args].map(listOf);
    const sizes = lists.map((list) => list.length);
    const count = longest ? Math.max(...sizes) : Math.min(...sizes);
    if (!longest && truthy(kwargs.get("strict") ?? false) && sizes.some((size) => size !== sizes[0])) {
      const at = sizes.findIndex((size) => size !== sizes[0]);
      const word = (sizes[at] ?? 0) < (sizes[0] ?? 0) ? "shorter" : "longer";
      throw new PyError("ValueError", `zip() argument ${at + 1} is ${word} than argument${at === 1 ? " 1" : `s 1-${at}`}`);
    }
    const fill = kwargs.get("fillvalue") ?? null;
    const tuples = Array.from(
      { length: count },
      (_unused, index) => new PyTuple(lists.map((list) => (index < list.length ? (list[index] ?? null) : fill))),
    );
    return new PyIterator(tuples, name);
  };
}

/** Salt's filters on lists and dicts (salt/utils/jinja.py, data.py, dictupdate.py). */
export const dataFilters: Readonly<Record<string, FilterFunction>> = {
  append_dict_key_value: dictChange("append_dict_key_value", "append"),
  avg: average,
  combinations: itertools("combinations", (pool, size) => choices(pool.length, size, (chosen) => (chosen.at(-1) ?? -1) + 1, true), true),
  combinations_with_replacement: itertools(
    "combinations_with_replacement",
    (pool, size) => choices(pool.length, size, (chosen) => chosen.at(-1) ?? 0, true),
    true,
  ),
  compare_dicts: compareDicts,
  compare_lists: compareLists,
  compress,
  difference,
  exactly_n_true: filter(signature("exactly_n", ["iterable"], { amount: 1 }), (_, [value = null, amount = null]) => exactly(value, amount)),
  exactly_one_true: filter(signature("exactly_one", ["iterable"]), (_, [value = null]) => exactly(value, 1)),
  extend_dict_key_value: dictChange("extend_dict_key_value", "extend"),
  flatten,
  from_entries: fromEntries,
  intersect,
  is_iter: isIter,
  is_list: filter(signature("is_list", ["value"]), (_, [value = null]) => Array.isArray(value)),
  json_decode_dict: encodeDict,
  json_decode_list: encodeList,
  json_encode_dict: encodeDict,
  json_encode_list: encodeList,
  max: extreme("lst_max", "max", ">"),
  min: extreme("lst_min", "min", "<"),
  permutations: itertools("permutations", (pool, size) => choices(pool.length, size, () => 0, false), false),
  product,
  sequence,
  set_dict_key_value: dictChange("set_dict_key_value", "set"),
  symmetric_difference: symmetricDifference,
  to_entries: toEntries,
  traverse: traverseFilter,
  union,
  unique: filter(signature("unique", ["values"]), (_, [value = null]) => uniqueOf(value)),
  update_dict_key_value: dictChange("update_dict_key_value", "update"),
  zip: zipped("zip", false),
  zip_longest: zipped("zip_longest", true),
};
