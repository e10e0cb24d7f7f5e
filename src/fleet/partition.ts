import { canonical } from "../memo/index.ts";
import { PyDict } from "../python/index.ts";
import type { Cluster } from "./roster.ts";

/** What the first cluster of a kind costs, where a further one of it costs 1. */
const FIRST = 12;

/**
 * Clusters in a number of parts of about equal cost: those that have all grains but the id in common cost little beyond the first, so they
 * stay together, unless they alone are more than a part. The same roster gives the same parts; each part has the roster's order.
 */
export function partition(clusters: readonly Cluster[], parts: number): readonly (readonly Cluster[])[] {
  const kinds = new Map<string, Cluster[]>();
  for (const cluster of clusters) {
    const key = kindOf(cluster);
    const kind = kinds.get(key);
    if (kind === undefined) kinds.set(key, [cluster]);
    else kind.push(cluster);
  }
  const total = clusters.length + FIRST * kinds.size;
  const most = Math.max(1, Math.ceil(total / parts) - FIRST);
  const pieces = [...kinds.values()].flatMap((kind) => slices(kind, most)).sort((a, b) => b.length - a.length || compare(a[0], b[0]));
  const made = Array.from({ length: parts }, () => ({ cost: 0, clusters: [] as Cluster[] }));
  for (const piece of pieces) {
    const lightest = made.reduce((least, part) => (part.cost < least.cost ? part : least));
    lightest.cost += piece.length + FIRST;
    lightest.clusters.push(...piece);
  }
  return made.map((part) => part.clusters.sort(compare));
}

/** Equal for clusters that have everything but the id in common. */
export function kindOf(cluster: Cluster): string {
  const grains = PyDict.of([...cluster.grains.entries()].filter(([name]) => name !== "id"));
  return `${cluster.kubernetes} ${canonical(grains)}`;
}

/** All that the roster says of a cluster that its compile hangs on, as text. */
export function rosterText(cluster: Cluster): string {
  return `${cluster.az} ${cluster.kubernetes} ${canonical(cluster.grains)}`;
}

/** A list in pieces of about one length, none longer than `most`. */
function slices<T>(list: readonly T[], most: number): T[][] {
  const count = Math.ceil(list.length / most);
  return Array.from({ length: count }, (_, index) =>
    list.slice(Math.floor((index * list.length) / count), Math.floor(((index + 1) * list.length) / count)),
  );
}

function compare(a: Cluster | undefined, b: Cluster | undefined): number {
  return (a?.id ?? "") < (b?.id ?? "") ? -1 : 1;
}
