import type { CelError, CelInput } from "@bufbuild/cel";
import { Declare, declareInternals } from "./functions.ts";
import { declareComparisons } from "./kubernetes/compare.ts";
import { declareLists } from "./kubernetes/lists.ts";
import { declareNetworks } from "./kubernetes/network.ts";
import { declareQuantities } from "./kubernetes/quantity.ts";
import { declareVersions } from "./kubernetes/semver.ts";
import { declareTexts } from "./kubernetes/texts.ts";
import { loadCel, type CelLibrary } from "./library.ts";
import type { Node } from "./node.ts";
import { noOverload, type CelAny, type CelFunction } from "./opaque.ts";
import { withoutOptionals } from "./optional-syntax.ts";
import { rewrite } from "./rewrite.ts";

/** A mistake in an expression, by its place in the text. */
export interface ExpressionMistake {
  readonly offset: number;
  readonly message: string;
}

/** What an expression came to. */
export type Outcome = { readonly value: CelAny } | { readonly error: string; readonly offset: number };

/** The values and what is left of the work, of one object and one policy. */
export interface Run {
  readonly values: Readonly<Record<string, CelInput>>;
  /** Gives the value of `variables.NAME`. @throws Error with cel-go's words */
  readonly variable: (name: string) => CelAny;
  /** Steps left. */
  left: number;
}

/** Steps that the expressions of one policy may take on one object: rounds of loops, and every 64 characters that functions go through. */
export const MOST_STEPS = 200_000;
/** Characters of a text that an expression makes, and items of a list. */
const MOST_TEXT = 1 << 20;
const MOST_ITEMS = 100_000;
/** Characters of an expression, as the API server has it for a whole policy's. */
const MOST_SOURCE = 65_536;

export const TOO_MANY_STEPS = "the expression takes too many steps";

/** Names that mean a type. */
const TYPES = ["int", "uint", "double", "bool", "string", "bytes", "list", "map", "null_type", "type", "dyn", "google"];

/** A compiled expression. */
export interface Expression {
  readonly text: string;
  evaluate(run: Run): Outcome;
}

/** CEL with the API server's libraries, in bounded steps. */
export class CelEnvironment {
  readonly library: CelLibrary = loadCel();
  readonly #env: ReturnType<CelLibrary["cel"]["celEnv"]>;
  readonly #functions: ReadonlySet<string>;
  #run: Run | undefined;

