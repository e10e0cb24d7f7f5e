import { PyCallable, PyDict, PyError, PyObject, type Kwargs, type Value } from "../../python/index.ts";
import { Namespace } from "../namespace.ts";
import { indexArgument } from "../semantics/args.ts";
import { typeError, valueError } from "../semantics/errors.ts";
import { updateDict } from "../semantics/methods/dict.ts";
import { BoundMethod, BuiltinFunction, PyRange } from "../semantics/values.ts";

/** What Jinja's sandbox allows a range to hold (jinja2.sandbox.MAX_RANGE). */
const MAX_RANGE = 100_000;

/** `range(…)` as Jinja's sandbox gives it. @throws PyError OverflowError beyond 100000 items */
function range(args: readonly Value[], kwargs: Kwargs): Value {
  if (kwargs.size > 0) throw typeError("range() takes no keyword arguments");
  if (args.length === 0) throw typeError("range expected at least 1 argument, got 0");
  if (args.length > 3) throw typeError(`range expected at most 3 arguments, got ${args.length}`);
  const [a = 0, b = 0, c = 1] = args.map((arg) => indexArgument(arg));
  if (c === 0) throw valueError("range() arg 3 must not be zero");
  const made = args.length === 1 ? new PyRange(0, a, 1) : new PyRange(a, b, c);
  if (made.size > MAX_RANGE) {
    throw new PyError("OverflowError", `Range too big. The sandbox blocks ranges larger than MAX_RANGE (${MAX_RANGE}).`);
  }
  return made;
}

function dictOf(name: string, args: readonly Value[], kwargs: Kwargs): PyDict {
  if (args.length > 1) throw typeError(`${name} expected at most 1 argument, got ${args.length}`);
  const made = new PyDict();
  updateDict(made, args[0], kwargs);
  return made;
}

/** jinja2.utils.Cycler: gives its values in turn. */
class Cycler extends PyObject {
  readonly typeName = "Cycler";
  readonly #items: readonly Value[];
  #at = 0;
  constructor(items: readonly Value[]) {
    super();
    if (items.length === 0) throw new PyError("RuntimeError", "at least one item has to be provided");
    this.#items = items;
  }
  override attribute(name: string): Value | undefined {
    switch (name) {
      case "current":
        return this.#items[this.#at] ?? null;
      case "pos":
        return this.#at;
      case "next":
        return new BoundMethod("next", this, () => {
          const item = this.#items[this.#at] ?? null;
          this.#at = (this.#at + 1) % this.#items.length;
          return item;
        });
      case "reset":
        return new BoundMethod("reset", this, () => {
          this.#at = 0;
          return null;
        });
      default:
        return undefined;
    }
  }
  repr(): string {
    return "<jinja2.utils.Cycler object>";
  }
}

/** jinja2.utils.Joiner: nothing at the first call, its separator at every other. */
class Joiner extends PyCallable {
  readonly typeName = "Joiner";
  readonly name = "joiner";
  readonly #separator: Value;
  #used = false;
  constructor(separator: Value) {
    super();
    this.#separator = separator;
  }
  call(): Value {
    if (this.#used) return this.#separator;
    this.#used = true;
    return "";
  }
  override attribute(name: string): Value | undefined {
    return name === "sep" ? this.#separator : name === "used" ? this.#used : undefined;
  }
  repr(): string {
    return "<jinja2.utils.Joiner object>";
  }
}

/** All globals of Jinja 3.1.6. */
export const builtinGlobals: ReadonlyMap<string, Value> = new Map<string, Value>([
  ["range", new BuiltinFunction("range", range)],
  ["dict", new BuiltinFunction("dict", (args, kwargs) => dictOf("dict", args, kwargs))],
  [
    "lipsum",
    new BuiltinFunction("lipsum", () => {
      throw new PyError(
        "ImpureError",
        "the function 'lipsum' is refused: its result is random, and a compile must give the same bytes every time",
      );
    }),
  ],
  ["cycler", new BuiltinFunction("cycler", (args) => new Cycler(args))],
  ["joiner", new BuiltinFunction("joiner", (args, kwargs) => new Joiner(args[0] ?? kwargs.get("sep") ?? ", "))],
  ["namespace", new BuiltinFunction("namespace", (args, kwargs) => new Namespace(dictOf("dict", args, kwargs)))],
]);
