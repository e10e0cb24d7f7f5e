import type { Gauge, Histogram } from "prom-client";
import type { Metrics } from "../runtime/index.ts";
import type { GroupsReport } from "./status.ts";

export interface DriverMetrics {
  readonly calls: Histogram<"method" | "code">;
  /** In seconds since 1970. */
  readonly success: Gauge;
  /** Takes over what was found of the node's volume groups, and how many volumes nobody owns. */
  readonly report: (report: GroupsReport, orphans: number) => void;
}

const SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 1800];

export function driverMetrics(metrics: Metrics): DriverMetrics {
  const free = metrics.gauge("halite_lvm_group_free_bytes", "What volumes can still take of a volume group, its reserve taken off.", [
    "group",
  ]);
  const count = metrics.gauge("halite_lvm_volumes", "The driver's volumes and snapshots in a volume group.", ["group"]);
  const missing = metrics.gauge("halite_lvm_group_missing_disks", "Disks that LVM misses of a volume group.", ["group"]);
  const data = metrics.gauge("halite_lvm_thin_pool_data_ratio", "How full a thin pool is, from 0 to 1.", ["group", "pool"]);
  const metadata = metrics.gauge("halite_lvm_thin_pool_metadata_ratio", "How full a thin pool's metadata are, from 0 to 1.", [
    "group",
    "pool",
  ]);
  const problems = metrics.gauge("halite_lvm_problems", "What is wrong with the node's volume groups, by reason.", ["reason"]);
  const orphaned = metrics.gauge("halite_lvm_orphaned_volumes", "Volumes that hold data and have no PersistentVolume.");
  return {
    calls: metrics.histogram("halite_csi_call_seconds", "Calls of CSI.", SECONDS, ["method", "code"]),
    success: metrics.gauge("halite_lvm_last_success_timestamp_seconds", "When the node's volume groups were last looked at and told of."),
    report: ({ groups, problems: found }, orphans) => {
      for (const each of [free, count, missing, data, metadata, problems]) each.reset();
      for (const group of groups) {
        free.set({ group: group.name }, group.free);
        count.set({ group: group.name }, group.volumes);
        missing.set({ group: group.name }, group.missing);
        for (const pool of group.thinPools ?? []) {
          data.set({ group: group.name, pool: pool.name }, pool.dataPercent / 100);
          metadata.set({ group: group.name, pool: pool.name }, pool.metadataPercent / 100);
        }
      }
      for (const { reason } of found) problems.inc({ reason });
      orphaned.set(orphans);
    },
  };
}
