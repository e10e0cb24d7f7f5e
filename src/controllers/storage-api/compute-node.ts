import type { ResourceType } from "../runtime/index.ts";
import type { JsonObject, KubernetesObject } from "../../kubernetes/index.ts";
import type { Media } from "./system-configuration.ts";
import { API_GROUP, API_VERSION } from "./names.ts";

/** ComputeNodes: one a node, cluster-scoped, of the node's name; written by server-side apply to the status, each field by one controller. */
export const COMPUTE_NODES: ResourceType = {
  group: API_GROUP,
  version: API_VERSION,
  plural: "computenodes",
  kind: "ComputeNode",
  namespaced: false,
};

/** What a ComputeNode's conditions are about. `True` is the good state of each. */
export const CONDITIONS = {
  /** All that the flavor asks for is made. Written by storage-node. */
  provisioned: "Provisioned",
  /** Disks are as the flavor and what was made of them say: none missing, new, swapped or of another size. Written by storage-node. */
  disksAsPlanned: "DisksAsPlanned",
  /** No disk is failing. Written by the disk monitor. */
  disksHealthy: "DisksHealthy",
  /** Volume groups are complete, and their thin pools have room. Written by the LVM driver. */
  volumeGroupsHealthy: "VolumeGroupsHealthy",
} as const;
export type ConditionType = (typeof CONDITIONS)[keyof typeof CONDITIONS];

/** As metav1.Condition. */
export interface ComputeNodeCondition extends JsonObject {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
}

export type DiskHealth = "Healthy" | "Suspect" | "Failing" | "Unknown";
/**
 * What a disk is to Halite: made into partitions (`Static`) or a physical volume (`VolumeGroup`), not asked for by the flavor (`Unused`), carrying
 * data that Halite did not write (`Foreign`), asked for and still to be made (`Planned`), known from before and gone (`Missing`), the node's own (`System`).
 */
export type DiskRole = "Static" | "VolumeGroup" | "Unused" | "Foreign" | "Planned" | "Missing" | "System";

/** Of a disk: keyed by serial. `health` and `healthReason` are the disk monitor's, the rest storage-node's. */
export interface DiskStatus extends JsonObject {
  readonly serial: string;
  /** The stable link: `/dev/disk/by-id/…`. */
  readonly byId?: string;
  /** The kernel's name at the moment, `nvme0n1`: for people who read kernel logs; nothing goes by it. */
  readonly kernelName?: string;
  readonly model?: string;
  /** In bytes. */
  readonly size?: number;
  readonly media?: Media;
  /** `nvme`, `sata`, `sas`, `virtio`, `usb`, … as lsblk has it. */
  readonly transport?: string;
  readonly role?: DiskRole;
  /** Why it has this role, where that needs words: what was found on a `Foreign` one. */
  readonly reason?: string;
  /** The flavor's group of disks that it belongs to. */
  readonly group?: string;
  /** It was to be wiped, and is; as long as the flavor goes on listing it for that, it is not wiped again. */
  readonly wiped?: boolean;
  readonly volumeGroup?: string;
  readonly partitions?: readonly PartitionStatus[];
  readonly health?: DiskHealth;
  readonly healthReason?: string;
}

/** Of a partition: keyed by uuid (the GPT's PARTUUID). */
export interface PartitionStatus extends JsonObject {
  readonly uuid: string;
  readonly number: number;
  /** In bytes. */
  readonly size: number;
  readonly mode?: "Filesystem" | "Block";
  readonly filesystem?: string;
  readonly mountPath?: string;
  /** Whether it is mounted there at this moment. */
  readonly mounted?: boolean;
}

/** Of a volume group: keyed by name. uuid, size and disks are storage-node's; free, volumes, thinPools and missing the LVM driver's. */
export interface VolumeGroupStatus extends JsonObject {
  readonly name: string;
  readonly uuid?: string;
  /** In bytes. */
  readonly size?: number;
  /** Serials of the disks below. */
  readonly disks?: readonly string[];
  /** What can still be allocated, in bytes, the reserve taken off. */
  readonly free?: number;
  readonly volumes?: number;
  readonly thinPools?: readonly ThinPoolStatus[];
  /** How many physical volumes LVM misses. */
  readonly missing?: number;
}

/** Of a thin pool: keyed by name. */
export interface ThinPoolStatus extends JsonObject {
  readonly name: string;
  readonly size: number;
  /** What all its volumes could come to, in bytes. */
  readonly provisioned: number;
  readonly dataPercent: number;
  readonly metadataPercent: number;
}

/** A step of what storage-node means to do, or why it does not. */
export interface PlanStep extends JsonObject {
  readonly action: string;
  readonly disk?: string;
  readonly detail: string;
  readonly state: "Pending" | "Done" | "Refused" | "Failed";
  readonly reason?: string;
}

export interface PlanStatus extends JsonObject {
  readonly flavor: string;
  /** SHA-256 of the flavor as it was planned from. */
  readonly digest: string;
  readonly steps: readonly PlanStep[];
}

export interface ComputeNodeStatus extends JsonObject {
  readonly disks?: readonly DiskStatus[];
  readonly volumeGroups?: readonly VolumeGroupStatus[];
  readonly plan?: PlanStatus;
  readonly conditions?: readonly ComputeNodeCondition[];
}

export interface ComputeNode extends KubernetesObject {
  readonly apiVersion: "storage.halite.dev/v1alpha1";
  readonly kind: "ComputeNode";
  readonly status?: ComputeNodeStatus;
}
