import { equals, PyCallable, PyError, PyTuple, type Kwargs, type Value } from "../../python/index.ts";
import { BoundMethod, iterate, length } from "../semantics/index.ts";
import type { Operators } from "./operators.ts";

/** Runs the body of a recursive loop over an iterable, and gives its output. */
export type LoopRecursion = (iterable: Value, depth: number) => string;

/** The `loop` of a `for` (jinja2.runtime.LoopContext). */
export class LoopContext extends PyCallable {
  readonly typeName = "LoopContext";
  readonly name = "loop";
  readonly #context: Operators;
  readonly #iterable: Value;
  #iterator: Iterator<Value>;
  readonly #recurse: LoopRecursion | undefined;
  readonly #depth0: number;
  #index0 = -1;
  #length: number | undefined;
  /** The item read ahead. */
  #after: Value | undefined;
  #current: Value | undefined;
  #before: Value | undefined;
  #lastChanged: PyTuple | undefined;

  constructor(context: Operators, iterable: Value, recurse: LoopRecursion | undefined, depth0: number) {
    super();
    this.#context = context;
    this.#recurse = recurse;
    this.#depth0 = depth0;
    this.#iterable = iterable;
    this.#iterator = iterate(iterable)[Symbol.iterator]();
  }

  /** Goes to the next turn; its item, or `undefined` at the end. */
  next(): Value | undefined {
    const item = this.#after ?? this.#pull();
    this.#after = undefined;
    if (item === undefined) return undefined;
    this.#index0++;
    this.#before = this.#current;
    this.#current = item;
    return item;
  }
  #pull(): Value | undefined {
    const step = this.#iterator.next();
    return step.done === true ? undefined : step.value;
  }
  #peek(): Value | undefined {
    this.#after ??= this.#pull();
    return this.#after;
  }
  #size(): number {
    if (this.#length !== undefined) return this.#length;
    try {
      this.#length = length(this.#iterable);
      return this.#length;
    } catch (error) {
      if (!(error instanceof PyError && error.type === "TypeError")) throw error;
    }
    // What has no length is read to its end.
    const rest: Value[] = [];
    for (let item = this.#pull(); item !== undefined; item = this.#pull()) rest.push(item);
    this.#iterator = rest[Symbol.iterator]();
    this.#length = rest.length + this.#index0 + 1 + (this.#after === undefined ? 0 : 1);
    return this.#length;
  }

  override attribute(name: string): Value | undefined {
    switch (name) {
      case "index":
        return this.#index0 + 1;
      case "index0":
        return this.#index0;
      case "depth":
        return this.#depth0 + 1;
      case "depth0":
        return this.#depth0;
      case "length":
        return this.#size();
      case "revindex":
        return this.#size() - this.#index0;
      case "revindex0":
        return this.#size() - this.#index0 - 1;
      case "first":
        return this.#index0 === 0;
      case "last":
        return this.#peek() === undefined;
      case "previtem":
        return this.#index0 === 0 ? this.#context.undefined({ hint: "there is no previous item" }) : (this.#before ?? null);
      case "nextitem":
        return this.#peek() ?? this.#context.undefined({ hint: "there is no next item" });
      case "cycle":
        return new BoundMethod("cycle", this, (args) => this.#cycle(args));
      case "changed":
        return new BoundMethod("changed", this, (args) => this.#changed(args));
      default:
        return undefined;
    }
  }
  #cycle(args: readonly Value[]): Value {
    if (args.length === 0) throw new PyError("TypeError", "no items for cycling given");
    return args[this.#index0 % args.length] ?? null;
  }
  #changed(args: readonly Value[]): boolean {
    const value = new PyTuple([...args]);
    if (this.#lastChanged !== undefined && equals(this.#lastChanged, value)) return false;
    this.#lastChanged = value;
    return true;
  }
  /** The loop itself is what goes on: whoever iterates over it takes its turns. */
  override iterate(): Iterable<Value> {
    const next = (): IteratorResult<Value> => {
      const item = this.next();
      return item === undefined ? { done: true, value: undefined } : { done: false, value: new PyTuple([item, this]) };
    };
    return { [Symbol.iterator]: () => ({ next }) };
  }
  override len(): number {
    return this.#size();
  }
  /** `loop(children)`: the body of a recursive loop over other items. */
  call(args: readonly Value[], kwargs: Kwargs): Value {
    const iterable = args[0] ?? kwargs.get("iterable");
    if (iterable === undefined) throw new PyError("TypeError", "LoopContext.__call__() missing 1 required positional argument: 'iterable'");
    if (args.length + kwargs.size > 1)
      throw new PyError("TypeError", `LoopContext.__call__() takes 2 positional arguments but ${args.length + 1} were given`);
    if (this.#recurse === undefined) throw new PyError("TypeError", "The loop must have the 'recursive' marker to be called recursively.");
    const { state } = this.#context;
    const outer = state.enter("looped from", state.at);
    const text = this.#recurse(iterable, this.#depth0 + 1);
    state.leave(outer);
    return text;
  }
  repr(): string {
    return `<LoopContext ${this.#index0 + 1}/${this.#size()}>`;
  }
}
