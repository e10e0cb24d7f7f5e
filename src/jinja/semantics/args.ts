import { PyObject, typeName, type Kwargs, type Value } from "../../python/index.ts";
import { asInt } from "./arithmetic.ts";
import { overflowError, typeError } from "./errors.ts";
import { BoundMethod } from "./values.ts";

/** The parameters of a function that is written in Python, for the messages that Python's interpreter gives. */
export interface Signature {
  readonly name: string;
  readonly params: readonly string[];
  /** Defaults of the last parameters. */
  readonly defaults: readonly Value[];
  /** Parameters that the machinery fills before the first (`environment`, `context`), which Python counts in its messages. */
  readonly lead: number;
}

/** Describes a Python function: required parameters, then those with defaults. */
export function signature(name: string, required: readonly string[], optional: Readonly<Record<string, Value>> = {}, lead = 0): Signature {
  return { name, params: [...required, ...Object.keys(optional)], defaults: Object.values(optional), lead };
}

/**
 * Lays arguments out by parameter, as Python's interpreter does (CPython 3.11, Python/ceval.c).
 *
 * @throws PyError TypeError with Python's message
 */
export function bind(fn: Signature, args: readonly Value[], kwargs: Kwargs): Value[] {
  const { params, defaults } = fn;
  const required = params.length - defaults.length;
  const out: (Value | undefined)[] = args.slice(0, params.length);
  for (const [name, value] of kwargs) {
    const index = params.indexOf(name);
    if (index < 0) throw typeError(`${fn.name}() got an unexpected keyword argument '${name}'`);
    if (out[index] !== undefined) throw typeError(`${fn.name}() got multiple values for argument '${name}'`);
    out[index] = value;
  }
  if (args.length > params.length) throw tooMany(fn, args.length);
  const missing: string[] = [];
  for (let index = 0; index < params.length; index++) {
    if (out[index] !== undefined) continue;
    if (index < required) missing.push(`'${params[index] ?? ""}'`);
    else out[index] = defaults[index - required] ?? null;
  }
  if (missing.length > 0) throw missingArguments(fn.name, missing);
  return out.map((value) => value ?? null);
}

function tooMany(fn: Signature, given: number): Error {
  const most = fn.params.length + fn.lead;
  const least = most - fn.defaults.length;
  const takes = fn.defaults.length > 0 ? `from ${least} to ${most}` : String(most);
  const plural = most === 1 && fn.defaults.length === 0 ? "" : "s";
  return typeError(
    `${fn.name}() takes ${takes} positional argument${plural} but ${given + fn.lead} ${given + fn.lead === 1 ? "was" : "were"} given`,
  );
}

function missingArguments(name: string, missing: readonly string[]): Error {
  const last = missing.at(-1) ?? "";
  const list =
    missing.length === 1 ? last : missing.length === 2 ? missing.join(" and ") : `${missing.slice(0, -1).join(", ")}, and ${last}`;
  return typeError(`${name}() missing ${missing.length} required positional argument${missing.length === 1 ? "" : "s"}: ${list}`);
}

/** A method of a built-in type: what it does with its object and arguments. */
export type Method<T> = (self: T, args: readonly Value[], kwargs: Kwargs) => Value;
export type MethodTable<T> = ReadonlyMap<string, Method<T>>;

/** A method bound to its object. */
export function boundMethod<T extends Value>(table: MethodTable<T>, name: string, self: T): BoundMethod | undefined {
  const method = table.get(name);
  return method === undefined ? undefined : new BoundMethod(name, self, (args, kwargs) => method(self, args, kwargs));
}

