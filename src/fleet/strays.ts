import { readdirSync } from "node:fs";
import { join } from "node:path";
import { countLines, type LineCounts } from "./line-counts.ts";
import { isAside } from "./aside.ts";
import { filesBelow, textAt } from "./out.ts";
import type { Cluster } from "./roster.ts";
import { SHARD_RECORDS } from "./shard-record.ts";

/** Files of out/ that are in no cluster's folder: of clusters that are gone, or nobody's; records of shards apart. Paths relative to it, sorted. */
export function strayFiles(out: string, clusters: readonly Pick<Cluster, "id" | "az">[]): readonly string[] {
  const folders = new Set(clusters.map((cluster) => `${cluster.az}/${cluster.id}`));
  const zones = new Set(clusters.map((cluster) => cluster.az));
  const strays: string[] = [];
  for (const zone of entriesOf(out)) {
    if (zone.name === SHARD_RECORDS || isAside(zone.name)) continue;
    if (!zone.isDirectory()) strays.push(zone.name);
    else if (!zones.has(zone.name)) strays.push(...filesBelow(out, zone.name));
    else {
      for (const entry of entriesOf(join(out, zone.name))) {
        const path = `${zone.name}/${entry.name}`;
        if (!entry.isDirectory()) strays.push(path);
        else if (!folders.has(path)) strays.push(...filesBelow(out, path));
      }
    }
  }
  return strays.sort();
}

/** How many lines the files had. */
export function strayLines(out: string, paths: readonly string[]): ReadonlyMap<string, LineCounts> {
  return new Map(paths.map((path) => [path, countLines(textAt(join(out, path)), "")]));
}

function entriesOf(folder: string): { readonly name: string; isDirectory(): boolean }[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
