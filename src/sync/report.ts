import { isObject, listAt, numberAt, textAt, type Json } from "../kubernetes/index.ts";

/** How an addon of a cluster is: what git wants and what works, apart. */
export interface ReportedAddon {
  readonly name: string;
  readonly sync: string;
  readonly health: string;
  /** What to look at first; empty where there is nothing. */
  readonly reason: string;
  readonly objects: number;
  readonly healthy: number;
}

/** How a cluster is, and where it stands in the rollout. */
export interface ReportedCluster {
  readonly cluster: string;
  readonly wave: string | null;
  readonly order: number | null;
  /** The commit that it is kept at; null where it never was. */
  readonly commit: string | null;
  /** Digest of what it is kept at. */
  readonly content: string | null;
  /** Digest of what the zone's commit wants of it. */
  readonly wanted: string | null;
  /** It is as `commit` says. */
  readonly synced: boolean;
  /** It works. */
  readonly healthy: boolean;
  /** Since when both; an RFC 3339 time by the zone's own clock, for people. */
  readonly wellSince: string | null;
  /** It has what the commit wants and its soak time is over: later waves may go as far as it is concerned. */
  readonly done: boolean;
  /** Why it does not get what the commit wants; null where it does or has it. */
  readonly hold: { readonly kind: string; readonly reason: string } | null;
  /** The first thing to look at; empty where there is none. */
  readonly reason: string;
  readonly addons: readonly ReportedAddon[];
}

/** What a zone says of itself: pushed for the other zones, served for the fleet page. It holds no secret value. */
export interface ZoneReport {
  readonly apiVersion: "halite.dev/v1alpha1";
  readonly kind: "ZoneReport";
  readonly az: string;
  /** Which part of the zone it is about, `0-of-2`; null: all of it. */
  readonly shard: string | null;
  /** When it was written, by the zone's own clock. */
  readonly time: string;
  /** The commit of the published branch that the zone has taken over; null for none. */
  readonly commit: string | null;
  /** The id of the zone's own folder in that commit: two commits with the same one want the same of the zone. */
  readonly tree: string | null;
  readonly clusters: readonly ReportedCluster[];
}

/** The text that is pushed. */
export function reportText(report: ZoneReport): string {
  return `${JSON.stringify(report, undefined, 1)}\n`;
}

/** Whether two reports say the same, but for when. */
export function sameReport(a: ZoneReport, b: ZoneReport): boolean {
  return JSON.stringify({ ...a, time: "" }) === JSON.stringify({ ...b, time: "" });
}

/** Reads what another zone pushed; a text says what is wrong with it. */
export function parseReport(content: string): ZoneReport | string {
  let value: Json;
  try {
    value = JSON.parse(content);
  } catch {
    return "its report is no JSON";
  }
  const [az, time] = [textAt(value, "az"), textAt(value, "time")];
  if (!isObject(value) || value["kind"] !== "ZoneReport" || az === undefined || time === undefined) return "its report is no ZoneReport";
  if (value["apiVersion"] !== "halite.dev/v1alpha1") return "its report is of another version of Halite";
  const clusters: ReportedCluster[] = [];
  for (const entry of listAt(value, "clusters")) {
    const cluster = textAt(entry, "cluster");
    if (!isObject(entry) || cluster === undefined) return "its report has a cluster without a name";
    clusters.push({
      cluster,
      wave: textAt(entry, "wave") ?? null,
      order: numberAt(entry, "order") ?? null,
      commit: textAt(entry, "commit") ?? null,
      content: textAt(entry, "content") ?? null,
      wanted: textAt(entry, "wanted") ?? null,
      synced: entry["synced"] === true,
      healthy: entry["healthy"] === true,
      wellSince: textAt(entry, "wellSince") ?? null,
      done: entry["done"] === true,
      hold: isObject(entry["hold"]) ? { kind: textAt(entry, "hold", "kind") ?? "", reason: textAt(entry, "hold", "reason") ?? "" } : null,
      reason: textAt(entry, "reason") ?? "",
      addons: listAt(entry, "addons").map((addon) => ({
        name: textAt(addon, "name") ?? "",
        sync: textAt(addon, "sync") ?? "",
        health: textAt(addon, "health") ?? "",
        reason: textAt(addon, "reason") ?? "",
        objects: numberAt(addon, "objects") ?? 0,
        healthy: numberAt(addon, "healthy") ?? 0,
      })),
    });
  }
  return {
    apiVersion: "halite.dev/v1alpha1",
    kind: "ZoneReport",
    az,
    shard: textAt(value, "shard") ?? null,
    time,
    commit: textAt(value, "commit") ?? null,
    tree: textAt(value, "tree") ?? null,
    clusters,
  };
}
