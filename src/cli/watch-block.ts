import { relative } from "node:path";
import { listed, type Fleet } from "../fleet/index.ts";
import type { InputChange } from "./input-tree.ts";
import { duration, grouped } from "./progress.ts";
import { plural } from "./plural.ts";
import { summary, written } from "./render.ts";
import { countFindings, findingJson, printFindings, type FoldedFinding } from "./report.ts";
import type { FleetRender } from "./session.ts";
import type { Terminal } from "./terminal.ts";

/** What one recompile came to. */
export interface Recompiled {
  readonly render: FleetRender;
  readonly findings: readonly FoldedFinding[];
  readonly milliseconds: number;
}

/** A file of out/ that became another one, in all clusters in which it did so in the same way. */
interface OutChange {
  /** Within the cluster's folder. */
  readonly path: string;
  readonly change: InputChange["change"];
  readonly added: number;
  readonly removed: number;
  /** Ids, sorted; none for what is in no cluster's folder. */
  readonly clusters: readonly string[];
}

/** So many files of out/ are named at most, and so many of the inputs. */
const MOST_FILES = 40;
const MOST_INPUTS = 10;
const MOST_CLUSTERS = 4;

/** The files that were saved, as the user would name them. */
export function printInputs(terminal: Terminal, folder: string, inputs: readonly InputChange[]): void {
  for (const { path, change } of inputs.slice(0, MOST_INPUTS)) {
    const name = terminal.paint("cyan", relative(folder, path));
    terminal.out(`${name}${change === "changed" ? "" : ` (${change})`}\n`);
  }
  if (inputs.length > MOST_INPUTS) terminal.out(`and ${plural(inputs.length - MOST_INPUTS, "more file")}\n`);
}

/** The changed files, in which clusters each, with `files`; what is wrong; and what the recompile cost. */
export function printRecompiled(terminal: Terminal, { render, findings, milliseconds }: Recompiled, files: boolean): void {
  const { rendered, difference, progress } = render;
  printFindings(terminal, findings, rendered.length, false);
  if (files) printChanges(terminal, outChanges(render), rendered.length);
  const parts = [summary(rendered), written(difference)];
  const counted = countFindings(findings.filter(({ finding }) => finding.severity !== "note"));
  if (counted !== "") parts.push(counted);
  const work = [
    progress.unchanged > 0 ? `${plural(progress.unchanged, "cluster")} unchanged` : "",
    progress.computed + progress.taken > 0 ? `${grouped(progress.computed)} computed, ${grouped(progress.taken)} taken over` : "",
  ].filter((text) => text !== "");
  if (work.length > 0) parts.push(work.join(", "));
  terminal.out(`  ${parts.join("; ")}; ${duration(milliseconds)}\n`);
}

/** What a recompile came to, as one object. */
export function recompiledJson({ render, findings, milliseconds }: Recompiled): Readonly<Record<string, unknown>> {
  const { rendered, progress } = render;
  return {
    clusters: rendered.length,
    failed: findings.some(({ finding }) => finding.severity === "error"),
    files: outChanges(render),
    findings: findings.map(findingJson),
    unchanged: progress.unchanged,
    computed: progress.computed,
    taken: progress.taken,
    milliseconds: Math.round(milliseconds),
  };
}

/** The inputs as JSON has them: paths from the fleet's folder. */
export function inputsJson(folder: Fleet["folder"], inputs: readonly InputChange[]): readonly InputChange[] {
  return inputs.map(({ path, change }) => ({ path: relative(folder, path), change }));
}

function printChanges(terminal: Terminal, all: readonly OutChange[], total: number): void {
  const groups = new Map<string, OutChange[]>();
  for (const change of withoutReleases(all)) {
    const key = change.clusters.join(" ");
    groups.set(key, [...(groups.get(key) ?? []), change]);
  }
  let shown = 0;
  for (const changes of groups.values()) {
    const places = where(changes[0]?.clusters ?? [], total);
    const together = changes.length > 1 && places !== "";
    if (together && shown < MOST_FILES) terminal.out(`  ${places}\n`);
    for (const { path, change, added, removed } of changes) {
      if (++shown > MOST_FILES) continue;
      const colour = change === "new" ? "green" : change === "removed" ? "red" : "yellow";
      const word = terminal.paint(colour, change.padEnd("changed".length));
      terminal.out(`  ${together ? "  " : ""}${word}  ${path}  +${added} -${removed}${together || places === "" ? "" : `  ${places}`}\n`);
    }
  }
  if (shown > MOST_FILES) terminal.out(`  and ${plural(shown - MOST_FILES, "more file")}\n`);
}

/** A cluster's release.yaml follows from its other files: it is named where it alone has changed. */
function withoutReleases(all: readonly OutChange[]): readonly OutChange[] {
  const others = new Set(all.filter(({ path }) => path !== "release.yaml").flatMap(({ clusters }) => clusters));
  return all.flatMap((change) => {
    if (change.path !== "release.yaml") return [change];
    const clusters = change.clusters.filter((id) => !others.has(id));
    return clusters.length === 0 ? [] : [{ ...change, clusters }];
  });
}

function where(clusters: readonly string[], total: number): string {
  if (clusters.length === 0) return "";
  if (clusters.length === total && total > 1) return `all ${total} clusters`;
  return `${plural(clusters.length, "cluster")}: ${listed(clusters, MOST_CLUSTERS)}`;
}

/** Sorted by path. */
function outChanges({ difference, lines }: FleetRender): readonly OutChange[] {
  const found = new Map<string, Omit<OutChange, "clusters"> & { readonly clusters: string[] }>();
  const add = (full: string, change: OutChange["change"]): void => {
    const [, az = "", id = "", inCluster = ""] = /^([^/]+)\/([^/]+)\/(.+)$/.exec(full) ?? [];
    const path = az === "" ? full : inCluster;
    const { added, removed } = lines.get(full) ?? { added: 0, removed: 0 };
    const key = JSON.stringify([path, change, added, removed, az === ""]);
    const entry = found.get(key) ?? { path, change, added, removed, clusters: [] };
    if (az !== "") entry.clusters.push(id);
    found.set(key, entry);
  };
  for (const path of difference.missing) add(path, "new");
  for (const path of difference.changed) add(path, "changed");
  for (const path of difference.extra) add(path, "removed");
  for (const { clusters } of found.values()) clusters.sort();
  return [...found.values()].sort((a, b) =>
    a.path < b.path ? -1 : a.path > b.path ? 1 : (a.clusters[0] ?? "") < (b.clusters[0] ?? "") ? -1 : 1,
  );
}
