import { PyRegex, str, truthy, type Value } from "../../python/index.ts";
import { fnmatchcase } from "../data/index.ts";

/**
 * `include_pat` and `exclude_pat` (salt.utils.stringutils.check_include_exclude): whether a path, relative to the directory at work on,
 * is meant. A pattern is a glob, or `E@` and a regular expression.
 *
 * @throws PyError `error` for an expression that is none
 */
export function pathFilter(include: Value, exclude: Value): (path: string) => boolean {
  const [included, excluded] = [matcher(include), matcher(exclude)];
  return (path) => included?.(path) !== false && excluded?.(path) !== true;
}

function matcher(patterns: Value): ((path: string) => boolean) | undefined {
  if (!truthy(patterns)) return undefined;
  const tests = (Array.isArray(patterns) ? patterns : [patterns]).map((pattern) => {
    const text = str(pattern);
    if (!text.startsWith("E@")) return (path: string): boolean => fnmatchcase(path, text);
    const regex = new PyRegex(text.slice(2));
    return (path: string): boolean => regex.search(path) !== undefined;
  });
  return (path) => tests.some((test) => test(path));
}