  constructor() {
    const { cel, strings, re2 } = this.library;
    const declare = new Declare(this.library);
    declareInternals(declare);
    declareQuantities(declare);
    declareVersions(declare);
    declareComparisons(declare);
    declareNetworks(declare);
    declareTexts(declare);
    declareLists(declare);
    declare.func("@count", 0, () => {
      this.#charge(1);
      return true;
    });
    declare.func("@variable", 1, (name) => {
      if (this.#run === undefined) throw new Error("variables are of a policy");
      return this.#run.variable(declare.text(name));
    });
    const funcs = [...strings.map((func) => this.#bounded(func)), ...this.#std(), ...declare.functions];
    this.#env = cel.celEnv({ funcs, re2: { compile: (pattern) => re2.compile(pattern) } });
    this.#functions = new Set([...this.#env.funcs].map(({ name }) => name));
  }

  /** Compiles an expression. `names`: the identifiers that there are; `variables`: those below `variables`. */
  compile(text: string, names: readonly string[], variables: ReadonlySet<string>): Expression | readonly ExpressionMistake[] {
    if (text.length > MOST_SOURCE) return [{ offset: 0, message: `it is longer than ${MOST_SOURCE} characters` }];
    const plain = withoutOptionals(text);
    const { cel } = this.library;
    let parsed: ReturnType<typeof cel.parse>;
    try {
      // A comment ends with its line: the parser wants one.
      parsed = cel.parse(`${plain.text}\n`);
    } catch (error) {
      return [syntaxMistake(error, plain.text)];
    }
    const positions = parsed.sourceInfo?.positions ?? {};
    const offset = (id: bigint): number => positions[String(id)] ?? 0;
    if (parsed.expr === undefined) return [{ offset: 0, message: "it is empty" }];
    const { node, mistakes } = rewrite(
      // The parser's own nodes are of this shape (cel/expr/syntax.proto); only their type names are left out.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      parsed.expr as unknown as Node,
      {
        ...plain,
        offset,
        names: new Set([...names, ...TYPES]),
        functions: this.#functions,
        variables,
        literal: (name, literal) => this.#literalMistake(name, literal),
      },
    );
    if (mistakes.length > 0) return mistakes.map(({ id, message }) => ({ offset: offset(id), message }));
    // The evaluator reads nothing else of a node.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion
    const evaluate = cel.plan(this.#env, node as unknown as NonNullable<typeof parsed.expr>);
    return { text, evaluate: (run) => this.#evaluate(run, evaluate, offset) };
  }

  #evaluate(run: Run, evaluate: (values: Record<string, CelInput>) => CelAny | CelError, offset: (id: bigint) => number): Outcome {
    const before = this.#run;
    this.#run = run;
    try {
      const value = evaluate(run.values);
      if (run.left < 0) return { error: TOO_MANY_STEPS, offset: 0 };
      if (!this.library.cel.isCelError(value)) return { value };
      return { error: inTheWordsOfGo(value.message), offset: value.exprId === undefined ? 0 : offset(value.exprId) };
    } finally {
      this.#run = before;
    }
  }

  /** What is wrong with a text that stands in the expression itself, as the API server says when it takes a policy. */
  #literalMistake(name: string, text: string): string | undefined {
    if (name === "duration" && !/^[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/.test(text) && text !== "0")
      return `invalid duration ${JSON.stringify(text)}`;
    if (name === "timestamp" && Number.isNaN(Date.parse(text))) return `invalid timestamp ${JSON.stringify(text)}`;
    if (!["matches", "find", "findAll"].includes(name)) return undefined;
    try {
      this.library.re2.compile(text);
      return undefined;
    } catch (error) {
      return `invalid regular expression: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  #charge(steps: number): void {
    if (this.#run === undefined) return;
    this.#run.left -= steps;
    if (this.#run.left < 0) throw new Error(TOO_MANY_STEPS);
  }

  /** The same function; what it goes through and what it makes is counted. */
  #bounded(func: CelFunction): CelFunction {
    const { celFunc, celMethod, isCelError, isCelList } = this.library.cel;
    const bounded = (target: CelAny | undefined, args: readonly CelAny[]): CelAny => {
      let size = 0;
      for (const value of [target, ...args]) size += typeof value === "string" ? value.length : isCelList(value) ? value.size * 64 : 0;
      this.#charge(size / 64);
      const made = func.call(0, target, [...args]);
      if (made === undefined) throw noOverload();
      // An error is thrown on, so that it is of the place of the call.
      if (isCelError(made)) throw new Error(made.message);
      this.#limit(made);
      return made;
    };
    if (func.target === undefined)
      return celFunc(func.name, func.arguments, func.result, (...args: readonly CelAny[]) => bounded(undefined, args));
    return celMethod(func.name, func.target, func.arguments, func.result, function (this: CelAny, ...args: readonly CelAny[]) {
      return bounded(this, args);
    });
  }

  #limit(made: CelAny): void {
    if (typeof made === "string" && made.length > MOST_TEXT) throw new Error(`a text is longer than ${MOST_TEXT} characters`);
    if (this.library.cel.isCelList(made) && made.size > MOST_ITEMS) throw new Error(`a list has more than ${MOST_ITEMS} items`);
  }

  /** Those of the standard functions that go through texts and lists. */
  #std(): readonly CelFunction[] {
    const { cel } = this.library;
    const counted = new Set(["_+_", "contains", "@in", "==", "_==_", "_!=_", "startsWith", "endsWith"]);
    return [...cel.celEnv().funcs].filter(({ name }) => counted.has(name)).map((func) => this.#bounded(func));
  }
}

function syntaxMistake(error: unknown, text: string): ExpressionMistake {
  const message = error instanceof Error ? error.message : String(error);
  const [, line, column, rest = message] = /^<input>:(\d+):(\d+): ([^]*)$/.exec(message) ?? [];
  if (line === undefined || column === undefined) return { offset: 0, message };
  const before = text.split("\n").slice(0, Number(line) - 1);
  const offset = before.reduce((sum, each) => sum + each.length + 1, 0) + Number(column) - 1;
  // What could have stood there is a long list of single characters.
  return { offset, message: `syntax error: ${rest.replace(/ but expecting [^]*$/, " where it can't stand")}` };
}

/** The library's messages as cel-go has them, which is what users of the API server know. */
function inTheWordsOfGo(message: string): string {
  return message
    .replace(/^field not found: (.*)$/, "no such key: $1")
    .replace(/^index (-?\d+) out of bounds.*$/, "index out of bounds: $1")
    .replace(/^(?:u?int|double) divide by zero$/, "division by zero")
    .replace(/^(?:u?int )?modulus by zero$/, "modulus by zero")
    .replace(/^Cannot convert .* to a BigInt$/s, "type conversion error from 'string' to 'int'")
    .replace(/^found no matching overload .*$/, "no such overload")
    .replace(/^type mismatch: .*$/, "no such overload")
    .replace(/^u?int overflow.*$/, "integer overflow");
}
