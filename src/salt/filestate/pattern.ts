import type { Value } from "../../python/index.ts";
import { str } from "../../python/index.ts";
import { fnmatchcase } from "../data/index.ts";
import { searchText } from "./regex.ts";

/** One pattern of `include_pat` or `exclude_pat`: `E@` and a regular expression, or a glob. */
function matchesOne(path: string, pattern: string): boolean {
  return pattern.startsWith("E@") ? searchText(pattern.slice(2), path) : fnmatchcase(path, pattern);
}

function matchesAny(path: string, patterns: Value): boolean {
  return (Array.isArray(patterns) ? patterns : [patterns]).some((pattern) => matchesOne(path, str(pattern)));
}

function given(patterns: Value): boolean {
  return patterns !== null && patterns !== "" && patterns !== false && !(Array.isArray(patterns) && patterns.length === 0);
}

/** `salt.utils.stringutils.check_include_exclude`: whether a path, relative to the directory at work on, is meant. */
export function isIncluded(path: string, include: Value, exclude: Value): boolean {
  return (!given(include) || matchesAny(path, include)) && (!given(exclude) || !matchesAny(path, exclude));
}
