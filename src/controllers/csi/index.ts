/**
 * The Container Storage Interface for drivers in TypeScript: its messages as types, and a server on a unix socket. Wire-compatible with CSI 1.12; what
 * drivers do is theirs.
 */
export { serviceDefinition } from "./definitions.ts";
export { CsiError } from "./error.ts";
export type {
  CapacityRange,
  Handlers,
  RequestOf,
  ResponseOf,
  Snapshot,
  Texts,
  Topology,
  Volume,
  VolumeCapability,
  VolumeCondition,
} from "./messages.ts";
export { CsiServer } from "./server.ts";
