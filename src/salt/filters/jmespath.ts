import { semantics } from "../../jinja/index.ts";
import { equals, PyDict, PyError, PyFloat, str, type Value } from "../../python/index.ts";
import { callFunction, type Argument } from "./jmespath-functions.ts";

const { compare, getItem, slice: sliceList, textOf } = semantics;

/** An expression ready to be asked of data. */
export type Query = (data: Value) => Value;

interface Token {
  readonly kind: string;
  readonly text: string;
}

const TOKENS =
  /\s+|(?<name>[A-Za-z_]\w*)|(?<quoted>"(?:[^"\\]|\\[^])*")|(?<raw>'(?:[^'\\]|\\[^])*')|(?<literal>`(?:[^`\\]|\\[^])*`)|(?<number>-?\d+)|(?<op>\[\?|\[\]|\|\||&&|==|!=|<=|>=|[.*\][|<>!(){},:@&])/gy;

function syntaxError(message: string): PyError {
  return new PyError("ParseError", message);
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (const found of text.matchAll(TOKENS)) {
    at = found.index + found[0].length;
    for (const [kind, part] of Object.entries(found.groups ?? {})) {
      if (part !== undefined) tokens.push({ kind: kind === "op" ? part : kind, text: part });
    }
  }
  if (at < text.length) throw new PyError("LexerError", `Bad jmespath expression: Unknown token ${text.charAt(at)} at column ${at}`);
  return tokens;
}

/** False to JMESPath: null, false, and whatever is empty; zero is true. */
function isTrue(value: Value): boolean {
  if (value === null || value === false || textOf(value) === "") return false;
  if (Array.isArray(value)) return value.length > 0;
  return value instanceof PyDict ? value.size > 0 : true;
}

const POWER: Readonly<Record<string, number>> = {
  "|": 1,
  "||": 2,
  "&&": 3,
  "==": 5,
  "!=": 5,
  "<": 5,
  "<=": 5,
  ">": 5,
  ">=": 5,
  "[]": 9,
  ".": 40,
  "[?": 21,
  "[": 55,
};

/** Compiles a JMESPath expression (jmespath.org's grammar, as jmespath.py 1.x runs it). @throws PyError ParseError, LexerError */
export function compileQuery(text: string, loadJson: (text: string) => Value): Query {
  const parser = new QueryParser(tokenize(text), loadJson);
  return parser.parse();
}

class QueryParser {
  readonly #tokens: readonly Token[];
  readonly #loadJson: (text: string) => Value;
  #at = 0;
  constructor(tokens: readonly Token[], loadJson: (text: string) => Value) {
    this.#tokens = tokens;
    this.#loadJson = loadJson;
  }

