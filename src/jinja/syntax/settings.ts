import type { Limits, Syntax } from "../types.ts";

/** Jinja's own defaults (jinja2/defaults.py). */
export const defaultSyntax: Syntax = {
  block_start_string: "{%",
  block_end_string: "%}",
  variable_start_string: "{{",
  variable_end_string: "}}",
  comment_start_string: "{#",
  comment_end_string: "#}",
  line_statement_prefix: null,
  line_comment_prefix: null,
  trim_blocks: false,
  lstrip_blocks: false,
  newline_sequence: "\n",
  keep_trailing_newline: false,
};

/** Generous for templates that people write, small enough to stop one that runs away within a second or so. */
export const defaultLimits: Limits = { steps: 2_000_000, outputLength: 32 * 1024 * 1024, depth: 200 };

/** A text that is equal for equal settings. */
export function syntaxKey(syntax: Syntax): string {
  return JSON.stringify([
    syntax.block_start_string,
    syntax.block_end_string,
    syntax.variable_start_string,
    syntax.variable_end_string,
    syntax.comment_start_string,
    syntax.comment_end_string,
    syntax.line_statement_prefix,
    syntax.line_comment_prefix,
    syntax.trim_blocks,
    syntax.lstrip_blocks,
    syntax.newline_sequence,
    syntax.keep_trailing_newline,
  ]);
}
