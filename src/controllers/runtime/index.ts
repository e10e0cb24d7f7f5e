/**
 * What every controller stands on: objects held as the API server has them, keys to work on, one leader, metrics, health, events, logs, an end in
 * order, and the node's programs. Nothing is global; time and randomness are handed in.
 */
export type { KubernetesObject, ObjectMeta } from "../../kubernetes/index.ts";
export { keyOf, statusOf, type Api, type ObjectKey } from "./api.ts";
export { systemClock, type Clock, type Random } from "./clock.ts";
export { Reconciler, type ReconcilerOptions } from "./controller.ts";
export { EventRecorder, type EventOptions, type ObjectEvent } from "./events.ts";
export { HealthServer, type Check, type HealthOptions } from "./health.ts";
export { Informer, type Change, type InformerOptions } from "./informer.ts";
export { Leader, LEASES, type LeaderOptions, type Lease } from "./leader.ts";
export { jsonLog, type Log, type LogFields, type LogLevel, type LogOptions } from "./log.ts";
export { Metrics, runtimeMetrics, type RuntimeMetrics } from "./metrics.ts";
export {
  describeCommand,
  HOST_NAMESPACES,
  HostCommands,
  NODE_TOOLS,
  NodeCommandError,
  type HostCommandsOptions,
  type NodeCommand,
  type NodeCommandFailure,
  type NodeCommands,
  type NodeResult,
  type NodeTool,
} from "./node-command.ts";
export { runProcess, type HostProcess, type ProcessOptions } from "./process.ts";
export { Resource, type ApplyOptions, type Page, type ResourceType, type Selection } from "./resource.ts";
export { WorkQueue, type WorkQueueOptions, type WorkResult } from "./work-queue.ts";
