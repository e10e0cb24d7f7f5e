import type { Value } from "../python/index.ts";
import type { CompiledTemplate } from "./cache.ts";
import type { JinjaEnvironment } from "./environment.ts";
import { runtimeError } from "./errors.ts";
import { Context } from "./runtime/context.ts";
import { TemplateModule } from "./runtime/module.ts";
import { Scope } from "./runtime/scope.ts";
import { RenderState } from "./runtime/state.ts";
import type { Pieces } from "./runtime/trace.ts";
import type { Context as Variables, FilterFunction, Rendered, RenderOptions, TestFunction } from "./types.ts";

/** Output of template code: text, in a traced render with its lines. */
export type Output = string | Pieces;
export type TemplateCode = (context: Context, template: JinjaTemplate) => Output;

/** A block's code and the template that holds it. */
export interface Block {
  readonly run: TemplateCode;
  readonly template: JinjaTemplate;
}
interface LinkedCode {
  readonly root: TemplateCode;
  readonly blocks: ReadonlyMap<string, Block>;
}

/** A compiled template in its environment. It holds nothing of a render and may be rendered any number of times. */
export class JinjaTemplate {
  readonly environment: JinjaEnvironment;
  readonly compiled: CompiledTemplate;
  /** The filters and tests that the code knows by number. */
  readonly filters: readonly FilterFunction[];
  readonly tests: readonly TestFunction[];
  readonly #code: (LinkedCode | undefined)[] = [];

  constructor(
    environment: JinjaEnvironment,
    compiled: CompiledTemplate,
    filters: readonly FilterFunction[],
    tests: readonly TestFunction[],
  ) {
    this.environment = environment;
    this.compiled = compiled;
    this.filters = filters;
    this.tests = tests;
  }
  get name(): string {
    return this.compiled.name;
  }

  /** The functions of the template, those that record their lines if `traced`. */
  code(traced: boolean): LinkedCode {
    const index = traced ? 1 : 0;
    const known = this.#code[index];
    if (known !== undefined) return known;
    const { root, blocks } = this.compiled.functions(traced);
    const linked = { root, blocks: new Map(blocks.map(([name, run]) => [name, { run, template: this }])) };
    this.#code[index] = linked;
    return linked;
  }

  /**
   * Renders with the variables given over the environment's globals.
   *
   * @throws JinjaError with the place, the excerpt and the trail of calls, includes and imports
   */
  render(variables: Variables, options: RenderOptions = {}): Rendered {
    const output = this.#run(variables, options, (context) => this.code(context.state.traced).root(context, this));
    return typeof output === "string" ? { text: output } : { text: output.text, map: output.segments() };
  }
  /** Renders for what the template exports: its macros and top-level variables. @throws JinjaError */
  module(variables: Variables): TemplateModule {
    return this.#run(variables, {}, (context) => this.runModule(context));
  }
  /** Runs the template in a context of its own. @throws PyError while another template renders */
  runModule(context: Context): TemplateModule {
    const body = this.code(context.state.traced).root(context, this);
    return new TemplateModule(this.name, context.exports(), body);
  }

  #run<T>(variables: Variables, { trace, budget, printed }: RenderOptions, run: (context: Context) => T): T {
    const { environment } = this;
    const start = { file: this.name, line: 1, column: 1, source: this.compiled.source };
    const state = new RenderState(environment.limits, start, trace === true, budget);
    const globals = new Scope(new Map<string, Value>(environment.globals));
    const context = new Context(environment, state, this, new Scope(variables, globals));
    context.printed = printed;
    try {
      return run(context);
    } catch (error) {
      throw runtimeError(error, state.at, state.trail);
    } finally {
      if (budget !== undefined) state.charge(budget);
    }
  }
}
