import { int, PyFloat, stringRepr } from "../../python/index.ts";
import type { Syntax } from "../types.ts";
import { BadStringLiteral, readStringLiteral } from "./stringliteral.ts";
import { OPERATORS, type Token, type TokenType } from "./token.ts";

/** What Python's `\s` and `str.isspace` mean. */
const SPACE = "[ \\t\\n\\r\\f\\v\\x1c-\\x1f\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
/** The same without newlines. */
const BLANK = "[ \\t\\f\\v\\x1c-\\x1f\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
const SPACE_AT_END = new RegExp(`${SPACE}+$`);
const ONLY_SPACE = new RegExp(`^${SPACE}+$`);
const LINE_START = "(?<![^\\n])";
const LINE_END = "(?![^\\n])";

const FLOAT = "(?<!\\.)(?:[0-9]+_)*[0-9]+(?:(?:\\.(?:[0-9]+_)*[0-9]+)?[eE][+\\-]?(?:[0-9]+_)*[0-9]+|\\.(?:[0-9]+_)*[0-9]+)";
const INTEGER = "0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[0-9a-fA-F])+|[1-9](?:_?[0-9])*|0(?:_?0)*";
const NAME = "[\\p{L}\\p{N}\\p{M}\\p{Pc}\\u00b7\\u0387\\u212e\\u2118]+";
const STRING = `'(?:[^'\\\\]*(?:\\\\[^][^'\\\\]*)*)'|"(?:[^"\\\\]*(?:\\\\[^][^"\\\\]*)*)"`;
const OPERATOR = "\\*\\*|\\/\\/|==|!=|>=|<=|[+\\-/*%~\\[\\](){}><=.:|,;]";
const IDENTIFIER = /^[\p{XID_Start}_][\p{XID_Continue}]*$/u;
const ASCII_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

type State = "root" | "comment" | "block" | "variable" | "raw" | "linestatement" | "linecomment";

function quote(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}

interface Rule {
  readonly state: State;
  readonly source: string;
  readonly length: number;
  /** Jinja's token name, by which rules of one length are ordered. */
  readonly name: string;
}

/**
 * Splits a template into tokens as jinja2/lexer.py does, with the same rules in the same order. One lexer serves every
 * template of one syntax. An error stands as the last token, so that the parser meets it where Jinja's would.
 */
export class Lexer {
  readonly syntax: Syntax;
  readonly #states: readonly State[];
  readonly #root: RegExp;
  readonly #commentEnd: RegExp;
  readonly #rawEnd: RegExp;
  readonly #blockEnd: RegExp;
  readonly #variableEnd: RegExp;
  readonly #lineEnd: RegExp;
  readonly #inTag: RegExp;

  constructor(syntax: Syntax) {
    this.syntax = syntax;
    const blockStart = quote(syntax.block_start_string);
    const blockEnd = quote(syntax.block_end_string);
    const variableEnd = quote(syntax.variable_end_string);
    const commentEnd = quote(syntax.comment_end_string);
    const suffix = syntax.trim_blocks ? "\\n?" : "";
    const rules: Rule[] = [
      { state: "comment", source: quote(syntax.comment_start_string), length: syntax.comment_start_string.length, name: "comment_begin" },
      { state: "block", source: blockStart, length: syntax.block_start_string.length, name: "block_begin" },
      {
        state: "variable",
        source: quote(syntax.variable_start_string),
        length: syntax.variable_start_string.length,
        name: "variable_begin",
      },
    ];
    const { line_statement_prefix: statement, line_comment_prefix: comment } = syntax;
    if (statement !== null) {
      rules.push({
        state: "linestatement",
        source: `${LINE_START}[ \\t\\v]*${quote(statement)}`,
        length: statement.length,
        name: "linestatement_begin",
      });
    }
    if (comment !== null) {
      const source = `(?:${LINE_START}|(?<=[^ \\t\\n\\r\\f\\v]))${BLANK}*${quote(comment)}`;
      rules.push({ state: "linecomment", source, length: comment.length, name: "linecomment_begin" });
    }
    rules.sort((a, b) => b.length - a.length || (a.name < b.name ? 1 : -1));
    this.#states = ["raw", ...rules.map((rule) => rule.state)];
    const raw = `(${blockStart}(-|\\+|)${SPACE}*raw${SPACE}*(?:-${blockEnd}${SPACE}*|${blockEnd}))`;
    this.#root = new RegExp([raw, ...rules.map((rule) => `(${rule.source}(-|\\+|))`)].join("|"), "g");
    const ending = `(?:\\+${blockEnd}|-${blockEnd}${SPACE}*|${blockEnd}${suffix})`;
    this.#commentEnd = new RegExp(`(?:\\+${commentEnd}|-${commentEnd}${SPACE}*|${commentEnd}${suffix})`, "g");
    this.#rawEnd = new RegExp(`${blockStart}(-|\\+|)${SPACE}*endraw${SPACE}*${ending}`, "g");
    this.#blockEnd = new RegExp(ending, "y");
    this.#variableEnd = new RegExp(`-${variableEnd}${SPACE}*|${variableEnd}`, "y");
    this.#lineEnd = new RegExp(`${SPACE}*(?:\\n|${LINE_END})`, "y");
    this.#inTag = new RegExp(`(${SPACE}+)|(${FLOAT})|(${INTEGER})|(${NAME})|(${STRING})|(${OPERATOR})`, "yu");
  }

