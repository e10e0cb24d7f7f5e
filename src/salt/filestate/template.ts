import type { PyDict, Value } from "../../python/index.ts";
import type { FileCall } from "./call.ts";

/** Engines that Salt has and that run Python code. */
const REFUSED: ReadonlySet<string> = new Set(["cheetah", "genshi", "mako", "py", "wempy"]);

/** Why a template engine is not used; undefined for jinja. */
export function checkEngine(template: string): string | undefined {
  if (template === "jinja") return undefined;
  if (REFUSED.has(template)) return `The template engine ${template} runs Python code and is not supported; use jinja`;
  return `Specified template format ${template} is not supported`;
}

/** The variables of a template: `defaults`, over them `context`, both over what Salt passes by itself. */
export function renderVariables(
  call: FileCall,
  own: ReadonlyMap<string, Value>,
  accumulator: PyDict | undefined,
): ReadonlyMap<string, Value> {
  const variables = new Map(own);
  for (const option of ["defaults", "context"])
    for (const [key, value] of call.dict(option)?.entries() ?? []) if (typeof key === "string") variables.set(key, value);
  if (accumulator !== undefined) variables.set("accumulator", accumulator);
  return variables;
}
