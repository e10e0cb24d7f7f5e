import type { Syntax } from "../../jinja/index.ts";
import { PyDict, truthy, type Value } from "../../python/index.ts";
import { isTrue } from "../modules/index.ts";

const TEXTS = [
  "block_start_string",
  "block_end_string",
  "variable_start_string",
  "variable_end_string",
  "comment_start_string",
  "comment_end_string",
] as const;
const PREFIXES = ["line_statement_prefix", "line_comment_prefix"] as const;
const FLAGS = ["trim_blocks", "lstrip_blocks", "keep_trailing_newline"] as const;

/**
 * Jinja's settings of a minion: `jinja_sls_env` for SLS files, `jinja_env` for other templates, and the older `jinja_trim_blocks` and
 * `jinja_lstrip_blocks` for both. Names count in any case; unknown ones are passed over, as in Salt.
 */
export function jinjaSyntax(opts: PyDict, isSls: boolean): Partial<Syntax> {
  const given = new Map<string, Value>();
  const option = opts.get(isSls ? "jinja_sls_env" : "jinja_env");
  if (option instanceof PyDict)
    for (const [name, value] of option.entries()) if (typeof name === "string") given.set(name.toLowerCase(), value);
  if (isTrue(opts.get("jinja_trim_blocks") ?? false)) given.set("trim_blocks", true);
  if (isTrue(opts.get("jinja_lstrip_blocks") ?? false)) given.set("lstrip_blocks", true);
  if (given.size === 0) return {};
  const syntax: { -readonly [Name in keyof Syntax]?: Syntax[Name] } = {};
  for (const name of TEXTS) {
    const value = given.get(name);
    if (typeof value === "string" && value !== "") syntax[name] = value;
  }
  for (const name of PREFIXES) {
    const value = given.get(name);
    if (typeof value === "string" && value !== "") syntax[name] = value;
  }
  for (const name of FLAGS) {
    const value = given.get(name);
    if (value !== undefined) syntax[name] = truthy(value);
  }
  const newline = given.get("newline_sequence");
  if (newline === "\n" || newline === "\r\n" || newline === "\r") syntax.newline_sequence = newline;
  return syntax;
}
