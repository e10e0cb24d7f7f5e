import { deepCopy, PyDict, PyError, str, truthy, type Value } from "../../python/index.ts";
import { update } from "./dictupdate.ts";
import { fnmatchcase } from "./fnmatch.ts";
import { traverse } from "./traverse.ts";

export interface FilterBy {
  /** Pattern to value. */
  readonly lookup: Value;
  /** Path of the grain or pillar value that is held against the patterns. */
  readonly path: Value;
  readonly data: PyDict;
  readonly merge: Value;
  readonly fallback: Value;
  readonly base: Value;
}

/**
 * `salt.utils.data.filter_by`, behind grains.filter_by and pillar.filter_by: the value of the first pattern that matches, else of the
 * key `fallback`; under it the value of key `base`, over it a copy of `merge`. As in Salt the chosen value itself is changed by `merge`.
 *
 * @throws PyError `SaltException` where what is to be merged is no dict
 */
export function filterBy({ lookup, path, data, merge, fallback, base }: FilterBy): Value {
  if (!(lookup instanceof PyDict)) throw new PyError("AttributeError", "filter_by needs a dict to look up in");
  let result = firstMatch(lookup, traverse(data, path, []));
  result ??= lookup.get(fallback) ?? null;
  const under = truthy(base) ? lookup.get(base) : undefined;
  if (under !== undefined) {
    if (result === null) result = under;
    else if (under instanceof PyDict) {
      if (!(result instanceof PyDict))
        throw new PyError("SaltException", "filter_by default and look-up values must both be dictionaries.");
      result = update(deepCopy(under), result);
    }
  }
  if (!truthy(merge)) return result;
  if (!(merge instanceof PyDict)) throw new PyError("SaltException", "filter_by merge argument must be a dictionary.");
  if (result === null) return merge;
  update(result, deepCopy(merge));
  return result;
}

function firstMatch(lookup: PyDict, value: Value): Value {
  for (const each of Array.isArray(value) ? value : [value]) {
    const text = str(each);
    for (const key of lookup.keys()) {
      if (!fnmatchcase(text, str(key))) continue;
      const found = lookup.get(key) ?? null;
      // A matching pattern whose value is None ends this turn, and the next item of the list is tried.
      if (found !== null) return found;
      break;
    }
  }
  return null;
}
