import { diffHtml, diffJson, diffMarkdown, diffText, type FleetDiff } from "../diff/index.ts";
import { UsageError, type CommandContext } from "./command.ts";
import { painting } from "./terminal.ts";

export const DIFF_FORMATS = ["text", "markdown", "html", "json"] as const;
export type DiffFormat = (typeof DIFF_FORMATS)[number];

/** The format that the options ask for. @throws UsageError for one that is none */
export function diffFormat({ arguments: args }: CommandContext): DiffFormat {
  const given = args.value("format") ?? (args.flag("json") ? "json" : "text");
  const format = DIFF_FORMATS.find((each) => each === given);
  if (format === undefined) throw new UsageError(`--format takes ${DIFF_FORMATS.join(", ")}, not ${JSON.stringify(given)}`);
  if (args.flag("json") && format !== "json") throw new UsageError(`--json and --format ${format} ask for two things`);
  return format;
}

/** A difference in a format. A text has colours and the terminal's width only where it goes there. */
export function formatDiff(
  diff: FleetDiff,
  format: DiffFormat,
  { terminal, arguments: args }: CommandContext,
  toTerminal: boolean,
): string {
  switch (format) {
    case "markdown":
      return diffMarkdown(diff);
    case "html":
      return diffHtml(diff);
    case "json":
      return diffJson(diff);
    default: {
      return diffText(diff, {
        paint: toTerminal ? terminal.paint : painting(false),
        width: toTerminal ? terminal.width : 100,
        full: args.flag("full"),
      });
    }
  }
}
