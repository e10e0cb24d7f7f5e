/**
 * The room of one availability zone: pulls its part of the published branch, decides which cluster may have what (`decide`), keeps every cluster so, and
 * reports to the other zones. `Zone` is the job, `serveZone` the job as a service. docs/sync.md says how it is run.
 */
export { decide, duration, isDone, type OtherZone, type WaveCluster } from "./decide.ts";
export { accessTo } from "./kubeconfigs.ts";
export { lockFolder } from "./lock.ts";
export { parseReport, type ZoneReport } from "./report.ts";
export { serveZone } from "./service.ts";
export { shardName, type Shard } from "./shard.ts";
export type { ZoneStatus } from "./status.ts";
export { Turns } from "./turns.ts";
export { Zone, type ZoneOptions } from "./zone.ts";
export type { ReleasedRollout } from "./zone-release.ts";
