import { PyTuple, type Kwargs, type Value } from "../../python/index.ts";
import { Markup } from "../markup.ts";
import { PyIterator } from "../semantics/index.ts";
import { Undefined } from "../undefined.ts";
import { Macro } from "./macro.ts";
import { Pieces } from "./trace.ts";

/** Everything generated code can name, beside its context: `rt`. */
export const support = {
  PyTuple,
  Markup,
  Macro,
  Pieces,
  noArgs: [] as readonly Value[],
  noKwargs: new Map<string, Value>() as Kwargs,
  kwargs(names: readonly string[], values: readonly Value[]): Kwargs {
    const map = new Map<string, Value>();
    for (const [index, name] of names.entries()) map.set(name, values[index] ?? null);
    return map;
  },
  /** The local variables that have a value. */
  locals(names: readonly string[], values: readonly (Value | undefined)[]): ReadonlyMap<string, Value> {
    const map = new Map<string, Value>();
    for (const [index, name] of names.entries()) {
      const value = values[index];
      if (value !== undefined) map.set(name, value);
    }
    return map;
  },
  /** The items that a loop with `if` takes, tested one by one as they are asked for. */
  filtered(items: Iterable<Value>, test: (item: Value) => boolean): Value {
    return new PyIterator(taken(items, test));
  },
  /** What an inline `if` without `else` gives; it is never strict. */
  plainUndefined(hint: string): Value {
    return new Undefined({ hint });
  },
} as const;

function* taken(items: Iterable<Value>, test: (item: Value) => boolean): Generator<Value> {
  for (const item of items) if (test(item)) yield item;
}
