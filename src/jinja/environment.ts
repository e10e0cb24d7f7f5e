import { PyError, PyObject, str, truthy, type Value } from "../python/index.ts";
import { TemplateCache, type CompiledTemplate } from "./cache.ts";
import type { Dependency } from "./compile/index.ts";
import { syntaxError } from "./errors.ts";
import { builtinFilters } from "./filters/index.ts";
import { builtinGlobals } from "./globals/index.ts";
import { Markup } from "./markup.ts";
import { Lookup } from "./runtime/lookup.ts";
import { iterate } from "./semantics/index.ts";
import type { Lexer } from "./syntax/lexer.ts";
import type { Tag } from "./syntax/parser.ts";
import { defaultLimits, defaultSyntax } from "./syntax/settings.ts";
import { TemplateSyntaxError } from "./syntax/stream.ts";
import { JinjaTemplate } from "./template.ts";
import { builtinTests } from "./tests/index.ts";
import type { FilterFunction, FilterHost, Limits, Syntax, TemplateLoader, TemplateSource, TestFunction, TextGuard } from "./types.ts";
import { StrictUndefined, Undefined, type UndefinedAbout } from "./undefined.ts";

export interface EnvironmentOptions {
  /** Finds what `include`, `import` and `extends` name. @default nothing is found */
  readonly loader?: TemplateLoader;
  /** What differs from Jinja's delimiters and whitespace rules. */
  readonly syntax?: Partial<Syntax>;
  /** What a missing name is. @default "strict" */
  readonly undefined?: "strict" | "default";
  /** Filters beside Jinja's own, which they may replace. */
  readonly filters?: ReadonlyMap<string, FilterFunction>;
  readonly tests?: ReadonlyMap<string, TestFunction>;
  /** Variables of every template, also of imported ones. */
  readonly globals?: ReadonlyMap<string, Value>;
  /** Tags beside Jinja's own. Pass one array to all environments that share a cache. @default none */
  readonly tags?: readonly Tag[];
  readonly limits?: Partial<Limits>;
  /** @default none: nothing is watched */
  readonly guard?: TextGuard;
  /** What is done to a value before it is printed. */
  readonly finalize?: (value: Value) => Value;
  /** Where compiled templates are kept. @default a new one */
  readonly cache?: TemplateCache;
}

const NO_TAGS: readonly Tag[] = [];

/**
 * What templates share: where others are found, filters, tests, globals, limits. It stands for jinja2.sandbox
 * .SandboxedEnvironment with the extensions `do` and `loopcontrols`, as Salt sets it up. Loaded templates are kept by name for
 * its lifetime: make a new one (which is cheap, with the same cache) where files may have changed.
 */
export class JinjaEnvironment extends PyObject {
  readonly typeName = "SandboxedEnvironment";
  /** May be changed by the owner; a template sees what stands here when it begins. */
  readonly globals: Map<string, Value>;
  readonly limits: Limits;
  readonly finalize: ((value: Value) => Value) | undefined;
  readonly guard: TextGuard | undefined;
  readonly lookup: Lookup;
  readonly host: FilterHost;
  readonly #loader: TemplateLoader | undefined;
  readonly #strict: boolean;
  readonly #filters: ReadonlyMap<string, FilterFunction> | undefined;
  readonly #tests: ReadonlyMap<string, TestFunction> | undefined;
  readonly #tags: readonly Tag[];
  readonly #cache: TemplateCache;
  readonly #lexer: Lexer;
  readonly #templates = new Map<string, JinjaTemplate>();

  constructor(options: EnvironmentOptions = {}) {
    super();
    const syntax: Syntax = { ...defaultSyntax, ...options.syntax };
    this.globals = new Map([...builtinGlobals, ...(options.globals ?? [])]);
    this.limits = { ...defaultLimits, ...options.limits };
    this.finalize = options.finalize;
    this.guard = options.guard;
    this.#loader = options.loader;
    this.#strict = options.undefined !== "default";
    this.#filters = options.filters;
    this.#tests = options.tests;
    this.#tags = options.tags ?? NO_TAGS;
    this.#cache = options.cache ?? new TemplateCache();
    this.#lexer = this.#cache.lexer(syntax);
    const undefinedValue = (about: UndefinedAbout): Undefined => this.undefinedValue(about);
    const lookup = new Lookup(undefinedValue);
    this.lookup = lookup;
    this.host = {
      undefined: undefinedValue,
      isUndefined: (value) => value instanceof Undefined,
      filter: (name) => this.filter(name),
      test: (name) => this.test(name),
      getItem: (object, key) => lookup.item(object, key),
      getAttribute: (object, name) => lookup.attribute(object, name),
      newlineSequence: syntax.newline_sequence,
    };
  }

