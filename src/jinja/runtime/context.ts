import { PyCallable, PyDict, PyError, PyObject, typeName, type Kwargs, type Value } from "../../python/index.ts";
import type { JinjaEnvironment } from "../environment.ts";
import type { CallTrail, SourcePlace } from "../errors.ts";
import { Markup } from "../markup.ts";
import { BoundMethod, getAttribute } from "../semantics/index.ts";
import type { Block, JinjaTemplate, Output } from "../template.ts";
import type { CallState, FilterFunction, FilterHost, PrintedText, TestFunction } from "../types.ts";
import { BlockReference, TemplateReference } from "./blocks.ts";
import { StateCallable } from "./callable.ts";
import { Macro } from "./macro.ts";
import { TemplateModule } from "./module.ts";
import { Operators, sizeOf } from "./operators.ts";
import { Scope } from "./scope.ts";
import type { RenderState } from "./state.ts";

/** So many texts of a template at most may be others for others: they change how long it is. */
const MOST_PRINTED = 256;

/** Inputs of filters shorter than this are not counted. */
const SMALL = 64;

/**
 * The names and blocks of one running template, and what its code calls (jinja2.runtime.Context). A child template and its
 * parents share one.
 */
export class Context extends Operators implements CallState {
  readonly template: JinjaTemplate;
  readonly #scope: Scope;
  /** What the template assigned at its top level. */
  readonly #variables = new Map<string, Value>();
  readonly #exported = new Set<string>();
  /** Gets the texts that the rendered template itself prints; of no other template, whose output may be looked at. */
  printed: PrintedText[] | undefined;
  #blocks: Map<string, Block[]> | undefined;
  #extendedAt: SourcePlace | undefined;

  constructor(environment: JinjaEnvironment, state: RenderState, template: JinjaTemplate, scope: Scope) {
    super(environment, state);
    this.template = template;
    this.#scope = scope;
  }

  // What filters, tests and functions ask

