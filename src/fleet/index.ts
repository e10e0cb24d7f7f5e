/** The room of the fleet: config, roster, the compile of one cluster and of many, out/, and what is kept between runs. */
export { CacheFolder } from "./cache/folder.ts";
export { RosterCache } from "./cache/roster-cache.ts";
export { findingsByCluster, FleetCompiler, kubernetesSchemas, outFiles } from "./compile.ts";
export type { CompiledCluster } from "./compiled.ts";
export { inputDigest } from "./input-digest.ts";
export { joinShards } from "./joined-shards.ts";
export type { LineCounts } from "./line-counts.ts";
export { findConfig, loadFleet, minionOfCluster, type Fleet } from "./load.ts";
export { compareOut, writeOut, type OutDifference } from "./out.ts";
export { partition } from "./partition.ts";
export { recordClusters, renderClusters, type RenderDetails, type RenderedCluster, type RenderProgress } from "./render.ts";
export { renderInThreads, type RenderSetting } from "./render-threads.ts";
export { impactOn, type FleetImpact, type ImpactQuestion } from "./fleet-impact.ts";
export type { ClusterImpact } from "./impact.ts";
export { listed, type Cluster } from "./roster.ts";
export { dropShardRecords, shardRecord, writeShardRecord, type ShardNumber } from "./shard-record.ts";
export { strayFiles, strayLines } from "./strays.ts";
export { compileInThreads, threadsFor, type TimedCompile } from "./workers.ts";
