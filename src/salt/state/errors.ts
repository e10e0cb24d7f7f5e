import type { Finding, Position } from "../../finding/index.ts";
import { PyDict, type Value } from "../../python/index.ts";

/** An SLS of an environment. */
export interface SlsName {
  readonly saltenv: string;
  readonly sls: string;
}

/** What to do about errors that Salt's words leave open. */
const ADVICE: ReadonlyMap<string, string> = new Map([
  ["sls-missing", "Correct the name in the top file or `include`, or make the file: `a.b` is a/b.sls or a/b/init.sls."],
  ["sls-shape", "An SLS is a mapping of IDs to states: `ID:` and below it `module.function:` with a list of options."],
  ["state-shape", "Below an ID stands `module.function:` with a list of options, each `- name: value`."],
  ["state-conflict", "Rename one of the two, or let one SLS include the other and extend its state."],
  ["state-doubled", "Give the second one an ID of its own, with `name:` for what it is about."],
  ["include-shape", "`include:` takes a list: `include: [a, b]`."],
  ["include-relative", "Each leading dot goes up one directory: take one away, or write the name from the root."],
  ["exclude-shape", "`exclude:` takes a list: `exclude: [a]` for an SLS, `exclude: [{id: x}]` for a state."],
  ["requisite-missing", "A requisite names a state module and an ID or name: check both, and that its SLS is included."],
  ["requisite-recursive", "Take one of these requisites out."],
]);

/** One error of the state compiler: Salt's words, the findings that explain it, and the SLS whose fault it is. */
export interface StateError {
  readonly message: string;
  readonly findings: readonly [Finding, ...Finding[]];
  /** Empty where it is no single SLS's. */
  readonly blame: readonly SlsName[];
}

/** An error said in Salt's words alone. */
export function stateError(
  code: string,
  message: string,
  blame: readonly SlsName[],
  more: { readonly at?: Position | undefined; readonly advice?: string } = {},
): StateError {
  const advice = more.advice ?? ADVICE.get(code);
  const finding: Finding = {
    code,
    severity: "error",
    message,
    ...(more.at !== undefined && { at: more.at }),
    ...(advice !== undefined && { advice }),
  };
  return { message, findings: [finding], blame };
}

/** The SLS that a body of high data, an extension or a low chunk says it comes from. */
export function slsOf(body: Value): readonly SlsName[] {
  const saltenv = body instanceof PyDict ? body.get("__env__") : undefined;
  const sls = body instanceof PyDict ? body.get("__sls__") : undefined;
  return typeof saltenv === "string" && typeof sls === "string" ? [{ saltenv, sls }] : [];
}
