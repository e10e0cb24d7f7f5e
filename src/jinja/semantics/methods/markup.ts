import { PyObject, PyTuple, typeName, type Kwargs, type Value } from "../../../python/index.ts";
import { escapeText, Markup } from "../../markup.ts";
import { str } from "../../../python/index.ts";
import { typeError } from "../errors.ts";
import { iterate } from "../sequence.ts";
import { textOf } from "../text.ts";
import { stripTags, unescapeText } from "./html.ts";

/** Methods of `str` whose result a safe string wraps again. */
const WRAPPED = new Set(
  "capitalize title lower upper replace ljust rjust lstrip rstrip center strip translate expandtabs swapcase zfill casefold removeprefix removesuffix join split rsplit splitlines partition rpartition".split(
    " ",
  ),
);
/** Positions of arguments that a safe string escapes first. */
const ESCAPED: ReadonlyMap<string, number> = new Map([
  ["replace", 1],
  ["ljust", 1],
  ["rjust", 1],
  ["center", 1],
]);

/** `markupsafe.escape(value)`. */
export function escape(value: Value): Markup {
  if (value instanceof Markup) return value;
  return new Markup(escapeText(str(value)));
}

/** Runs a method of a safe string over the plain one: arguments escaped, results safe (markupsafe 3.0, Markup). */
export function runOnMarkup(
  name: string,
  self: Markup,
  method: (self: string, args: readonly Value[], kwargs: Kwargs) => Value,
  args: readonly Value[],
  kwargs: Kwargs,
): Value {
  if (!WRAPPED.has(name)) return method(self.text, args, kwargs);
  const position = ESCAPED.get(name);
  let given = position === undefined ? args : args.map((value, index) => (index === position ? escape(value) : value));
  if (name === "join" && given.length === 1) given = [[...iterateItems(given[0] ?? null)].map(escape)];
  return wrap(method(self.text, given, kwargs));
}

function iterateItems(value: Value): Iterable<Value> {
  if (value instanceof PyObject || Array.isArray(value) || typeof value === "string") return iterate(value);
  throw typeError(`'${typeName(value)}' object is not iterable`);
}

function wrap(value: Value): Value {
  const text = textOf(value);
  if (text !== undefined) return new Markup(text);
  if (Array.isArray(value)) return value.map(wrap);
  return value instanceof PyTuple ? new PyTuple(value.items.map(wrap)) : value;
}

/** The methods that only a safe string has. */
export function markupMethod(name: string, self: Markup): ((args: readonly Value[]) => Value) | undefined {
  switch (name) {
    case "unescape":
      return () => unescapeText(self.text);
    case "striptags":
      return () => stripTags(self.text);
    case "escape":
      return ([value = ""]) => escape(value);
    default:
      return undefined;
  }
}