  /** The source as positions count in it: newlines are `\n`, and the last one is gone unless the syntax keeps it. */
  normalize(source: string): string {
    const text = source.includes("\r") ? source.replace(/\r\n?/g, "\n") : source;
    return !this.syntax.keep_trailing_newline && text.endsWith("\n") ? text.slice(0, -1) : text;
  }

  /** The tokens of a normalised source, the last of type `eof` or `error`. */
  tokenize(source: string): Token[] {
    return new Run(this, source).tokens();
  }

  /** One step outside of tags: where the next tag begins. @internal */
  rootMatch(
    source: string,
    from: number,
  ): { readonly state: State; readonly index: number; readonly text: string; readonly sign: string } | undefined {
    this.#root.lastIndex = from;
    const match = this.#root.exec(source);
    if (match === null) return undefined;
    for (const [index, state] of this.#states.entries()) {
      const text = match[1 + index * 2];
      if (text !== undefined) return { state, index: match.index, text, sign: match[2 + index * 2] ?? "" };
    }
    return undefined;
  }
  /** @internal */
  search(
    state: "comment" | "raw",
    source: string,
    from: number,
  ): { readonly index: number; readonly end: number; readonly sign: string } | undefined {
    const pattern = state === "raw" ? this.#rawEnd : this.#commentEnd;
    pattern.lastIndex = from;
    const match = pattern.exec(source);
    return match === null ? undefined : { index: match.index, end: match.index + match[0].length, sign: match[1] ?? "" };
  }
  /** The length of what ends a tag here, or `undefined`. @internal */
  endMatch(state: "block" | "variable" | "linestatement", source: string, at: number): number | undefined {
    const pattern = state === "block" ? this.#blockEnd : state === "variable" ? this.#variableEnd : this.#lineEnd;
    pattern.lastIndex = at;
    return pattern.exec(source)?.[0].length;
  }
  /** @internal */
  tagMatch(source: string, at: number): RegExpExecArray | null {
    this.#inTag.lastIndex = at;
    return this.#inTag.exec(source);
  }
}

const CLOSERS: ReadonlyMap<string, string> = new Map([
  ["{", "}"],
  ["(", ")"],
  ["[", "]"],
]);

/** One pass over one source. */
class Run {
  readonly #lexer: Lexer;
  readonly #source: string;
  readonly #tokens: Token[] = [];
  readonly #balance: string[] = [];
  #at = 0;
  #line = 1;
  #lineStart = 0;
  /** How far lines have been counted. */
  #counted = 0;
  /** Whether what was read last ended a line. */
  #lineStarting = true;

  constructor(lexer: Lexer, source: string) {
    this.#lexer = lexer;
    this.#source = source;
  }

