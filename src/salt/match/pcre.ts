/** `re.match(pattern, text)`: the pattern found at the start of the text. @throws PyError `error` for a pattern that is none */
export function searchAtStart(pattern: string, text: string): boolean {
  return new RegExp(`^(?:${pattern})`, "u").test(text);
}
