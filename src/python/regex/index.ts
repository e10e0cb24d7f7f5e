import { PyError } from "../value.ts";
import { compileNode, step, type MatchState } from "./match.ts";
import { parseRegex, type RegexFlags } from "./parse.ts";

export type { RegexFlags } from "./parse.ts";

/** One match. Positions count code points. */
export interface RegexMatch {
  readonly start: number;
  readonly end: number;
  /** Group 0 is the whole match; `null` where a group took no part. */
  readonly groups: readonly (string | null)[];
}

/** A pattern of Python's `re` module, matched as CPython matches it, with a bound on the work (CPython 3.11). */
export class PyRegex {
  readonly pattern: string;
  readonly groupCount: number;
  readonly names: ReadonlyMap<string, number>;
  readonly #run: ReturnType<typeof compileNode>;

  /** @throws PyError `error` (Python's `re.error`) for a pattern that is none */
  constructor(pattern: string, flags: RegexFlags = {}) {
    const parsed = parseRegex(pattern, flags);
    this.pattern = pattern;
    this.groupCount = parsed.groupCount;
    this.names = parsed.names;
    this.#run = compileNode(parsed.root);
  }

  /** `re.match`: at the start. @throws PyError RuntimeError where it takes too many steps */
  match(text: string): RegexMatch | undefined {
    return this.#from(this.#state(text), 0, false);
  }

  /** `re.fullmatch`. */
  fullmatch(text: string): RegexMatch | undefined {
    return this.#from(this.#state(text), 0, true);
  }

  /** `re.search`: anywhere. */
  search(text: string): RegexMatch | undefined {
    const state = this.#state(text);
    for (let at = 0; at <= state.points.length; at++) {
      const found = this.#from(state, at, false);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** `re.sub(template, text)`; `count` 0 means all. @throws PyError `error` for a bad template */
  sub(template: string, text: string, count = 0): string {
    const parts = parseTemplate(template, this);
    const state = this.#state(text);
    const out: string[] = [];
    let last = 0;
    let done = 0;
    for (const found of this.#all(state)) {
      if (count > 0 && done >= count) break;
      done++;
      out.push(state.points.slice(last, found.start).join(""));
      for (const part of parts) out.push(typeof part === "string" ? part : (found.groups[part] ?? ""));
      last = found.end;
    }
    out.push(state.points.slice(last).join(""));
    return out.join("");
  }

  /** `re.finditer`: matches one after another; an empty one may stand right behind another, as since Python 3.7. */
  findAll(text: string): RegexMatch[] {
    return [...this.#all(this.#state(text))];
  }

  *#all(state: MatchState): Generator<RegexMatch> {
    let at = 0;
    let mustAdvance = -1;
    while (at <= state.points.length) {
      const found = this.#from(state, at, false, at === mustAdvance);
      if (found === undefined) {
        at++;
        continue;
      }
      yield found;
      at = found.end;
      // Behind an empty match the next must take something; behind any other an empty one may follow.
      mustAdvance = found.end === found.start ? found.end : -1;
    }
  }

  #state(text: string): MatchState {
    return { points: Array.from(text), starts: [], ends: [], steps: 0 };
  }

  #from(state: MatchState, at: number, whole: boolean, mustAdvance = false): RegexMatch | undefined {
    for (let index = 0; index <= this.groupCount; index++) {
      state.starts[index] = -1;
      state.ends[index] = -1;
    }
    let end = -1;
    const accept = (after: number): boolean => {
      if ((whole && after !== state.points.length) || (mustAdvance && after === at)) return false;
      end = after;
      return true;
    };
    step(state);
    try {
      if (!this.#run(state, at, accept)) return undefined;
    } catch (error) {
      if (error instanceof RangeError) {
        throw new PyError("RuntimeError", "the pattern is too deeply nested for this text", { cause: error });
      }
      throw error;
    }
    state.starts[0] = at;
    state.ends[0] = end;
    const groups = state.ends.map((stop, index) => (stop < 0 ? null : state.points.slice(state.starts[index], stop).join("")));
    return { start: at, end, groups };
  }
}

/** Splits a replacement into texts and group numbers (Lib/re/_parser.py, parse_template). */
function parseTemplate(template: string, regex: PyRegex): (string | number)[] {
  const parts: (string | number)[] = [];
  const group = (index: number, shown: string, at: number): number => {
    if (index > regex.groupCount) throw new PyError("error", `invalid group reference ${shown} at position ${at}`);
    return index;
  };
  const pieces = /\\(?:g<([^>]*)>|(0[0-7]{0,2})|([1-9][0-9]?)|([^]?))|[^\\]+/gu;
  for (const found of template.matchAll(pieces)) {
    const [all, name, octal, number, other] = found;
    if (!all.startsWith("\\")) parts.push(all);
    else if (name !== undefined) {
      const index = /^[0-9]+$/.test(name) ? Number(name) : regex.names.get(name);
      if (name === "") throw new PyError("error", `missing group name at position ${found.index + 3}`);
      if (index === undefined) {
        if (/^[\p{XID_Start}_]\p{XID_Continue}*$/u.test(name)) throw new PyError("IndexError", `unknown group name '${name}'`);
        throw new PyError("error", `bad character in group name '${name}' at position ${found.index + 3}`);
      }
      parts.push(group(index, name, found.index + 3));
    } else if (octal !== undefined) parts.push(String.fromCharCode(Number.parseInt(octal, 8)));
    else if (number !== undefined) parts.push(group(Number(number), number, found.index + 1));
    else parts.push(templateEscape(other ?? "", found.index));
  }
  return parts;
}

function templateEscape(letter: string, at: number): string {
  const known: Readonly<Record<string, string>> = { a: "\x07", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v", "\\": "\\" };
  const text = known[letter];
  if (text !== undefined) return text;
  if (letter === "") throw new PyError("error", `bad escape (end of pattern) at position ${at}`);
  if (letter === "g") throw new PyError("error", `missing < at position ${at + 2}`);
  if (/[A-Za-z]/.test(letter)) throw new PyError("error", `bad escape \\${letter} at position ${at}`);
  return `\\${letter}`;
}

/** `re.escape(text)`. */
export function escapeRegex(text: string): string {
  return text.replaceAll(/[()[\]{}?*+\-|^$\\.&~# \t\n\r\v\f]/g, (character) => `\\${character}`);
}
