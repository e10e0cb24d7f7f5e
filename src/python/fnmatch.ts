/**
 * `fnmatch.fnmatchcase` of Python 3.11: `*`, `?`, `[seq]`, `[!seq]` over the whole text, by code point, newlines included.
 * On POSIX `fnmatch.fnmatch` is the same.
 */
export function fnmatch(text: string, pattern: string): boolean {
  return fnmatcher(pattern)(text);
}

/** A pattern made ready for many texts. */
export function fnmatcher(pattern: string): (text: string) => boolean {
  if (!/[*?[]/.test(pattern)) return (text) => text === pattern;
  if (pattern === "*") return () => true;
  const compiled = new RegExp(`^${translate(pattern)}$`, "su");
  return (text) => compiled.test(text);
}

/** `fnmatch.filter`: the names that match, in their order. */
export function fnmatchFilter(names: readonly string[], pattern: string): string[] {
  return names.filter(fnmatcher(pattern));
}

function translate(pattern: string): string {
  const characters = [...pattern];
  let out = "";
  let at = 0;
  while (at < characters.length) {
    const character = characters[at] ?? "";
    at++;
    if (character === "*") {
      // Adjacent stars are one: no quadratic backtracking over them.
      while (characters[at] === "*") at++;
      out += ".*";
    } else if (character === "?") out += ".";
    else if (character === "[") {
      const end = endOfSet(characters, at);
      if (end === undefined) out += literal("[");
      else {
        out += characterSet(characters.slice(at, end));
        at = end + 1;
      }
    } else out += literal(character);
  }
  return out;
}

/** Where the set that begins at `start` ends; a `]` that comes first stands for itself. */
function endOfSet(characters: readonly string[], start: number): number | undefined {
  let at = start;
  if (characters[at] === "!") at++;
  if (characters[at] === "]") at++;
  while (at < characters.length && characters[at] !== "]") at++;
  return at < characters.length ? at : undefined;
}

/** The text between `[` and `]`. Ranges that run backwards match nothing, as in CPython's translate(). */
function characterSet(set: readonly string[]): string {
  const chunks = rangeChunks(set);
  for (let index = chunks.length - 1; index > 0; index--) {
    const before = chunks[index - 1] ?? [];
    const after = chunks[index] ?? [];
    if (codePoint(before.at(-1)) > codePoint(after[0])) {
      chunks.splice(index - 1, 2, [...before.slice(0, -1), ...after.slice(1)]);
    }
  }
  const negated = chunks[0]?.[0] === "!";
  if (negated) chunks[0]?.shift();
  let body = "";
  chunks.forEach((chunk, index) => {
    if (index > 0) body += "-";
    body += chunk.map(literal).join("");
  });
  if (body === "") return negated ? "." : "(?!)";
  return `[${negated ? "^" : ""}${body}]`;
}

/** The set split at the hyphens that make ranges, found as CPython finds them: never the first character, at least two apart. */
function rangeChunks(set: readonly string[]): string[][] {
  const chunks: string[][] = [];
  let start = 0;
  let hyphen = set[0] === "!" ? 2 : 1;
  for (;;) {
    hyphen = set.indexOf("-", hyphen);
    if (hyphen < 0) break;
    chunks.push(set.slice(start, hyphen));
    start = hyphen + 1;
    hyphen += 3;
  }
  const rest = set.slice(start);
  if (rest.length > 0) chunks.push(rest);
  else chunks.at(-1)?.push("-");
  return chunks;
}

function literal(character: string): string {
  return `\\u{${codePoint(character).toString(16)}}`;
}

function codePoint(character: string | undefined): number {
  return character?.codePointAt(0) ?? -1;
}
