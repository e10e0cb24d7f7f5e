import { PyRegex } from "../../python/index.ts";

/** `re.match(pattern, text)`: the pattern found at the start of the text. @throws PyError `error` for a pattern that is none */
export function searchAtStart(pattern: string, text: string): boolean {
  return new PyRegex(pattern).match(text) !== undefined;
}
