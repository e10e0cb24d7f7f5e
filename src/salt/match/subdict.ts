import { PyDict, PyError, PyTuple, str, typeName, type Value } from "../../python/index.ts";
import { fnmatchcase, traverse } from "../data/index.ts";
import { searchAtStart } from "./pcre.ts";

/** How a pattern is held against one value; both are lower-cased first. */
export type SubdictMode = "glob" | "regex" | "exact";

/**
 * `salt.utils.data.subdict_match`: whether data has a value at a path such as `os:Debian` or `roles:web:*`. The deepest split of
 * the path into key and pattern is tried first, so a key or a value may itself hold the delimiter; `*` as the first part looks
 * anywhere below, `key:*` asks only that the key is there.
 */
export function subdictMatch(data: Value, expression: string, mode: SubdictMode, delimiter = ":"): boolean {
  if (delimiter === "") throw new PyError("ValueError", "empty separator");
  const parts = expression.split(delimiter);
  for (let index = parts.length - 1; index > 0; index--) {
    const key = parts.slice(0, index).join(delimiter);
    const everywhere = key === "*";
    const pattern = everywhere ? expression : parts.slice(index).join(delimiter);
    const found = everywhere ? data : traverse(data, key, undefined, delimiter);
    if (found !== undefined && valueMatches(found, pattern, mode)) return true;
  }
  return false;
}

function valueMatches(value: Value, pattern: string, mode: SubdictMode): boolean {
  if (value instanceof PyDict) return value.size > 0 && dictMatches(value, pattern, mode);
  const list = Array.isArray(value) ? value : value instanceof PyTuple ? value.items : undefined;
  if (list === undefined) return scalarMatches(value, pattern, mode);
  return list.some((member) => (member instanceof PyDict && dictMatches(member, pattern, mode)) || scalarMatches(member, pattern, mode));
}

function dictMatches(dict: PyDict, pattern: string, mode: SubdictMode): boolean {
  const anywhere = pattern.startsWith("*:");
  const wanted = anywhere ? pattern.slice(2) : pattern;
  // Below the top Salt's own delimiter is the colon, whatever the target's was.
  if (wanted === "*" || dict.has(wanted) || subdictMatch(dict, wanted, mode)) return true;
  if (!anywhere) return false;
  for (const value of dict.values()) {
    if (value instanceof PyDict) {
      if (dictMatches(value, wanted, mode)) return true;
    } else if (Array.isArray(value)) {
      if (value.some((item) => scalarMatches(item, wanted, mode))) return true;
    } else if (scalarMatches(value, wanted, mode)) return true;
  }
  return false;
}

function scalarMatches(value: Value, pattern: string, mode: SubdictMode): boolean {
  const text = str(value).toLowerCase();
  const wanted = pattern.toLowerCase();
  if (mode === "exact") return text === wanted;
  if (mode === "glob") return fnmatchcase(text, wanted);
  try {
    return searchAtStart(wanted, text);
  } catch {
    // Salt logs the broken pattern and goes on.
    return false;
  }
}

/** The target must be text; Salt's matchers raise here for anything else. */
export function targetText(target: Value): string {
  if (typeof target === "string") return target;
  throw new PyError("TypeError", `argument of type '${typeName(target)}' is not iterable`);
}
