import type { FleetDiff, FoldedChange } from "../fleet-diff.ts";
import { refOf } from "../fold.ts";
import { DANGER_LEVELS, type DangerLevel } from "../model.ts";
import { jsonText } from "../json.ts";

/** Changes that are the same but for the object they are of, in the same clusters. */
export interface ChangeGroup {
  readonly changes: readonly [FoldedChange, ...FoldedChange[]];
}

/** The changes that are to be shown, the same of several objects once; quiet ones only where asked for. */
export function groupChanges(diff: FleetDiff, all: boolean): readonly ChangeGroup[] {
  const groups = new Map<string, [FoldedChange, ...FoldedChange[]]>();
  const whole = wholeClusters(diff);
  for (const each of diff.changes) {
    if (!all && (each.quiet || (each.change.change in whole && each.clusters.every((id) => whole[each.change.change]?.has(id) === true))))
      continue;
    const { change, dangers, clusters, notIn, causes, id } = each;
    const together = change.change === "changed" && change.fields.length <= FEW;
    const key = together ? jsonText([change.fields, dangers, clusters, notIn, causes, change.after.kind]) : id;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [each]);
    else group.push(each);
  }
  return [...groups.values()].map((group) => ({ changes: group }));
}

/** Clusters that come or go, whose objects do so with them: told with the cluster. A cluster that is released no more keeps what it has. */
function wholeClusters({ clusterChanges }: FleetDiff): Readonly<Record<string, ReadonlySet<string>>> {
  const of = (change: "added" | "removed"): ReadonlySet<string> =>
    new Set(clusterChanges.flatMap((each) => (each.change === change ? [each.cluster] : [])));
  return { added: of("added"), removed: of("removed") };
}

/** Changes of more fields are told one by one. */
const FEW = 8;

/** How a change is called. */
export function verbOf({ change }: FoldedChange): string {
  switch (change.change) {
    case "added":
      return "new";
    case "removed":
      return "deleted";
    default:
      return change.change;
  }
}

/** `DaemonSet storage-csi/ceph-csi-rbd-node`. */
export function objectName({ change }: FoldedChange): string {
  const { kind, namespace, name } = refOf(change);
  return `${kind} ${namespace === null ? "" : `${namespace}/`}${name}`;
}

/** What became of an object's name or place, if anything. */
export function placeChange({ change }: FoldedChange): string | undefined {
  if (change.change !== "moved" && change.change !== "renamed") return undefined;
  const { before, after } = change;
  const parts: string[] = [];
  if (before.namespace !== after.namespace) parts.push(`namespace ${before.namespace ?? "none"} → ${after.namespace ?? "none"}`);
  if (before.name !== after.name) parts.push(`name ${before.name} → ${after.name}`);
  if (before.addon !== after.addon) parts.push(`addon ${before.addon} → ${after.addon}`);
  else if (before.file !== after.file) parts.push(`file ${before.file} → ${after.file}`);
  return parts.join(", ");
}

/** The same change in how many of the clusters that have the object, and in which not. */
export function placesOf({ clusters, notIn }: FoldedChange, most: number): string {
  const names = (list: readonly string[]): string =>
    list.length > most ? `${list.slice(0, most).join(", ")} and ${list.length - most} more` : list.join(", ");
  const of = clusters.length + notIn.length;
  if (of === 1) return clusters.join("");
  if (notIn.length === 0) return of <= 2 ? `in both ${names(clusters)}` : `in all ${of} clusters that have it`;
  if (notIn.length <= clusters.length) return `in ${clusters.length} of ${of} clusters; not in: ${names(notIn)}`;
  return `in ${clusters.length} of ${of} clusters: ${names(clusters)}`;
}

/** How bad the worst of it is; `undefined` where nothing is dangerous. */
export function worstDanger({ changes }: FleetDiff): DangerLevel | undefined {
  return DANGER_LEVELS.find((level) => changes.some(({ dangers }) => dangers.some((danger) => danger.level === level)));
}

/** Workloads that restart, with the clusters in which they do. */
export function rolloutsIn(
  diff: FleetDiff,
): readonly { readonly workload: string; readonly how: string; readonly clusters: readonly string[] }[] {
  const found = new Map<string, { workload: string; how: string; clusters: Set<string> }>();
  for (const { rollout, clusters } of diff.changes) {
    if (rollout === null) continue;
    const workload = `${rollout.kind} ${rollout.namespace === null ? "" : `${rollout.namespace}/`}${rollout.name}`;
    const key = jsonText([workload, rollout.how]);
    const entry = found.get(key) ?? { workload, how: rollout.how, clusters: new Set<string>() };
    for (const id of clusters) entry.clusters.add(id);
    found.set(key, entry);
  }
  return [...found.values()]
    .map((entry) => ({ ...entry, clusters: [...entry.clusters].toSorted() }))
    .toSorted((a, b) => b.clusters.length - a.clusters.length || (a.workload < b.workload ? -1 : 1));
}

/** Counts for the first lines. */
export function countsOf(diff: FleetDiff): Readonly<Record<"new" | "deleted" | "changed" | "moved" | "renamed" | "quiet", number>> {
  const counts = { new: 0, deleted: 0, changed: 0, moved: 0, renamed: 0, quiet: 0 };
  const names: Readonly<Record<string, keyof typeof counts>> = { added: "new", removed: "deleted" };
  for (const { change, quiet } of diff.changes) {
    if (quiet) counts.quiet++;
    else counts[names[change.change] ?? (change.change === "moved" || change.change === "renamed" ? change.change : "changed")]++;
  }
  return counts;
}

/** `3 changes, 1 deletion, in 47 of 50 clusters`. */
export function summaryOf(diff: FleetDiff): string {
  const { clusters } = diff;
  const counts = countsOf(diff);
  const parts = (["deleted", "changed", "renamed", "moved", "new"] as const)
    .filter((name) => counts[name] > 0)
    .map((name) => `${counts[name]} ${name}`);
  if (parts.length === 0 && clusters.changed.length === 0) return `no differences in ${plural(clusters.total, "cluster")}`;
  const objects = parts.length === 0 ? "no object changes" : parts.join(", ");
  return `${objects}; ${clusters.changed.length} of ${plural(clusters.total, "cluster")}`;
}

export function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}
