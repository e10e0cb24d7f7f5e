import type { NodeCommand } from "../runtime/index.ts";
import {
  blankCommands,
  mkfsCommand,
  mountCommands,
  writeRecordCommand,
  type ConfiguredFilesystem,
  type FilesystemPrograms,
} from "../storage-api/index.ts";
import type { DiskGroup, StaticUse } from "./flavor.ts";
import { MAKING_TAG, OWNER_TAG, PARTITION_TYPES, type ObservedPartition, type ObservedVolumeGroup } from "./observation.ts";
import type { Step } from "./plan.ts";
import { isUnnamed, makingTagsOf } from "./contents.ts";
import { filesystemUuid, mountPathOf } from "./planner.ts";

/**
 * The commands that a step is. Each can be repeated: who is killed between two of them begins the step again.
 *
 * @param newUuid gives a UUID that nobody has had
 */
export function commandsOf(step: Step, programs: FilesystemPrograms, newUuid: () => string): readonly NodeCommand[] {
  switch (step.action) {
    case "wipe":
      return [
        ...step.partitions.map((number): NodeCommand => ({ tool: "wipefs", args: ["--all", `${step.device}-part${number}`] })),
        { tool: "wipefs", args: ["--all", step.device] },
        SETTLE,
      ];
    case "partition":
      return [
        {
          tool: "sfdisk",
          // What lay where partitions come to lie would be found in them.
          args: ["--quiet", "--wipe=always", "--wipe-partitions=always", step.device],
          input: partitionTable(step.group, step.use, newUuid),
        },
        SETTLE,
      ];
    case "make":
      return make(step, programs);
    case "seal":
      return [
        ...step.partitions.map(({ number }): NodeCommand => ({
          tool: "sfdisk",
          // Others of the disk are mounted. The kernel doesn't know of types.
          args: ["--quiet", "--no-reread", "--no-tell-kernel", "--part-type", step.device, String(number), PARTITION_TYPES.volume],
        })),
        SETTLE,
      ];
    case "mount":
      return step.use.filesystem === undefined ? [] : mountCommands(filesystemOf(step.use, step.partition, step.use.filesystem));
    case "createVolumeGroup":
      return [{ tool: "vgcreate", args: ["--yes", "--addtag", OWNER_TAG, step.name, byUuid(step.partition)] }];
    case "extendVolumeGroup":
      return [{ tool: "vgextend", args: ["--yes", step.name, byUuid(step.partition)] }];
    case "createThinPool":
      return thinPool(step.group, step.name, step.reserve);
    default:
      return [
        ...step.leftovers.map((name): NodeCommand => ({ tool: "lvremove", args: ["--yes", `${step.group.name}/${name}`] })),
        ...step.tags.map((tag) => changeTag(step.group, "--deltag", tag)),
      ];
  }
}

/** What a step does, in words, and to what. */
export function describeStep(step: Step): { readonly action: Step["action"]; readonly disk?: string; readonly detail: string } {
  const { action } = step;
  switch (action) {
    case "wipe":
      return { action, disk: step.serial, detail: `erase the signatures of ${step.device}, which is listed for it` };
    case "partition":
      return { action, disk: step.serial, detail: `make a partition table on ${step.device} for group ${step.group}` };
    case "make": {
      const what = step.use.filesystem === undefined ? "a blank block volume" : step.use.filesystem.type;
      return { action, disk: step.serial, detail: `make ${what} on partition ${step.partition.number} (${step.partition.uuid})` };
    }
    case "seal":
      return { action, disk: step.serial, detail: `keep ${step.partitions.length} volumes from being made again` };
    case "mount":
      return { action, disk: step.serial, detail: `mount ${mountPathOf(step.use, step.partition)}` };
    case "createVolumeGroup":
      return { action, disk: step.serial, detail: `create volume group ${step.name}` };
    case "extendVolumeGroup":
      return { action, disk: step.serial, detail: `add the disk to volume group ${step.name}` };
    case "createThinPool":
      return { action, detail: `create thin pool ${step.group.name}/${step.name}` };
    default:
      return {
        action,
        detail: `take away what the making of a thin pool has left in ${step.group.name}: ${step.leftovers.join(", ") || "a tag"}`,
      };
  }
}

