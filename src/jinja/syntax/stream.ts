import type { Place } from "./nodes.ts";
import { describePattern, describeToken, tokenIs, type Token, type TokenPattern } from "./token.ts";

/** A template that is no template: Jinja's TemplateSyntaxError and its subclass TemplateAssertionError. */
export class TemplateSyntaxError extends Error {
  readonly at: Place;
  readonly code: string;
  constructor(message: string, at: Place, code = "jinja-syntax") {
    super(message);
    this.at = at;
    this.code = code;
  }
}

/** The tokens of a template, one of them the current one (jinja2.lexer.TokenStream). */
export class TokenStream {
  readonly #tokens: readonly Token[];
  #index = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
    this.#refuseError();
  }
  get current(): Token {
    return this.#at(this.#index);
  }
  /** The token after the current one. @throws TemplateSyntaxError where that cannot be read */
  look(): Token {
    const token = this.#at(this.#index + 1);
    if (token.type === "error") throw new TemplateSyntaxError(token.text, token);
    return token;
  }
  /** Goes on by one token; gives the one left behind. @throws TemplateSyntaxError where the next cannot be read */
  next(): Token {
    const token = this.current;
    if (token.type !== "eof") {
      this.#index++;
      this.#refuseError();
    }
    return token;
  }
  skip(count = 1): void {
    for (let index = 0; index < count; index++) this.next();
  }
  is(...patterns: readonly TokenPattern[]): boolean {
    const token = this.current;
    return patterns.some((pattern) => tokenIs(token, pattern));
  }
  /** Goes past the current token if it is as said. */
  skipIf(pattern: TokenPattern): boolean {
    if (!this.is(pattern)) return false;
    this.next();
    return true;
  }
  /** Goes past the current token, which must be as said. @throws TemplateSyntaxError */
  expect(pattern: TokenPattern): Token {
    const token = this.current;
    if (tokenIs(token, pattern)) return this.next();
    const expected = describePattern(pattern);
    if (token.type === "eof") throw new TemplateSyntaxError(`unexpected end of template, expected '${expected}'.`, token);
    throw new TemplateSyntaxError(`expected token '${expected}', got ${quoted(describeToken(token))}`, token);
  }

  #at(index: number): Token {
    const token = this.#tokens[Math.min(index, this.#tokens.length - 1)];
    if (token === undefined) throw new TypeError("a token stream ends with a token");
    return token;
  }
  #refuseError(): void {
    const token = this.current;
    if (token.type === "error") throw new TemplateSyntaxError(token.text, token);
  }
}

/** `repr(str)` of a token's description; quotes never stand in one. */
export function quoted(text: string): string {
  return `'${text}'`;
}
