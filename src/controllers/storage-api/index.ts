/**
 * What the storage controllers share with each other and with whoever watches them: the ComputeNode resource, the file that says what was made of
 * a node's disks, and the names of labels, annotations, conditions and events. Types and pure functions; nothing here reaches a cluster or a node.
 */
export {
  COMPUTE_NODES,
  CONDITIONS,
  type ComputeNode,
  type ComputeNodeCondition,
  type ComputeNodeStatus,
  type ConditionType,
  type DiskHealth,
  type DiskRole,
  type DiskStatus,
  type PartitionStatus,
  type PlanStatus,
  type PlanStep,
  type ThinPoolStatus,
  type VolumeGroupStatus,
} from "./compute-node.ts";
export { EVENTS, type EventReason } from "./events.ts";
export { ANNOTATIONS, API_GROUP, API_VERSION, LABELS, labelValue } from "./names.ts";
export {
  formatSystemConfiguration,
  parseSystemConfiguration,
  SYSTEM_CONFIGURATION,
  SystemConfigurationError,
  type ConfiguredDisk,
  type ConfiguredFilesystem,
  type ConfiguredPartition,
  type ConfiguredVolumeGroup,
  type Media,
  type SystemConfiguration,
} from "./system-configuration.ts";
export { formatTaints, parseTaints, QUARANTINE, type VolumeTaint } from "./taints.ts";
