import { resolve } from "node:path";
import { findingsByCluster, type CompiledCluster, type Fleet } from "../fleet/index.ts";
import { UsageError, type Command, type CommandContext } from "./command.ts";
import { junit } from "./junit.ts";
import { summary } from "./render.ts";
import { countFindings, findingJson, foldFindings, printFindings, type FoldedFinding } from "./report.ts";
import { reported } from "./reported-finding.ts";
import { sarif } from "./sarif.ts";
import { openFleet } from "./open-fleet.ts";
import { compileFleet } from "./session.ts";
import { writeWhole } from "./write-whole.ts";

const FORMATS = ["text", "json", "sarif", "junit"] as const;
type Format = (typeof FORMATS)[number];

/** `halite validate`. */
export const command: Command = {
  run: async (context) => {
    const { arguments: args, terminal } = context;
    if (args.positional.length > 0)
      throw new UsageError(`validate takes no arguments; pick clusters with --clusters ${JSON.stringify(args.positional[0])}`);
    const format = formatAsked(context);
    const output = args.value("output");
    if (output !== undefined && format === "text") throw new UsageError("--output is for --format json, sarif or junit");
    const fleet = openFleet(context);
    const compiles = await compileFleet(context, fleet);
    const findings = foldFindings(findingsByCluster(fleet, compiles));
    const bad = findings.some(({ finding }) => finding.severity === "error" || (finding.severity === "warning" && args.flag("strict")));
    const text = format === "text" ? undefined : reportText(context, format, { fleet, compiles, findings, bad });
    if (text !== undefined && output === undefined) terminal.out(text);
    else if (text !== undefined && output !== undefined) writeWhole(resolve(context.cwd, output), text);
    if (text === undefined || output !== undefined) printSummary(context, compiles, findings);
    return bad ? 1 : 0;
  },
};

/** @throws UsageError */
function formatAsked({ arguments: args }: CommandContext): Format {
  const given = args.value("format");
  if (given === undefined) return args.flag("json") ? "json" : "text";
  const format = FORMATS.find((each) => each === given);
  if (format === undefined) throw new UsageError(`--format takes ${FORMATS.join(", ")}, not ${JSON.stringify(given)}`);
  if (args.flag("json") && format !== "json") throw new UsageError(`--json and --format ${format} contradict each other`);
  return format;
}

interface Validated {
  readonly fleet: Fleet;
  readonly compiles: readonly CompiledCluster[];
  readonly findings: readonly FoldedFinding[];
  readonly bad: boolean;
}

function reportText(context: CommandContext, format: Exclude<Format, "text">, { fleet, compiles, findings, bad }: Validated): string {
  switch (format) {
    case "json":
      return `${JSON.stringify({ valid: !bad, findings: findings.map(findingJson) }, undefined, 2)}\n`;
    case "sarif":
      return `${JSON.stringify(sarif(reported(findings, compiles, fleet.config.out), context.version), undefined, 2)}\n`;
    default:
      return junit(compiles, fleet.findings, context.arguments.flag("strict"));
  }
}

function printSummary(
  { arguments: args, terminal }: CommandContext,
  compiles: readonly CompiledCluster[],
  findings: readonly FoldedFinding[],
): void {
  const accepted = findings.filter(({ finding }) => finding.accepted !== undefined);
  const shown = args.flag("accepted") ? findings : findings.filter((each) => !accepted.includes(each));
  printFindings(terminal, shown, compiles.length, true);
  const counted = countFindings(shown);
  const hidden =
    shown === findings || accepted.length === 0 ? "" : `; ${accepted.length} accepted on their objects (--accepted shows them)`;
  terminal.out(`${summary(compiles)}: ${counted === "" ? "no findings" : counted}${hidden}\n`);
}
