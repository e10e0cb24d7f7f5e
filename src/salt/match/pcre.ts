import { compilePattern } from "../filestate/regex.ts";

/** `re.match(pattern, text)`: the pattern found at the start of the text. @throws PyError `error` for a pattern that is none */
export function searchAtStart(pattern: string, text: string): boolean {
  const { source, flags } = compilePattern(pattern);
  return new RegExp(`^(?:${source})`, flags.replaceAll(/[dg]/g, "")).test(text);
}
