/**
 * What the storage controllers share with each other and with whoever watches them: the ComputeNode resource, the file that says what was made of
 * a node's disks, the record that a disk keeps of its volumes, and the names of labels, annotations, conditions and events. Types, and pure functions
 * but for those that are handed the node's commands.
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
export { SUFFIXES } from "./suffixes.ts";
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
export {
  blankCommands,
  filesystemPrograms,
  mkfsCommand,
  mountCommands,
  readRecordCommand,
  writeRecordCommand,
  type FilesystemPrograms,
} from "./volume-commands.ts";
export { formatVolumeRecord, parseVolumeRecord, RECORD_BLOCK, type RecordPlace, type VolumeRecord } from "./volume-record.ts";
export { formatTaints, parseTaints, QUARANTINE, type VolumeTaint } from "./taints.ts";
