import { StateCallable, type CallState } from "../../jinja/index.ts";
import { PyCallable, PyError, PyObject, type Kwargs, type Value } from "../../python/index.ts";
import { refuseReferences } from "../references.ts";
import { configModule } from "./config.ts";
import { cpModule } from "./cp.ts";
import { defaultsModule } from "./defaults.ts";
import { fileModule } from "./file.ts";
import { grainsModule } from "./grains.ts";
import { hashutilModule } from "./hashutil.ts";
import { matchModule } from "./match.ts";
import { mineModule } from "./mine.ts";
import { pillarModule } from "./pillar.ts";
import { randomModule } from "./random.ts";
import { refusalOf, REFUSALS } from "./refused.ts";
import { bind, signature } from "./signature.ts";
import { jinjaModule, slsutilModule } from "./slsutil.ts";
import { saltVersionModule, testModule } from "./test.ts";
import type { Call, ModuleContext, ModuleFunction, ModuleTable } from "./types.ts";

/** Each module's table, made when first asked for. */
const MODULES: Readonly<Record<string, (call: Call) => ModuleTable>> = {
  config: configModule,
  cp: cpModule,
  defaults: defaultsModule,
  file: fileModule,
  grains: grainsModule,
  hashutil: hashutilModule,
  jinja: jinjaModule,
  match: matchModule,
  mine: mineModule,
  pillar: pillarModule,
  random: randomModule,
  salt_version: saltVersionModule,
  slsutil: slsutilModule,
  test: testModule,
};

/**
 * The `salt` variable of templates: `salt['a.b']`, `salt.a.b`, `salt['a'].b`, `'a.b' in salt`, `salt.get('a.b')`.
 * An unknown function is undefined, as in Salt. One that Salt has and a render may not call is there, and calling it is the error.
 */
export class SaltFunctions extends PyObject {
  /** What Jinja's messages call it. */
  readonly typeName: string = "salt.utils.templates.AliasedLoader";
  /** What the functions are called with; warnings get the place of the call. */
  readonly context: ModuleContext;
  readonly #functions = new Map<string, PyCallable | undefined>();
  readonly #tables = new Map<string, ModuleTable>();
  #caller: CallState["at"] | undefined;

  constructor(context: ModuleContext) {
    super();
    this.context = {
      ...context,
      warn: (finding) =>
        context.warn(this.#caller === undefined || finding.at !== undefined ? finding : { ...finding, at: { ...this.#caller } }),
    };
  }

  override item(key: Value): Value | undefined {
    if (typeof key !== "string") return undefined;
    return key.includes(".") ? this.function(key) : this.#module(key);
  }

  override attribute(name: string): Value | undefined {
    if (name === "get") return new Getter(this);
    return this.#module(name);
  }

  override contains(key: Value): boolean {
    return typeof key === "string" && key.includes(".") && this.function(key) !== undefined;
  }

  /** A function by its dotted name, `undefined` where there is none. */
  function(name: string): PyCallable | undefined {
    if (this.#functions.has(name)) return this.#functions.get(name);
    const found = this.#find(name);
    this.#functions.set(name, found);
    return found;
  }

  /** Runs a call that a template makes at a place. */
  calledFrom<T>(at: CallState["at"], run: () => T): T {
    const outer = this.#caller;
    this.#caller = at;
    try {
      return run();
    } finally {
      this.#caller = outer;
    }
  }

  #find(name: string): PyCallable | undefined {
    const cut = name.indexOf(".");
    const table = this.#table(name.slice(0, cut)) ?? {};
    const own = name.slice(cut + 1);
    const found = Object.hasOwn(table, own) ? table[own] : undefined;
    if (found !== undefined) return new ModuleCallable(name, found, this);
    const { fileRoots } = this.context.minion;
    const custom = `_modules/${name.slice(0, cut)}.py`;
    if (fileRoots.environments().some((env) => fileRoots.find(env, custom) !== undefined))
      return new RefusedCallable(name, `is a custom module in Python (${custom}), which Halite does not run`);
    const refusal = refusalOf(name);
    return refusal === undefined ? undefined : new RefusedCallable(name, REFUSALS[refusal]);
  }

  #table(module: string): ModuleTable | undefined {
    const known = this.#tables.get(module);
    if (known !== undefined) return known;
    const make = Object.hasOwn(MODULES, module) ? MODULES[module] : undefined;
    if (make === undefined) return undefined;
    const table = make((_context, name, args, kwargs) => this.#call(name, args, kwargs));
    this.#tables.set(module, table);
    return table;
  }

  #call(name: string, args: readonly Value[], kwargs: Kwargs): Value {
    const found = this.function(name);
    if (found === undefined) throw new PyError("KeyError", `'${name}'`);
    return found.call(args, kwargs);
  }

