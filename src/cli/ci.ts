import { resolve } from "node:path";
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
import { followWords, printPosition } from "../finding/index.ts";
import { findingsByCluster, type CompiledCluster, type Fleet } from "../fleet/index.ts";
import { UsageError, type Command, type CommandContext } from "./command.ts";
import { compareSides } from "./diff.ts";
import { formatDiff } from "./diff-output.ts";
import { junit } from "./junit.ts";
import { plural } from "./plural.ts";
import { summary } from "./render.ts";
import { countFindings, findingJson, foldFindings, printFindings, type FoldedFinding } from "./report.ts";
import { reported } from "./reported-finding.ts";
import { sarif } from "./sarif.ts";
import { openFleet } from "./open-fleet.ts";
import { compileFleet } from "./session.ts";
import { writeWhole } from "./write-whole.ts";

/** `halite ci`: what a pipeline runs for a change that is to be merged. */
export const command: Command = {
  run: async (context) => {
    const { arguments: args, terminal } = context;
    const [extra] = args.positional;
    if (extra !== undefined) throw new UsageError(`ci takes no arguments; name the branch that is merged into with --base ${extra}`);
    const failOn = dangerLevel(args.value("fail-on"));
    const fleet = openFleet(context);
    const compiles = await compileFleet(context, fleet);
    const all = foldFindings(findingsByCluster(fleet, compiles));
    const findings = all.filter(({ finding }) => finding.accepted === undefined);
    const invalid = findings.some(({ finding }) => finding.severity === "error" || (finding.severity === "warning" && args.flag("strict")));
    const diff = await compareSides(context, baseOf(context.env));
    const worst = worstDanger(diff);
    const tooDangerous = failOn !== undefined && worst !== undefined && DANGER_LEVELS.indexOf(worst) <= DANGER_LEVELS.indexOf(failOn);
    writeFiles(context, { fleet, compiles, all, findings, diff, invalid });
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

/** What a pipeline's files are made of. */
interface Reports {
  readonly fleet: Fleet;
  readonly compiles: readonly CompiledCluster[];
  /** Also what objects accept, which code scanning shows as suppressed. */
  readonly all: readonly FoldedFinding[];
  readonly findings: readonly FoldedFinding[];
  readonly diff: FleetDiff;
  readonly invalid: boolean;
}

function writeFiles(context: CommandContext, { fleet, compiles, all, findings, diff, invalid }: Reports): void {
  const { arguments: args, cwd } = context;
  const head = findingsMarkdown(findings, invalid);
  const texts: Readonly<Record<string, () => string>> = {
    comment: () => `${head}${diffMarkdown(diff, MARKDOWN_LIMIT - head.length)}`,
    html: () => diffHtml(diff),
    "diff-json": () => diffJson(diff),
    sarif: () => `${JSON.stringify(sarif(reported(all, compiles, fleet.config.out), context.version), undefined, 2)}\n`,
    junit: () => junit(compiles, fleet.findings, args.flag("strict")),
  };
  for (const [option, text] of Object.entries(texts)) {
    const file = args.value(option);
    if (file !== undefined) writeWhole(resolve(cwd, file), text());
  }
}

const MOST_FINDINGS = 20;

function findingsMarkdown(findings: readonly FoldedFinding[], invalid: boolean): string {
  const told = findings.filter(({ finding }) => finding.severity !== "note");
  if (told.length === 0) return "✅ **Valid**\n\n";
  const lines = told.slice(0, MOST_FINDINGS).map(({ finding, clusters }) => {
    const { code, severity, message, advice } = finding;
    // The line to change, where it is known: of a compiled file nobody has a copy.
    const place = finding.sources?.[0] ?? finding.at;
    const at = place === undefined ? "" : `\`${printPosition(place).replaceAll("`", "'")}\` `;
    const how = advice === undefined ? "" : `: ${shortened(advice, 200)}`;
    const about = [code, ...(clusters.length > 0 ? [plural(clusters.length, "cluster")] : [])];
    const follow = followWords(finding);
    if (follow !== undefined) about.push(follow);
    return `- ${severity === "error" ? "❌" : "⚠️"} ${at}${shortened(message, 400)}${how} (${about.join(", ")})`;
  });
  const more = told.length > MOST_FINDINGS ? `\n- and ${told.length - MOST_FINDINGS} more` : "";
  return `${invalid ? "❌ **Not valid**" : "⚠️ **Valid, with warnings**"}: ${countFindings(told)}\n\n${lines.join("\n")}${more}\n\n`;
}

/** The first line, cut, and without what Markdown would take for its own. */
function shortened(text: string, most: number): string {
  return (text.split("\n")[0] ?? "").slice(0, most).replaceAll(/[\\`*_{}[\]<>#|~]/g, (character) => `\\${character}`);
}
