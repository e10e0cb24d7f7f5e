import { printFinding, sortFindings, type Finding } from "../finding/index.ts";
import type { Terminal } from "./terminal.ts";

/** A finding with the clusters that have it. */
export interface FoldedFinding {
  readonly finding: Finding;
  /** Ids, sorted; empty for what concerns no single cluster. */
  readonly clusters: readonly string[];
  /** How many other ways lead to the same place: imports, states. */
  readonly otherTrails: number;
}

/**
 * The findings of all clusters: one for a message at a place, with the clusters it concerns, sorted by place. What is an error in one cluster and a warning
 * in another is the error of the first.
 */
export function foldFindings(perCluster: Iterable<readonly [cluster: string | null, findings: readonly Finding[]]>): FoldedFinding[] {
  const folded = new Map<string, { finding: Finding; clusters: Set<string>; trails: Set<string>; follow: Set<string> }>();
  for (const [cluster, findings] of perCluster) {
    for (const each of findings) {
      const { follow = [], ...finding } = each;
      const key = JSON.stringify([finding.code, finding.message, finding.at]);
      let entry = folded.get(key);
      if (entry === undefined || SEVERITIES.indexOf(finding.severity) < SEVERITIES.indexOf(entry.finding.severity)) {
        entry = { finding, clusters: new Set<string>(), trails: new Set<string>(), follow: new Set<string>() };
        folded.set(key, entry);
      } else if (finding.severity !== entry.finding.severity) continue;
      if (cluster !== null) entry.clusters.add(cluster);
      entry.trails.add(printFinding(finding));
      for (const line of follow) entry.follow.add(line);
    }
  }
  for (const entry of folded.values()) if (entry.follow.size > 0) entry.finding = { ...entry.finding, follow: [...entry.follow].sort() };
  const order = new Map(sortFindings([...folded.values()].map((entry) => entry.finding)).map((finding, index) => [finding, index]));
  return [...folded.values()]
    .sort((a, b) => (order.get(a.finding) ?? 0) - (order.get(b.finding) ?? 0))
    .map((entry) => ({ finding: entry.finding, clusters: [...entry.clusters].sort(), otherTrails: entry.trails.size - 1 }));
}

const SEVERITIES: readonly Finding["severity"][] = ["error", "warning", "note"];

/** How many clusters, and which: `in 3 of 8 clusters: a, b, c`. */
function where(clusters: readonly string[], total: number): string {
  if (clusters.length === 0) return "";
  if (clusters.length === total && total > 1) return `in all ${total} clusters`;
  const shown = clusters.slice(0, 3).join(", ");
  const names = clusters.length > 3 ? `${shown} and ${clusters.length - 3} more` : shown;
  if (clusters.length === total && total === 1) return "";
  return clusters.length === 1 ? `in cluster ${names}` : `in ${clusters.length} of ${total} clusters: ${names}`;
}

/** Prints findings to standard error: errors and warnings, and notes only where asked for. */
export function printFindings(terminal: Terminal, findings: readonly FoldedFinding[], total: number, notes: boolean): void {
  for (const { finding, clusters, otherTrails } of findings) {
    if (finding.severity === "note" && !notes) continue;
    const [head = "", ...rest] = printFinding(finding).split("\n");
    const colour = finding.severity === "error" ? "red" : finding.severity === "warning" ? "yellow" : "cyan";
    terminal.err(`${head.replace(`${finding.severity}:`, `${terminal.paintErr(colour, finding.severity)}:`)}\n`);
    for (const line of rest) terminal.err(`${line}\n`);
    if (otherTrails > 0) terminal.err(`  ${terminal.paintErr("dim", `and by ${otherTrails} other way${otherTrails === 1 ? "" : "s"}`)}\n`);
    const places = where(clusters, total);
    if (places !== "") terminal.err(`  ${terminal.paintErr("dim", places)}\n`);
  }
}

/** `2 errors, 1 warning`; empty where there are none. */
export function countFindings(findings: readonly FoldedFinding[]): string {
  const count = (severity: Finding["severity"]): number => findings.filter((each) => each.finding.severity === severity).length;
  const said = (["error", "warning", "note"] as const)
    .map((severity) => [count(severity), severity] as const)
    .filter(([number]) => number > 0);
  return said.map(([number, severity]) => `${number} ${severity}${number === 1 ? "" : "s"}`).join(", ");
}

/** A finding as JSON: `file:line` fields spelled out, stable key order. */
export function findingJson({ finding, clusters }: FoldedFinding): Readonly<Record<string, unknown>> {
  return {
    severity: finding.severity,
    code: finding.code,
    message: finding.message,
    ...(finding.at === undefined ? {} : { at: finding.at }),
    ...(finding.sources === undefined ? {} : { sources: finding.sources }),
    ...(finding.trail === undefined ? {} : { trail: finding.trail }),
    ...(finding.reason === undefined ? {} : { reason: finding.reason }),
    ...(finding.advice === undefined ? {} : { advice: finding.advice }),
    ...(finding.follow === undefined ? {} : { follow: finding.follow }),
    ...(finding.accepted === undefined ? {} : { accepted: finding.accepted }),
    ...(finding.object === undefined ? {} : { object: finding.object }),
    clusters,
  };
}
