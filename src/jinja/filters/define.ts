import { PyError, type Value } from "../../python/index.ts";
import { bind, type Signature } from "../semantics/args.ts";
import { isDigit } from "../semantics/characters.ts";
import { parseInteger } from "../semantics/convert.ts";
import { textOf } from "../semantics/text.ts";
import { Markup } from "../markup.ts";
import type { CallState, FilterFunction } from "../types.ts";

/** A filter as Python declares it: the value is its first parameter. */
export function filter(fn: Signature, run: (state: CallState, values: readonly Value[]) => Value): FilterFunction {
  return (state, value, args, kwargs) => run(state, bind(fn, [value, ...args], kwargs));
}

/** An error of a filter's own arguments (jinja2.exceptions.FilterArgumentError). */
export function filterArgumentError(message: string): PyError {
  return new PyError("FilterArgumentError", message);
}

/** `str(x).lower()` of texts, other values as they are. */
export function ignoreCase(value: Value): Value {
  if (typeof value === "string") return value.toLowerCase();
  return value instanceof Markup ? new Markup(value.text.toLowerCase()) : value;
}

/** The parts of an attribute path: `"a.0.b"` is a, 0, b. */
function attributeParts(attribute: Value): Value[] {
  if (attribute === null) return [];
  const text = textOf(attribute);
  if (text === undefined) return [attribute];
  return text.split(".").map((part) => (part !== "" && Array.from(part).every(isDigit) ? parseInteger(part) : part));
}

/** Reads `attribute` of an item by the environment's rules; see jinja2.filters.make_attrgetter. */
export function attributeGetter(
  state: CallState,
  attribute: Value,
  postprocess?: (value: Value) => Value,
  fallback: Value = null,
): (item: Value) => Value {
  const parts = attributeParts(attribute);
  return (item) => {
    let value = item;
    for (const part of parts) {
      value = state.host.getItem(value, part);
      if (fallback !== null && state.host.isUndefined(value)) value = fallback;
    }
    return postprocess === undefined ? value : postprocess(value);
  };
}

/** Reads several attributes, separated by commas, as a list; see jinja2.filters.make_multi_attrgetter. */
export function multiAttributeGetter(state: CallState, attribute: Value, postprocess?: (value: Value) => Value): (item: Value) => Value[] {
  const text = textOf(attribute);
  const paths = (text === undefined ? [attribute] : text.split(",")).map((path) => attributeGetter(state, path, postprocess));
  return (item) => paths.map((read) => read(item));
}
