import { NodeCommandError, type NodeCommand, type NodeCommands } from "../runtime/index.ts";
import { mkfsCommand, mountCommands, type ConfiguredPartition, type FilesystemPrograms } from "../storage-api/index.ts";
import type { CleanPolicy } from "./config.ts";
import { dataPath } from "./persistent-volume.ts";

/** A large spinning disk takes a day. */
const WHOLE_DISK = 48 * 3_600_000;

/**
 * What cleans a volume, in order. May be begun again wherever it was left.
 *
 * @param mounted whether its file system is mounted now
 */
export function cleanCommands(
  partition: ConfiguredPartition,
  policy: CleanPolicy,
  mounted: boolean,
  programs: FilesystemPrograms,
): readonly NodeCommand[] {
  const { device, filesystem } = partition;
  if (filesystem === undefined) return [...erase(partition, policy), ...blank(partition)];
  const { mountPath } = filesystem;
  if (policy === "clear")
    return [{ tool: "find", args: [mountPath, "-xdev", "-mindepth", "1", "-delete"], timeout: WHOLE_DISK }, ...dataFolder(partition)];
  return [
    ...(mounted ? [{ tool: "umount", args: ["--", mountPath] } as const] : []),
    // Refused where somebody has mounted it meanwhile; and nobody finds a file system to mount from here on.
    { tool: "wipefs", args: ["--all", device] },
    ...erase(partition, policy),
    mkfsCommand(device, filesystem, filesystem.mkfsOptions, programs),
    { tool: "udevadm", args: ["settle", "--timeout=50"] },
    ...mountCommands(filesystem),
    ...dataFolder(partition),
  ];
}

/** The folder that a volume's pods have, in a file system that is mounted. */
export function dataFolder({ filesystem }: ConfiguredPartition): readonly NodeCommand[] {
  return filesystem === undefined ? [] : [{ tool: "mkdir", args: ["-p", "--mode=0755", "--", dataPath(filesystem.mountPath)] }];
}

function erase({ device }: ConfiguredPartition, policy: CleanPolicy): readonly NodeCommand[] {
  switch (policy) {
    case "clear":
      return [{ tool: "blkdiscard", args: ["--zeroout", device], timeout: WHOLE_DISK }];
    case "discard":
      return [{ tool: "blkdiscard", args: [device], timeout: WHOLE_DISK }];
    default:
      return [{ tool: "shred", args: ["--force", "--iterations=1", "--zero", "--", device], timeout: WHOLE_DISK }];
  }
}

/** Discarded blocks may still be read on some disks: what a file system or a program would take for its own is zeros. */
function blank({ device, size }: ConfiguredPartition): readonly NodeCommand[] {
  const last = Math.max(0, Math.floor(size / 2 ** 20) - 1);
  return [0, last].map((seek) => ({
    tool: "dd",
    args: ["if=/dev/zero", `of=${device}`, "bs=1M", `seek=${seek}`, "count=1", "oflag=direct", "conv=notrunc,fsync", "status=none"],
  }));
}

/** Runs them. A device that can't discard is overwritten with zeros instead. @throws NodeCommandError */
export async function clean(node: NodeCommands, commands: readonly NodeCommand[]): Promise<void> {
  for (const command of commands) {
    try {
      await node.run(command);
    } catch (error) {
      const unsupported =
        error instanceof NodeCommandError &&
        command.tool === "blkdiscard" &&
        /not supported/i.test(error.result.stderr) &&
        !command.args.includes("--zeroout");
      if (!unsupported) throw error;
      await node.run({ ...command, args: ["--zeroout", ...command.args] });
    }
  }
}