  get host(): FilterHost {
    return this.environment.host;
  }
  get at(): SourcePlace {
    return this.state.at;
  }
  spend(steps: number, outputLength?: number): void {
    this.state.spend(steps, outputLength);
  }
  resolve(name: string): Value | undefined {
    return this.#variables.get(name) ?? this.#scope.get(name);
  }
  variables(): Map<string, Value> {
    const all = new Map<string, Value>();
    this.#scope.collect(all);
    for (const [name, value] of this.#variables) all.set(name, value);
    return all;
  }

  /** A member that the rendered template prints behind `output`; `undefined` where it is to be read first. */
  printMember(template: JinjaTemplate, output: string, target: Value, name: string): string | undefined {
    const { printed } = this;
    if (printed === undefined || template !== this.template || !(target instanceof PyDict)) return undefined;
    // An attribute goes before; what is long may come near the limit with other texts.
    if (getAttribute(target, name) !== undefined) return undefined;
    if (output.length > this.state.limits.outputLength / 2 || printed.length >= MOST_PRINTED) return undefined;
    const found = target.printed(name);
    if (found !== undefined) printed.push({ at: output.length, length: found.text.length, path: found.path });
    return found?.text;
  }

  // Variables of the top level

  exportVariable(name: string, value: Value): void {
    this.#variables.set(name, value);
    if (!name.startsWith("_")) this.#exported.add(name);
  }
  importVariable(name: string, value: Value): void {
    this.#variables.set(name, value);
    this.#exported.delete(name);
  }
  /** What an importing template finds here. */
  exports(): Map<string, Value> {
    const found = new Map<string, Value>();
    for (const name of this.#exported) found.set(name, this.#variables.get(name) ?? null);
    return found;
  }

  // Calls

  call(at: SourcePlace, target: Value, args: readonly Value[], kwargs: Kwargs): Value {
    const { state } = this;
    state.at = at;
    if (--state.left < 0) state.outOfSteps();
    if (target instanceof Macro) return target.invoke(args, kwargs, this.autoescape);
    if (target instanceof BoundMethod) {
      this.#spendOn([target.owner, ...args]);
      const { guard } = this.environment;
      if (guard !== undefined && typeof target.owner === "string" && guard.watches(target.owner))
        guard.called(target.name, target.owner, args);
    }
    if (!(target instanceof BoundMethod)) this.#spendOn(args);
    if (target instanceof StateCallable) return state.made(target.callWith(this, args, kwargs));
    if (target instanceof PyCallable) return state.made(target.call(args, kwargs));
    if (target instanceof PyObject) target.refuse?.();
    throw new PyError("TypeError", `'${typeName(target)}' object is not callable`);
  }
  filter(at: SourcePlace, filter: FilterFunction, value: Value, args: readonly Value[], kwargs: Kwargs): Value {
    const { state } = this;
    state.at = at;
    if (--state.left < 0) state.outOfSteps();
    const size = sizeOf(value);
    // A filter may sort or search what it is given.
    if (size > SMALL) state.spend(typeof value === "string" ? size >> 6 : size);
    this.#spendOn(args);
    return state.made(filter(this, value, args, kwargs));
  }
  test(at: SourcePlace, test: TestFunction, value: Value, args: readonly Value[], kwargs: Kwargs): boolean {
    const { state } = this;
    state.at = at;
    if (--state.left < 0) state.outOfSteps();
    this.#spendOn(args);
    return test(this, value, args, kwargs);
  }
  hostCall(at: SourcePlace, run: (state: CallState, args: readonly Value[]) => Value, args: readonly Value[]): Value {
    this.state.at = at;
    return this.state.made(run(this, args));
  }
  /** Counts the work of going through values once. */
  #spendOn(values: readonly Value[]): void {
    for (const value of values) {
      const size = sizeOf(value);
      if (size > SMALL) this.state.spend(typeof value === "string" ? size >> 6 : size >> 2);
    }
  }

  // Inheritance

  get #stacks(): Map<string, Block[]> {
    this.#blocks ??= new Map([...this.template.code(this.state.traced).blocks].map(([name, block]) => [name, [block]]));
    return this.#blocks;
  }
  /** The parent template of `{% extends %}`, whose blocks go below the ones here. */
  extend(at: SourcePlace, template: JinjaTemplate, name: Value): JinjaTemplate {
    this.state.at = at;
    const outer = this.state.enter("extended from", at);
    const parent = this.environment.getTemplate(name, template.name);
    this.state.leave(outer);
    this.#extendedAt = at;
    for (const [block, body] of parent.code(this.state.traced).blocks) {
      const stack = this.#stacks.get(block);
      if (stack === undefined) this.#stacks.set(block, [body]);
      else stack.push(body);
    }
    return parent;
  }
  extendedTwice(at: SourcePlace): never {
    this.state.at = at;
    throw new PyError("TemplateRuntimeError", "extended multiple times");
  }
  runParent(parent: JinjaTemplate): Output {
    const outer = this.state.enter("extended from", this.#extendedAt ?? this.state.at);
    const output = parent.code(this.state.traced).root(this, parent);
    this.state.leave(outer);
    return output;
  }
  block(at: SourcePlace, name: string, required: boolean): Output {
    this.state.at = at;
    const stack = this.#stacks.get(name) ?? [];
    if (required && stack.length <= 1) throw new PyError("TemplateRuntimeError", `Required block '${name}' not found`);
    return this.runBlock(stack[0], at);
  }
  runBlock(block: Block | undefined, at: SourcePlace): Output {
    if (block === undefined) return "";
    const outer = this.state.enter("block called from", at);
    const output = block.run(this, block.template);
    this.state.leave(outer);
    return output;
  }
  self(): TemplateReference {
    return new TemplateReference(this, (name) => this.#stacks.get(name));
  }
  superOf(name: string, template: JinjaTemplate): Value {
    const stack = this.#stacks.get(name) ?? [];
    const own = template.code(this.state.traced).blocks.get(name);
    const index = own === undefined ? -1 : stack.indexOf(own);
    return BlockReference.below(this, name, stack, index);
  }

  // Other templates

  /** The scope of a template that sees what this one sees, with its local variables. */
  #shared(locals: ReadonlyMap<string, Value> | undefined): Scope {
    const own = this.#variables.size === 0 ? this.#scope : new Scope(new Map(this.#variables), this.#scope);
    return locals === undefined || locals.size === 0 ? own : new Scope(locals, own);
  }
  derived(locals: ReadonlyMap<string, Value> | undefined): Context {
    const context = new Context(this.environment, this.state, this.template, this.#shared(locals));
    context.autoescape = this.autoescape;
    context.#blocks = new Map([...this.#stacks].map(([name, stack]) => [name, [...stack]]));
    return context;
  }
  include(
    at: SourcePlace,
    from: JinjaTemplate,
    name: Value,
    select: boolean,
    ignoreMissing: boolean,
    withContext: boolean,
    locals: ReadonlyMap<string, Value> | undefined,
  ): Output {
    const { state } = this;
    state.at = at;
    const outer = state.enter("included from", at);
    const template = this.#included(name, select, ignoreMissing, from.name, state.trail);
    let output: Output = "";
    if (template !== undefined) {
      if (withContext) {
        const context = new Context(this.environment, state, template, this.#shared(locals));
        output = template.code(state.traced).root(context, template);
      } else output = this.#module(template).body;
    }
    state.leave(outer);
    return output;
  }
  #included(name: Value, select: boolean, ignoreMissing: boolean, from: string, trail: CallTrail | undefined): JinjaTemplate | undefined {
    try {
      return this.environment.findTemplate(name, select, from);
    } catch (error) {
      if (!ignoreMissing || !(error instanceof PyError) || !/^Templates?NotFound$/.test(error.type)) throw error;
      this.state.trail = trail;
      return undefined;
    }
  }
  importModule(
    at: SourcePlace,
    from: JinjaTemplate,
    name: Value,
    withContext: boolean,
    locals: ReadonlyMap<string, Value> | undefined,
  ): TemplateModule {
    const { state } = this;
    state.at = at;
    const outer = state.enter("imported from", at);
    const template = this.environment.getTemplate(name, from.name);
    const module = withContext
      ? template.runModule(new Context(this.environment, state, template, this.#shared(locals)))
      : this.#module(template);
    state.leave(outer);
    return module;
  }
  /** A template run without this context; once a render. */
  #module(template: JinjaTemplate): TemplateModule {
    let module = this.state.modules.get(template);
    if (module === undefined) {
      module = template.runModule(new Context(this.environment, this.state, template, new Scope(new Map(this.environment.globals))));
      this.state.modules.set(template, module);
    }
    return module;
  }
  /** What `{% from … import name %}` gets. */
  exported(module: TemplateModule, name: string, position: string): Value {
    const hint = `the template '${module.name}' (imported on ${position}) does not export the requested name '${name}'`;
    return module.exports.get(name) ?? (module.exports.has(name) ? null : this.undefined({ hint, name }));
  }
  markupOf(text: string): Value {
    return this.autoescape ? new Markup(text) : text;
  }
}
