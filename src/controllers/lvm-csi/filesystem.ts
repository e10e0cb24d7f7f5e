import { CsiError } from "../csi/index.ts";
import { NodeCommandError, type NodeCommands } from "../runtime/index.ts";
import type { FilesystemType } from "./capabilities.ts";
import type { NodeFiles } from "./node-files.ts";

/** What lies on a device. `several`: signatures that contradict each other. */
export type Content = { readonly kind: "blank" } | { readonly kind: "known"; readonly type: string } | { readonly kind: "several" };

/** mkfs of a disk of many TB writes for a while; growing and checking may too. In milliseconds. */
const LONG = 3600_000;

/** The file systems in volumes, by the node's own programs. */
export class Filesystems {
  readonly #commands: NodeCommands;
  readonly #files: NodeFiles;

  constructor(commands: NodeCommands, files: NodeFiles) {
    this.#commands = commands;
    this.#files = files;
  }

  /** Looks at the device itself; no cache of blkid's is asked. */
  async contentOf(device: string): Promise<Content> {
    const { status, stdout } = await this.#commands.run({
      tool: "blkid",
      args: ["--probe", "--output", "export", device],
      accept: [0, 2, 8],
    });
    if (status === 2) return { kind: "blank" };
    if (status === 8) return { kind: "several" };
    const values = new Map(stdout.split("\n").map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
    return { kind: "known", type: values.get("TYPE") ?? `a partition table (${values.get("PTTYPE") ?? "?"})` };
  }

  /**
   * Makes a file system.
   *
   * @param again one was begun there and not finished: what there is of it is written over. Else the program itself refuses what carries anything
   */
  async make(type: FilesystemType, device: string, again: boolean): Promise<void> {
    const args =
      type === "xfs"
        ? ["-q", "-K", ...(again ? ["-f"] : []), ...(await this.#xfsFeatures()), device]
        : ["-q", "-m", "0", "-E", "nodiscard", ...(again ? ["-F"] : []), device];
    await this.#commands.run({ tool: `mkfs.${type}`, args, timeout: LONG });
  }

  /** A new mkfs.xfs makes what an old kernel can't mount: then it is told not to. */
  async #xfsFeatures(): Promise<readonly string[]> {
    const release = (await this.#files.read("/proc/sys/kernel/osrelease")) ?? "";
    const kernel = versionIn(release);
    if (XFS_FEATURES.every(([since]) => isAtLeast(kernel, since))) return [];
    const { stdout, stderr } = await this.#commands.run({ tool: "mkfs.xfs", args: ["-V"] });
    return xfsFeatures(kernel, versionIn(`${stdout}${stderr}`));
  }

  /** Repairs what can be repaired without asking. XFS does that itself when it is mounted. @throws CsiError FAILED_PRECONDITION for what can't */
  async check(type: string, device: string): Promise<void> {
    if (type !== "ext4") return;
    const { status, stdout } = await this.#commands.run({ tool: "e2fsck", args: ["-p", device], timeout: LONG, accept: [0, 1, 2, 4, 8] });
    if (status >= 4)
      throw new CsiError(
        "FAILED_PRECONDITION",
        `e2fsck can't repair ${device} by itself (exit status ${status}): ${stdout.trim().split("\n").at(-1) ?? ""}; nothing was mounted. Run e2fsck on the node, or restore a snapshot`,
      );
  }

  async mount(type: string, device: string, target: string, options: readonly string[]): Promise<void> {
    const given = options.length === 0 ? [] : ["-o", options.join(",")];
    try {
      await this.#commands.run({ tool: "mount", args: ["-t", type, ...given, device, target] });
    } catch (error) {
      if (!(error instanceof NodeCommandError) || error.failure !== "failed") throw error;
      const repair = type === "xfs" ? `; where the file system is damaged, \`xfs_repair -n ${device}\` on the node says how` : "";
      throw new CsiError("INTERNAL", `${error.message}${repair}`, { cause: error });
    }
  }

  async bind(source: string, target: string, readonly: boolean): Promise<void> {
    await this.#commands.run({ tool: "mount", args: ["--bind", source, target] });
    if (readonly) await this.makeReadOnly(target);
  }

  async makeReadOnly(target: string): Promise<void> {
    await this.#commands.run({ tool: "mount", args: ["-o", "remount,bind,ro", target] });
  }

  async unmount(target: string): Promise<void> {
    await this.#commands.run({ tool: "umount", args: [target] });
  }

  /** As large as its device; what is, stays as it is. */
  async grow(type: string, device: string, mountedAt: string): Promise<void> {
    if (type === "xfs") await this.#commands.run({ tool: "xfs_growfs", args: ["-d", mountedAt], timeout: LONG });
    else await this.#commands.run({ tool: "resize2fs", args: [device], timeout: LONG });
  }

  async makeDirectory(path: string): Promise<void> {
    await this.#commands.run({ tool: "mkdir", args: ["--parents", "--mode=0750", path] });
  }

  async makeFile(path: string): Promise<void> {
    await this.#commands.run({ tool: "touch", args: [path] });
  }

  async removeMountPoint(path: string): Promise<void> {
    const kind = await this.#files.kind(path);
    if (kind === "directory") await this.#commands.run({ tool: "rmdir", args: [path] });
    else if (kind !== undefined) await this.#commands.run({ tool: "unlink", args: [path] });
  }
}

type Version = readonly [major: number, minor: number];

function versionIn(text: string): Version {
  const [, major = "0", minor = "0"] = /(\d+)\.(\d+)/.exec(text) ?? [];
  return [Number(major), Number(minor)];
}

function isAtLeast([major, minor]: Version, [otherMajor, otherMinor]: Version): boolean {
  return major > otherMajor || (major === otherMajor && minor >= otherMinor);
}

/**
 * Features that mkfs.xfs gives a file system by itself: the kernel that can mount them, the xfsprogs that know them, and how they are left out
 * (mkfs.xfs(8), fs/xfs/libxfs/xfs_format.h).
 */
const XFS_FEATURES: readonly (readonly [kernel: Version, programs: Version, option: string, name: string])[] = [
  [[4, 16], [4, 14], "-m", "reflink=0"],
  [[5, 10], [5, 10], "-m", "bigtime=0"],
  [[5, 10], [5, 10], "-m", "inobtcount=0"],
  [[5, 19], [5, 19], "-i", "nrext64=0"],
  [[6, 10], [6, 10], "-i", "exchange=0"],
  [[6, 10], [6, 10], "-n", "parent=0"],
];

/** Options of mkfs.xfs that leave out what the kernel can't mount, of those that the program knows. */
export function xfsFeatures(kernel: Version, programs: Version): readonly string[] {
  const without = XFS_FEATURES.filter(([since, known]) => !isAtLeast(kernel, since) && isAtLeast(programs, known));
  return ["-m", "-i", "-n"].flatMap((option) => {
    const names = without.flatMap(([, , of, name]) => (of === option ? [name] : []));
    return names.length === 0 ? [] : [option, names.join(",")];
  });
}
