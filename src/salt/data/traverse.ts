import { isIntLike, PyDict, PyError, PySet, PyTuple, typeName, type Value } from "../../python/index.ts";
import { yamlifyArg } from "./yamlify.ts";

/**
 * `salt.utils.data.traverse_dict_and_list`: the value at a path such as `a:b:0`, or `fallback` where there is none.
 * In a list a number is an index and a word is sought in the dicts it holds; a key that is missing as text is tried as the
 * YAML scalar it spells (`8080`, `true`). A value that is there but None is None, never the fallback.
 *
 * @throws PyError `TypeError` for a path that is neither text, a number nor iterable
 */
export function traverse<Fallback>(data: Value, path: Value, fallback: Fallback, delimiter: Value = ":"): Value | Fallback {
  let here = data;
  for (const step of stepsOf(path, delimiter)) {
    const next = Array.isArray(here) ? inList(here, step) : inOther(here, step);
    if (next === undefined) return fallback;
    here = next;
  }
  return here;
}

function stepsOf(path: Value, delimiter: Value): Iterable<Value> {
  if (typeof path === "string") {
    if (delimiter === null) return path.split(/\s+/u).filter((part) => part !== "");
    if (typeof delimiter !== "string") throw new PyError("TypeError", `must be str or None, not ${typeName(delimiter)}`);
    if (delimiter === "") throw new PyError("ValueError", "empty separator");
    return path.split(delimiter);
  }
  if (isIntLike(path)) return [path];
  if (Array.isArray(path)) return path;
  if (path instanceof PyTuple) return path.items;
  if (path instanceof PyDict) return path.keys();
  if (path instanceof PySet) return path.values();
  throw new PyError("TypeError", `'${typeName(path)}' object is not iterable`);
}

function inList(list: readonly Value[], step: Value): Value | undefined {
  const index = asIndex(step);
  for (const item of list) {
    const found = item instanceof PyDict ? item.get(index ?? step) : undefined;
    if (found !== undefined) return found;
  }
  if (index === undefined) return undefined;
  return list[index < 0 ? list.length + index : index];
}

/** What Python's `int()` makes of a step, where it makes something. */
function asIndex(step: Value): number | undefined {
  if (isIntLike(step)) return Number(step);
  if (typeof step !== "string") return undefined;
  return /^\s*[+-]?\d+(?:_\d+)*\s*$/u.test(step) ? Number(step.replaceAll("_", "")) : undefined;
}

function inOther(here: Value, step: Value): Value | undefined {
  if (here instanceof PyDict) {
    const found = here.get(step);
    if (found !== undefined) return found;
    const loaded = yamlifyArg(step);
    return loaded === step || Array.isArray(loaded) || loaded instanceof PyDict ? undefined : here.get(loaded);
  }
  if (!isIntLike(step)) return undefined;
  const items = typeof here === "string" ? Array.from(here) : here instanceof PyTuple ? here.items : undefined;
  const index = Number(step);
  return items?.[index < 0 ? items.length + index : index];
}
