import { FindingError } from "../../finding/index.ts";
import {
  JinjaEnvironment,
  StateCallable,
  TemplateCache,
  type CallState,
  type Limits,
  type PrintedText,
  type RenderBudget,
  type Rendered,
} from "../../jinja/index.ts";
import { PyDict, PyError, PyFloat, PyOrderedDict, PyTuple, repr, str, type Kwargs, type Value } from "../../python/index.ts";
import { bind, IFELSE, isTrue, signature, type ModuleContext, type SaltFunctions } from "../modules/index.ts";
import type { Minion } from "../types.ts";
import { slsContext } from "./context.ts";
import { saltError } from "./errors.ts";
import { printable } from "./finalize.ts";
import { SaltLoader } from "./loader.ts";
import { SerializerFilters } from "./serializer.ts";
import { jinjaSyntax } from "./syntax.ts";
import { guardedFilters, guardedTests, sealedGuard } from "./sealed-guard.ts";
import { saltTags } from "./tags.ts";
import { saltFilters, saltTests } from "./filters.ts";

export interface TemplateRequest {
  readonly minion: Minion;
  readonly pillar: PyDict;
  readonly saltenv: string;
  readonly role: "state" | "pillar";
  readonly salt: SaltFunctions;
  readonly text: string;
  /** What messages call the text. */
  readonly display: string;
  /** Name of the SLS, empty for top files and texts; absent for a template that is no SLS. */
  readonly sls: string | undefined;
  /** The template's path on the minion, empty where it has none. */
  readonly tplpath: string;
  /** Variables over Salt's own. */
  readonly variables: ReadonlyMap<string, Value>;
  readonly trace: boolean;
  /** As of the Jinja room's `RenderOptions`. */
  readonly printed?: PrintedText[] | undefined;
  /** What the renders of a minion may use together. */
  readonly budget?: RenderBudget | undefined;
}

/** Salt's Jinja renders (salt/utils/templates.py render_jinja_tmpl, 3007.1), with each template compiled once in the object's life. */
export class SaltTemplates {
  readonly #cache = new TemplateCache();
  readonly #tags = saltTags();
  readonly #serializer = new SerializerFilters();
  readonly #limits: Partial<Limits>;
  readonly #tests = guardedTests(saltTests);
  #filters: ReturnType<typeof saltFilters> | undefined;

  constructor(options: { readonly limits?: Limits } = {}) {
    this.#limits = options.limits ?? {};
  }

