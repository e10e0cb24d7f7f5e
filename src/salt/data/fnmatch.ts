/**
 * Python's `fnmatch.fnmatchcase`: `*`, `?`, `[seq]` and `[!seq]` over the whole name; `/` is a character like any other.
 * Runs in time proportional to name times pattern at worst, whatever the pattern.
 */
export function fnmatchcase(name: string, pattern: string): boolean {
  if (!/[*?[]/.test(pattern)) return name === pattern;
  return matches(Array.from(name), tokens(pattern));
}

type Token = "*" | "?" | { readonly one: string } | { readonly not: boolean; readonly ranges: readonly (readonly [string, string])[] };

function tokens(pattern: string): Token[] {
  const characters = Array.from(pattern);
  const result: Token[] = [];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? "";
    if (character === "*" || character === "?") {
      result.push(character);
      continue;
    }
    const end = character === "[" ? classEnd(characters, at) : -1;
    if (end < 0) result.push({ one: character });
    else {
      result.push(characterClass(characters.slice(at + 1, end)));
      at = end;
    }
  }
  return result;
}

/** Index of the `]` that closes the class opened at `at`; a `]` right at its front is a member. -1: a plain `[`. */
function classEnd(characters: readonly string[], at: number): number {
  let from = at + 1;
  if (characters[from] === "!") from++;
  if (characters[from] === "]") from++;
  return characters.indexOf("]", from);
}

function characterClass(members: readonly string[]): Token {
  const not = members[0] === "!";
  const list = not ? members.slice(1) : members;
  const ranges: [string, string][] = [];
  for (let at = 0; at < list.length; at++) {
    const low = list[at] ?? "";
    const high = list[at + 2];
    if (list[at + 1] === "-" && high !== undefined) {
      // A range that runs backwards holds nothing.
      if (codeOf(low) <= codeOf(high)) ranges.push([low, high]);
      at += 2;
    } else ranges.push([low, low]);
  }
  return { not, ranges };
}

function codeOf(character: string): number {
  return character.codePointAt(0) ?? 0;
}

/** The two-pointer walk: on a mismatch only the latest `*` is extended. */
function matches(name: readonly string[], pattern: readonly Token[]): boolean {
  let at = 0;
  let token = 0;
  let star = -1;
  let starAt = 0;
  while (at < name.length) {
    const wanted = pattern[token];
    if (wanted === "*") {
      star = token++;
      starAt = at;
    } else if (wanted !== undefined && accepts(wanted, name[at] ?? "")) {
      at++;
      token++;
    } else if (star >= 0) {
      token = star + 1;
      at = ++starAt;
    } else return false;
  }
  while (pattern[token] === "*") token++;
  return token === pattern.length;
}

function accepts(token: Token, character: string): boolean {
  if (token === "?") return true;
  if (token === "*") return false;
  if ("one" in token) return token.one === character;
  const code = codeOf(character);
  return token.ranges.some(([low, high]) => codeOf(low) <= code && code <= codeOf(high)) !== token.not;
}

/** Whether a pattern can match anything but itself. */
export function isGlob(pattern: string): boolean {
  return /[*?[]/.test(pattern);
}
