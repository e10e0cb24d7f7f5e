import type { FleetDiff, FoldedChange } from "../fleet-diff.ts";
import { refOf } from "../fold.ts";
import type { DangerLevel } from "../model.ts";
import { showField, yamlOf, type ShownLine } from "./field-lines.ts";
import { groupChanges, objectName, placeChange, placesOf, plural, rolloutsIn, summaryOf, verbOf, type ChangeGroup } from "./overview.ts";
import { addonText, causeText, clusterText, sideText } from "./sentences.ts";

/** GitHub refuses a comment of more than 65,536 characters; GitLab takes a million. */
export const MARKDOWN_LIMIT = 65_000;

/** So many lines of one change are shown, and so many names. */
const MOST_LINES = 40;
const MOST_NAMES = 6;
const MOST_ENTRIES = 40;

/** By this line a later run finds the comment that it is to replace. */
const MARK = "<!-- halite diff -->";

/** The difference as a comment of a pull request: what matters first, each change folded, never longer than `limit` characters. */
export function diffMarkdown(diff: FleetDiff, limit = MARKDOWN_LIMIT): string {
  const head = headOf(diff);
  const groups = groupChanges(diff, false);
  const quiet = diff.changes.filter((change) => change.quiet).length;
  const end = quiet === 0 ? "" : `\n${plural(quiet, "object")} more differ in writing alone.\n`;
  const parts: string[] = [];
  // Room for the line that says what is missing.
  let room = limit - head.length - end.length - 300;
  let left = groups.length;
  for (const group of groups) {
    const text = groupText(group, room);
    if (text === undefined) break;
    parts.push(text);
    room -= text.length;
    left--;
  }
  const more =
    left === 0 ? "" : `\n**and ${plural(left, "more change")}**, left out since a comment has a bound: \`halite diff\` shows all.\n`;
  const whole = `${head}${parts.join("")}${more}${end}`;
  return whole.length <= limit ? whole : `${whole.slice(0, limit - 200)}\n\n**cut off here**: \`halite diff\` shows all.\n`;
}

function headOf(diff: FleetDiff): string {
  const lines = [MARK, `### ${escaped(summaryOf(diff))}`, "", `${code(sideText(diff.base))} → ${code(sideText(diff.head))}`, ""];
  const list = (title: string, entries: readonly string[]): void => {
    if (entries.length === 0) return;
    lines.push(`**${title}**`, "", ...entries.slice(0, MOST_ENTRIES).map((entry) => `- ${entry}`));
    if (entries.length > MOST_ENTRIES) lines.push(`- and ${entries.length - MOST_ENTRIES} more`);
    lines.push("");
  };
  list(
    "Not compared",
    diff.failures.map(({ side, addon, why, clusters, objects }) => {
      const what = `${addon === null ? "the cluster" : `addon ${code(addon)}`} ${side === "head" ? "fails" : "failed at base"}`;
      const reason =
        why[0] === undefined
          ? ""
          : `: ${escaped(why[0].message.split("\n")[0] ?? "")}${why.length > 1 ? ` (and ${why.length - 1} more)` : ""}`;
      return `❌ ${what} in ${names(clusters)}${objects === 0 ? "" : `, ${plural(objects, "object")} of the other side`}${reason}`;
    }),
  );
  list("Dangerous", dangerLines(diff));
  list(
    "Clusters",
    diff.clusterChanges.map((change) => escaped(clusterText(change))),
  );
  list(
    "Addons",
    diff.addonChanges.map((change) => escaped(addonText(change, MOST_NAMES))),
  );
  list(
    "Restarts",
    rolloutsIn(diff).map(({ workload, how, clusters }) => `${code(workload)} in ${plural(clusters.length, "cluster")}: ${escaped(how)}`),
  );
  return `${lines.join("\n")}\n`;
}

const ICONS: Readonly<Record<DangerLevel, string>> = { critical: "🛑", high: "⚠️", medium: "🔶", low: "▫️" };

function dangerLines(diff: FleetDiff): readonly string[] {
  return (["critical", "high"] as const).flatMap((level) =>
    diff.changes.flatMap((change) =>
      change.dangers
        .filter((danger) => danger.level === level)
        .map(
          ({ message }) =>
            `${ICONS[level]} ${code(objectName(change))} in ${plural(change.clusters.length, "cluster")}: ${escaped(message)}`,
        ),
    ),
  );
}

