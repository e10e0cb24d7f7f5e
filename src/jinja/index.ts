/**
 * The room of templates: Jinja 3.1 as Salt's sandboxed environment has it. An environment compiles texts to templates, a
 * template renders with variables; whatever goes wrong is a JinjaError with place, excerpt and trail.
 *
 * Custom tags implement `Tag`: their parser is given a `Parser`, builds statements with `nodes`, and reaches the host with
 * `nodes.hostCall`. Functions that need to know their caller extend `StateCallable`.
 */
export { TemplateCache } from "./cache.ts";
export { JinjaEnvironment } from "./environment.ts";
export { JinjaError } from "./errors.ts";
export { builtinFilters } from "./filters/index.ts";
export { filter as pythonFilter } from "./filters/define.ts";
export { htmlSafe, jsonIndent, RANDOM, refusedFilter } from "./filters/index.ts";
export * as semantics from "./semantics/index.ts";
export { Markup } from "./markup.ts";
export { dumpJson, NamedTuple, type JsonOptions } from "./semantics/index.ts";
export { StateCallable } from "./runtime/callable.ts";
export { TemplateModule } from "./runtime/module.ts";
export { nodes, placeOf, type ExprNode, type StatementNode } from "./syntax/nodes.ts";
export type { Parser, Tag } from "./syntax/parser.ts";
export { builtinTests } from "./tests/index.ts";
export type * from "./types.ts";
export { defaultLimits } from "./syntax/settings.ts";
