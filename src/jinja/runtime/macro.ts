import { PyCallable, PyDict, PyError, PyTuple, repr, type Kwargs, type Value } from "../../python/index.ts";
import type { SourcePlace } from "../errors.ts";
import { Markup } from "../markup.ts";
import type { Operators } from "./operators.ts";

/** What the body of a macro reads beside its arguments. */
export interface SpecialParameters {
  readonly caller: boolean;
  readonly kwargs: boolean;
  readonly varargs: boolean;
}

/** A macro, or the body of a call block (jinja2.runtime.Macro). */
export class Macro extends PyCallable {
  readonly typeName = "Macro";
  readonly name: string;
  readonly #anonymous: boolean;
  readonly #context: Operators;
  readonly #parameters: readonly string[];
  readonly #special: SpecialParameters;
  readonly #run: (...args: (Value | undefined)[]) => string;
  /** Where it is defined. */
  readonly definedAt: SourcePlace;

  constructor(
    context: Operators,
    definedAt: SourcePlace,
    name: string | null,
    parameters: readonly string[],
    special: SpecialParameters,
    run: (...args: (Value | undefined)[]) => string,
  ) {
    super();
    this.#context = context;
    this.definedAt = definedAt;
    this.name = name ?? "caller";
    this.#anonymous = name === null;
    this.#parameters = parameters;
    this.#special = special;
    this.#run = run;
  }

  call(args: readonly Value[], kwargs: Kwargs): Value {
    return this.invoke(args, kwargs, false);
  }
  /** Calls the macro; `autoescape` says whether its text is safe where it is called. */
  invoke(args: readonly Value[], kwargs: Kwargs, autoescape: boolean): Value {
    const { state } = this.#context;
    const given = this.#arguments(args, kwargs);
    const outer = state.enter("called from", state.at);
    const text = this.#run(...given);
    state.leave(outer);
    return autoescape ? new Markup(text) : text;
  }

  /** Arguments in the order of the generated function's parameters; `undefined` for what was not given. */
  #arguments(args: readonly Value[], kwargs: Kwargs): (Value | undefined)[] {
    const count = this.#parameters.length;
    const given: (Value | undefined)[] = args.slice(0, count);
    if (
      kwargs.size === 0 &&
      given.length === count &&
      args.length === count &&
      !this.#special.caller &&
      !this.#special.kwargs &&
      !this.#special.varargs
    ) {
      return given;
    }
    const rest = new Map(kwargs);
    const explicitCaller = this.#parameters.includes("caller");
    let foundCaller = given.length === count && explicitCaller;
    for (const name of this.#parameters.slice(given.length)) {
      given.push(rest.get(name));
      rest.delete(name);
      if (name === "caller") foundCaller = true;
    }
    if (this.#special.caller && !foundCaller) {
      given.push(rest.get("caller") ?? this.#context.undefined({ hint: "No caller defined", name: "caller" }));
      rest.delete("caller");
    }
    const shown = this.#anonymous ? "None" : repr(this.name);
    if (this.#special.kwargs) given.push(PyDict.of(rest));
    else if (rest.size > 0) {
      if (rest.has("caller")) {
        throw new PyError(
          "TypeError",
          `macro ${shown} was invoked with two values for the special caller argument. This is most likely a bug.`,
        );
      }
      const [first = ""] = rest.keys();
      throw new PyError("TypeError", `macro ${shown} takes no keyword argument ${repr(first)}`);
    }
    if (this.#special.varargs) given.push(new PyTuple(args.slice(count)));
    else if (args.length > count) throw new PyError("TypeError", `macro ${shown} takes not more than ${count} argument(s)`);
    return given;
  }

  override attribute(name: string): Value | undefined {
    switch (name) {
      case "name":
        return this.#anonymous ? null : this.name;
      case "arguments":
        return new PyTuple(this.#parameters);
      case "catch_kwargs":
        return this.#special.kwargs;
      case "catch_varargs":
        return this.#special.varargs;
      case "caller":
        return this.#special.caller;
      case "explicit_caller":
        return this.#parameters.includes("caller");
      default:
        return undefined;
    }
  }
  repr(): string {
    return `<Macro ${this.#anonymous ? "anonymous" : repr(this.name)}>`;
  }
}
