import { PyError } from "../value.ts";

/** A pattern as a tree. */
export type Node =
  | { readonly kind: "char"; readonly char: string; readonly ignoreCase: boolean }
  | { readonly kind: "any"; readonly dotAll: boolean }
  | {
      readonly kind: "set";
      readonly negated: boolean;
      readonly items: readonly SetItem[];
      readonly ignoreCase: boolean;
      readonly ascii: boolean;
    }
  | {
      readonly kind: "at";
      readonly where: "start" | "line-start" | "end" | "line-end" | "absolute-end" | "boundary" | "no-boundary";
      readonly ascii: boolean;
    }
  | { readonly kind: "sequence"; readonly items: readonly Node[] }
  | { readonly kind: "choice"; readonly options: readonly Node[] }
  | { readonly kind: "group"; readonly index: number; readonly body: Node }
  | { readonly kind: "atomic"; readonly body: Node }
  | { readonly kind: "look"; readonly ahead: boolean; readonly negated: boolean; readonly body: Node; readonly width: number }
  | { readonly kind: "reference"; readonly index: number; readonly ignoreCase: boolean }
  | { readonly kind: "conditional"; readonly index: number; readonly yes: Node; readonly no: Node }
  | {
      readonly kind: "repeat";
      readonly body: Node;
      readonly least: number;
      readonly most: number;
      readonly mode: "greedy" | "lazy" | "possessive";
    };

export type SetItem = { readonly from: string; readonly to: string } | { readonly category: "d" | "D" | "s" | "S" | "w" | "W" };

export interface Parsed {
  readonly root: Node;
  readonly groupCount: number;
  readonly names: ReadonlyMap<string, number>;
}

export interface RegexFlags {
  readonly ignoreCase?: boolean;
  readonly multiline?: boolean;
  readonly dotAll?: boolean;
  readonly verbose?: boolean;
  readonly ascii?: boolean;
}

/** Python's `re.error`. */
function regexError(message: string, position: number): PyError {
  return new PyError("error", `${message} at position ${position}`);
}

