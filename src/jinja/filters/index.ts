import { PyError, truthy, type Value } from "../../python/index.ts";
import { Markup } from "../markup.ts";
import { asInt } from "../semantics/arithmetic.ts";
import { signature } from "../semantics/args.ts";
import { getAttribute } from "../semantics/attribute.ts";
import { dumpJson } from "../semantics/json.ts";
import { pprint } from "../semantics/pprint.ts";
import { textOf } from "../semantics/text.ts";
import type { FilterFunction } from "../types.ts";
import { filter } from "./define.ts";
import { numberFilters } from "./numbers.ts";
import { sequenceFilters } from "./sequences.ts";
import { textFilters } from "./text.ts";

const defaultFilter = filter(
  signature("do_default", ["value"], { default_value: "", boolean: false }),
  (state, [value = null, fallback = null, boolean = null]) =>
    state.host.isUndefined(value) || (truthy(boolean) && !truthy(value)) ? fallback : value,
);

const attr = filter(signature("do_attr", ["obj", "name"], {}, 1), (state, [object = null, name = null]) => {
  const text = textOf(name) ?? "";
  // Dunder names exist on every object of Python's; the environment refuses them as unsafe.
  if (text.startsWith("__") || getAttribute(object, text) !== undefined) return state.host.getAttribute(object, text);
  return state.host.undefined({ object, name });
});

/** How `indent` of the JSON filters is given: a number of blanks, a text, or None. */
export function jsonIndent(indent: Value): string | null {
  if (indent === null) return null;
  const text = textOf(indent);
  if (text !== undefined) return text;
  return " ".repeat(Math.max(0, Number(asInt(indent) ?? 0)));
}

/** Escapes what HTML would read in a JSON text. */
export function htmlSafe(json: string): string {
  return json.replaceAll("<", "\\u003c").replaceAll(">", "\\u003e").replaceAll("&", "\\u0026").replaceAll("'", "\\u0027");
}

const tojson = filter(
  signature("do_tojson", ["value"], { indent: null }, 1),
  (_, [value = null, indent = null]) => new Markup(htmlSafe(dumpJson(value, { sortKeys: true, indent: jsonIndent(indent) }))),
);

/** A filter that is refused, with the reason. */
export function refusedFilter(name: string, reason: string): FilterFunction {
  return () => {
    throw new PyError("ImpureError", `the filter '${name}' is refused: ${reason}`);
  };
}

/** What makes a random result unusable here. */
export const RANDOM = "its result is random, and a compile must give the same bytes every time";

/** All filters of Jinja 3.1.6. */
export const builtinFilters: ReadonlyMap<string, FilterFunction> = new Map(
  Object.entries({
    ...textFilters,
    ...numberFilters,
    ...sequenceFilters,
    attr,
    d: defaultFilter,
    default: defaultFilter,
    pprint: filter(signature("do_pprint", ["value"]), (_, [value = null]) => pprint(value)),
    random: refusedFilter("random", RANDOM),
    tojson,
  }),
);
