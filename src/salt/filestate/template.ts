import type { Rendered } from "../../jinja/types.ts";
import { PyDict, type Value } from "../../python/index.ts";
import { deepCopy } from "../data/index.ts";
import type { FileCall } from "./call.ts";
import type { FileStateDeps, TemplateRequest } from "./types.ts";

/** Engines that Salt has and that run Python code. */
const REFUSED: ReadonlySet<string> = new Set(["cheetah", "genshi", "mako", "py", "wempy"]);

/** Why a template engine is not used; undefined for jinja. */
export function checkEngine(template: string): string | undefined {
  if (template === "jinja") return undefined;
  if (REFUSED.has(template)) return `The template engine ${template} runs Python code and is not supported; use jinja`;
  return `Specified template format ${template} is not supported`;
}

/** Renders a template; it may change its variables as it likes, the state's own data stay what they are. */
export function renderRequest(deps: FileStateDeps, request: TemplateRequest, trace: boolean): Rendered {
  const variables = new Map([...request.variables].map(([name, value]) => [name, deepCopy(value)]));
  return deps.renderTemplate({ ...request, variables }, { trace });
}

/** The variables of a template: `defaults`, over them `context`, both over what Salt passes by itself. */
export function renderVariables(
  call: FileCall,
  own: ReadonlyMap<string, Value>,
  accumulator: PyDict | undefined,
): ReadonlyMap<string, Value> {
  const variables = new Map(own);
  for (const option of ["defaults", "context"]) {
    const dict = call.value(option);
    if (!(dict instanceof PyDict)) continue;
    for (const [key, value] of dict.entries()) if (typeof key === "string") variables.set(key, value);
  }
  if (accumulator !== undefined) variables.set("accumulator", accumulator);
  return variables;
}