  /** @throws FindingError: SlsRenderError in Salt's words where Salt raises too */
  render(request: TemplateRequest): Rendered {
    const { minion, role, saltenv, text, display, sls } = request;
    if (!request.trace && isPlain(text, minion, sls)) return { text };
    const variables = variablesOf(request);
    const environment: JinjaEnvironment = new JinjaEnvironment({
      // The loader reads and writes the globals of the environment that uses it.
      loader: { load: (name) => loader.load(name) },
      syntax: jinjaSyntax(minion.opts, sls !== undefined && sls !== ""),
      undefined: isTrue(minion.opts.get("allow_undefined") ?? false) ? "default" : "strict",
      filters: (this.#filters ??= guardedFilters(saltFilters(this.#serializer))),
      tests: this.#tests,
      guard: sealedGuard,
      globals: new Map([...saltGlobals(request.salt.context, variables), ...variables]),
      tags: this.#tags,
      limits: this.#limits,
      finalize: printable,
      cache: this.#cache,
    });
    const loader: SaltLoader = new SaltLoader(role === "pillar" ? minion.pillarRoots : minion.fileRoots, saltenv, environment.globals);
    try {
      const rendered = environment
        .compile({ name: display, text })
        .render(variables, { trace: request.trace, budget: request.budget, printed: request.printed });
      return withLastNewline(rendered, text, display);
    } catch (error) {
      throw error instanceof FindingError ? saltError(error, display, sls, (file) => loader.askedFor(file)) : error;
    }
  }
}

/** Whether a text holds nothing that Jinja would act on: as it is written out, so it is. */
export function isPlain(text: string, minion: Minion, sls: string | undefined): boolean {
  return (
    text.length < LONG &&
    !text.includes("{") &&
    !text.includes("\r") &&
    Object.keys(jinjaSyntax(minion.opts, sls !== undefined && sls !== "")).every((name) => HARMLESS.has(name))
  );
}

/** A longer text is left to Jinja, which says so where it is too long. */
const LONG = 1024 * 1024;

/** Settings of Jinja that mean nothing to a text without tags. */
const HARMLESS: ReadonlySet<string> = new Set(["trim_blocks", "lstrip_blocks"]);

/** What Salt passes to every template, then where an SLS stands, then what was given. */
function variablesOf({ minion, pillar, salt, saltenv, sls, tplpath, variables }: TemplateRequest): Map<string, Value> {
  const all = new Map<string, Value>([
    ["salt", salt],
    ["grains", minion.grains],
    ["opts", minion.opts],
    ["pillar", pillar],
    ["saltenv", saltenv],
  ]);
  if (sls !== undefined) all.set("sls", sls);
  for (const [name, value] of variables) all.set(name, value);
  const named = all.get("sls");
  if (typeof named === "string") for (const [name, value] of Object.entries(slsContext(tplpath, named))) all.set(name, value);
  return all;
}

/** Jinja drops the last line end of a template, and Salt puts it back behind whatever came out. */
function withLastNewline(rendered: Rendered, text: string, display: string): Rendered {
  if (!text.endsWith("\n")) return rendered;
  const end = rendered.text.length;
  if (rendered.map === undefined) return { text: `${rendered.text}\n` };
  const line = text.split("\n").length - 1;
  const last = { start: end, end: end + 1, trail: [{ file: display, line, column: 1 }] };
  return { text: `${rendered.text}\n`, map: [...rendered.map, last] };
}

function saltGlobals(context: ModuleContext, variables: ReadonlyMap<string, Value>): [string, Value][] {
  return [
    ["raise", new Global("raise", raise)],
    ["ifelse", new Global("ifelse", (_state, args, kwargs) => ifelse(context, args, kwargs))],
    ["odict", new Global("odict", (_state, args, kwargs) => odict(args, kwargs))],
    ["show_full_context", new Global("show_full_context", () => fullContext(variables))],
  ];
}

/** A function that templates see under a plain name. */
class Global extends StateCallable {
  readonly typeName = "function";
  readonly name: string;
  readonly #run: (state: CallState, args: readonly Value[], kwargs: Kwargs) => Value;
  constructor(name: string, run: (state: CallState, args: readonly Value[], kwargs: Kwargs) => Value) {
    super();
    this.name = name;
    this.#run = run;
  }
  override callWith(state: CallState, args: readonly Value[], kwargs: Kwargs): Value {
    return this.#run(state, args, kwargs);
  }
  repr(): string {
    return `<function ${this.name}>`;
  }
}

function raise(_state: CallState, args: readonly Value[], kwargs: Kwargs): never {
  const [message = null] = bind(signature("jinja_raise", "msg"), args, kwargs).values;
  throw new PyError("TemplateError", str(message));
}

function ifelse(context: ModuleContext, args: readonly Value[], kwargs: Kwargs): Value {
  const bound = bind(signature("ifelse", IFELSE.signature), args, kwargs);
  return IFELSE.run(context, bound.values, bound);
}

function odict(args: readonly Value[], kwargs: Kwargs): Value {
  const dict = new PyOrderedDict();
  const [given] = args;
  if (given instanceof PyDict) for (const [key, value] of given.entries()) dict.set(key, value);
  for (const [name, value] of kwargs) dict.set(name, value);
  return dict;
}

/**
 * The variables of the render as plain data (`salt.utils.data.simple_types_filter`). What the template itself has set is not among them,
 * and functions print without the addresses they have in Python.
 */
function fullContext(variables: ReadonlyMap<string, Value>): PyDict {
  return PyDict.of([...variables].map(([name, value]): [Value, Value] => [name, simple(value)]));
}

function simple(value: Value): Value {
  if (value === null || typeof value !== "object" || value instanceof PyFloat) return value;
  if (Array.isArray(value)) return value.map(simple);
  if (value instanceof PyTuple) return value.items.map(simple);
  if (!(value instanceof PyDict)) return repr(value);
  return PyDict.of(
    [...value.entries()].map(([key, item]): [Value, Value] => [
      key === null || typeof key !== "object" || key instanceof PyFloat ? key : repr(key),
      simple(item),
    ]),
  );
}