  parse(): Query {
    if (this.#tokens.length === 0) throw new PyError("EmptyExpressionError", "Invalid JMESPath expression: cannot be empty.");
    const query = this.#expression(0);
    const rest = this.#tokens[this.#at];
    if (rest !== undefined) throw syntaxError(`Unexpected token: ${rest.text}`);
    return query;
  }

  #peek(): string {
    return this.#tokens[this.#at]?.kind ?? "eof";
  }
  #take(): Token {
    return this.#tokens[this.#at++] ?? { kind: "eof", text: "" };
  }
  #expect(kind: string): Token {
    const token = this.#take();
    if (token.kind !== kind) throw syntaxError(`Expecting: ${kind}, got: ${token.kind}`);
    return token;
  }

  #expression(power: number): Query {
    let left = this.#first();
    while (power < (POWER[this.#peek()] ?? 0)) left = this.#next(left);
    return left;
  }

  #first(): Query {
    const token = this.#take();
    switch (token.kind) {
      case "name":
        return this.#peek() === "(" ? this.#call(token.text) : field(token.text);
      case "quoted":
        return field(str(this.#loadJson(token.text)));
      case "raw":
        return constant(token.text.slice(1, -1).replaceAll("\\'", "'"));
      case "literal":
        return constant(this.#literal(token.text.slice(1, -1).replaceAll("\\`", "`")));
      case "@":
        return (data) => data;
      case "!": {
        const inner = this.#expression(45);
        return (data) => !isTrue(inner(data));
      }
      case "(": {
        const inner = this.#expression(0);
        this.#expect(")");
        return inner;
      }
      case "*":
        return valuesOf((data) => data, this.#projected(20));
      case "[]":
        return flattened((data) => data, this.#projected(9));
      case "[?":
        return this.#filter((data) => data);
      case "{":
        return this.#hash();
      case "[":
        if (this.#peek() === "number" || this.#peek() === ":") return this.#index((data) => data);
        if (this.#peek() === "*" && this.#tokens[this.#at + 1]?.kind === "]") {
          this.#at += 2;
          return projection((data) => data, this.#projected(20));
        }
        return this.#list();
      default:
        throw syntaxError(`Invalid token: ${token.text === "" ? "end of expression" : token.text}`);
    }
  }

  #literal(text: string): Value {
    try {
      return this.#loadJson(text.trim());
    } catch {
      return this.#loadJson(`"${text.trim()}"`);
    }
  }

  #next(left: Query): Query {
    const token = this.#take();
    switch (token.kind) {
      case ".":
        if (this.#peek() === "*") {
          this.#at++;
          return valuesOf(left, this.#projected(20));
        }
        return chain(left, this.#afterDot());
      case "|":
        return chain(left, this.#expression(1));
      case "||": {
        const right = this.#expression(2);
        return (data) => {
          const value = left(data);
          return isTrue(value) ? value : right(data);
        };
      }
      case "&&": {
        const right = this.#expression(3);
        return (data) => {
          const value = left(data);
          return isTrue(value) ? right(data) : value;
        };
      }
      case "[]":
        return flattened(left, this.#projected(9));
      case "[?":
        return this.#filter(left);
      case "[":
        if (this.#peek() === "*") {
          this.#at++;
          this.#expect("]");
          return projection(left, this.#projected(20));
        }
        return this.#index(left);
      default:
        return comparison(token.kind, left, this.#expression(5));
    }
  }

  #afterDot(): Query {
    if (this.#peek() === "[") {
      this.#at++;
      return this.#list();
    }
    if (this.#peek() === "{") {
      this.#at++;
      return nullSafe(this.#hash());
    }
    if (this.#peek() !== "name" && this.#peek() !== "quoted")
      throw syntaxError(`Invalid token: ${this.#tokens[this.#at]?.text ?? "end of expression"}`);
    return this.#expression(40);
  }

  /** What is applied to each item of a projection. */
  #projected(power: number): Query {
    const next = this.#peek();
    if ((POWER[next] ?? 0) < 10) return (data) => data;
    if (next === "[" || next === "[?") {
      return this.#rightOf((data) => data, power);
    }
    if (next !== ".") throw syntaxError(`Unexpected token: ${next}`);
    return this.#rightOf((data) => data, power);
  }

  #rightOf(start: Query, power: number): Query {
    let left = start;
    while (power < (POWER[this.#peek()] ?? 0)) left = this.#next(left);
    return left;
  }

  #filter(left: Query): Query {
    const condition = this.#expression(0);
    this.#expect("]");
    const then = this.#peek() === "[]" ? (data: Value): Value => data : this.#projected(21);
    return (data) => {
      const list = left(data);
      return Array.isArray(list)
        ? kept(
            list.filter((item) => isTrue(condition(item))),
            then,
          )
        : null;
    };
  }

  #index(left: Query): Query {
    const parts: (number | null)[] = [null];
    while (this.#peek() !== "]") {
      const token = this.#take();
      if (token.kind === ":") parts.push(null);
      else if (token.kind === "number") parts[parts.length - 1] = Number(token.text);
      else throw syntaxError(`Unexpected token: ${token.text}`);
    }
    this.#at++;
    if (parts.length === 1) {
      const [index = null] = parts;
      return (data) => {
        const list = left(data);
        return Array.isArray(list) ? (getItem(list, index) ?? null) : null;
      };
    }
    const [start = null, stop = null, step = null] = parts;
    const then = this.#projected(20);
    return (data) => {
      const list = left(data);
      const part = Array.isArray(list) ? sliceList(list, start, stop, step) : undefined;
      return Array.isArray(part) ? kept(part, then) : null;
    };
  }

  #list(): Query {
    const items = [this.#expression(0)];
    while (this.#peek() === ",") {
      this.#at++;
      items.push(this.#expression(0));
    }
    this.#expect("]");
    return nullSafe((data) => items.map((item) => item(data)));
  }

  #hash(): Query {
    const entries: [string, Query][] = [];
    do {
      const key = this.#take();
      if (key.kind !== "name" && key.kind !== "quoted") throw syntaxError(`Invalid key: ${key.text}`);
      this.#expect(":");
      entries.push([key.kind === "quoted" ? str(this.#loadJson(key.text)) : key.text, this.#expression(0)]);
    } while (this.#take().kind === ",");
    if (this.#tokens[this.#at - 1]?.kind !== "}") throw syntaxError("Expecting: }");
    return nullSafe((data) => PyDict.of(entries.map(([key, query]): [Value, Value] => [key, query(data)])));
  }

  #call(name: string): Query {
    this.#at++;
    const args: { readonly byReference: boolean; readonly query: Query }[] = [];
    while (this.#peek() !== ")") {
      const byReference = this.#peek() === "&";
      if (byReference) this.#at++;
      args.push({ byReference, query: this.#expression(0) });
      if (this.#peek() === ",") this.#at++;
      else if (this.#peek() !== ")") throw syntaxError(`Unexpected token: ${this.#peek()}`);
    }
    this.#at++;
    return (data) =>
      callFunction(
        name,
        args.map(({ byReference, query }): Argument => (byReference ? { query } : { value: query(data) })),
      );
  }
}

function field(name: string): Query {
  return (data) => (data instanceof PyDict ? (data.get(name) ?? null) : null);
}
function constant(value: Value): Query {
  return () => value;
}
function chain(left: Query, right: Query): Query {
  return (data) => right(left(data));
}
function nullSafe(query: Query): Query {
  return (data) => (data === null ? null : query(data));
}
function kept(list: readonly Value[], then: Query): Value[] {
  return list.map(then).filter((item) => item !== null);
}
function projection(left: Query, then: Query): Query {
  return (data) => {
    const list = left(data);
    return Array.isArray(list) ? kept(list, then) : null;
  };
}
function valuesOf(left: Query, then: Query): Query {
  return (data) => {
    const dict = left(data);
    return dict instanceof PyDict ? kept([...dict.values()], then) : null;
  };
}
function flattened(left: Query, then: Query): Query {
  return (data) => {
    const list = left(data);
    return Array.isArray(list)
      ? kept(
          list.flatMap((item) => item),
          then,
        )
      : null;
  };
}

function isNumber(value: Value): boolean {
  return typeof value === "number" || typeof value === "bigint" || value instanceof PyFloat;
}

function comparison(operator: string, left: Query, right: Query): Query {
  return (data) => {
    const a = left(data);
    const b = right(data);
    if (operator === "==" || operator === "!=") {
      // A boolean equals no number here, unlike in Python.
      const same = (typeof a === "boolean") === (typeof b === "boolean") && equals(a, b);
      return operator === "==" ? same : !same;
    }
    if (operator !== "<" && operator !== "<=" && operator !== ">" && operator !== ">=") throw syntaxError(`Unexpected token: ${operator}`);
    return isNumber(a) && isNumber(b) ? compare(operator, a, b) : null;
  };
}
