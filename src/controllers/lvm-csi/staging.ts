import { CsiError } from "../csi/index.ts";
import { DEFAULT_FILESYSTEM, FILESYSTEMS, type FilesystemType, type Wanted } from "./capabilities.ts";
import type { Content, Filesystems } from "./filesystem.ts";
import { pathOf } from "./lvm.ts";
import { mountOptions } from "./mount-options.ts";
import { isOf, mountAt, mountsOf } from "./mounts.ts";
import type { NodeFiles } from "./node-files.ts";
import type { Ownership } from "./tags.ts";
import type { OwnedVolume, Volumes } from "./volumes.ts";

/** What is to be done with a volume's device before it is mounted. */
type Plan =
  | { readonly does: "format" | "format-again"; readonly type: FilesystemType }
  | { readonly does: "check"; readonly type: FilesystemType };

function refuse(why: string): never {
  throw new CsiError("FAILED_PRECONDITION", `${why}; nothing was changed`);
}

/**
 * Decides by what is on record and what lies on the device. Only a volume that was never used and carries nothing is formatted, or one in which mkfs
 * was cut off; with any doubt nothing is done.
 *
 * @throws CsiError FAILED_PRECONDITION
 */
export function planStaging(ownership: Ownership, asked: string, content: Content): Plan {
  const want = FILESYSTEMS.find((type) => type === (asked === "" ? (ownership.filesystem ?? DEFAULT_FILESYSTEM) : asked));
  if (want === undefined) return refuse(`there is no file system ${asked}`);
  if (ownership.formatting) return { does: "format-again", type: want };
  if (content.kind === "several") return refuse("the volume carries signatures of several kinds, so that nobody can say what is in it");
  if (content.kind === "known") {
    const found = FILESYSTEMS.find((type) => type === content.type);
    if (found !== want) return refuse(`the volume carries ${content.type}, and ${want} is asked for`);
    if (ownership.filesystem === undefined && !ownership.used)
      return refuse(`the volume was never formatted by the driver, and carries ${content.type} nevertheless`);
    return { does: "check", type: found };
  }
  if (ownership.filesystem !== undefined)
    return refuse(`there was ${ownership.filesystem} in the volume, and it is not there any more: it is not formatted again`);
  if (ownership.used || ownership.source !== undefined) return refuse("the volume may hold data, but no file system that is known");
  return { does: "format", type: want };
}

/** Mounts an active volume's file system for all pods of the node, and makes it first where there is none; done where that was done. */
export async function stageFilesystem(
  parts: { readonly volumes: Volumes; readonly filesystems: Filesystems; readonly files: NodeFiles },
  volume: OwnedVolume,
  target: string,
  asked: Wanted,
): Promise<void> {
  const { volumes, filesystems, files } = parts;
  const device = await volumes.lvm.device(volume);
  const number = volume.device ?? "";
  const mounted = mountAt(await mountsOf(files), target);
  if (mounted !== undefined) {
    if (!isOf(mounted, number))
      throw new CsiError(
        "FAILED_PRECONDITION",
        `something else is mounted at ${target}: ${mounted.filesystem} of device ${mounted.device}`,
      );
    if (asked.filesystem !== "" && mounted.filesystem !== asked.filesystem)
      throw new CsiError(
        "ALREADY_EXISTS",
        `${pathOf(volume)} is mounted at ${target} as ${mounted.filesystem}, and ${asked.filesystem} is asked for`,
      );
    return;
  }
  const plan = planStaging(volume.ownership, asked.filesystem, await filesystems.contentOf(device));
  const options = mountOptions(plan.type, asked.options);
  const type = plan.type;
  if (plan.does === "check") {
    if (!volume.ownership.used) await volumes.retag(volume, { used: true });
    // What is mounted elsewhere on the node is in order, and must not be checked.
    if (!volume.open) await filesystems.check(type, device);
  } else {
    const begun = await volumes.retag(volume, { formatting: true });
    await filesystems.make(type, device, plan.does === "format-again");
    await volumes.retag(begun, { formatting: false, filesystem: type, used: true });
  }
  // A copy has the UUID of what it was copied from, which XFS mounts once only.
  const copied = volume.ownership.source !== undefined && type === "xfs" && !options.includes("nouuid") ? ["nouuid"] : [];
  await filesystems.makeDirectory(target);
  await filesystems.mount(type, device, target, [...options, ...copied]);
  // A copy may be larger than what it was copied from; so is what was extended while it was not mounted.
  if (volume.ownership.source !== undefined) await filesystems.grow(type, device, target);
}
