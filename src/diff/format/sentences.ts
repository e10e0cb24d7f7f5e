import type { AddonChange, Cause, ClusterChange, SideName } from "../fleet-diff.ts";
import { jsonText } from "../json.ts";
import { plural } from "./overview.ts";

/** What a side is, in a line. */
export function sideText({ kind, name, commit, subject }: SideName): string {
  switch (kind) {
    case "worktree":
      return "the work tree";
    case "empty":
      return `${name}: no fleet there`;
    default:
      return `${name}${commit === null ? "" : ` ${commit.slice(0, 12)}`}${subject === null || subject === "" ? "" : `  ${subject}`}`;
  }
}

export function clusterText({ cluster, change, before, after, objects }: ClusterChange): string {
  if (change === "added")
    return `${cluster} is new: ${after?.az ?? ""}, Kubernetes ${after?.kubernetes ?? ""}, ${plural(objects, "object")}`;
  if (change === "removed") return `${cluster} is gone from the roster: ${plural(objects, "object")} are released no more`;
  const parts = (["az", "kubernetes"] as const)
    .filter((name) => before?.[name] !== after?.[name])
    .map((name) => `${name} ${before?.[name] ?? ""} → ${after?.[name] ?? ""}`);
  return `${cluster}: ${parts.join(", ")}`;
}

export function addonText({ addon, field, before, after, clusters }: AddonChange, most: number): string {
  return `${addon}: ${field} ${listText(before)} → ${listText(after)} in ${plural(clusters.length, "cluster")}: ${names(clusters, most)}`;
}

/** Where a change comes from, in one line. */
export function causeText(cause: Cause): string {
  const by = cause.commit === null ? "" : `; ${cause.commit.commit.slice(0, 10)} ${cause.commit.subject} (${cause.commit.author})`;
  const together = cause.alone ? "" : ", together with others";
  if (cause.kind === "file") return `by ${cause.file}${cause.change === "changed" ? "" : ` (${cause.change})`}${together}${by}`;
  const value =
    cause.before === null
      ? `set to ${shortText(cause.after)}`
      : cause.after === null
        ? "taken out"
        : `${shortText(cause.before)} → ${shortText(cause.after)}`;
  const at = cause.at === null ? "" : ` at ${cause.at.file}${cause.at.line === null ? "" : `:${cause.at.line}`}`;
  return `by ${cause.kind} ${cause.key} ${value}${at}${together}${by}`;
}

function shortText(value: unknown): string {
  const text = typeof value === "string" ? value : jsonText(value);
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

/** The first few of a list of names, and how many more there are. */
export function names(list: readonly string[], most: number): string {
  return list.length > most ? `${list.slice(0, most).join(", ")} and ${list.length - most} more` : list.join(", ");
}

function listText(side: string | readonly string[]): string {
  return typeof side === "string" ? side : side.length === 0 ? "nothing" : side.join(", ");
}