  #module(name: string): Value | undefined {
    if (!/^[a-z]\w*$/.test(name)) return undefined;
    return Object.hasOwn(MODULES, name) || refusalOf(`${name}.*`) !== undefined ? new SaltModule(this, name) : undefined;
  }

  repr(): string {
    return "<salt.utils.templates.AliasedLoader object>";
  }
}

/** `salt.pillar`, whose attributes and items are functions. */
class SaltModule extends PyObject {
  readonly typeName = "salt.loader.lazy.LoadedMod";
  readonly #functions: SaltFunctions;
  readonly #name: string;
  constructor(functions: SaltFunctions, name: string) {
    super();
    this.#functions = functions;
    this.#name = name;
  }
  override attribute(name: string): Value | undefined {
    return this.#functions.function(`${this.#name}.${name}`);
  }
  override item(key: Value): Value | undefined {
    return typeof key === "string" ? this.attribute(key) : undefined;
  }
  repr(): string {
    return `<LoadedMod module='salt.loaded.int.module.${this.#name}'>`;
  }
}

class Getter extends PyCallable {
  readonly typeName = "method";
  readonly name = "get";
  readonly #functions: SaltFunctions;
  constructor(functions: SaltFunctions) {
    super();
    this.#functions = functions;
  }
  call(args: readonly Value[]): Value {
    const [name = null, fallback = null] = args;
    return this.#functions.item(name) ?? fallback;
  }
  repr(): string {
    return "<bound method Mapping.get>";
  }
}

/** Functions that make something else of a text. */
const CHANGING = /^hashutil\.(?!base64_)|^slsutil\.boolstr$/;

/** A function of an execution module, with Python's rules for its arguments. */
class ModuleCallable extends StateCallable {
  readonly typeName = "salt.loader.lazy.LoadedFunc";
  readonly name: string;
  readonly #function: ModuleFunction;
  readonly #salt: SaltFunctions;
  constructor(name: string, definition: ModuleFunction, salt: SaltFunctions) {
    super();
    this.name = name;
    this.#function = definition;
    this.#salt = salt;
  }
  override callWith(state: CallState, args: readonly Value[], kwargs: Kwargs): Value {
    return this.#salt.calledFrom({ ...state.at }, () => this.call(args, kwargs));
  }
  override call(args: readonly Value[] = [], kwargs: Kwargs = new Map()): Value {
    const { pythonName = this.name.slice(this.name.indexOf(".") + 1), signature: parameters, run } = this.#function;
    const bound = bind(signature(pythonName, parameters), args, kwargs);
    if (CHANGING.test(this.name)) refuseReferences(`salt['${this.name}']`, bound.values);
    return run(this.#salt.context, bound.values, bound);
  }
  repr(): string {
    return `<LoadedFunc name='${this.name}'>`;
  }
}

/** A function that Salt has and a render may not call. */
class RefusedCallable extends PyCallable {
  readonly typeName = "salt.loader.lazy.LoadedFunc";
  readonly name: string;
  readonly #why: string;
  constructor(name: string, why: string) {
    super();
    this.name = name;
    this.#why = why;
  }
  /** @throws PyError `ImpureError` */
  call(): never {
    throw new PyError("ImpureError", `salt['${this.name}'] ${this.#why}`);
  }
  repr(): string {
    return `<LoadedFunc name='${this.name}'>`;
  }
}
