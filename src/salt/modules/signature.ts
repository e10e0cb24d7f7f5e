import { PyError, type Kwargs, type Value } from "../../python/index.ts";

/** The parameters of an execution-module function, as Python names them. */
export interface Signature {
  /** Python's name of the function, which its own TypeErrors use: `get`, `list_`. */
  readonly name: string;
  /** Positional parameters in order; those after `required` have defaults. */
  readonly positional: readonly string[];
  readonly required: number;
  /** Parameters that can only be given by name, all with defaults. */
  readonly keywordOnly: readonly string[];
  readonly hasArgs: boolean;
  readonly hasKwargs: boolean;
}

/** What a call gave: a value per parameter, `undefined` where it gave none, and what `*args` and `**kwargs` took. */
export interface Bound {
  readonly values: readonly (Value | undefined)[];
  readonly args: readonly Value[];
  readonly kwargs: Kwargs;
}

/**
 * Reads a signature: names divided by blanks, `?` marking those with a default, then `*args`, names that only go by keyword, and
 * `**kwargs`: `"key default? *args merge? **kwargs"`.
 */
export function signature(name: string, text: string): Signature {
  const positional: string[] = [];
  const keywordOnly: string[] = [];
  let required = 0;
  let hasArgs = false;
  let hasKwargs = false;
  for (const word of text.split(" ")) {
    if (word === "") continue;
    if (word.startsWith("**")) hasKwargs = true;
    else if (word.startsWith("*")) hasArgs = true;
    else if (hasArgs) keywordOnly.push(word.replace("?", ""));
    else {
      if (!word.endsWith("?")) required++;
      positional.push(word.replace("?", ""));
    }
  }
  return { name, positional, required, keywordOnly, hasArgs, hasKwargs };
}

/**
 * Gives each argument its parameter, as CPython does.
 *
 * @throws PyError `TypeError` in CPython's words
 */
export function bind(to: Signature, args: readonly Value[], kwargs: Kwargs): Bound {
  const named = [...to.positional, ...to.keywordOnly];
  const values: (Value | undefined)[] = named.map((_, index) => (index < to.positional.length ? args[index] : undefined));
  const rest = new Map<string, Value>();
  for (const [name, value] of kwargs) {
    const index = named.indexOf(name);
    if (index < 0) {
      if (!to.hasKwargs) throw typeError(to, `got an unexpected keyword argument '${name}'`);
      rest.set(name, value);
    } else if (values[index] === undefined) values[index] = value;
    else throw typeError(to, `got multiple values for argument '${name}'`);
  }
  if (args.length > to.positional.length && !to.hasArgs) throw typeError(to, tooMany(to, args.length));
  const missing = to.positional.slice(0, to.required).filter((_, index) => values[index] === undefined);
  if (missing.length > 0)
    throw typeError(to, `missing ${missing.length} required positional argument${missing.length === 1 ? "" : "s"}: ${listed(missing)}`);
  return { values, args: args.slice(to.positional.length), kwargs: rest };
}

function typeError(to: Signature, message: string): PyError {
  return new PyError("TypeError", `${to.name}() ${message}`);
}

function tooMany(to: Signature, given: number): string {
  const most = to.positional.length;
  const takes = to.required === most ? String(most) : `from ${to.required} to ${most}`;
  return `takes ${takes} positional argument${most === 1 && to.required === most ? "" : "s"} but ${given} ${given === 1 ? "was" : "were"} given`;
}

function listed(names: readonly string[]): string {
  const quoted = names.map((name) => `'${name}'`);
  if (quoted.length < 3) return quoted.join(" and ");
  return `${quoted.slice(0, -1).join(", ")}, and ${quoted.at(-1) ?? ""}`;
}
