/** The inner room that turns a template's tree into a JavaScript function. */
import type { Value } from "../../python/index.ts";
import type { RootNode } from "../syntax/nodes.ts";
import { TemplateSyntaxError } from "../syntax/stream.ts";
import type { Dependency, HostFunction } from "./emitter.ts";
import { StatementCompiler } from "./statements.ts";

export type { Dependency } from "./emitter.ts";

/** The code of a template before it knows its environment. */
export interface GeneratedCode {
  /** The body of a function of `rt`, `P` and `K`, which gives the template's functions. */
  readonly code: string;
  readonly places: readonly (readonly [number, number])[];
  readonly constants: readonly (Value | HostFunction)[];
  readonly filters: readonly Dependency[];
  readonly tests: readonly Dependency[];
}

/**
 * Compiles a tree. `name` is only used in messages.
 *
 * @throws TemplateSyntaxError what Jinja calls TemplateAssertionError, or `jinja-limit-depth`
 */
export function generate(root: RootNode, name: string, traced: boolean): GeneratedCode {
  const compiler = new StatementCompiler(name, traced);
  try {
    compiler.compile(root, undefined);
  } catch (error) {
    // V8's own limit on recursion: the tree is a chain longer than any template needs.
    if (error instanceof RangeError)
      throw new TemplateSyntaxError("the template nests too deep", { line: 1, column: 1 }, "jinja-limit-depth");
    throw error;
  }
  const { places, constants, filters, tests } = compiler;
  return { code: compiler.codebuf.join(""), places, constants, filters, tests };
}
