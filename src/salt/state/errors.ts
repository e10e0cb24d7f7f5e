import type { Finding, Position } from "../../finding/index.ts";
import { PyDict, type Value } from "../../python/index.ts";

/** An SLS of an environment. */
export interface SlsName {
  readonly saltenv: string;
  readonly sls: string;
}

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
  const finding: Finding = {
    code,
    severity: "error",
    message,
    ...(more.at !== undefined && { at: more.at }),
    ...(more.advice !== undefined && { advice: more.advice }),
  };
  return { message, findings: [finding], blame };
}

/** The SLS that a body of high data, an extension or a low chunk says it comes from. */
export function slsOf(body: Value): readonly SlsName[] {
  const saltenv = body instanceof PyDict ? body.get("__env__") : undefined;
  const sls = body instanceof PyDict ? body.get("__sls__") : undefined;
  return typeof saltenv === "string" && typeof sls === "string" ? [{ saltenv, sls }] : [];
}
