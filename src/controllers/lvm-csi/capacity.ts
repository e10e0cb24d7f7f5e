import { CsiError, type CapacityRange } from "../csi/index.ts";
import type { ConfiguredVolumeGroup } from "../storage-api/index.ts";
import type { LogicalVolume, Observed, VolumeGroup } from "./observe.ts";
import type { ClassParameters } from "./parameters.ts";

/** A group that volumes may be made in: it is there, and the system configuration gives it to the driver. */
export interface UsableGroup {
  readonly group: VolumeGroup;
  readonly configured: ConfiguredVolumeGroup;
}

/** Both in bytes: what is left, and the largest volume that can be made. */
export interface Room {
  readonly available: number;
  readonly largest: number;
  /** Why there is none, where there is a reason but being full. */
  readonly reason?: string;
}

/** mkfs.xfs refuses less. */
export const SMALLEST = 300 * 2 ** 20;
const DEFAULT_SIZE = 2 ** 30;
/** A pool whose data or metadata are so full, in percent, takes no further volumes. */
export const POOL_FULL = 90;
const POOL_METADATA_FULL = 90;

export function usableGroups(observed: Observed, configured: readonly ConfiguredVolumeGroup[]): readonly UsableGroup[] {
  return configured.flatMap((each) => {
    const group = observed.groups.find(({ uuid }) => uuid === each.uuid);
    return group === undefined ? [] : [{ group, configured: each }];
  });
}

function none(reason: string): Room {
  return { available: 0, largest: 0, reason };
}

/** How much room there is for volumes of a class in a group. */
export function roomIn({ group, configured }: UsableGroup, observed: Observed, parameters: ClassParameters): Room {
  if (group.physicalVolumes.some(({ missing }) => missing)) return none(`volume group ${group.name} misses disks`);
  if (parameters.layout === "thin") return roomInPool({ group, configured }, observed, parameters);
  const down = (value: number): number => Math.max(0, Math.floor(value / group.extent) * group.extent);
  const free = down(group.free - configured.reserve);
  if (parameters.layout === "linear") return { available: free, largest: free };
  const frees = group.physicalVolumes.map((each) => each.free).sort((one, other) => other - one);
  const narrowest = frees[parameters.stripes - 1];
  if (narrowest === undefined)
    return none(`${parameters.stripes} stripes take as many disks, and volume group ${group.name} has ${frees.length}`);
  // All stripes of a volume have one length, in whole extents.
  const largest = Math.min(free, down(narrowest) * parameters.stripes);
  return { available: free, largest: Math.floor(largest / (group.extent * parameters.stripes)) * group.extent * parameters.stripes };
}

/** The thin pool that a class means. */
export function poolOf({ group, configured }: UsableGroup, observed: Observed, parameters: ClassParameters): LogicalVolume | undefined {
  const name = parameters.thinPool ?? configured.thinPool;
  return observed.volumes.find((volume) => volume.group.uuid === group.uuid && volume.type === "pool" && volume.name === name);
}

function roomInPool(usable: UsableGroup, observed: Observed, parameters: ClassParameters): Room {
  const { group } = usable;
  const pool = poolOf(usable, observed, parameters);
  if (pool === undefined)
    return none(`volume group ${group.name} has no thin pool ${parameters.thinPool ?? usable.configured.thinPool ?? ""}`.trimEnd());
  if (pool.unzeroed) return none(`thin pool ${group.name}/${pool.name} does not zero blocks before it hands them out (lvchange --zero y)`);
  if ((pool.dataPercent ?? 0) >= POOL_FULL) return none(`thin pool ${group.name}/${pool.name} is ${pool.dataPercent} % full`);
  if ((pool.metadataPercent ?? 0) >= POOL_METADATA_FULL)
    return none(`the metadata of thin pool ${group.name}/${pool.name} are ${pool.metadataPercent} % full`);
  // Snapshots take room only as they come to differ: that is what the pool's fill shows, and what is warned of.
  const provisioned = provisionedIn(pool, observed);
  const left = Math.floor((pool.size * parameters.overprovision - provisioned) / group.extent) * group.extent;
  return { available: Math.max(0, left), largest: Math.max(0, Math.min(left, pool.size)) };
}

/** What all volumes of a pool could come to, snapshots not counted. */
export function provisionedIn(pool: LogicalVolume, observed: Observed): number {
  return observed.volumes
    .filter((each) => each.group.uuid === pool.group.uuid && each.pool === pool.name && each.ownership?.kind !== "snapshot")
    .reduce((sum, each) => sum + each.size, 0);
}

/**
 * The size that a new volume gets: what is asked for, in whole extents (of each stripe).
 *
 * @throws CsiError OUT_OF_RANGE where no such size is within the limit
 */
export function sizeFor(range: CapacityRange | undefined, extent: number, stripes: number, least = SMALLEST): number {
  const { requiredBytes = 0, limitBytes = 0 } = range ?? {};
  if (requiredBytes < 0 || limitBytes < 0) throw new CsiError("OUT_OF_RANGE", "a size is below 0");
  if (limitBytes > 0 && requiredBytes > limitBytes) throw new CsiError("INVALID_ARGUMENT", "required_bytes is above limit_bytes");
  const asked = requiredBytes > 0 ? requiredBytes : limitBytes > 0 ? Math.min(DEFAULT_SIZE, limitBytes) : DEFAULT_SIZE;
  const unit = extent * stripes;
  const up = (bytes: number): number => Math.ceil(bytes / unit) * unit;
  const size = up(Math.max(asked, least));
  if (limitBytes === 0 || size <= limitBytes) return size;
  // Where only a limit was given it may lie between two multiples.
  const down = Math.floor(limitBytes / unit) * unit;
  if (down >= Math.max(requiredBytes, least)) return down;
  throw new CsiError(
    "OUT_OF_RANGE",
    `no size from ${requiredBytes} to ${limitBytes} bytes can be had: volumes come in multiples of ${unit}, from ${up(least)} on`,
  );
}