  tokens(): Token[] {
    let state: State | "end" = "root";
    while (state !== "end") state = this.#step(state);
    return this.#tokens;
  }
  #step(state: State): State | "end" {
    return state === "block" || state === "variable" || state === "linestatement" ? this.#tag(state) : this.#outside(state);
  }

  #push(type: TokenType, text: string, start: number, end: number, number?: Token["number"]): void {
    for (let newline = this.#source.indexOf("\n", this.#counted); newline >= 0 && newline < start;) {
      this.#line++;
      this.#lineStart = newline + 1;
      newline = this.#source.indexOf("\n", newline + 1);
    }
    this.#counted = Math.max(this.#counted, start);
    const token = { type, text, line: this.#line, column: start - this.#lineStart + 1, start, end };
    this.#tokens.push(number === undefined ? token : { ...token, number });
  }
  #end(): "end" {
    this.#push("eof", "", this.#source.length, this.#source.length);
    return "end";
  }
  #fail(message: string, at: number): "end" {
    this.#push("error", message, at, at);
    return "end";
  }
  #move(to: number): void {
    this.#lineStarting = to > 0 && this.#source[to - 1] === "\n";
    this.#at = to;
  }

  #data(start: number, end: number): void {
    if (end <= start) return;
    const text = this.#source.slice(start, end);
    const newline = this.#lexer.syntax.newline_sequence;
    this.#push("data", newline === "\n" ? text : text.replaceAll("\n", newline), start, end);
  }

  /** Text up to a tag, without the blanks that the tag's sign or `lstrip_blocks` takes. */
  #dataBefore(start: number, end: number, sign: string, variable: boolean): void {
    const text = this.#source.slice(start, end);
    if (sign === "-") {
      this.#data(start, end - (SPACE_AT_END.exec(text)?.[0].length ?? 0));
      return;
    }
    if (sign !== "+" && this.#lexer.syntax.lstrip_blocks && !variable) {
      const from = text.lastIndexOf("\n") + 1;
      if ((from > 0 || this.#lineStarting) && ONLY_SPACE.test(text.slice(from))) {
        this.#data(start, start + from);
        return;
      }
    }
    this.#data(start, end);
  }

  #outside(state: Exclude<State, "block" | "variable" | "linestatement">): State | "end" {
    const source = this.#source;
    const at = this.#at;
    if (state === "linecomment") {
      const end = source.indexOf("\n", at);
      this.#move(end < 0 ? source.length : end);
      return "root";
    }
    if (state === "comment" || state === "raw") {
      const found = this.#lexer.search(state, source, at);
      if (found === undefined) {
        if (at >= source.length) return this.#end();
        return this.#fail(state === "raw" ? "Missing end of raw directive" : "Missing end of comment tag", at);
      }
      if (state === "raw") this.#dataBefore(at, found.index, found.sign, false);
      this.#move(found.end);
      return "root";
    }
    const tag = this.#lexer.rootMatch(source, at);
    if (tag === undefined) {
      this.#data(at, source.length);
      return this.#end();
    }
    this.#dataBefore(at, tag.index, tag.sign, tag.state === "variable");
    const end = tag.index + tag.text.length;
    if (tag.state === "variable") this.#push("variable_begin", tag.text, tag.index, end);
    else if (tag.state === "block" || tag.state === "linestatement") this.#push("block_begin", tag.text, tag.index, end);
    this.#move(end);
    return tag.state;
  }

  #tag(state: "block" | "variable" | "linestatement"): State | "end" {
    const source = this.#source;
    for (;;) {
      const at = this.#at;
      if (this.#balance.length === 0) {
        const length = this.#lexer.endMatch(state, source, at);
        if (length !== undefined) {
          this.#push(state === "variable" ? "variable_end" : "block_end", source.slice(at, at + length), at, at + length);
          this.#move(at + length);
          return "root";
        }
      }
      const match = this.#lexer.tagMatch(source, at);
      if (match === null) {
        if (at >= source.length) return this.#end();
        return this.#fail(`unexpected char ${stringRepr(String.fromCodePoint(source.codePointAt(at) ?? 0))} at ${at}`, at);
      }
      const end = at + match[0].length;
      const error = match[1] === undefined ? this.#token(match, at, end) : undefined;
      if (error !== undefined) return this.#fail(error, at);
      this.#move(end);
    }
  }

  /** Pushes the token of a match; gives a message where it cannot be one. */
  #token(match: RegExpExecArray, at: number, end: number): string | undefined {
    const [, , float, integer, name, text, operator] = match;
    if (name !== undefined) {
      if (!ASCII_NAME.test(name) && !IDENTIFIER.test(name)) return "Invalid character in identifier";
      this.#push("name", name, at, end);
    } else if (operator !== undefined) {
      const type = OPERATORS.get(operator);
      if (type === undefined) return `unexpected '${operator}'`;
      const closer = CLOSERS.get(operator);
      if (closer !== undefined) this.#balance.push(closer);
      else if (operator === "}" || operator === ")" || operator === "]") {
        const expected = this.#balance.pop();
        if (expected === undefined) return `unexpected '${operator}'`;
        if (expected !== operator) return `unexpected '${operator}', expected '${expected}'`;
      }
      this.#push(type, operator, at, end);
    } else if (text !== undefined) {
      try {
        this.#push("string", readStringLiteral(text.slice(1, -1).replaceAll("\n", this.#lexer.syntax.newline_sequence)), at, end);
      } catch (error) {
        if (error instanceof BadStringLiteral) return error.message;
        throw error;
      }
    } else if (integer !== undefined) this.#push("integer", integer, at, end, int(BigInt(integer.replaceAll("_", ""))));
    else if (float !== undefined) this.#push("float", float, at, end, new PyFloat(Number(float.replaceAll("_", ""))));
    return undefined;
  }
}
