import { JinjaEnvironment, JinjaError, type Syntax } from "../../src/jinja/index.ts";
import type { Value } from "../../src/python/index.ts";
import { encodeValue } from "../oracle/encode.ts";
import type { Oracle } from "../oracle/oracle.ts";

/** A template with what it needs; a bare text is one without variables. */
export interface TemplateCase {
  readonly t: string;
  readonly ctx?: Readonly<Record<string, Value>>;
  /** Other templates by name. */
  readonly files?: Readonly<Record<string, string>>;
  readonly syntax?: Partial<Syntax>;
  /** Jinja's own Undefined instead of StrictUndefined. */
  readonly lenient?: boolean;
}
export type Case = string | TemplateCase;

/** What a template gives: its text, or the error. */
export type Outcome =
  | { readonly text: string }
  | { readonly type: string; readonly message: string; readonly line?: number; readonly file?: string | null };

function full(one: Case): TemplateCase {
  return typeof one === "string" ? { t: one } : one;
}

/** How a test names a case. */
export function titleOf(one: Case): string {
  const { t, syntax, files } = full(one);
  return JSON.stringify({ t, ...(syntax === undefined ? {} : { syntax }), ...(files === undefined ? {} : { files }) }).slice(0, 300);
}

export function ours(one: Case): Outcome {
  const { t, ctx = {}, files = {}, syntax = {}, lenient = false } = full(one);
  const environment = new JinjaEnvironment({
    loader: { load: (name) => (Object.hasOwn(files, name) ? { name, text: files[name] ?? "" } : undefined) },
    syntax,
    undefined: lenient ? "default" : "strict",
  });
  try {
    const variables = new Map<string, Value>(Object.entries(ctx));
    return { text: environment.compile({ name: "main", text: t }).render(variables).text };
  } catch (error) {
    if (!(error instanceof JinjaError)) throw error;
    const { type, original } = error;
    const { at } = error.findings[0];
    if (type === "TemplateSyntaxError") return { type, message: original, line: at?.line ?? 0, file: at?.file ?? "" };
    // Both stop an endless recursion, each at its own depth.
    if (error.findings[0].code === "jinja-limit-depth") return { type: "RecursionError", message: "" };
    return { type, message: original };
  }
}

/** Addresses differ from run to run; Jinja forgets the file of an unclosed comment. */
function comparable(outcome: Outcome): Outcome {
  if ("text" in outcome) return { text: outcome.text.replace(/( of \w+ object)? at 0x[0-9a-f]+/g, "") };
  return outcome.file === null ? { ...outcome, file: "main" } : outcome;
}

export async function theirs(oracle: Oracle, cases: readonly Case[]): Promise<Outcome[]> {
  const answer = await oracle.ask("jinja.render_all", {
    cases: cases.map(full).map(({ t, ctx = {}, files = {}, syntax = {}, lenient = false }) => ({
      templates: { ...files, main: t },
      context: Object.fromEntries(Object.entries(ctx).map(([name, value]) => [name, encodeValue(value)])),
      syntax,
      lenient,
    })),
  });
  if (!("ok" in answer)) throw new Error(`${answer.error.message}\n${answer.error.trace}`);
  return (answer.ok as Outcome[]).map(comparable);
}
