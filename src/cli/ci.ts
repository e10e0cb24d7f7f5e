import {
  DANGER_LEVELS,
  diffHtml,
  diffJson,
  diffMarkdown,
  MARKDOWN_LIMIT,
  summaryOf,
  worstDanger,
  type DangerLevel,
  type FleetDiff,
} from "../diff/index.ts";
import { printPosition } from "../finding/index.ts";
import { findingsByCluster } from "../fleet/index.ts";
import { UsageError, type Command, type CommandContext } from "./command.ts";
import { compareSides } from "./diff.ts";
import { formatDiff, writeResult } from "./diff-output.ts";
import { plural, summary } from "./render.ts";
import { countFindings, findingJson, foldFindings, printFindings, type FoldedFinding } from "./report.ts";
import { compileFleet, openFleet } from "./session.ts";

/** `halite ci`: what a pipeline runs for a change that is to be merged. */
export const command: Command = {
  run: async (context) => {
    const { arguments: args, terminal } = context;
    const [extra] = args.positional;
    if (extra !== undefined) throw new UsageError(`ci takes no arguments; name the branch that is merged into with --base ${extra}`);
    const failOn = dangerLevel(args.value("fail-on"));
    const fleet = openFleet(context);
    const compiles = await compileFleet(context, fleet);
    const findings = foldFindings(findingsByCluster(fleet, compiles)).filter(({ finding }) => finding.accepted === undefined);
    const invalid = findings.some(({ finding }) => finding.severity === "error" || (finding.severity === "warning" && args.flag("strict")));
    const diff = await compareSides(context, baseOf(context.env));
    const worst = worstDanger(diff);
    const tooDangerous = failOn !== undefined && worst !== undefined && DANGER_LEVELS.indexOf(worst) <= DANGER_LEVELS.indexOf(failOn);
    writeFiles(context, findings, diff, invalid);
    const verdict = { valid: !invalid, tooDangerous, summary: summaryOf(diff) };
    if (args.flag("json")) {
      const report = { ...verdict, findings: findings.map(findingJson) };
      terminal.out(`${JSON.stringify(report).slice(0, -1)},"diff":${diffJson(diff).trimEnd()}}\n`);
    } else {
      printFindings(terminal, findings, compiles.length, false);
      terminal.out(formatDiff(diff, "text", context, true));
      const counted = countFindings(findings.filter(({ finding }) => finding.severity !== "note"));
      terminal.out(`${summary(compiles)}: ${counted === "" ? "valid" : counted}\n`);
      if (tooDangerous) terminal.out(`refused: something ${worst ?? ""} is in it, and --fail-on is ${failOn ?? ""}\n`);
    }
    return invalid || tooDangerous ? 1 : 0;
  },
};

function dangerLevel(given: string | undefined): DangerLevel | undefined {
  if (given === undefined) return undefined;
  const level = DANGER_LEVELS.find((each) => each === given);
  if (level === undefined) throw new UsageError(`--fail-on takes ${DANGER_LEVELS.join(", ")}, not ${JSON.stringify(given)}`);
  return level;
}

/** The commit that a pipeline says it compares with: GitHub Actions name the branch, GitLab the commit itself. */
function baseOf(env: CommandContext["env"]): { readonly revision: string; readonly parted: boolean } | undefined {
  const commit = env["CI_MERGE_REQUEST_DIFF_BASE_SHA"] ?? "";
  if (commit !== "") return { revision: commit, parted: false };
  const branch = env["GITHUB_BASE_REF"] ?? "";
  return branch === "" ? undefined : { revision: `origin/${branch}`, parted: true };
}

function writeFiles(context: CommandContext, findings: readonly FoldedFinding[], diff: FleetDiff, invalid: boolean): void {
  const { arguments: args } = context;
  const comment = args.value("comment");
  if (comment !== undefined) {
    const head = findingsMarkdown(findings, invalid);
    writeResult(context, comment, `${head}${diffMarkdown(diff, MARKDOWN_LIMIT - head.length)}`);
  }
  const page = args.value("html");
  if (page !== undefined) writeResult(context, page, diffHtml(diff));
  const data = args.value("diff-json");
  if (data !== undefined) writeResult(context, data, diffJson(diff));
}

const MOST_FINDINGS = 20;

function findingsMarkdown(findings: readonly FoldedFinding[], invalid: boolean): string {
  const told = findings.filter(({ finding }) => finding.severity !== "note");
  if (told.length === 0) return "✅ **Valid**\n\n";
  const lines = told.slice(0, MOST_FINDINGS).map(({ finding, clusters }) => {
    const at = finding.at === undefined ? "" : `\`${printPosition(finding.at).replaceAll("`", "'")}\` `;
    const message = (finding.message.split("\n")[0] ?? "").slice(0, 400).replaceAll(/[\\`*_{}[\]<>#|~]/g, (character) => `\\${character}`);
    return `- ${finding.severity === "error" ? "❌" : "⚠️"} ${at}${message} (${finding.code}${clusters.length > 0 ? `, ${plural(clusters.length, "cluster")}` : ""})`;
  });
  const more = told.length > MOST_FINDINGS ? `\n- and ${told.length - MOST_FINDINGS} more` : "";
  return `${invalid ? "❌ **Not valid**" : "⚠️ **Valid, with warnings**"}: ${countFindings(told)}\n\n${lines.join("\n")}${more}\n\n`;
}
