/**
 * The Container Storage Interface for drivers in TypeScript: its messages as types, and a server on a unix socket. Wire-compatible with CSI 1.12; what
 * drivers do is theirs.
 */
export { CsiError, type Code } from "./error.ts";
export type {
  AccessMode,
  CapacityRange,
  Handlers,
  RequestOf,
  ResponseOf,
  Services,
  Snapshot,
  Texts,
  Topology,
  TopologyRequirement,
  Volume,
  VolumeCapability,
  VolumeCondition,
  VolumeContentSource,
  VolumeUsage,
} from "./messages.ts";
export { CsiServer, type CsiServerOptions, type CsiServices } from "./server.ts";
