import { NodeCommandError, type NodeCommand, type NodeCommands } from "../runtime/index.ts";
import { blankCommands, mkfsCommand, mountCommands, type ConfiguredPartition, type FilesystemPrograms } from "../storage-api/index.ts";
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
  // Discarded blocks may still be read on some disks: what a file system or a program would take for its own is zeros.
  if (filesystem === undefined) return [...erase(partition, policy), ...blankCommands(partition.device, partition.size)];
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

/**
 * Runs them. A device that can't discard is overwritten with zeros instead. A file system that storage-node was faster to mount is mounted.
 *
 * @throws NodeCommandError
 */
export async function clean(node: NodeCommands, commands: readonly NodeCommand[]): Promise<void> {
  for (const command of commands) {
    try {
      await node.run(command);
    } catch (error) {
      const instead = error instanceof NodeCommandError ? insteadOf(command, error) : undefined;
      if (instead === undefined) throw error;
      await node.run(instead);
    }
  }
}

function insteadOf({ tool, args, ...command }: NodeCommand, { failure, result }: NodeCommandError): NodeCommand | undefined {
  if (failure !== "failed") return undefined;
  if (tool === "blkdiscard" && !args.includes("--zeroout") && /not supported/i.test(result.stderr))
    return { ...command, tool, args: ["--zeroout", ...args] };
  // Fails where nothing is mounted. By which device it is the next look says.
  if (tool === "mount") return { tool: "findmnt", args: ["--noheadings", "--mountpoint", args.at(-1) ?? ""] };
  return undefined;
}
