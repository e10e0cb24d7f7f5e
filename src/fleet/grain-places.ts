import { resolve } from "node:path";
import { FindingError, type Position } from "../finding/index.ts";
import { PyDict, type Value } from "../python/index.ts";
import { loadSalt } from "../yaml/index.ts";
import type { DataPlace } from "./changed-data.ts";
import type { Fleet } from "./load.ts";
import { placesIn, type Cluster } from "./roster.ts";

/** Where a cluster's grains stand in the roster. Only the cluster's own entry is read again; else the entry as a whole is named. */
export function grainPlaces(fleet: Fleet, cluster: Cluster): (place: DataPlace) => Position {
  const { at } = cluster;
  const start = (at.line ?? 1) - 1;
  const lines = new TextDecoder().decode(fleet.files.read(resolve(fleet.folder, fleet.config.roster))).split("\n");
  const length = lines.slice(start + 1).findIndex((line) => /^[^\s#]/.test(line));
  const entry = lines.slice(start, length < 0 ? undefined : start + 1 + length).join("\n");
  let roster: Value;
  let positions: Parameters<typeof placesIn>[1];
  try {
    ({ value: roster, positions } = loadSalt(entry, { file: at.file, positions: true }));
  } catch (error) {
    if (error instanceof FindingError) return () => at;
    throw error;
  }
  if (!(roster instanceof PyDict) || !roster.has(cluster.id)) return () => at;
  const find = placesIn(roster, positions, at.file);
  return (place) => {
    const steps = place.filter((step): step is string | number => typeof step === "string" || typeof step === "number");
    const found = find([cluster.id, "minion_opts", "grains", ...steps]);
    return { ...found, line: (found.line ?? 1) + start };
  };
}
