import { CsiError, type VolumeCapability } from "../csi/index.ts";
import type { VolumeMode } from "./tags.ts";

/** What a volume is asked to be. */
export interface Wanted {
  readonly mode: VolumeMode;
  /** Of a file system; empty: whatever the driver takes. */
  readonly filesystem: string;
  readonly options: readonly string[];
}

export const FILESYSTEMS = ["xfs", "ext4"] as const;
export type FilesystemType = (typeof FILESYSTEMS)[number];
export const DEFAULT_FILESYSTEM: FilesystemType = "ext4";

/** A volume of one node can be what needs one node. */
const SINGLE_NODE = new Set(["SINGLE_NODE_WRITER", "SINGLE_NODE_READER_ONLY", "SINGLE_NODE_SINGLE_WRITER", "SINGLE_NODE_MULTI_WRITER"]);

/** Why the driver has no such volumes; `undefined` where it has. */
export function whyNot({ block, mount, accessMode }: VolumeCapability): string | undefined {
  if ((block === undefined) === (mount === undefined)) return "a capability has to say one of block and mount";
  const mode = accessMode?.mode ?? "UNKNOWN";
  if (!SINGLE_NODE.has(mode)) return `access mode ${mode} can't be had: volumes are on one node`;
  if (mount !== undefined && mount.fsType !== "" && !FILESYSTEMS.some((each) => each === mount.fsType))
    return `file system ${mount.fsType} can't be had: there are ${FILESYSTEMS.join(" and ")}`;
  return undefined;
}

/** What all capabilities of a request come to. @throws CsiError INVALID_ARGUMENT */
export function wanted(capabilities: readonly VolumeCapability[]): Wanted {
  const [first, ...others] = capabilities;
  if (first === undefined) throw new CsiError("INVALID_ARGUMENT", "volume_capabilities are missing");
  for (const each of capabilities) {
    const reason = whyNot(each);
    if (reason !== undefined) throw new CsiError("INVALID_ARGUMENT", reason);
  }
  if (others.some((each) => (each.block === undefined) !== (first.block === undefined)))
    throw new CsiError("INVALID_ARGUMENT", "a volume is either a file system or a block device");
  const types = new Set(capabilities.flatMap(({ mount }) => (mount === undefined || mount.fsType === "" ? [] : [mount.fsType])));
  if (types.size > 1) throw new CsiError("INVALID_ARGUMENT", `a volume has one file system, and ${[...types].join(" and ")} are asked for`);
  return {
    mode: first.block === undefined ? "Filesystem" : "Block",
    filesystem: [...types][0] ?? "",
    options: capabilities.flatMap(({ mount }) => mount?.mountFlags ?? []),
  };
}
