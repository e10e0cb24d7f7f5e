import { equals, PyDict, PyError, PyObject, PySet, PyTuple, str, truthy, typeName, type Kwargs, type Value } from "../../python/index.ts";
import type { SourcePlace } from "../errors.ts";
import type { JinjaEnvironment } from "../environment.ts";
import { escapeText, Markup } from "../markup.ts";
import { Namespace } from "../namespace.ts";
import {
  add,
  compare,
  contains,
  div,
  floordiv,
  iterate,
  mod,
  mul,
  neg,
  pos,
  pow,
  PyRange,
  slice,
  sub,
  escape,
  type Comparison,
} from "../semantics/index.ts";
import type { TextGuard } from "../types.ts";
import { Undefined, type UndefinedAbout } from "../undefined.ts";
import { LoopContext, type LoopRecursion } from "./loop.ts";
import type { RenderState } from "./state.ts";

/** An integer beyond this takes long to compute with and to print. */
const HUGE = 2n ** 256n;
/** What it counts for: as much as it takes when it is as large as integers may be. */
const HUGE_SIZE = 20_000;

const EMPTY: Kwargs = new Map();

/**
 * What generated code calls for each operator. Every method is given the place first, and notes it before anything that can
 * fail or take long, so that an error is told at the place of the operator that raised it.
 */
export class Operators {
  readonly state: RenderState;
  readonly environment: JinjaEnvironment;
  /** Whether `{% autoescape %}` is on. */
  autoescape = false;

  readonly #guard: TextGuard | undefined;

  constructor(environment: JinjaEnvironment, state: RenderState) {
    this.#guard = environment.guard;
    this.environment = environment;
    this.state = state;
  }

  // Names and undefined values

  undefined(about: UndefinedAbout): Undefined {
    return this.environment.undefinedValue(about);
  }
  /** The value of a variable that has none. */
  missing(name: string): Undefined {
    return this.undefined({ name });
  }
  notProvided(name: string): Undefined {
    return this.undefined({ hint: `parameter '${name}' was not provided`, name });
  }

  // Arithmetic and comparison

