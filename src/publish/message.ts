import { compareText } from "../addon/index.ts";
import type { TreeChanges } from "../git/index.ts";

/** A commit's message: its subject, what changes in which zone and addon, and the trailers. */
export function commitMessage(subject: string, changes: TreeChanges, trailers: readonly (readonly [string, string])[]): string {
  const zones = new Map<string, Map<string, number>>();
  for (const path of [...changes.added, ...changes.changed, ...changes.removed]) {
    const [az = "", , addon = ""] = path.split("/");
    if (addon === "release.yaml" || addon === "") continue;
    const addons = zones.get(az) ?? new Map<string, number>();
    addons.set(addon, (addons.get(addon) ?? 0) + 1);
    zones.set(az, addons);
  }
  const body = [...zones].sort(([a], [b]) => compareText(a, b)).map(([az, addons]) => `${az}: ${described(addons)}`);
  return [subject, "", ...(body.length === 0 ? [] : [...body, ""]), ...trailers.map(([name, value]) => `${name}: ${value}`), ""].join("\n");
}

function described(addons: ReadonlyMap<string, number>): string {
  return [...addons]
    .sort(([a], [b]) => compareText(a, b))
    .map(([addon, count]) => `${addon === ".sealed" ? "sealed sources" : addon} (${count} file${count === 1 ? "" : "s"})`)
    .join(", ");
}
