import type { DiskRole, DiskStatus, EventReason } from "../storage-api/index.ts";
import type { DiskGroup, StaticUse } from "./flavor.ts";
import type { ObservedDisk, ObservedPartition, ObservedVolumeGroup } from "./observation.ts";

/** One thing to be done to a node's disks. What a step names is by names that stay; it is right for what was observed just now and no longer. */
export type Step =
  | { readonly action: "wipe"; readonly serial: string; readonly device: string; readonly partitions: readonly number[] }
  | {
      readonly action: "partition";
      readonly serial: string;
      readonly device: string;
      readonly group: string;
      readonly use: DiskGroup["use"];
    }
  | {
      readonly action: "make";
      readonly serial: string;
      readonly partition: ObservedPartition;
      readonly record: ObservedPartition;
      readonly use: StaticUse;
      /** Mounted already: it was interrupted. */
      readonly mounted: boolean;
    }
  | { readonly action: "seal"; readonly serial: string; readonly device: string; readonly partitions: readonly ObservedPartition[] }
  | { readonly action: "mount"; readonly serial: string; readonly partition: ObservedPartition; readonly use: StaticUse }
  | { readonly action: "createVolumeGroup"; readonly serial: string; readonly name: string; readonly partition: ObservedPartition }
  | { readonly action: "extendVolumeGroup"; readonly serial: string; readonly name: string; readonly partition: ObservedPartition }
  | { readonly action: "createThinPool"; readonly group: ObservedVolumeGroup; readonly name: string; readonly reserve: number }
  /** `leftovers`: volumes that an interrupted `createThinPool` has left. `tags`: by which it is known, to be taken away as its pool is there. */
  | {
      readonly action: "tidyVolumeGroup";
      readonly group: ObservedVolumeGroup;
      readonly leftovers: readonly string[];
      readonly tags: readonly string[];
    };

/** What is not as it should be and that nobody but a person may change. */
export interface Remark {
  /** `refusal`: something that the flavor asks for is not done. `drift`: something is other than what was made. */
  readonly kind: "refusal" | "drift";
  readonly reason: EventReason;
  readonly serial?: string;
  readonly message: string;
}

export interface PlannedDisk {
  readonly disk: ObservedDisk;
  readonly role: DiskRole;
  readonly group?: string;
  readonly reason?: string;
  readonly wiped: boolean;
}

export interface Plan {
  readonly flavor: string;
  readonly digest: string;
  readonly steps: readonly Step[];
  readonly remarks: readonly Remark[];
  readonly disks: readonly PlannedDisk[];
  /** Known from before and not there. */
  readonly missing: readonly DiskStatus[];
}