/** Makes the entries of a method table; the messages are those of CPython's argument clinic. */
export class MethodMaker<T> {
  readonly #type: string;
  readonly #table = new Map<string, Method<T>>();
  constructor(type: string) {
    this.#type = type;
  }
  get table(): MethodTable<T> {
    return this.#table;
  }
  #noKeywords(name: string, kwargs: Kwargs): void {
    if (kwargs.size > 0) throw typeError(`${this.#type}.${name}() takes no keyword arguments`);
  }
  /** METH_NOARGS */
  none(name: string, run: (self: T) => Value): this {
    this.#table.set(name, (self, args, kwargs) => {
      this.#noKeywords(name, kwargs);
      if (args.length > 0) throw typeError(`${this.#type}.${name}() takes no arguments (${args.length} given)`);
      return run(self);
    });
    return this;
  }
  /** METH_O */
  one(name: string, run: (self: T, value: Value) => Value): this {
    this.#table.set(name, (self, args, kwargs) => {
      this.#noKeywords(name, kwargs);
      const [value] = args;
      if (value === undefined || args.length !== 1) {
        throw typeError(`${this.#type}.${name}() takes exactly one argument (${args.length} given)`);
      }
      return run(self, value);
    });
    return this;
  }
  /** Positional arguments alone, checked as `_PyArg_CheckPositional` does. */
  positional(name: string, least: number, most: number, run: (self: T, args: readonly (Value | undefined)[]) => Value): this {
    this.#table.set(name, (self, args, kwargs) => {
      this.#noKeywords(name, kwargs);
      if (args.length < least || args.length > most) {
        const bound = args.length < least ? least : most;
        const word = least === most ? "" : args.length < least ? "at least " : "at most ";
        throw typeError(`${name} expected ${word}${bound} argument${bound === 1 ? "" : "s"}, got ${args.length}`);
      }
      return run(self, args);
    });
    return this;
  }
  /** Positional arguments alone, checked as `PyArg_ParseTuple` does (find, count, startswith …). */
  parsed(name: string, least: number, most: number, run: (self: T, args: readonly (Value | undefined)[]) => Value): this {
    this.#table.set(name, (self, args, kwargs) => {
      this.#noKeywords(name, kwargs);
      if (args.length < least || args.length > most) {
        const bound = args.length < least ? least : most;
        const word = least === most ? "exactly" : args.length < least ? "at least" : "at most";
        throw typeError(`${name}() takes ${word} ${bound} argument${bound === 1 ? "" : "s"} (${args.length} given)`);
      }
      return run(self, args);
    });
    return this;
  }
  /** Arguments by position or name, checked as `_PyArg_UnpackKeywords` does. */
  keywords(
    name: string,
    params: readonly string[],
    least: number,
    run: (self: T, args: readonly (Value | undefined)[]) => Value,
    positional = params.length,
  ): this {
    this.#table.set(name, (self, args, kwargs) => run(self, unpackKeywords(name, params, least, args, kwargs, positional)));
    return this;
  }
  /** A method that looks at its arguments itself. */
  raw(name: string, run: Method<T>): this {
    this.#table.set(name, run);
    return this;
  }
}

/** CPython's `_PyArg_UnpackKeywords` (Python/getargs.c, 3.11). */
export function unpackKeywords(
  name: string,
  params: readonly string[],
  least: number,
  args: readonly Value[],
  kwargs: Kwargs,
  positional = params.length,
): (Value | undefined)[] {
  const given = args.length + kwargs.size;
  if (given > params.length) {
    const kind = args.length === 0 ? "keyword " : "";
    throw typeError(
      `${name}() takes ${least < params.length ? "at most" : "exactly"} ${params.length} ${kind}argument${params.length === 1 ? "" : "s"} (${given} given)`,
    );
  }
  if (args.length > positional) {
    if (positional === 0) throw typeError(`${name}() takes no positional arguments`);
    throw typeError(
      `${name}() takes ${least < positional ? "at most" : "exactly"} ${positional} positional argument${positional === 1 ? "" : "s"} (${args.length} given)`,
    );
  }
  const out: (Value | undefined)[] = [...args];
  for (const [key, value] of kwargs) {
    const index = params.indexOf(key);
    if (index < 0) throw typeError(`'${key}' is an invalid keyword argument for ${name}()`);
    if (index < args.length) throw typeError(`argument for ${name}() given by name ('${key}') and position (${index + 1})`);
    out[index] = value;
  }
  for (let index = 0; index < least; index++) {
    if (out[index] === undefined) throw typeError(`${name}() missing required argument '${params[index] ?? ""}' (pos ${index + 1})`);
  }
  return out;
}

/** An argument that CPython takes through `__index__`. @throws PyError TypeError, OverflowError */
export function indexArgument(value: Value): number {
  const index = asInt(value);
  if (index === undefined) {
    if (value instanceof PyObject) value.refuse?.();
    throw typeError(`'${typeName(value)}' object cannot be interpreted as an integer`);
  }
  if (typeof index === "bigint" && (index >= 1n << 63n || index < -(1n << 63n))) {
    throw overflowError("Python int too large to convert to C ssize_t");
  }
  return Number(index);
}
