/**
 * What Python's `eval` says of a compound target's terms joined with spaces (salt/matchers/compound_match.py): text that is no
 * expression, and one that fails while it is evaluated, is false. Only what that text can hold is known here: `True`, `False`,
 * `[]`, `and`, `or`, `not` and parentheses.
 *
 * A parenthesis right after a term is a call in Python, which fails once it is reached: `G@a:b ( c )` is false, `x or G@a:b ( c )`
 * is true where x is. `( )` is an empty tuple.
 */
export function verdict(words: readonly string[]): boolean {
  const parser = new Parser(words);
  const expression = parser.parse();
  if (expression === undefined) return false;
  try {
    return expression();
  } catch (error) {
    if (error instanceof NotCallable) return false;
    throw error;
  }
}

type Expression = () => boolean;

class NotCallable extends Error {}

/** CPython's tokenizer gives up at this many open parentheses. */
const DEEPEST = 200;

class Parser {
  readonly #words: readonly string[];
  #at = 0;
  #depth = 0;

  constructor(words: readonly string[]) {
    this.#words = words;
  }

  parse(): Expression | undefined {
    const expression = this.#or();
    return this.#at === this.#words.length ? expression : undefined;
  }

  #take(word: string): boolean {
    if (this.#words[this.#at] !== word) return false;
    this.#at++;
    return true;
  }

  #or(): Expression | undefined {
    let left = this.#and();
    while (left !== undefined && this.#take("or")) {
      const before = left;
      const right = this.#and();
      left = right && (() => before() || right());
    }
    return left;
  }

  #and(): Expression | undefined {
    let left = this.#not();
    while (left !== undefined && this.#take("and")) {
      const before = left;
      const right = this.#not();
      left = right && (() => before() && right());
    }
    return left;
  }

  #not(): Expression | undefined {
    let negations = 0;
    while (this.#take("not")) negations++;
    const operand = this.#called();
    if (operand === undefined || negations === 0) return operand;
    return negations % 2 === 0 ? () => operand() : () => !operand();
  }

  #called(): Expression | undefined {
    const callee = this.#atom();
    if (callee === undefined || this.#words[this.#at] !== "(") return callee;
    while (this.#words[this.#at] === "(") if (this.#atom() === undefined) return undefined;
    return () => {
      callee();
      throw new NotCallable();
    };
  }

  #atom(): Expression | undefined {
    if (this.#take("True")) return () => true;
    if (this.#take("False") || this.#take("[]")) return () => false;
    if (!this.#take("(") || this.#depth >= DEEPEST) return undefined;
    if (this.#take(")")) return () => false;
    this.#depth++;
    const inner = this.#or();
    this.#depth--;
    return this.#take(")") ? inner : undefined;
  }
}