  add(at: SourcePlace, a: Value, b: Value): Value {
    if (typeof a === "number" && typeof b === "number") {
      const sum = a + b;
      if (Number.isSafeInteger(sum)) return sum;
    }
    this.state.at = at;
    return this.state.made(add(a, b));
  }
  sub(at: SourcePlace, a: Value, b: Value): Value {
    this.state.at = at;
    if (typeof a === "bigint" || typeof b === "bigint") this.#weigh(a, b);
    return sub(a, b);
  }
  mul(at: SourcePlace, a: Value, b: Value): Value {
    this.state.at = at;
    if (typeof a === "bigint" || typeof b === "bigint") this.#weigh(a, b);
    return this.state.made(mul(a, b));
  }
  div(at: SourcePlace, a: Value, b: Value): Value {
    this.state.at = at;
    return div(a, b);
  }
  floordiv(at: SourcePlace, a: Value, b: Value): Value {
    this.state.at = at;
    if (typeof a === "bigint" || typeof b === "bigint") this.#weigh(a, b);
    return floordiv(a, b);
  }
  mod(at: SourcePlace, a: Value, b: Value): Value {
    this.state.at = at;
    if (typeof a === "bigint" || typeof b === "bigint") this.#weigh(a, b);
    return this.state.made(mod(a, b));
  }
  pow(at: SourcePlace, a: Value, b: Value): Value {
    this.state.at = at;
    const power = pow(a, b);
    if (typeof power === "bigint") this.#weigh(power, power);
    return power;
  }
  neg(at: SourcePlace, a: Value): Value {
    this.state.at = at;
    return neg(a);
  }
  pos(at: SourcePlace, a: Value): Value {
    this.state.at = at;
    return pos(a);
  }
  #weigh(a: Value, b: Value): void {
    this.state.spend(Math.max(sizeOf(a), sizeOf(b)));
  }
  /** `a ~ b ~ c` */
  concat(at: SourcePlace, values: readonly Value[]): Value {
    this.state.at = at;
    let text = "";
    for (const value of values) {
      if (typeof value === "bigint") this.#weigh(value, value);
      text += str(value);
    }
    return this.state.made(text);
  }
  concatEscaped(at: SourcePlace, values: readonly Value[]): Value {
    this.state.at = at;
    // As soon as one is safe, the whole is, and the others are escaped (jinja2.runtime.markup_join).
    if (!values.some((value) => value instanceof Markup)) return this.concat(at, values);
    let text = "";
    for (const value of values) text += value instanceof Markup ? value.text : escapeText(str(value));
    this.state.made(text);
    return new Markup(text);
  }
  equal(at: SourcePlace, a: Value, b: Value): boolean {
    if (typeof a === "string" && typeof b === "string") {
      if (this.#guard !== undefined && (this.#guard.watches(a) || this.#guard.watches(b))) this.#compared(at, "==", a, b);
      return a === b;
    }
    this.state.at = at;
    // Identity does not save a strict undefined value from being compared.
    if (a instanceof Undefined) return a.equals(b);
    if (b instanceof Undefined) return b.equals(a);
    return equals(a, b);
  }
  compare(at: SourcePlace, operator: Comparison, a: Value, b: Value): boolean {
    this.state.at = at;
    if (this.#watched(a) || this.#watched(b)) this.#compared(at, operator, a, b);
    return compare(operator, a, b);
  }
  isIn(at: SourcePlace, item: Value, container: Value): boolean {
    this.state.at = at;
    this.state.spend(sizeOf(container) >> (typeof container === "string" ? 6 : 2));
    if (this.#watched(item) || this.#watched(container)) this.#compared(at, "in", item, container);
    return contains(container, item);
  }
  truthy(at: SourcePlace, value: Value): boolean {
    if (typeof value === "boolean") return value;
    this.state.at = at;
    return truthy(value);
  }

  // Texts that stand for something else

  #watched(value: Value): boolean {
    return this.#guard !== undefined && typeof value === "string" && this.#guard.watches(value);
  }
  #compared(at: SourcePlace, operator: string, a: Value, b: Value): void {
    this.state.at = at;
    this.#guard?.compared(`the comparison ${operator}`, a, b);
  }
  #taken(operation: string, value: Value): void {
    if (typeof value === "string" && this.#watched(value)) this.#guard?.taken(operation, value);
  }

  // Literals

  /** A dict of keys and values in turn. */
  dict(at: SourcePlace, entries: readonly Value[]): PyDict {
    this.state.at = at;
    const dict = new PyDict();
    for (let index = 0; index < entries.length; index += 2) dict.set(entries[index] ?? null, entries[index + 1] ?? null);
    return dict;
  }

  // Attributes and items

  getattr(at: SourcePlace, value: Value, name: string): Value {
    this.state.at = at;
    return this.environment.lookup.attribute(value, name);
  }
  getitem(at: SourcePlace, value: Value, key: Value): Value {
    if (typeof key === "string" && value instanceof PyDict) {
      const found = value.get(key);
      if (found !== undefined) return found;
    }
    this.state.at = at;
    if (typeof key === "number") this.#taken("an index or slice", value);
    return this.environment.lookup.item(value, key);
  }
  /** `value[start:stop:step]`, which Jinja leaves to Python. */
  slice(at: SourcePlace, value: Value, start: Value, stop: Value, step: Value): Value {
    this.state.at = at;
    this.#taken("an index or slice", value);
    const part = slice(value, start, stop, step);
    if (part !== undefined) return this.state.made(part);
    if (value instanceof PyObject) value.refuse?.();
    if (value instanceof PyDict) throw new PyError("TypeError", "unhashable type: 'slice'");
    throw new PyError("TypeError", `'${typeName(value)}' object is not subscriptable`);
  }

  // Loops and assignment

  iterate(at: SourcePlace, value: Value): Iterable<Value> {
    this.state.at = at;
    this.#taken("a loop", value);
    return iterate(value);
  }
  loop(at: SourcePlace, iterable: Value, recurse: LoopRecursion | undefined, depth: number): LoopContext {
    this.state.at = at;
    this.#taken("a loop", iterable);
    return new LoopContext(this, iterable, recurse, depth);
  }
  /** The items of what is unpacked into `count` targets. */
  unpack(at: SourcePlace, value: Value, count: number): readonly Value[] {
    if (value instanceof PyTuple && value.items.length === count) return value.items;
    this.state.at = at;
    let items: Iterable<Value>;
    try {
      items = iterate(value);
    } catch (error) {
      if (error instanceof PyError && error.type === "TypeError") {
        throw new PyError("TypeError", `cannot unpack non-iterable ${typeName(value)} object`, { cause: error });
      }
      throw error;
    }
    const found: Value[] = [];
    for (const item of items) {
      if (found.length === count) throw new PyError("ValueError", `too many values to unpack (expected ${count})`);
      found.push(item);
    }
    if (found.length < count) throw new PyError("ValueError", `not enough values to unpack (expected ${count}, got ${found.length})`);
    return found;
  }
  requireNamespace(at: SourcePlace, value: Value | undefined): void {
    this.state.at = at;
    if (!(value instanceof Namespace)) throw new PyError("TemplateRuntimeError", "cannot assign attribute on non-namespace object");
  }
  setAttribute(at: SourcePlace, target: Value | undefined, name: string, value: Value): void {
    this.state.at = at;
    this.requireNamespace(at, target);
    if (target instanceof Namespace) target.set(name, value);
  }

  // Arguments

  /** Positional arguments with those of `*more`. */
  spread(at: SourcePlace, args: readonly Value[], more: Value): readonly Value[] {
    this.state.at = at;
    if (more instanceof Undefined) return [...args, ...more.iterate()];
    try {
      return [...args, ...iterate(more)];
    } catch (error) {
      if (!(error instanceof PyError && error.type === "TypeError")) throw error;
      throw new PyError("TypeError", `Value after * must be an iterable, not ${typeName(more)}`, { cause: error });
    }
  }
  /** Keyword arguments with those of `**more`. */
  spreadKwargs(at: SourcePlace, names: readonly string[], values: readonly Value[], more: Value): Kwargs {
    this.state.at = at;
    if (!(more instanceof PyDict)) throw new PyError("TypeError", `argument after ** must be a mapping, not ${typeName(more)}`);
    const all = new Map<string, Value>(names.map((name, index) => [name, values[index] ?? null]));
    for (const [key, value] of more.entries()) {
      if (typeof key !== "string") throw new PyError("TypeError", "keywords must be strings");
      if (all.has(key)) throw new PyError("TypeError", `got multiple values for keyword argument '${key}'`);
      all.set(key, value);
    }
    return all.size === 0 ? EMPTY : all;
  }

  // Printing

  /** The text of `{{ value }}`. */
  print(at: SourcePlace, value: Value): string {
    const { finalize } = this.environment;
    if (typeof value === "string" && finalize === undefined) {
      if (value.length > 256) this.state.made(value);
      return value;
    }
    this.state.at = at;
    if (typeof value === "bigint") this.#weigh(value, value);
    const text = str(finalize === undefined ? value : finalize(value));
    if (text.length > 256) this.state.made(text);
    return text;
  }
  printEscaped(at: SourcePlace, value: Value): string {
    this.state.at = at;
    const { finalize } = this.environment;
    const safe = escape(finalize === undefined ? value : finalize(value));
    return this.state.made(safe.text);
  }
  printAuto(at: SourcePlace, value: Value): string {
    return this.autoescape ? this.printEscaped(at, value) : this.print(at, value);
  }
  /** What a call block or filter block made, which Jinja joins with the rest of the output as it is. */
  text(at: SourcePlace, value: Value): string {
    if (typeof value === "string") return this.state.made(value);
    if (value instanceof Markup) return this.state.made(value.text);
    this.state.at = at;
    throw new PyError("TypeError", `sequence item 0: expected str instance, ${typeName(value)} found`);
  }
  markupIfEscaping(value: Value): Value {
    return this.autoescape ? new Markup(str(value)) : value;
  }
}

/**
 * How much work it is to go through a value; 0 for dicts, whose size is not asked so that nobody records that it was read, and
 * which take a step an entry to be made large.
 */
export function sizeOf(value: Value): number {
  if (typeof value === "string" || Array.isArray(value)) return value.length;
  if (value instanceof PyTuple) return value.items.length;
  if (value instanceof PySet || value instanceof PyRange) return value.size;
  if (typeof value === "bigint") return value > HUGE || value < -HUGE ? HUGE_SIZE : 0;
  return value instanceof Markup ? value.text.length : 0;
}