const SIMPLE: Readonly<Record<string, string>> = { a: "\x07", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t", v: "\v", "\\": "\\" };

/** Parses a pattern of Python's `re` (CPython 3.11, Lib/re/_parser.py). @throws PyError `error` with Python's message and position */
export function parseRegex(pattern: string, flags: RegexFlags): Parsed {
  return new RegexParser(pattern, flags).parse();
}

class RegexParser {
  readonly #points: readonly string[];
  #flags: Required<RegexFlags>;
  #at = 0;
  #groups = 0;
  #depth = 0;
  readonly #names = new Map<string, number>();
  readonly #open = new Set<number>();
  readonly #widths = new Map<number, readonly [number, number]>();

  constructor(pattern: string, flags: RegexFlags) {
    this.#points = Array.from(pattern);
    this.#flags = { ignoreCase: false, multiline: false, dotAll: false, verbose: false, ascii: false, ...flags };
  }

  parse(): Parsed {
    this.#globalFlags();
    const root = this.#choice();
    if (this.#at < this.#points.length) throw regexError("unbalanced parenthesis", this.#at);
    return { root, groupCount: this.#groups, names: this.#names };
  }

  #peek(offset = 0): string | undefined {
    return this.#points[this.#at + offset];
  }

  #globalFlags(): void {
    const found = /^\(\?([aiLmsux]+)\)/.exec(this.#points.join(""));
    if (found === null) return;
    for (const flag of found[1] ?? "") this.#flags = this.#withFlag(this.#flags, flag, true, 2);
    this.#at += found[0].length;
  }

  #withFlag(flags: Required<RegexFlags>, flag: string, on: boolean, position: number): Required<RegexFlags> {
    switch (flag) {
      case "i":
        return { ...flags, ignoreCase: on };
      case "m":
        return { ...flags, multiline: on };
      case "s":
        return { ...flags, dotAll: on };
      case "x":
        return { ...flags, verbose: on };
      case "a":
        return { ...flags, ascii: true };
      case "u":
        return { ...flags, ascii: false };
      case "L":
        throw regexError("bad inline flags: cannot use 'L' flag with a str pattern", position);
      default:
        throw regexError("unknown flag", position);
    }
  }

  #choice(): Node {
    if (++this.#depth > 200) throw new PyError("RecursionError", "the pattern is nested too deeply");
    const options = [this.#sequence()];
    while (this.#peek() === "|") {
      this.#at++;
      options.push(this.#sequence());
    }
    this.#depth--;
    const [only] = options;
    return options.length === 1 && only !== undefined ? only : { kind: "choice", options };
  }

  #skipVerbose(): boolean {
    if (!this.#flags.verbose) return false;
    const next = this.#peek();
    if (next !== undefined && /[ \t\n\r\v\f]/.test(next)) {
      this.#at++;
      return true;
    }
    if (next !== "#") return false;
    while (this.#peek() !== undefined && this.#peek() !== "\n") this.#at++;
    return true;
  }

  #sequence(): Node {
    const items: Node[] = [];
    for (;;) {
      if (this.#skipVerbose()) continue;
      const next = this.#peek();
      if (next === undefined || next === "|" || next === ")") break;
      const start = this.#at;
      const repeat = this.#quantifier();
      if (repeat !== undefined) {
        const body = items.pop();
        if (body === undefined || body.kind === "at") throw regexError("nothing to repeat", start);
        if (body.kind === "repeat") throw regexError("multiple repeat", start);
        items.push({ kind: "repeat", body, ...repeat });
        continue;
      }
      const atom = this.#atom();
      if (atom !== undefined) items.push(atom);
    }
    const [only] = items;
    return items.length === 1 && only !== undefined ? only : { kind: "sequence", items };
  }

  #quantifier(): { readonly least: number; readonly most: number; readonly mode: "greedy" | "lazy" | "possessive" } | undefined {
    const start = this.#at;
    const next = this.#peek();
    let least = 0;
    let most = Infinity;
    if (next === "*") this.#at++;
    else if (next === "+") {
      least = 1;
      this.#at++;
    } else if (next === "?") {
      most = 1;
      this.#at++;
    } else if (next === "{") {
      const found = /^\{([0-9]*)(?:(,)([0-9]*))?\}/.exec(this.#points.slice(start, start + 24).join(""));
      // `{` that begins no quantifier, and `{}`, stand for themselves.
      if (found === null || found[0] === "{}") return undefined;
      const [all, low = "", comma, high = ""] = found;
      least = low === "" ? 0 : Number(low);
      most = comma === undefined ? least : high === "" ? Infinity : Number(high);
      if (most < least) throw regexError("min repeat greater than max repeat", start + 1);
      if (least >= 4294967295 || (most !== Infinity && most >= 4294967295))
        throw new PyError("OverflowError", "the repetition number is too large");
      this.#at += all.length;
    } else return undefined;
    if (this.#peek() === "?") {
      this.#at++;
      return { least, most, mode: "lazy" };
    }
    if (this.#peek() === "+") {
      this.#at++;
      return { least, most, mode: "possessive" };
    }
    return { least, most, mode: "greedy" };
  }

  #atom(): Node | undefined {
    const start = this.#at;
    const next = this.#points[this.#at++] ?? "";
    const { ascii } = this.#flags;
    switch (next) {
      case ".":
        return { kind: "any", dotAll: this.#flags.dotAll };
      case "^":
        return { kind: "at", where: this.#flags.multiline ? "line-start" : "start", ascii };
      case "$":
        return { kind: "at", where: this.#flags.multiline ? "line-end" : "end", ascii };
      case "[":
        return this.#set(start);
      case "(":
        return this.#group(start);
      case "\\":
        return this.#escape(start);
      default:
        return this.#char(next);
    }
  }

  #char(char: string): Node {
    return { kind: "char", char, ignoreCase: this.#flags.ignoreCase };
  }

  #category(category: "d" | "D" | "s" | "S" | "w" | "W"): Node {
    return { kind: "set", negated: false, items: [{ category }], ignoreCase: false, ascii: this.#flags.ascii };
  }

  #escape(start: number): Node {
    const next = this.#points[this.#at++];
    if (next === undefined) throw regexError("bad escape (end of pattern)", start);
    const { ascii } = this.#flags;
    switch (next) {
      case "A":
        return { kind: "at", where: "start", ascii };
      case "Z":
        return { kind: "at", where: "absolute-end", ascii };
      case "b":
        return { kind: "at", where: "boundary", ascii };
      case "B":
        return { kind: "at", where: "no-boundary", ascii };
      case "d":
      case "D":
      case "s":
      case "S":
      case "w":
      case "W":
        return this.#category(next);
      default:
        break;
    }
    if (/[1-9]/.test(next)) return this.#backReference(start, next);
    return this.#char(this.#charEscape(start, next));
  }

  #backReference(start: number, first: string): Node {
    let digits = first;
    const second = this.#peek();
    if (second !== undefined && /[0-9]/.test(second)) {
      const third = this.#peek(1);
      if (/[0-3]/.test(first) && /[0-7]/.test(second) && third !== undefined && /[0-7]/.test(third)) {
        this.#at += 2;
        return this.#char(String.fromCodePoint(Number.parseInt(first + second + third, 8)));
      }
      digits += second;
      this.#at++;
    }
    return this.#reference(Number(digits), start, digits);
  }

  #reference(index: number, start: number, shown: string): Node {
    if (index > this.#groups) throw regexError(`invalid group reference ${shown}`, start + 1);
    if (this.#open.has(index)) throw regexError("cannot refer to an open group", start);
    return { kind: "reference", index, ignoreCase: this.#flags.ignoreCase };
  }

  /** The character that an escape stands for, in and out of sets. */
  #charEscape(start: number, next: string): string {
    const simple = SIMPLE[next];
    if (simple !== undefined && next !== "b") return simple;
    const widths: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };
    const width = widths[next];
    if (width !== undefined) {
      const digits = this.#points.slice(this.#at, this.#at + width).join("");
      const found = /^[0-9a-fA-F]*/.exec(digits)?.[0] ?? "";
      if (found.length !== width) throw regexError(`incomplete escape \\${next}${found}`, start);
      this.#at += width;
      const code = Number.parseInt(found, 16);
      if (code > 0x10ffff) throw regexError(`bad escape \\${next}${found}`, start);
      return String.fromCodePoint(code);
    }
    if (next === "0") {
      const found = /^[0-7]{0,2}/.exec(this.#points.slice(this.#at, this.#at + 2).join(""))?.[0] ?? "";
      this.#at += found.length;
      return String.fromCodePoint(Number.parseInt(`0${found}`, 8));
    }
    if (next === "N") throw regexError("named characters (\\N{…}) are not offered", start);
    if (/[A-Za-z]/.test(next)) throw regexError(`bad escape \\${next}`, start);
    return next;
  }

  #set(start: number): Node {
    const items: SetItem[] = [];
    let negated = false;
    if (this.#peek() === "^") {
      negated = true;
      this.#at++;
    }
    let first = true;
    for (;;) {
      const itemStart = this.#at;
      const next = this.#points[this.#at++];
      if (next === undefined) throw regexError("unterminated character set", start);
      if (next === "]" && !first) break;
      first = false;
      const low = next === "\\" ? this.#setEscape(itemStart) : next;
      if (this.#peek() === "-" && this.#peek(1) !== undefined && this.#peek(1) !== "]") {
        this.#at++;
        const highStart = this.#at;
        const raw = this.#points[this.#at++] ?? "";
        const high = raw === "\\" ? this.#setEscape(highStart) : raw;
        const shown = this.#points.slice(itemStart, this.#at).join("");
        if (typeof low !== "string" || typeof high !== "string" || (high.codePointAt(0) ?? 0) < (low.codePointAt(0) ?? 0)) {
          throw regexError(`bad character range ${shown}`, itemStart);
        }
        items.push({ from: low, to: high });
      } else if (this.#peek() === "-" && this.#peek(1) === undefined) throw regexError("unterminated character set", start);
      else items.push(typeof low === "string" ? { from: low, to: low } : low);
    }
    return { kind: "set", negated, items, ignoreCase: this.#flags.ignoreCase, ascii: this.#flags.ascii };
  }

  #setEscape(start: number): string | SetItem {
    const next = this.#points[this.#at++];
    if (next === undefined) throw regexError("bad escape (end of pattern)", start);
    if (next === "b") return "\b";
    if (next === "d" || next === "D" || next === "s" || next === "S" || next === "w" || next === "W") return { category: next };
    if (/[1-7]/.test(next)) {
      const found = /^[0-7]{0,2}/.exec(this.#points.slice(this.#at, this.#at + 2).join(""))?.[0] ?? "";
      this.#at += found.length;
      return String.fromCodePoint(Number.parseInt(next + found, 8));
    }
    return this.#charEscape(start, next);
  }

  #group(start: number): Node | undefined {
    if (this.#peek() !== "?") return this.#capture(start, undefined);
    this.#at++;
    const next = this.#points[this.#at++];
    switch (next) {
      case undefined:
        throw regexError("unexpected end of pattern", this.#points.length);
      case ":":
        return this.#close(start, this.#choice());
      case ">":
        return this.#close(start, { kind: "atomic", body: this.#choice() });
      case "=":
      case "!":
        return this.#look(start, true, next === "!");
      case "#":
        while (this.#peek() !== undefined && this.#peek() !== ")") this.#at++;
        if (this.#peek() === undefined) throw regexError("missing ), unterminated comment", start);
        this.#at++;
        return undefined;
      case "P":
        return this.#named(start);
      case "(":
        return this.#conditional(start);
      case "<": {
        const kind = this.#points[this.#at++];
        if (kind === undefined) throw regexError("unexpected end of pattern", this.#points.length);
        if (kind !== "=" && kind !== "!") throw regexError(`unknown extension ?<${kind}`, start + 1);
        return this.#look(start, false, kind === "!");
      }
      default:
        return this.#flagGroup(start, next);
    }
  }

  #close(start: number, node: Node): Node {
    if (this.#peek() !== ")") throw regexError("missing ), unterminated subpattern", start);
    this.#at++;
    return node;
  }

  #capture(start: number, name: string | undefined): Node {
    const index = ++this.#groups;
    if (name !== undefined) {
      const earlier = this.#names.get(name);
      if (earlier !== undefined) {
        throw regexError(`redefinition of group name '${name}' as group ${index}; was group ${earlier}`, start + 4);
      }
      this.#names.set(name, index);
    }
    this.#open.add(index);
    const body = this.#close(start, this.#choice());
    this.#open.delete(index);
    this.#widths.set(index, widthOf(body, this.#widths));
    return { kind: "group", index, body };
  }

  #look(start: number, ahead: boolean, negated: boolean): Node {
    const body = this.#close(start, this.#choice());
    let width = 0;
    if (!ahead) {
      const [least, most] = widthOf(body, this.#widths);
      if (least !== most) throw new PyError("error", "look-behind requires fixed-width pattern");
      width = least;
    }
    return { kind: "look", ahead, negated, body, width };
  }

  #name(end: string): string {
    const start = this.#at;
    while (this.#peek() !== undefined && this.#peek() !== end) this.#at++;
    const name = this.#points.slice(start, this.#at).join("");
    if (this.#peek() === undefined) {
      throw regexError(name === "" ? "missing group name" : `missing ${end}, unterminated name`, start);
    }
    this.#at++;
    if (name === "") throw regexError("missing group name", start);
    return name;
  }

  #named(start: number): Node {
    const next = this.#points[this.#at++];
    if (next === "<") {
      const at = this.#at;
      const name = this.#name(">");
      if (!/^[\p{XID_Start}_]\p{XID_Continue}*$/u.test(name)) throw regexError(`bad character in group name '${name}'`, at);
      return this.#capture(start, name);
    }
    if (next === "=") {
      const at = this.#at;
      const name = this.#name(")");
      const index = this.#names.get(name);
      if (index === undefined) throw regexError(`unknown group name '${name}'`, at);
      return this.#reference(index, at, name);
    }
    if (next === undefined) throw regexError("unexpected end of pattern", this.#points.length);
    throw regexError(`unknown extension ?P${next}`, start + 1);
  }

  #conditional(start: number): Node {
    const at = this.#at;
    const name = this.#name(")");
    const index = /^[0-9]+$/.test(name) ? Number(name) : this.#names.get(name);
    if (index === undefined) throw regexError(`unknown group name '${name}'`, at);
    if (index === 0) throw regexError("bad group number", at);
    const yes = this.#sequence();
    let no: Node = { kind: "sequence", items: [] };
    if (this.#peek() === "|") {
      this.#at++;
      no = this.#sequence();
      if (this.#peek() === "|") throw regexError("conditional backref with more than two branches", this.#at);
    }
    if (index > this.#groups) throw regexError(`invalid group reference ${index}`, at);
    return this.#close(start, { kind: "conditional", index, yes, no });
  }

  #flagGroup(start: number, first: string): Node {
    let flags = this.#flags;
    let on = true;
    let mark: string | undefined = first;
    for (;;) {
      if (mark === undefined) throw regexError("missing -, : or )", this.#points.length);
      if (mark === ":") break;
      if (mark === ")") throw regexError("global flags not at the start of the expression", start);
      if (mark === "-") on = false;
      else if (/[aiLmsux]/.test(mark)) flags = this.#withFlag(flags, mark, on, this.#at);
      else throw regexError(/[a-zA-Z]/.test(mark) && mark !== first ? "unknown flag" : `unknown extension ?${mark}`, start + 1);
      mark = this.#points[this.#at++];
    }
    const outer = this.#flags;
    this.#flags = flags;
    const body = this.#close(start, this.#choice());
    this.#flags = outer;
    return body;
  }
}

/** The least and most characters that a node matches. */
function widthOf(node: Node, groups: ReadonlyMap<number, readonly [number, number]>): readonly [number, number] {
  switch (node.kind) {
    case "char":
    case "any":
    case "set":
      return [1, 1];
    case "at":
    case "look":
      return [0, 0];
    case "sequence": {
      let least = 0;
      let most = 0;
      for (const item of node.items) {
        const [low, high] = widthOf(item, groups);
        least += low;
        most += high;
      }
      return [least, most];
    }
    case "choice": {
      const widths = node.options.map((option) => widthOf(option, groups));
      return [Math.min(...widths.map(([low]) => low)), Math.max(...widths.map(([, high]) => high))];
    }
    case "group":
    case "atomic":
      return widthOf(node.body, groups);
    case "reference":
      return groups.get(node.index) ?? [0, 0];
    case "conditional": {
      const [a, b] = widthOf(node.yes, groups);
      const [c, d] = widthOf(node.no, groups);
      return [Math.min(a, c), Math.max(b, d)];
    }
    default: {
      const [low, high] = widthOf(node.body, groups);
      return [low * node.least, node.most === 0 || high === 0 ? 0 : high * node.most];
    }
  }
}
