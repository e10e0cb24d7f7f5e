import { CsiError, type ResponseOf, type VolumeCondition } from "../csi/index.ts";
import { pathOf } from "./lvm.ts";
import { isOf, mountAt, mountsOf, type Mount } from "./mounts.ts";
import type { NodeFiles } from "./node-files.ts";
import type { Observed } from "./observe.ts";
import type { OwnedVolume } from "./volumes.ts";

/** A thin pool so full, in percent, that its volumes had better be told. */
const POOL_DANGER = 95;

/** How full a volume is, and how it is. */
export async function volumeStats(
  files: NodeFiles,
  volume: OwnedVolume,
  observed: Observed,
  path: string,
): Promise<ResponseOf<"Node", "NodeGetVolumeStats">> {
  const mounted = mountAt(await mountsOf(files), path);
  if (mounted === undefined) throw new CsiError("NOT_FOUND", `nothing is mounted at ${path}`);
  const problem = problemOf(volume, observed) ?? mountProblem(volume, mounted, path);
  if (volume.ownership.mode === "Block") return { usage: [{ unit: "BYTES", total: volume.size }], volumeCondition: condition(problem) };
  try {
    const { bytes, inodes } = await files.use(path);
    return {
      usage: [
        { unit: "BYTES", ...bytes },
        { unit: "INODES", ...inodes },
      ],
      volumeCondition: condition(problem),
    };
  } catch (error) {
    // A file system that has shut down answers nothing but errors: that is the news.
    const why = error instanceof Error ? error.message : String(error);
    return { usage: [], volumeCondition: condition(problem ?? `the file system does not answer: ${why}`) };
  }
}

function condition(problem: string | undefined): VolumeCondition {
  return problem === undefined ? { abnormal: false, message: "in order" } : { abnormal: true, message: problem };
}

/** What is wrong with a volume as LVM has it; `undefined` where nothing is. */
export function problemOf(volume: OwnedVolume, observed: Observed): string | undefined {
  const { group, health, size, ownership } = volume;
  if (health.includes("partial")) return `a disk of ${pathOf(volume)} is missing`;
  if (health !== "") return `LVM says of ${pathOf(volume)}: ${health}`;
  if (volume.type !== "snapshot" && size < ownership.size)
    return `${pathOf(volume)} has ${size} bytes, and was made to have ${ownership.size}`;
  if (!volume.active && ownership.kind === "volume") return `${pathOf(volume)} is not active`;
  const pool = observed.volumes.find((each) => each.type === "pool" && each.group.uuid === group.uuid && each.name === volume.pool);
  if (pool === undefined) return undefined;
  if (pool.health !== "") return `LVM says of thin pool ${pathOf(pool)}: ${pool.health}`;
  const full = Math.max(pool.dataPercent ?? 0, pool.metadataPercent ?? 0);
  return full >= POOL_DANGER ? `thin pool ${pathOf(pool)} is ${full} % full: soon nothing can be written` : undefined;
}

function mountProblem(volume: OwnedVolume, mounted: Mount, path: string): string | undefined {
  if (!isOf(mounted, volume.device ?? "")) return `${path} is not ${pathOf(volume)}, but ${mounted.filesystem} of device ${mounted.device}`;
  // A mount that is read-only as a whole though none was asked for: ext4 does that after an error.
  if (mounted.superOptions.includes("ro") && !mounted.options.includes("ro"))
    return `${pathOf(volume)} has become read-only after an error`;
  return mounted.superOptions.includes("shutdown") ? `the file system of ${pathOf(volume)} has shut down` : undefined;
}
