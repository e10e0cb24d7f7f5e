/** The room of the fleet: config, roster, the compile of one cluster and of many, and out/. */
export { findingsByCluster, FleetCompiler, kubernetesSchemas, outFiles } from "./compile.ts";
export { findConfig, loadFleet, minionOfCluster, type Fleet } from "./load.ts";
export { compareOut, writeOut, type OutDifference } from "./out.ts";
export { listed } from "./roster.ts";
export { compileInThreads, threadsFor, type TimedCompile } from "./workers.ts";
