import { compareText } from "../addon/index.ts";
import type { Finding } from "../finding/index.ts";
import type { BranchHead, Tree, TreeChanges } from "../git/index.ts";
import { releaseOf, type ReleaseObjects } from "./release-objects.ts";

export interface DeletionLimits {
  /** So many of a hundred objects may go at once. */
  readonly maxDeletion: number;
  /** Zones that may go as a whole. */
  readonly zones: readonly string[];
}

const RELEASE = /^([^/]+)\/([^/]+)\/release\.yaml$/;

/** Judges what a new tree no longer has. `read`: blobs of the head by their ids. */
export async function checkDeletions(
  head: BranchHead | null,
  tree: Tree,
  changes: TreeChanges,
  limits: DeletionLimits,
  read: (ids: Iterable<string>) => Promise<ReadonlyMap<string, Buffer>>,
): Promise<readonly Finding[]> {
  if (head === null) return [];
  const findings: Finding[] = [];
  const left = changes.removed.length === 0 ? undefined : zonesIn(tree.keys());
  const gone = left === undefined ? [] : [...zonesIn(head.files.keys())].filter((az) => !left.has(az)).sort(compareText);
  for (const az of gone) {
    if (limits.zones.includes(az)) continue;
    const clusters = [...head.files.keys()].filter((path) => RELEASE.exec(path)?.[1] === az).map((path) => path.split("/")[1] ?? "");
    findings.push({
      code: "publish-zone-deleted",
      severity: "error",
      message: `zone ${az} would be gone, with ${clusters.length === 1 ? `its cluster ${clusters[0] ?? ""}` : `its ${clusters.length} clusters: ${listed(clusters)}`}`,
      advice: `Look whether the roster has lost it by mistake. Where the zone is given up, --allow-az-deletion ${az} says so.`,
    });
  }
  findings.push(...(await tooMany(head, tree, changes, limits, gone, read)));
  return findings;
}

function zonesIn(paths: Iterable<string>): Set<string> {
  const zones = new Set<string>();
  for (const path of paths) {
    const az = RELEASE.exec(path)?.[1];
    if (az !== undefined) zones.add(az);
  }
  return zones;
}

async function tooMany(
  head: BranchHead,
  tree: Tree,
  { changed, removed }: TreeChanges,
  { maxDeletion }: DeletionLimits,
  gone: readonly string[],
  read: (ids: Iterable<string>) => Promise<ReadonlyMap<string, Buffer>>,
): Promise<readonly Finding[]> {
  const counts = (path: string): boolean => {
    const az = RELEASE.exec(path)?.[1];
    return az !== undefined && !gone.includes(az);
  };
  const releases = await readReleases(head, [...changed, ...removed].filter(counts), read);
  const news = await readNew(tree, changed.filter(counts), read);
  const deleted = new Map<string, number>();
  for (const [path, before] of releases) {
    const after = news.get(path);
    for (const [addon, objects] of before.addons) {
      if (after?.failedCluster === true || after?.failed.has(addon) === true) continue;
      const kept = new Set([...(after?.addons.values() ?? [])].flat());
      const missing = objects.filter((object) => !kept.has(object)).length;
      const where = `${path.slice(0, -"/release.yaml".length)}/${addon}`;
      if (missing > 0) deleted.set(where, missing);
    }
  }
  const count = sum(deleted.values());
  if (count === 0) return [];
  const all = await readReleases(head, [...head.files.keys()].filter(counts), read);
  const total = sum([...all.values()].map((release) => sum([...release.addons.values()].map((objects) => objects.length))));
  const percent = (100 * count) / total;
  if (percent <= maxDeletion) return [];
  const most = [...deleted].sort(([a, x], [b, y]) => y - x || compareText(a, b)).map(([where, number]) => `${where} (${number})`);
  return [
    {
      code: "publish-deletes",
      severity: "error",
      message: `${count} of ${total} objects would be deleted, ${percent.toFixed(percent < 10 ? 1 : 0)} %, and at most ${maxDeletion} % may be at once: ${listed(most)}`,
      advice: `Look whether the roster, a top file or a state has lost them by mistake. Where they are to go, --max-deletion ${Math.ceil(percent)} says so; publish.maxDeletion in halite.yaml is the limit of every run.`,
    },
  ];
}

async function readReleases(
  { files }: BranchHead,
  paths: readonly string[],
  read: (ids: Iterable<string>) => Promise<ReadonlyMap<string, Buffer>>,
): Promise<Map<string, ReleaseObjects>> {
  const blobs = await read(paths.map((path) => files.get(path) ?? ""));
  return new Map(paths.map((path) => [path, releaseOf(blobs.get(files.get(path) ?? "")?.toString("utf8") ?? "")]));
}

async function readNew(
  tree: Tree,
  paths: readonly string[],
  read: (ids: Iterable<string>) => Promise<ReadonlyMap<string, Buffer>>,
): Promise<Map<string, ReleaseObjects>> {
  const texts = new Map<string, ReleaseObjects>();
  for (const path of paths) {
    const entry = tree.get(path) ?? "";
    const bytes =
      typeof entry === "object" && "blob" in entry ? ((await read([entry.blob])).get(entry.blob) ?? Buffer.alloc(0)) : Buffer.from(entry);
    texts.set(path, releaseOf(bytes.toString("utf8")));
  }
  return texts;
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}

function listed(names: readonly string[]): string {
  return names.length > 3 ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : names.join(", ");
}
