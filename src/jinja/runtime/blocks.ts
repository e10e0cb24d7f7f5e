import { PyCallable, PyError, PyObject, repr, type Value } from "../../python/index.ts";
import type { Block } from "../template.ts";
import type { Context } from "./context.ts";

/** A block that `super` or `self.name` gives: calling it gives its output (jinja2.runtime.BlockReference). */
export class BlockReference extends PyCallable {
  readonly typeName = "BlockReference";
  readonly name: string;
  readonly #context: Context;
  readonly #stack: readonly Block[];
  readonly #depth: number;

  constructor(context: Context, name: string, stack: readonly Block[], depth: number) {
    super();
    this.#context = context;
    this.name = name;
    this.#stack = stack;
    this.#depth = depth;
  }
  /** The block below the one at `depth`, or an undefined value that says there is none. */
  static below(context: Context, name: string, stack: readonly Block[], depth: number): Value {
    if (depth < 0 || depth + 1 >= stack.length)
      return context.undefined({ hint: `there is no parent block called '${name}'.`, name: "super" });
    return new BlockReference(context, name, stack, depth + 1);
  }
  call(args: readonly Value[]): Value {
    if (args.length > 0)
      throw new PyError("TypeError", `BlockReference.__call__() takes 1 positional argument but ${args.length + 1} were given`);
    const output = this.#context.runBlock(this.#stack[this.#depth], this.#context.state.at);
    return this.#context.markupOf(typeof output === "string" ? output : output.capture());
  }
  override attribute(name: string): Value | undefined {
    if (name === "super") return BlockReference.below(this.#context, this.name, this.#stack, this.#depth);
    return name === "name" ? this.name : undefined;
  }
  repr(): string {
    return "<jinja2.runtime.BlockReference object>";
  }
}

/** `self` in templates: `self.title()` prints the block `title` (jinja2.runtime.TemplateReference). */
export class TemplateReference extends PyObject {
  readonly typeName = "TemplateReference";
  readonly #context: Context;
  readonly #find: (name: string) => readonly Block[] | undefined;

  constructor(context: Context, find: (name: string) => readonly Block[] | undefined) {
    super();
    this.#context = context;
    this.#find = find;
  }
  override item(key: Value): Value | undefined {
    const stack = typeof key === "string" ? this.#find(key) : undefined;
    return stack === undefined || typeof key !== "string" ? undefined : new BlockReference(this.#context, key, stack, 0);
  }
  repr(): string {
    return `<TemplateReference ${repr(this.#context.template.name)}>`;
  }
}
