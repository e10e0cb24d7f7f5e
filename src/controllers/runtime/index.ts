/**
 * What every controller stands on: objects held as the API server has them, keys to work on, one leader, metrics, health, events, logs, an end in
 * order, and the node's programs. Nothing is global; time and randomness are handed in.
 */
export {
  Informer,
  jsonLog,
  keyOf,
  Resource,
  statusOf,
  systemClock,
  type Api,
  type ApplyOptions,
  type Change,
  type Clock,
  type InformerOptions,
  type KubernetesObject,
  type Log,
  type LogFields,
  type LogLevel,
  type LogOptions,
  type ObjectKey,
  type ObjectMeta,
  type Page,
  type Random,
  type ResourceType,
  type Selection,
} from "../../kubernetes/index.ts";
export { Reconciler, type ReconcilerOptions } from "./controller.ts";
export { EventRecorder, type EventOptions, type ObjectEvent } from "./events.ts";
export { HealthServer, type Check, type HealthOptions } from "./health.ts";
export { endServer, listen } from "./http-server.ts";
export { Leader, LEASES, WANTED_BY, type LeaderOptions, type Lease } from "./leader.ts";
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
export { countedCommands, POD_OPTIONS, runProgram, UsageError, type ProgramProcess, type ProgramValues } from "./program.ts";
export { WorkQueue, type WorkQueueOptions, type WorkResult } from "./work-queue.ts";
