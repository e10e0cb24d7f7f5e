import { canonical, holdsAliases } from "../memo/index.ts";
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
  for (const cluster of [...clusters].sort(compare)) {
    const key = kindOf(cluster);
    const kind = kinds.get(key);
    if (kind === undefined) kinds.set(key, [cluster]);
    else kind.push(cluster);
  }
  const lists = [...kinds.values()];
  const most = mostOfOnePiece(
    lists.map((kind) => kind.length),
    parts,
  );
  // Smaller pieces may fit better together than the largest that go into a part, though each begins anew.
  const [best = []] = [most, Math.ceil(most / 2), Math.ceil(most / 3)]
    .map((size) => packed(lists, size, parts))
    .sort((a, b) => heaviest(a) - heaviest(b));
  return best.map((part) => part.clusters.sort(compare));
}

interface Part {
  cost: number;
  readonly clusters: Cluster[];
}

/** How many clusters of one kind a part has room for, at the least cost of a part at which all kinds, cut so, have room in all parts. */
function mostOfOnePiece(sizes: readonly number[], parts: number): number {
  const fits = (most: number): boolean =>
    sizes.reduce((sum, size) => sum + size + FIRST * Math.ceil(size / most), 0) <= parts * (most + FIRST);
  let [low, high] = [
    1,
    Math.max(
      1,
      ...sizes,
      sizes.reduce((sum, size) => sum + size + FIRST, 0),
    ),
  ];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Kinds in pieces of at most so many clusters, the largest first into the lightest part. */
function packed(kinds: readonly (readonly Cluster[])[], most: number, parts: number): readonly Part[] {
  const pieces = kinds.flatMap((kind) => slices(kind, most)).sort((a, b) => b.length - a.length || compare(a[0], b[0]));
  const made = Array.from({ length: parts }, (): Part => ({ cost: 0, clusters: [] }));
  for (const piece of pieces) {
    const lightest = made.reduce((least, part) => (part.cost < least.cost ? part : least));
    lightest.cost += piece.length + FIRST;
    lightest.clusters.push(...piece);
  }
  return made;
}

function heaviest(parts: readonly Part[]): number {
  return parts.reduce((most, { cost }) => Math.max(most, cost), 0);
}

/** Equal for clusters that have everything but the id in common. */
export function kindOf(cluster: Cluster): string {
  const grains = PyDict.of([...cluster.grains.entries()].filter(([name]) => name !== "id"));
  return `${cluster.kubernetes} ${textOf(grains)}`;
}

/** All that the roster says of a cluster that its compile hangs on, as text. */
export function rosterText(cluster: Cluster): string {
  return `${cluster.az} ${cluster.kubernetes} ${textOf(cluster.grains)}`;
}

/** Where a YAML anchor makes one list of two, or one that holds itself, templates that change it come to something else. */
function textOf(grains: PyDict): string {
  return holdsAliases(grains) ? `with anchors ${grains.repr()}` : canonical(grains);
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
