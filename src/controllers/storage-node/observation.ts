import type { FilesystemPrograms, Media, VolumeRecord } from "../storage-api/index.ts";

/** A node's disks as they are. */
export interface Observation {
  readonly disks: readonly ObservedDisk[];
  readonly mounts: readonly ObservedMount[];
  readonly volumeGroups: readonly ObservedVolumeGroup[];
  readonly programs: FilesystemPrograms;
}

export interface ObservedDisk {
  /** Empty where it has none: then nothing is made of it. */
  readonly serial: string;
  /** `/dev/disk/by-id/…`, the best of its links; empty where it has none. */
  readonly byId: string;
  /** All of its links' names. */
  readonly links: readonly string[];
  /** `/dev/nvme0n1`: of now. */
  readonly path: string;
  readonly model: string;
  /** In bytes. */
  readonly size: number;
  readonly rotational: boolean;
  readonly media: Media;
  readonly transport: string;
  readonly readOnly: boolean;
  /** `259:0` */
  readonly device: string;
  /** Why it can't be read, where it can't: then nothing of its contents is known. */
  readonly problem?: string;
  /** Its partition table, where there is one that can be read. */
  readonly table?: { readonly label: string; readonly partitions: readonly ObservedPartition[] };
  /** What its contents are told by: `gpt`, `PMBR`, `xfs`, `LVM2_member`, … */
  readonly signatures: readonly string[];
  /** What stands on it other than partitions: `dm-0 (lvm)`, also `swap`. */
  readonly holders: readonly string[];
}

export interface ObservedPartition {
  readonly number: number;
  readonly path: string;
  /** PARTUUID and partition type, in lower case. */
  readonly uuid: string;
  readonly type: string;
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  readonly device: string;
  readonly signatures: readonly ObservedSignature[];
  readonly holders: readonly string[];
  /** What the disk's record partition says of a volume that is being made, or holds nothing that can be told. */
  readonly record?: VolumeRecord;
}

export interface ObservedSignature {
  readonly type: string;
  readonly uuid: string;
}

export interface ObservedMount {
  readonly source: string;
  readonly target: string;
  readonly filesystem: string;
  readonly options: string;
  /** Major and minor number of what is mounted. */
  readonly device: string;
}

export interface ObservedVolumeGroup {
  readonly name: string;
  readonly uuid: string;
  readonly tags: readonly string[];
  /** In bytes. */
  readonly size: number;
  readonly free: number;
  readonly extent: number;
  readonly missing: number;
  /** Paths of its physical volumes, of now. */
  readonly physicalVolumes: readonly string[];
  readonly volumes: readonly ObservedLogicalVolume[];
}

export interface ObservedLogicalVolume {
  readonly name: string;
  readonly type: string;
  readonly tags: readonly string[];
  /** In bytes. */
  readonly size: number;
}

/** Types of partitions that Halite makes (GPT). By them it knows again what is its own. */
export const PARTITION_TYPES = {
  /** Holds a record for each of the disk's volumes. */
  record: "9d1f1f6a-6a41-4f0f-8a53-1b8a6c0f7d10",
  /** For a static volume, in the making: nothing of it was ever given to anybody. */
  making: "9d1f1f6a-6a41-4f0f-8a53-1b8a6c0f7d11",
  /** A static volume: its contents are somebody's, and never made anew here. */
  volume: "9d1f1f6a-6a41-4f0f-8a53-1b8a6c0f7d12",
  /** A physical volume of LVM. */
  physicalVolume: "9d1f1f6a-6a41-4f0f-8a53-1b8a6c0f7d13",
} as const;

/** Of a volume group that Halite made. */
export const OWNER_TAG = "halite";

/**
 * On a volume group while its thin pool is made, with the size of the pool's metadata in bytes. `lvcreate --type=thin-pool` makes volumes for the metadata and
 * its spare first, named lvol0 and the like (lib/metadata/lv_manip.c of LVM 2.03), and leaves them where it is killed.
 */
export const MAKING_TAG = "halite.making-thin-pool=";