/** A change, folded; in few words where there is no room for more, and `undefined` where not even for those. */
function groupText({ changes }: ChangeGroup, room: number): string | undefined {
  const [first, ...more] = changes;
  const worst = first.dangers[0];
  const icon = worst === undefined ? "" : `${ICONS[worst.level]} `;
  const others = more.length === 0 ? "" : ` and ${plural(more.length, "more object")}`;
  const title = `${icon}${verbOf(first)} <code>${html(objectName(first))}</code>${others} · ${html(placesOf(first, MOST_NAMES))}`;
  const open = `<details><summary>${title}</summary>\n\n`;
  const close = "\n</details>\n";
  const full = `${open}${bodyOf(first, more)}${close}`;
  if (full.length <= room) return full;
  const short = `${open}${plural(lineCount(first), "line")}, left out since a comment has a bound.\n${close}`;
  return short.length <= room ? short : undefined;
}

function bodyOf(first: FoldedChange, more: readonly FoldedChange[]): string {
  const lines: string[] = [];
  if (more.length > 0)
    lines.push(
      `The same in ${more
        .slice(0, MOST_ENTRIES)
        .map((each) => code(objectName(each)))
        .join(", ")}`,
      "",
    );
  lines.push(`Addon ${code(refOf(first.change).addon)}, file ${code(refOf(first.change).file)}`, "");
  const place = placeChange(first);
  if (place !== undefined) lines.push(escaped(place), "");
  for (const { level, message } of first.dangers) lines.push(`- ${ICONS[level]} ${escaped(message)}`);
  if (first.dangers.length > 0) lines.push("");
  const shown = diffLines(first);
  const cut = shown.slice(0, MOST_LINES);
  if (cut.length > 0) {
    const fence = "`".repeat(Math.max(3, ...cut.map((line) => (/`{3,}/.exec(line)?.[0].length ?? 0) + 1)));
    lines.push(
      `${fence}diff`,
      ...cut,
      ...(shown.length > cut.length ? [`# and ${plural(shown.length - cut.length, "more line")}`] : []),
      fence,
      "",
    );
  }
  for (const cause of first.causes) lines.push(`- ${escaped(causeText(cause))}`);
  return `${lines.join("\n")}\n`;
}

function lineCount(change: FoldedChange): number {
  return diffLines(change).length;
}

/** The change in the form of a diff, which forges colour. */
function diffLines({ change }: FoldedChange): readonly string[] {
  if (change.change === "added" || change.change === "removed")
    return yamlOf(change.value).map((line) => `${change.change === "added" ? "+" : "-"} ${line}`);
  return change.fields
    .filter(({ same }) => same === undefined)
    .flatMap((field) =>
      showField(field).flatMap(({ path, brief, lines }) => [`  ${path}${brief === undefined ? "" : `: ${brief}`}`, ...lines.map(diffLine)]),
    )
    .map((line) => line.replaceAll("\r", ""));
}

function diffLine({ sign, text }: ShownLine): string {
  return sign === "@" ? `  # ${text}` : `${sign} ${text}`;
}

function names(list: readonly string[]): string {
  return list.length > MOST_NAMES
    ? `${list.slice(0, MOST_NAMES).map(code).join(", ")} and ${list.length - MOST_NAMES} more`
    : list.map(code).join(", ");
}

/** A text as code, whatever is in it. */
function code(text: string): string {
  const clean = text.replaceAll(/\s+/g, " ");
  const ticks = "`".repeat(Math.max(0, ...Array.from(clean.matchAll(/`+/g), ([run]) => run.length)) + 1);
  return ticks.length === 1 ? `\`${clean}\`` : `${ticks} ${clean} ${ticks}`;
}

/** A text that Markdown leaves as it is: no links, mentions, HTML or emphasis. */
function escaped(text: string): string {
  return text
    .replaceAll(/\s+/g, " ")
    .replaceAll(/[\\`*_{}[\]<>#|~]/g, (character) => `\\${character}`)
    .replaceAll("@", "@\u200b");
}

function html(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
