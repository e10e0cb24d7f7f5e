import { FindingError } from "../../finding/index.ts";
import { JinjaError } from "../../jinja/index.ts";
import { SlsRenderError } from "../render/error.ts";

/** Python's classes of errors that Salt reports as syntax errors: Jinja's own, but for undefined values and missing templates. */
const SYNTAX: ReadonlySet<string> = new Set([
  "TemplateSyntaxError",
  "TemplateAssertionError",
  "TemplateRuntimeError",
  "FilterArgumentError",
  "SecurityError",
]);
const FUNCTION: ReadonlySet<string> = new Set(["SaltInvocationError", "CommandExecutionError"]);

/**
 * A failed template in the words of Salt 3007.1 (salt/utils/templates.py render_jinja_tmpl), with Halite's position, excerpt and trail.
 * `sls` is undefined for templates that are no SLS; `display` is what messages call the rendered file.
 */
export function saltError(
  error: FindingError,
  display: string,
  sls: string | undefined,
  askedFor: (display: string) => string | undefined,
): FindingError {
  const [first, ...more] = error.findings;
  const finding =
    first.at === undefined && first.trail !== undefined ? { ...first, at: placeOf(first.trail[0]) ?? { file: display } } : first;
  const python = pythonError(error);
  // A limit or a refusal is Halite's own: Salt has no words for it.
  if (error instanceof JinjaError && error.type === "ImpureError")
    return new SlsRenderError("SaltRenderError", { ...finding, code: "salt-function-refused", advice: IMPURE });
  if (python === undefined) return more.length > 0 ? new FindingError(finding, ...more) : new SlsRenderError("SaltRenderError", finding);
  const { type, text } = python;
  const head = prefix(type);
  const line = head === "Jinja error: " ? undefined : reportedLine(finding.at, display, sls);
  const [firstLine = "", ...rest] = jinjaNames(text, askedFor).split("\n");
  const message = `${head}${firstLine}${rest.length === 0 && line !== undefined ? `; line ${line}` : ""}`;
  const advice = adviceOn(type, text);
  return new SlsRenderError("SaltRenderError", {
    ...finding,
    message: [message, ...rest].join("\n"),
    ...(advice === undefined ? {} : { advice }),
  });
}

const IMPURE = "Put what it should answer into pillar or into the cluster's grains.";

/** Where Salt's words leave one guessing. */
function adviceOn(type: string, text: string): string | undefined {
  if (type === "TemplateNotFound") return `There is no template ${text} in this environment's files.`;
  const missing = /^'salt\.(?:utils\.templates\.AliasedLoader|loader\.lazy\.LoadedMod) object' has no attribute '(.*)'$/.exec(text)?.[1];
  return missing === undefined ? undefined : `Salt 3007.1 has no execution module or function ${missing}.`;
}

function pythonError(error: FindingError): { readonly type: string; readonly text: string } | undefined {
  if (!(error instanceof JinjaError) || error.type === "LimitError" || error.type === "ImpureError") return undefined;
  return { type: error.type, text: error.original };
}

/** Jinja calls an imported template by the name in the import, and the rendered text not at all. */
function jinjaNames(text: string, askedFor: (display: string) => string | undefined): string {
  return text.replace(
    /^the template '([^']*)' \(imported on line (\d+)(?: in '([^']*)')?\) does not export/,
    (_all, imported: string, line: string, importer: string | undefined) => {
      const name = importer === undefined ? undefined : askedFor(importer);
      return `the template '${askedFor(imported) ?? imported}' (imported on line ${line}${name === undefined ? "" : ` in '${name}'`}) does not export`;
    },
  );
}

function prefix(type: string): string {
  if (type === "UndefinedError") return "Jinja variable ";
  if (SYNTAX.has(type)) return "Jinja syntax error: ";
  if (FUNCTION.has(type)) return "Problem running salt function in Jinja template: ";
  return "Jinja error: ";
}

/**
 * The line Salt adds to the message: that of the error where it is in the rendered text itself. One in an imported file is told apart
 * by its path not ending in the name of the SLS, so `a/b` imported by an SLS named `b` has its line reported too.
 */
function reportedLine(
  at: { readonly file: string; readonly line?: number } | undefined,
  display: string,
  sls: string | undefined,
): number | undefined {
  if (at?.line === undefined) return undefined;
  const own = at.file === display || (sls !== undefined && at.file.endsWith(sls.replaceAll(".", "/")));
  return own ? at.line : undefined;
}

function placeOf(
  step: { readonly file: string; readonly line?: number; readonly column?: number } | undefined,
): { readonly file: string; readonly line?: number } | undefined {
  return step === undefined ? undefined : { file: step.file, ...(step.line === undefined ? {} : { line: step.line }) };
}