export function filesystemOf(
  use: StaticUse,
  partition: ObservedPartition,
  { type, mkfsOptions, mountOptions }: NonNullable<StaticUse["filesystem"]>,
): ConfiguredFilesystem {
  return { type, uuid: filesystemUuid(partition.uuid), mountPath: mountPathOf(use, partition), options: mountOptions, mkfsOptions };
}

export function byUuid({ uuid }: ObservedPartition): string {
  return `/dev/disk/by-partuuid/${uuid}`;
}

/** udev makes the links that the next round goes by. */
const SETTLE: NodeCommand = { tool: "udevadm", args: ["settle", "--timeout=50"] };

/** For sfdisk(8). A table that is made anew has other UUIDs: what was known by the old ones is not taken for what is there now. */
function partitionTable(group: string, use: DiskGroup["use"], newUuid: () => string): string {
  const name = `halite-${group}`;
  const line = (place: string, type: string, label = name): string => `${place}uuid=${newUuid()}, type=${type}, name=${label}`;
  const head = ["label: gpt", `label-id: ${newUuid()}`];
  const lines =
    use.kind === "volumeGroup"
      ? [line("start=1MiB, ", PARTITION_TYPES.physicalVolume)]
      : [
          line("start=1MiB, size=1MiB, ", PARTITION_TYPES.record, "halite-records"),
          ...use.partitions.map((size) => line(size === "rest" ? "" : `size=${size / 2 ** 20}MiB, `, PARTITION_TYPES.making)),
        ];
  return `${[...head, ...lines].join("\n")}\n`;
}

/**
 * A volume: its file system, which the node's own kernel has to mount before it counts, or blanks where signatures would lie; and last of all the
 * record that it is new. By its partition's type, which comes after that, it is never made again.
 */
function make({ partition, record, use, mounted }: Extract<Step, { action: "make" }>, programs: FilesystemPrograms): NodeCommand[] {
  const at = byUuid(partition);
  const recorded = writeRecordCommand({ device: byUuid(record), block: partition.number }, { partition: partition.uuid, state: "new" });
  if (use.filesystem === undefined) {
    return [{ tool: "wipefs", args: ["--all", at] }, ...blankCommands(at, partition.size), recorded];
  }
  const filesystem = filesystemOf(use, partition, use.filesystem);
  return [
    ...(mounted ? [{ tool: "umount", args: ["--", filesystem.mountPath] } as const] : []),
    mkfsCommand(at, filesystem, filesystem.mkfsOptions, programs),
    // So that it can be found by its UUID.
    SETTLE,
    ...mountCommands(filesystem),
    recorded,
  ];
}

function changeTag(group: ObservedVolumeGroup, option: "--addtag" | "--deltag", tag: string): NodeCommand {
  return { tool: "vgchange", args: [option, tag, group.name] };
}

/** All of the volume group but the reserve, and room for the pool's metadata twice: LVM keeps a spare of it. */
function thinPool(group: ObservedVolumeGroup, name: string, reserve: number): readonly NodeCommand[] {
  const { extent } = group;
  const room = Math.floor(Math.max(0, group.free - reserve) / extent);
  // 64 bytes a chunk of 64 KiB (lvmthin(7)), with as much again for snapshots; LVM knows no larger one than 15.81 GiB.
  const metadata = Math.min(Math.max(Math.ceil((room * 2) / 1000), Math.ceil((4 * 2 ** 20) / extent)), Math.floor((15 * 2 ** 30) / extent));
  const data = Math.max(1, room - 2 * metadata);
  const making = `${MAKING_TAG}${metadata * extent}`;
  // Volumes that LVM has named already are somebody's: beside them none that is left could be told.
  const marks = group.volumes.some(({ name: each }) => isUnnamed(each)) ? [] : [making];
  const create: NodeCommand = {
    tool: "lvcreate",
    args: [
      "--yes",
      "--type=thin-pool",
      "--name",
      name,
      "--extents",
      String(data),
      "--poolmetadatasize",
      `${metadata * extent}b`,
      "--addtag",
      OWNER_TAG,
      group.name,
    ],
    timeout: 5 * 60_000,
  };
  // Of an attempt before, which knew of another room.
  const stale = makingTagsOf(group).filter((tag) => tag !== making);
  return [
    ...stale.map((tag) => changeTag(group, "--deltag", tag)),
    ...marks.filter((tag) => !group.tags.includes(tag)).map((tag) => changeTag(group, "--addtag", tag)),
    create,
    ...marks.map((tag) => changeTag(group, "--deltag", tag)),
  ];
}
