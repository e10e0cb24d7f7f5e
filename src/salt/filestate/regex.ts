import { PyError } from "../../python/index.ts";

/** Flags of Python's `re`. */
export interface RegexFlags {
  readonly ignoreCase?: boolean;
  readonly multiline?: boolean;
  readonly dotAll?: boolean;
  readonly verbose?: boolean;
  /** The pattern is of bytes, one a character (latin-1): classes are ASCII, and no two units are one character. */
  readonly bytes?: boolean;
}

/**
 * A pattern of Python's `re` as a JavaScript one with the flags `d`, `g` and, for text, `u`.
 *
 * @throws PyError `error` for a pattern that is none, or that has no like in JavaScript: atomic groups, possessive repeats, conditions
 */
export function compilePattern(pattern: string, flags: RegexFlags = {}): RegExp {
  const source = new PatternReader(pattern, flags).translate();
  const unbalanced = imbalance(pattern);
  if (unbalanced !== undefined) throw new PyError("error", unbalanced);
  try {
    return new RegExp(source.text, `dg${source.ignoreCase ? "i" : ""}${flags.bytes === true ? "" : "u"}`);
  } catch {
    throw new PyError("error", `cannot use the regular expression ${JSON.stringify(pattern)}`);
  }
}

/** Python's message for a group that is not closed, or closed without one. */
function imbalance(pattern: string): string | undefined {
  const open: number[] = [];
  for (const { 0: token, index } of pattern.matchAll(/\\[\s\S]|\[\^?\]?(?:\\[\s\S]|[^\]\\])*\]|[()]/g)) {
    if (token === "(") open.push(index);
    else if (token === ")" && open.pop() === undefined) return `unbalanced parenthesis at position ${index}`;
  }
  const last = open.at(-1);
  return last === undefined ? undefined : `missing ), unterminated subpattern at position ${last}`;
}

/** `re.search(pattern, text)` as a truth. */
export function searchText(pattern: string, text: string, flags: RegexFlags = {}): boolean {
  return compilePattern(pattern, flags).test(text);
}

const WORD = { text: "\\p{L}\\p{N}_", bytes: "A-Za-z0-9_" };
const DIGIT = { text: "\\p{Nd}", bytes: "0-9" };
const SPACE = {
  text: " \\t\\n\\r\\f\\v\\x1c-\\x1f\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000",
  bytes: " \\t\\n\\r\\f\\v",
};
const CONTROL: Readonly<Record<string, string>> = { n: "\\n", t: "\\t", r: "\\r", f: "\\f", v: "\\v", a: "\\x07" };

class PatternReader {
  readonly #pattern: string;
  readonly #kind: "text" | "bytes";
  #flags: RegexFlags;
  #at = 0;

  constructor(pattern: string, flags: RegexFlags) {
    this.#pattern = pattern;
    this.#kind = flags.bytes === true ? "bytes" : "text";
    this.#flags = flags;
  }

