import { deepCopy, equals, PyDict, PyError, PyOrderedDict, PySet, PyTuple, type Value } from "../../python/index.ts";

export interface UpdateOptions {
  /** Go into dicts that both have. Default true. */
  readonly recursive?: boolean;
  /** Join lists that both have, without repeats, instead of replacing. Default false. */
  readonly mergeLists?: boolean;
}

/** Python's own limit (sys.getrecursionlimit()) is on frames: no data that Salt can merge is deeper. */
const DEEPEST = 1000;

/**
 * `salt.utils.dictupdate.update`: puts `upd` over `dest`, which it changes and returns. Values of `upd` are taken over, not copied.
 *
 * @throws PyError `TypeError` where either is no dict
 */
export function update(dest: Value, upd: Value, options: UpdateOptions = {}, depth = 0): PyDict {
  // Dicts that hold themselves come of pillar SLS that include themselves under a key.
  if (depth > DEEPEST) throw new PyError("RecursionError", "maximum recursion depth exceeded");
  if (!(dest instanceof PyDict) || !(upd instanceof PyDict))
    throw new PyError("TypeError", "Cannot update using non-dict types in dictupdate.update()");
  const { recursive = true, mergeLists = false } = options;
  for (const key of upd.keys()) {
    const kind = recursive ? upd.kind(key) : undefined;
    const bothAre = (kind === "dict" || (mergeLists && kind === "list")) && dest.kind(key) === kind;
    const old = bothAre ? dest.get(key) : undefined;
    const value = bothAre ? upd.get(key) : undefined;
    if (old instanceof PyDict && value instanceof PyDict) dest.set(key, update(old, value, { mergeLists }, depth + 1));
    else if (Array.isArray(old) && Array.isArray(value)) dest.set(key, joined(old, value));
    else dest.take(upd, key);
  }
  return dest;
}

/** The first list's copy, then what of the second is in neither it nor yet added. */
function joined(first: readonly Value[], second: readonly Value[]): Value[] {
  const list = first.map((item) => deepCopy(item));
  // As in Python's comprehension, the test is against the list before anything is added.
  return [...list, ...second.filter((item) => !list.some((other) => equals(other, item)))];
}

/** `merge_list`: keys of both become `[a, b]`; keys of the second alone are dropped. */
export function mergeList(a: PyDict, b: PyDict): PyDict {
  const merged = new PyDict();
  for (const [key, value] of a.entries()) {
    const other = b.get(key);
    merged.set(key, other === undefined ? value : [value, other]);
  }
  return merged;
}

/** `merge_recurse`: a copy of the first with the second put over it. */
export function mergeRecurse(a: Value, b: Value, mergeLists = false): PyDict {
  return update(deepCopy(a), b, { mergeLists });
}

/** `merge_overwrite`: keys of both are replaced whole, in the first itself too, as Salt does. */
export function mergeOverwrite(a: Value, b: Value, mergeLists = false): PyDict {
  if (a instanceof PyDict && b instanceof PyDict) for (const key of b.keys()) if (a.has(key)) a.take(b, key);
  return mergeRecurse(a, b, mergeLists);
}

/**
 * `merge_aggregate` of values that carry no `!aggregate` mark of yamlex (a renderer that is refused): at the top level dicts join
 * key by key and everything else becomes a list; below, the second wins.
 */
export function mergeAggregate(a: Value, b: Value): Value {
  const first = marked(a);
  const second = marked(b);
  if (first instanceof PyDict && second instanceof PyDict) {
    const ordered = new PyOrderedDict();
    for (const part of [first, second]) for (const key of part.keys()) ordered.take(part, key);
    return ordered;
  }
  if (Array.isArray(first) && Array.isArray(second)) return joined(first, second);
  return second;
}

function marked(value: Value): PyDict | Value[] {
  if (value instanceof PyDict) return value;
  if (Array.isArray(value)) return value;
  if (value instanceof PyTuple) return [...value.items];
  if (value instanceof PySet) return [...value.values()];
  return [value];
}

/**
 * `salt.utils.dictupdate.merge`. Strategies: `smart` (aggregate under the yamlex renderer, else recurse), `recurse`, `aggregate`,
 * `overwrite`, `list`, `none` (recurse without merging lists); any other recurses likewise, and `unknown` is told.
 */
export function merge(
  a: Value,
  b: Value,
  strategy = "smart",
  options: { readonly renderer?: string; readonly mergeLists?: boolean; readonly unknown?: (strategy: string) => void } = {},
): Value {
  const { renderer = "yaml", mergeLists = false } = options;
  switch (strategy) {
    case "smart":
      return renderer.split("|").at(-1) === "yamlex" || renderer.startsWith("yamlex_")
        ? mergeAggregate(a, b)
        : mergeRecurse(a, b, mergeLists);
    case "recurse":
      return mergeRecurse(a, b, mergeLists);
    case "aggregate":
      return mergeAggregate(a, b);
    case "overwrite":
      return mergeOverwrite(a, b, mergeLists);
    case "list":
      if (!(a instanceof PyDict) || !(b instanceof PyDict)) throw new PyError("AttributeError", "'list' object has no attribute 'items'");
      return mergeList(a, b);
    case "none":
      return mergeRecurse(a, b);
    default:
      options.unknown?.(strategy);
      return mergeRecurse(a, b);
  }
}