  undefinedValue(about: UndefinedAbout): Undefined {
    return this.#strict ? new StrictUndefined(about) : new Undefined(about);
  }
  filter(name: string): FilterFunction | undefined {
    return this.#filters?.get(name) ?? builtinFilters.get(name);
  }
  test(name: string): TestFunction | undefined {
    return this.#tests?.get(name) ?? builtinTests.get(name);
  }

  /** A template from its text. @throws JinjaError where it is no template, or names a filter or test that is not there */
  compile(source: TemplateSource): JinjaTemplate {
    const compiled = this.#cache.compile(source, this.#lexer, this.#tags, this.limits.depth);
    const { filters, tests } = compiled.generated(false);
    this.#requireAll(compiled, filters, tests);
    return new JinjaTemplate(
      this,
      compiled,
      filters.map(({ name }) => this.filter(name) ?? unknown("filter", name)),
      tests.map(({ name }) => this.test(name) ?? unknown("test", name)),
    );
  }
  #requireAll(compiled: CompiledTemplate, filters: readonly Dependency[], tests: readonly Dependency[]): void {
    const missing = [
      ...filters.filter(({ name, soft }) => !soft && this.filter(name) === undefined).map((use) => ({ ...use, kind: "filter" })),
      ...tests.filter(({ name, soft }) => !soft && this.test(name) === undefined).map((use) => ({ ...use, kind: "test" })),
    ];
    const [first] = missing.sort((a, b) => a.line - b.line || a.column - b.column);
    if (first !== undefined) {
      throw syntaxError(new TemplateSyntaxError(`No ${first.kind} named '${first.name}'.`, first), compiled.name, compiled.source);
    }
  }

  /** A template by name, for the template `from`. @throws PyError `TemplateNotFound` @throws JinjaError where it is no template */
  getTemplate(name: Value, from: string | undefined): JinjaTemplate {
    if (name instanceof Undefined) return name.fail();
    const path = str(name);
    const known = this.#templates.get(path);
    if (known !== undefined) return known;
    const isText = typeof name === "string" || name instanceof Markup;
    const source = isText ? this.#loader?.load(path, from) : undefined;
    if (source === undefined) throw new PyError("TemplateNotFound", path);
    const template = this.compile(source);
    this.#templates.set(path, template);
    return template;
  }
  /** A template by name, or the first that is there of several. `select` says that a list is given. */
  findTemplate(names: Value, select: boolean, from: string | undefined): JinjaTemplate {
    if (!select && (typeof names === "string" || names instanceof Markup || names instanceof Undefined))
      return this.getTemplate(names, from);
    if (names instanceof Undefined) return names.fail();
    if (!truthy(names)) throw new PyError("TemplatesNotFound", "Tried to select from an empty list of templates.");
    const tried: string[] = [];
    for (const name of iterate(names)) {
      try {
        return this.getTemplate(name, from);
      } catch (error) {
        if (!(error instanceof PyError) || !/^(?:TemplateNotFound|UndefinedError)$/.test(error.type)) throw error;
        tried.push(name instanceof Undefined ? name.message : str(name));
      }
    }
    throw new PyError("TemplatesNotFound", `none of the templates given were found: ${tried.join(", ")}`);
  }

  repr(): string {
    return "<jinja2.sandbox.SandboxedEnvironment object>";
  }
}

/** Stands for a filter or test that only a condition names: an error once it is reached. */
function unknown(kind: "filter" | "test", name: string): () => never {
  return () => {
    throw new PyError("TemplateRuntimeError", `No ${kind} named '${name}' found.`);
  };
}
