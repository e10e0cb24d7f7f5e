import { NodeCommandError, type NodeCommand, type NodeCommands } from "../runtime/index.ts";
import type { ConfiguredFilesystem } from "./system-configuration.ts";
import { formatVolumeRecord, RECORD_BLOCK, type RecordPlace, type VolumeRecord } from "./volume-record.ts";

/** Of the node: what a file system made there has to be mountable by. */
export interface FilesystemPrograms {
  /** Of the running kernel: `[5, 14]`. */
  readonly kernel: Version;
  /** Of mkfs.xfs and mkfs.ext4. */
  readonly xfsprogs?: Version;
  readonly e2fsprogs?: Version;
}
type Version = readonly [major: number, minor: number];

/** `[6, 1]` of "mkfs.xfs version 6.1.0"; `undefined` where there is none. */
function versionIn(text: string): Version | undefined {
  const [, major, minor] = /(\d+)\.(\d+)/.exec(text) ?? [];
  return major === undefined ? undefined : [Number(major), Number(minor)];
}

/** What the node has. A program that it does not have is left out. @throws NodeCommandError */
export async function filesystemPrograms(node: NodeCommands): Promise<FilesystemPrograms> {
  const version = async (tool: "mkfs.xfs" | "mkfs.ext4"): Promise<Version | undefined> => {
    try {
      const { stdout, stderr } = await node.run({ tool, args: ["-V"], accept: [0, 1] });
      return versionIn(stdout) ?? versionIn(stderr);
    } catch (error) {
      if (error instanceof NodeCommandError && error.failure === "absent") return undefined;
      throw error;
    }
  };
  const kernel = versionIn((await node.run({ tool: "uname", args: ["-r"] })).stdout) ?? [0, 0];
  const [xfsprogs, e2fsprogs] = [await version("mkfs.xfs"), await version("mkfs.ext4")];
  return { kernel, ...(xfsprogs !== undefined && { xfsprogs }), ...(e2fsprogs !== undefined && { e2fsprogs }) };
}

interface Feature {
  /** What leaves it out. */
  readonly without: readonly string[];
  /** mkfs knows it from here on. */
  readonly programs: Version;
  /** Kernels mount it from here on. */
  readonly kernel: Version;
}

/**
 * What newer programs put into a file system by default and older kernels refuse to mount (mkfs.xfs(8) and the files of xfsprogs' mkfs/*.conf;
 * release notes of e2fsprogs 1.47).
 */
const XFS_FEATURES: readonly Feature[] = [
  { without: ["-m", "bigtime=0"], programs: [5, 10], kernel: [5, 10] },
  { without: ["-m", "inobtcount=0"], programs: [5, 10], kernel: [5, 10] },
  { without: ["-i", "nrext64=0"], programs: [5, 19], kernel: [5, 19] },
  { without: ["-i", "exchange=0"], programs: [6, 10], kernel: [6, 10] },
  { without: ["-n", "parent=0"], programs: [6, 10], kernel: [6, 10] },
];
const EXT4_FEATURES: readonly Feature[] = [{ without: ["-O", "^orphan_file"], programs: [1, 47], kernel: [5, 15] }];

/** Makes a file system that the node's own kernel mounts, with its UUID; what was on the device is gone. `options` come last. */
export function mkfsCommand(
  device: string,
  { type, uuid }: Pick<ConfiguredFilesystem, "type" | "uuid">,
  options: readonly string[],
  node: FilesystemPrograms,
): NodeCommand {
  const [features, programs] = type === "xfs" ? [XFS_FEATURES, node.xfsprogs] : [EXT4_FEATURES, node.e2fsprogs];
  const without = features
    .filter((feature) => programs !== undefined && !isBefore(programs, feature.programs) && isBefore(node.kernel, feature.kernel))
    .flatMap((feature) => feature.without);
  return type === "xfs"
    ? { tool: "mkfs.xfs", args: ["-q", "-f", "-m", `uuid=${uuid}`, ...without, ...options, device], timeout: MKFS_TIMEOUT }
    : { tool: "mkfs.ext4", args: ["-q", "-F", "-U", uuid, ...without, ...options, device], timeout: MKFS_TIMEOUT };
}

/** Large disks are discarded first. */
const MKFS_TIMEOUT = 30 * 60_000;

function isBefore(one: Version, other: Version): boolean {
  return one[0] < other[0] || (one[0] === other[0] && one[1] < other[1]);
}

/** By its UUID, whatever the kernel calls the device today. */
export function mountCommands({ type, uuid, mountPath, options }: ConfiguredFilesystem): readonly NodeCommand[] {
  return [
    { tool: "mkdir", args: ["-p", "--", mountPath] },
    {
      tool: "mount",
      args: ["-t", type, ...(options.length === 0 ? [] : ["-o", options.join(",")]), "--", `UUID=${uuid}`, mountPath],
      // The journal of a large file system is gone through.
      timeout: 10 * 60_000,
    },
  ];
}

/** Zeros over a device's first and last MiB, where signatures lie. `size`: the device's, in bytes. Where the device has gone it fails, and no file is made in its place. */
export function blankCommands(device: string, size: number): readonly NodeCommand[] {
  const last = Math.max(0, Math.floor(size / 2 ** 20) - 1);
  return [0, last].map((seek) => ({
    tool: "dd",
    args: ["if=/dev/zero", `of=${device}`, "bs=1M", `seek=${seek}`, "count=1", "oflag=direct", "conv=nocreat,notrunc,fsync", "status=none"],
  }));
}

export function readRecordCommand({ device, block }: RecordPlace): NodeCommand {
  return {
    tool: "dd",
    args: [`if=${device}`, `bs=${RECORD_BLOCK}`, `skip=${block}`, "count=1", "iflag=direct", "status=none"],
  };
}

/** On the disk, past its cache, once it ends. Where the device has gone it fails: no file is made in its place, which would be taken for it. */
export function writeRecordCommand({ device, block }: RecordPlace, record: VolumeRecord): NodeCommand {
  return {
    tool: "dd",
    args: [
      `of=${device}`,
      `bs=${RECORD_BLOCK}`,
      `seek=${block}`,
      "count=1",
      "iflag=fullblock",
      "oflag=direct",
      "conv=nocreat,notrunc,fsync",
      "status=none",
    ],
    input: formatVolumeRecord(record),
  };
}
