import nunjucks from "nunjucks/src/compiler.js";
import type { Value } from "../../python/index.ts";
import type { CallState } from "../types.ts";
import type { AnyNode, ExprNode, FilterNode, StatementNode, TestNode } from "../syntax/nodes.ts";
import { TemplateSyntaxError } from "../syntax/stream.ts";
import { Frame, Identifiers } from "./symbols.ts";

/** A filter or test that a template uses, by the number that its code knows it by. */
export interface Dependency {
  readonly name: string;
  readonly line: number;
  readonly column: number;
  /** Used in conditions alone, so that it need not exist. */
  soft: boolean;
}

export type HostFunction = (state: CallState, args: readonly Value[]) => Value;

/** Thrown where nothing after this statement can run. */
export class RestIsUnreachable extends Error {}

/**
 * The part of the compiler that writes: nunjucks' buffer and dispatch, JavaScript functions with their variables, places,
 * constants. Everything written is either this room's own text, an identifier made here, a number, or a string literal that
 * JSON.stringify made: no text of a template becomes code.
 *
 * In the generated code `c` is the context, `S` the state of the render, `T` the template as its environment sees it, `P` the
 * places, `K` what a literal cannot say, `rt` the functions of runtime/support.ts.
 */
export class Emitter extends nunjucks.Compiler {
  readonly identifiers = new Identifiers();
  /** Line and column of each place, by number. */
  readonly places: [number, number][] = [];
  readonly constants: (Value | HostFunction)[] = [];
  readonly filters: Dependency[] = [];
  readonly tests: Dependency[] = [];
  readonly traced: boolean;
  readonly #placeNumbers = new Map<number, number>();
  readonly #filterNumbers = new Map<string, number>();
  readonly #testNumbers = new Map<string, number>();
  /** The functions being written: where their variables go, and which those are. */
  readonly #functions: { readonly at: number; readonly variables: string[] }[] = [];
  /** The number of nested loops in the function being written. */
  loops = 0;

  /** `traced` writes code that records which line printed what. */
  constructor(traced: boolean) {
    super();
    this.traced = traced;
  }

  fault(message: string, node: AnyNode): never {
    throw new TemplateSyntaxError(message, { line: node.lineno, column: node.colno });
  }

  // Functions and variables

  beginFunction(): void {
    this.#functions.push({ at: this.codebuf.length, variables: [] });
    this._emit("");
  }
  endFunction(): void {
    const written = this.#functions.pop();
    if (written !== undefined && written.variables.length > 0) this.codebuf[written.at] = `let ${written.variables.join(",")};`;
  }
  /** Makes a variable of the function being written. */
  declare(name: string): void {
    this.#functions.at(-1)?.variables.push(name);
  }
  temporary(): string {
    const name = this._tmpid();
    this.declare(name);
    return name;
  }

  // Places, constants, filters, tests

  /** The code for a node's place. */
  place(node: AnyNode): string {
    const key = node.lineno * 0x100000 + node.colno;
    let number = this.#placeNumbers.get(key);
    if (number === undefined) {
      number = this.places.push([node.lineno, node.colno]) - 1;
      this.#placeNumbers.set(key, number);
    }
    return `P[${number}]`;
  }
  constant(value: Value | HostFunction): string {
    return `K[${this.constants.push(value) - 1}]`;
  }
  filterNumber(node: FilterNode, frame: Frame): number {
    return dependency(this.filters, this.#filterNumbers, node, frame.soft);
  }
  testNumber(node: TestNode, frame: Frame): number {
    return dependency(this.tests, this.#testNumbers, node, frame.soft);
  }

  // Scopes

  /** Gives the variables of a scope their first values. */
  enterFrame(frame: Frame, parameters: readonly string[] = []): void {
    for (const [ref, load] of frame.symbols.loads) {
      if (!parameters.includes(ref)) this.declare(ref);
      if (load.how === "resolve") this._emit(`${ref}=c.resolve(${JSON.stringify(load.name)});`);
      else if (load.how === "alias") this._emit(`${ref}=${load.of};`);
      else if (load.how === "undefined") this._emit(`${ref}=undefined;`);
    }
  }
  statements(body: readonly StatementNode[], frame: Frame): void {
    try {
      for (const node of body) this.compile(node, frame);
    } catch (error) {
      if (!(error instanceof RestIsUnreachable)) throw error;
    }
  }
  /** A Map of the variables that an included or imported template sees. */
  localContext(frame: Frame): string {
    const stores = frame.symbols.dumpStores();
    if (stores.size === 0) return "undefined";
    return `rt.locals(${JSON.stringify([...stores.keys()])},[${[...stores.values()].join(",")}])`;
  }

  // Output

  /** A new buffer for output; gives its variable. */
  newBuffer(): string {
    const buffer = this.temporary();
    this._emit(`${buffer}=${this.traced ? "new rt.Pieces(S)" : '""'};`);
    return buffer;
  }
  data(text: string, node: AnyNode, frame: Frame): void {
    if (this.traced) this._emit(`${frame.buffer}.data(${JSON.stringify(text)},${this.place(node)});`);
    else this._emit(`${frame.buffer}+=${JSON.stringify(text)};`);
  }
  /** Writes what prints the value that `emitValue` emits. */
  print(node: AnyNode, frame: Frame, method: string, source: string | null, emitValue: () => void): void {
    const place = this.place(node);
    if (this.traced) this._emit(`${frame.buffer}.printed(c.${method}(${place},`);
    else this._emit(`${frame.buffer}+=c.${method}(${place},`);
    emitValue();
    this._emit(this.traced ? `),${place},${JSON.stringify(source)});` : ");");
  }
  /** Writes output that is whole: of a block, an include, a recursive loop. The closer follows the expression. */
  beginWhole(frame: Frame): void {
    this._emit(this.traced ? `${frame.buffer}.append(` : `${frame.buffer}+=`);
  }
  endWhole(): void {
    this._emit(this.traced ? ");" : ";");
  }
  /** The code for what a buffer holds, as a string. */
  captured(buffer: string): string {
    return this.traced ? `${buffer}.capture()` : `S.captured(${buffer})`;
  }

  /** An expression that holds or not, as a JavaScript boolean. */
  condition(node: ExprNode, frame: Frame): void {
    switch (node.typename) {
      case "Not":
        this._emit("!");
        this.condition(node.target, frame);
        break;
      case "And":
      case "Or":
        this._emit("(");
        this.condition(node.left, frame);
        this._emit(node.typename === "And" ? "&&" : "||");
        this.condition(node.right, frame);
        this._emit(")");
        break;
      case "Compare":
      case "TestCall":
        this.compile(node, frame);
        break;
      default:
        this._emit(`c.truthy(${this.place(node)},`);
        this.compile(node, frame);
        this._emit(")");
    }
  }
}

function dependency(known: Dependency[], numbers: Map<string, number>, node: FilterNode | TestNode, soft: boolean): number {
  const number = numbers.get(node.name);
  const before = number === undefined ? undefined : known[number];
  if (number !== undefined && before !== undefined) {
    if (before.soft && !soft) known[number] = { name: node.name, line: node.lineno, column: node.colno, soft };
    return number;
  }
  numbers.set(node.name, known.length);
  return known.push({ name: node.name, line: node.lineno, column: node.colno, soft }) - 1;
}