  translate(): { readonly text: string; readonly ignoreCase: boolean } {
    const inline = /^\(\?([aimsux]+)\)/.exec(this.#pattern);
    if (inline !== null) {
      const letters = inline[1] ?? "";
      this.#at = inline[0].length;
      this.#flags = {
        ...this.#flags,
        ...(letters.includes("i") ? { ignoreCase: true } : {}),
        ...(letters.includes("m") ? { multiline: true } : {}),
        ...(letters.includes("s") ? { dotAll: true } : {}),
        ...(letters.includes("x") ? { verbose: true } : {}),
      };
    }
    let text = "";
    while (this.#at < this.#pattern.length) text += this.#next();
    return { text, ignoreCase: this.#flags.ignoreCase === true };
  }

  #next(): string {
    const character = this.#take();
    switch (character) {
      case "^":
        return this.#flags.multiline === true ? "(?<![^\\n])" : "(?<![\\s\\S])";
      case "$":
        return this.#flags.multiline === true ? "(?![^\\n])" : "(?=\\n?(?![\\s\\S]))";
      case ".":
        return this.#flags.dotAll === true ? "[\\s\\S]" : "[^\\n]";
      case "\\":
        return this.#escape(false);
      case "[":
        return this.#set();
      case "(":
        return this.#group();
      case "{":
        return this.#repeat();
      case "]":
      case "}":
      case "/":
        return `\\${character}`;
      case "#":
        if (this.#flags.verbose !== true) return character;
        while (this.#at < this.#pattern.length && this.#pattern[this.#at] !== "\n") this.#at++;
        return "";
      case "*":
      case "+":
      case "?":
        if (this.#pattern[this.#at] === "+") throw this.#unusable("possessive repeats");
        return character;
      default:
        return this.#flags.verbose === true && /[ \t\n\r\f\v]/.test(character) ? "" : character;
    }
  }

  #take(): string {
    const code = this.#pattern.codePointAt(this.#at) ?? 0;
    const character = this.#kind === "text" ? String.fromCodePoint(code) : (this.#pattern[this.#at] ?? "");
    this.#at += character.length;
    return character;
  }

  #repeat(): string {
    const match = /^(\d*)(,?)(\d*)\}/.exec(this.#pattern.slice(this.#at));
    if (match === null || (match[1] === "" && match[3] === "")) return "\\{";
    this.#at += match[0].length;
    if (this.#pattern[this.#at] === "+") throw this.#unusable("possessive repeats");
    return `{${match[1] === "" ? "0" : (match[1] ?? "0")}${match[2] ?? ""}${match[3] ?? ""}}`;
  }

  #group(): string {
    const rest = this.#pattern.slice(this.#at);
    const named = /^\?P<([A-Za-z_]\w*)>/.exec(rest);
    if (named !== null) {
      this.#at += named[0].length;
      return `(?<${named[1] ?? ""}>`;
    }
    const back = /^\?P=([A-Za-z_]\w*)\)/.exec(rest);
    if (back !== null) {
      this.#at += back[0].length;
      return `\\k<${back[1] ?? ""}>`;
    }
    const comment = /^\?#[^)]*\)/.exec(rest);
    if (comment !== null) {
      this.#at += comment[0].length;
      return "";
    }
    const plain = /^\?(?::|=|!|<=|<!)/.exec(rest);
    if (plain !== null) {
      this.#at += plain[0].length;
      return `(${plain[0]}`;
    }
    if (rest.startsWith("?")) throw this.#unusable(`the group (${rest.slice(0, 3)}`);
    return "(";
  }

  #set(): string {
    let text = "[";
    if (this.#pattern[this.#at] === "^") {
      text += "^";
      this.#at++;
    }
    for (let first = true; ; first = false) {
      if (this.#at >= this.#pattern.length) throw new PyError("error", "unterminated character set at position 0");
      const character = this.#take();
      if (character === "]" && !first) return `${text}]`;
      if (character === "\\") text += this.#escape(true);
      else text += /[[\]^]/.test(character) ? `\\${character}` : character;
    }
  }

  #escape(inSet: boolean): string {
    if (this.#at >= this.#pattern.length) throw new PyError("error", `bad escape (end of pattern) at position ${this.#at - 1}`);
    const letter = this.#take();
    const classes = { d: DIGIT, w: WORD, s: SPACE }[letter.toLowerCase()];
    if (classes !== undefined && /[dwsDWS]/.test(letter)) return this.#class(classes[this.#kind], letter !== letter.toLowerCase(), inSet);
    const control = Object.hasOwn(CONTROL, letter) ? CONTROL[letter] : undefined;
    if (control !== undefined) return control;
    if (letter === "b" && inSet) return "\\x08";
    if (letter === "b" || letter === "B") return this.#boundary(letter === "B");
    if (letter === "A") return "(?<![\\s\\S])";
    if (letter === "Z") return "(?![\\s\\S])";
    if (letter === "x" || letter === "u" || letter === "U") return this.#code(letter);
    if (/[0-9]/.test(letter)) return this.#number(letter, inSet);
    if (/[A-Za-z]/.test(letter)) throw new PyError("error", `bad escape \\${letter} at position ${this.#at - 2}`);
    return /[\^$\\.*+?()[\]{}|/-]/.test(letter) ? (letter === "-" && !inSet ? "-" : `\\${letter}`) : letter;
  }

  #class(members: string, negated: boolean, inSet: boolean): string {
    if (!inSet) return `[${negated ? "^" : ""}${members}]`;
    if (!negated) return members;
    if (this.#kind === "bytes") return members === DIGIT.bytes ? "\\D" : members === WORD.bytes ? "\\W" : "\\x00-\\x08\\x0e-\\x1f!-\\xff";
    throw this.#unusable("a negated class in a character set");
  }

  #boundary(negated: boolean): string {
    if (this.#kind === "bytes") return negated ? "\\B" : "\\b";
    const word = `[${WORD.text}]`;
    return negated ? `(?:(?<=${word})(?=${word})|(?<!${word})(?!${word}))` : `(?:(?<=${word})(?!${word})|(?<!${word})(?=${word}))`;
  }

  #code(letter: string): string {
    const length = { x: 2, u: 4, U: 8 }[letter] ?? 2;
    const digits = this.#pattern.slice(this.#at, this.#at + length);
    if (!new RegExp(`^[0-9a-fA-F]{${length}}$`).test(digits) || (letter !== "x" && this.#kind === "bytes"))
      throw new PyError("error", `incomplete escape \\${letter}${digits} at position ${this.#at - 2}`);
    this.#at += length;
    const code = Number.parseInt(digits, 16);
    return this.#kind === "text" ? `\\u{${code.toString(16)}}` : `\\x${digits}`;
  }

  #number(first: string, inSet: boolean): string {
    const octal = /^[0-7]{0,2}/.exec(this.#pattern.slice(this.#at))?.[0] ?? "";
    if (first === "0" || inSet || octal.length === 2) {
      this.#at += octal.length;
      return `\\x${(Number.parseInt(first + octal, 8) & 0xff).toString(16).padStart(2, "0")}`;
    }
    const second = /^[0-9]/.exec(this.#pattern.slice(this.#at))?.[0] ?? "";
    this.#at += second.length;
    return `(?:\\${first}${second})`;
  }

  #unusable(what: string): PyError {
    return new PyError("error", `${what} of the regular expression ${JSON.stringify(this.#pattern)} cannot be used here`);
  }
}

/** `re.escape`. */
export function escapeRegex(text: string): string {
  return text.replace(/[()[\]{}?*+\-|^$\\.&~# \t\n\r\v\f]/g, (character) => `\\${character}`);
}

/**
 * `re.subn`: the replaced text and how often. The template knows `\1`, `\g<1>`, `\g<name>` and the control escapes.
 *
 * @throws PyError `error` for a template that names no group or has an unknown escape
 */
export function substitute(
  pattern: RegExp,
  template: string,
  text: string,
  count: number,
): { readonly text: string; readonly times: number } {
  const parts = templateParts(template);
  let [out, from, times] = ["", 0, 0];
  pattern.lastIndex = 0;
  for (const match of text.matchAll(pattern)) {
    if (count > 0 && times >= count) break;
    out += text.slice(from, match.index) + parts.map((part) => (typeof part === "string" ? part : groupOf(match, part.group))).join("");
    from = match.index + match[0].length;
    times++;
  }
  return { text: out + text.slice(from), times };
}

function groupOf(match: RegExpMatchArray, group: string): string {
  if (/^\d+$/.test(group)) {
    if (Number(group) >= match.length) throw new PyError("error", `invalid group reference ${group} at position 1`);
    return match[Number(group)] ?? "";
  }
  if (!Object.hasOwn(match.groups ?? {}, group)) throw new PyError("IndexError", `unknown group name '${group}'`);
  return match.groups?.[group] ?? "";
}

function templateParts(template: string): (string | { readonly group: string })[] {
  const parts: (string | { readonly group: string })[] = [];
  const pattern = /\\(?:g<([^>]*)>|([1-9][0-9]?)|([0-7]{1,3})|([\s\S]))|[^\\]+|\\$/g;
  for (const [all, named, number, octal, letter] of template.matchAll(pattern)) {
    if (named !== undefined) parts.push({ group: named });
    else if (number !== undefined) parts.push({ group: number });
    else if (octal !== undefined) parts.push(String.fromCharCode(Number.parseInt(octal, 8)));
    else if (letter === undefined) {
      if (all === "\\") throw new PyError("error", "bad escape (end of pattern) at position 0");
      parts.push(all);
    } else {
      const control = { n: "\n", t: "\t", r: "\r", f: "\f", v: "\v", a: "\x07", b: "\b", "\\": "\\" }[letter];
      if (control === undefined && /[A-Za-z]/.test(letter)) throw new PyError("error", `bad escape \\${letter} at position 0`);
      parts.push(control ?? `\\${letter}`);
    }
  }
  return parts;
}
