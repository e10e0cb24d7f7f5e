import type { PyFloat } from "../../python/index.ts";

/** Types of tokens, with Jinja's names (jinja2/lexer.py). */
export type TokenType =
  | "add"
  | "assign"
  | "colon"
  | "comma"
  | "div"
  | "dot"
  | "eq"
  | "floordiv"
  | "gt"
  | "gteq"
  | "lbrace"
  | "lbracket"
  | "lparen"
  | "lt"
  | "lteq"
  | "mod"
  | "mul"
  | "ne"
  | "pipe"
  | "pow"
  | "rbrace"
  | "rbracket"
  | "rparen"
  | "semicolon"
  | "sub"
  | "tilde"
  | "float"
  | "integer"
  | "name"
  | "string"
  | "block_begin"
  | "block_end"
  | "variable_begin"
  | "variable_end"
  | "data"
  | "eof"
  | "error";

export interface Token {
  readonly type: TokenType;
  /** The text of names and data, the content of strings; of an `error` the message. */
  readonly text: string;
  /** The value of a number. */
  readonly number?: number | bigint | PyFloat;
  readonly line: number;
  readonly column: number;
  /** Where it begins and ends in the source with normalised newlines. */
  readonly start: number;
  readonly end: number;
}

/** Operators, longest first where one begins another. */
export const OPERATORS: ReadonlyMap<string, TokenType> = new Map<string, TokenType>([
  ["+", "add"],
  ["-", "sub"],
  ["/", "div"],
  ["//", "floordiv"],
  ["*", "mul"],
  ["%", "mod"],
  ["**", "pow"],
  ["~", "tilde"],
  ["[", "lbracket"],
  ["]", "rbracket"],
  ["(", "lparen"],
  [")", "rparen"],
  ["{", "lbrace"],
  ["}", "rbrace"],
  ["==", "eq"],
  ["!=", "ne"],
  [">", "gt"],
  [">=", "gteq"],
  ["<", "lt"],
  ["<=", "lteq"],
  ["=", "assign"],
  [".", "dot"],
  [":", "colon"],
  ["|", "pipe"],
  [",", "comma"],
  [";", "semicolon"],
]);

const DESCRIPTIONS: ReadonlyMap<string, string> = new Map<string, string>([
  ...[...OPERATORS].map(([text, type]): [string, string] => [type, text]),
  ["block_begin", "begin of statement block"],
  ["block_end", "end of statement block"],
  ["variable_begin", "begin of print statement"],
  ["variable_end", "end of print statement"],
  ["data", "template data / text"],
  ["eof", "end of template"],
]);

/** How messages call a token. */
export function describeToken(token: Token): string {
  return token.type === "name" ? token.text : (DESCRIPTIONS.get(token.type) ?? token.type);
}

/** A token type, or `name:VALUE` for one certain name. */
export type TokenPattern = TokenType | `name:${string}`;

export function describePattern(pattern: TokenPattern): string {
  return pattern.startsWith("name:") ? pattern.slice(5) : (DESCRIPTIONS.get(pattern) ?? pattern);
}

/** Whether a token is of a type, or the name that the pattern says. */
export function tokenIs(token: Token, pattern: TokenPattern): boolean {
  return token.type === pattern || (token.type === "name" && pattern.length > 5 && pattern === `name:${token.text}`);
}
