import { builtinFilters, builtinTests, Markup, type FilterFunction, type TestFunction, type TextGuard } from "../../jinja/index.ts";
import { PyTuple, type Value } from "../../python/index.ts";
import { refuse, watches } from "../references.ts";

/**
 * What may be done to a text that holds a reference to a sealed value: it may be put into other text, quoted, indented, and written as JSON,
 * YAML or base64. Anything else would be done to the reference and not to the value, which is not there yet.
 */
const FILTERS: ReadonlySet<string> = new Set(
  "attr base64_encode d default e escape forceescape format indent join json load_json load_text load_yaml pprint python quote safe string tojson xml xmlattr yaml yaml_dquote yaml_encode yaml_squote".split(
    " ",
  ),
);
/** What is asked of a value's type, or whether there is one, is the same for the reference. */
const TESTS: ReadonlySet<string> = new Set(
  "boolean callable defined escaped false filter float integer iterable list mapping none number sequence string test true undefined".split(
    " ",
  ),
);
const COMPARISONS: ReadonlySet<string> = new Set("eq equalto == ne != gt greaterthan > ge >= lt lessthan < le <= sameas in".split(" "));
const METHODS: ReadonlySet<string> = new Set(["format", "format_map", "join"]);
const STRIPPING: ReadonlySet<string> = new Set(["strip", "lstrip", "rstrip"]);

/** Filters that refuse texts with references where they would change them. */
export function guardedFilters(filters: ReadonlyMap<string, FilterFunction>): ReadonlyMap<string, FilterFunction> {
  const guarded = new Map<string, FilterFunction>();
  for (const [name, run] of new Map([...builtinFilters, ...filters])) {
    if (FILTERS.has(name)) guarded.set(name, run);
    else
      guarded.set(name, (state, value, args, kwargs) => {
        const text = textOf(value);
        if (text !== undefined && watches(text) && !leavesWhole(name, text)) refuse(`the filter ${name}`, text);
        return run(state, value, args, kwargs);
      });
  }
  return guarded;
}

function leavesWhole(name: string, text: string): boolean {
  return (name === "trim" && trimsOther(text)) || (name === "base64_decode" && !text.includes("?{"));
}

/** Tests that refuse texts with references where they would ask of the reference what they mean to ask of the value. */
export function guardedTests(tests: ReadonlyMap<string, TestFunction>): ReadonlyMap<string, TestFunction> {
  const guarded = new Map<string, TestFunction>();
  for (const [name, run] of new Map([...builtinTests, ...tests])) {
    if (TESTS.has(name)) guarded.set(name, run);
    else
      guarded.set(name, (state, value, args, kwargs) => {
        const [other = null] = args;
        if (COMPARISONS.has(name)) compared(`the test ${name}`, value, other);
        else {
          const text = textOf(value);
          if (text !== undefined && watches(text)) refuse(`the test ${name}`, text);
        }
        return run(state, value, args, kwargs);
      });
  }
  return guarded;
}

/** What Jinja's operators ask. */
export const sealedGuard: TextGuard = {
  watches,
  compared,
  taken: (operation, text) => refuse(operation, text),
  called(name, text, args) {
    if (METHODS.has(name) || (STRIPPING.has(name) && args.length === 0 && trimsOther(text))) return;
    if (name === "startswith" && isMark(args[0])) return;
    refuse(`the method ${name}`, text);
  },
};

/** Whether a reference is empty, or there, is known. */
function compared(operation: string, one: Value, other: Value): void {
  for (const [watched, held] of [
    [textOf(one), other],
    [textOf(other), one],
  ] as const) {
    if (watched === undefined || !watches(watched)) continue;
    if (isMark(held)) continue;
    const texts = Array.isArray(held) ? held : held instanceof PyTuple ? held.items : [held];
    if (texts.some((each) => typeof each === "string" && each !== "")) refuse(operation, watched);
  }
}

/** `?{` or the beginning of a reference: what asks for it wants to know whether there is one. */
function isMark(value: Value | undefined): boolean {
  return typeof value === "string" && /^\?\{(?:[a-z]+:?)?$/.test(value);
}

/** Blanks at the ends of a text that are not a reference's own: its value's can't be taken away. */
function trimsOther(text: string): boolean {
  const trimmed = text.trim();
  return trimmed !== text || !(trimmed.startsWith("?{") || trimmed.endsWith("}"));
}

function textOf(value: Value): string | undefined {
  if (typeof value === "string") return value;
  return value instanceof Markup ? value.text : undefined;
}
