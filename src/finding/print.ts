import type { Finding, Position } from "./finding.ts";

/** `file:line:column`, as far as known. */
export function printPosition(at: Position): string {
  return [at.file, at.line, at.column].filter((part) => part !== undefined).join(":");
}

/** How many findings follow from one, in words; `undefined` where none do. */
export function followWords({ follow = [] }: Finding): string | undefined {
  const { length } = follow;
  return length === 0 ? undefined : `${length} further finding${length === 1 ? " follows" : "s follow"} from it`;
}

/** The place, message and code of a finding in a line. */
export function findingLine({ at, message, code }: Finding): string {
  return `${at === undefined ? "" : `${printPosition(at)}: `}${message.split("\n")[0] ?? ""} [${code}]`;
}

/** A finding as a block of text without colour: place, code, message, excerpt, sources, trail, advice. */
export function printFinding(finding: Finding): string {
  const head = `${finding.at === undefined ? "" : `${printPosition(finding.at)}: `}${finding.severity}: ${finding.message} [${finding.code}]`;
  const lines = [head];
  if (finding.excerpt !== undefined) lines.push(indent(finding.excerpt, "  "));
  for (const step of finding.sources ?? []) lines.push(`  ${step.how} ${printPosition(step)}`);
  for (const step of finding.trail ?? []) lines.push(`  ${step.how} ${printPosition(step)}`);
  if (finding.accepted !== undefined) lines.push(`  accepted on the object: ${finding.accepted}`);
  else lines.push(...[finding.reason, finding.advice].flatMap((text) => (text === undefined ? [] : `  ${text}`)));
  const follow = followWords(finding);
  if (follow !== undefined) lines.push(`  ${follow}`);
  return lines.join("\n");
}

function indent(text: string, by: string): string {
  return text
    .replace(/\n$/, "")
    .split("\n")
    .map((line) => by + line)
    .join("\n");
}

/** Sorts by place, then code and message, and drops repeats. */
export function sortFindings(findings: readonly Finding[]): Finding[] {
  const keyed = findings.map((finding) => ({ finding, key: printFinding(finding) }));
  keyed.sort(
    (a, b) =>
      compare(a.finding.at?.file ?? "", b.finding.at?.file ?? "") ||
      (a.finding.at?.line ?? 0) - (b.finding.at?.line ?? 0) ||
      (a.finding.at?.column ?? 0) - (b.finding.at?.column ?? 0) ||
      compare(a.key, b.key),
  );
  return keyed.filter((entry, index) => entry.key !== keyed[index - 1]?.key).map((entry) => entry.finding);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
