import { MAKING_TAG, OWNER_TAG, PARTITION_TYPES, type Observation, type ObservedDisk, type ObservedPartition } from "./observation.ts";

/**
 * What a disk carries.
 *
 * - `blank`: nothing
 * - `ours`: a table with partitions of Halite's types; `foreign` says what is beside them
 * - `torn`: the beginnings of a partition table and nothing else: what a power cut leaves of one that was being written, or anybody's remains
 * - `foreign`: what Halite did not write
 * - `system`: what the node itself runs from
 */
export type Contents =
  | { readonly kind: "blank" | "torn" }
  | { readonly kind: "ours"; readonly partitions: readonly ObservedPartition[]; readonly foreign: readonly string[] }
  | { readonly kind: "foreign" | "system"; readonly found: readonly string[]; readonly inUse: boolean };

const OWN_TYPES: readonly string[] = Object.values(PARTITION_TYPES);
/** Signatures that are the table itself. */
const TABLE = ["gpt", "PMBR"];

export function contentsOf(disk: ObservedDisk, observation: Observation): Contents {
  const partitions = disk.table?.partitions ?? [];
  const own = partitions.filter(({ type }) => disk.table?.label === "gpt" && OWN_TYPES.includes(type));
  const others = partitions.filter((each) => !own.includes(each));
  const mounts = observation.mounts.filter(({ device, source }) =>
    [disk, ...others].some((each) => each.device === device || each.path === source),
  );
  const holders = [...disk.holders, ...others.flatMap((each) => each.holders)];
  const inUse = mounts.length > 0 || holders.length > 0;
  const isSystem = mounts.some(({ target }) => target === "/" || /^\/(?:boot|usr|var|etc|home|opt|root)(?:\/|$)/.test(target));
  const found = [
    ...others.map(({ number, type }) => `partition ${number} of type ${type}`),
    ...disk.signatures.filter((type) => !(TABLE.includes(type) && partitions.length > 0)).map((type) => `signature ${type}`),
    ...holders.map((holder) => `held by ${holder}`),
    ...mounts.map(({ target }) => `mounted at ${target}`),
  ];
  if (isSystem || disk.holders.includes("swap") || others.some((each) => each.holders.includes("swap")))
    return { kind: "system", found, inUse: true };
  if (own.length > 0) return { kind: "ours", partitions: own, foreign: found };
  if (found.length === 0) return { kind: "blank" };
  const isTorn = disk.table === undefined && !inUse && disk.signatures.every((type) => TABLE.includes(type));
  return isTorn ? { kind: "torn" } : { kind: "foreign", found, inUse };
}

/** The volume group that is Halite's and has this partition. */
export function groupOf(partition: ObservedPartition, observation: Observation): Observation["volumeGroups"][number] | undefined {
  return observation.volumeGroups.find(({ physicalVolumes }) => physicalVolumes.includes(partition.path));
}

export function isOwnGroup({ tags }: Observation["volumeGroups"][number]): boolean {
  return tags.includes(OWNER_TAG);
}

/** Whether LVM has named a volume, as its maker did not. */
export function isUnnamed(volume: string): boolean {
  return /^lvol\d+$/.test(volume);
}

/** By which it is known that a thin pool is made in a volume group, or was begun to be. */
export function makingTagsOf({ tags }: Observation["volumeGroups"][number]): readonly string[] {
  return tags.filter((tag) => tag.startsWith(MAKING_TAG));
}

/** Volumes that an interrupted making of a thin pool has left: without a name or tag of their own, and as large as the pool's metadata was to be. */
export function leftoversIn(group: Observation["volumeGroups"][number]): readonly string[] {
  const sizes = makingTagsOf(group).map((tag) => Number(tag.slice(MAKING_TAG.length)));
  return group.volumes
    .filter(({ name, type, tags: own, size }) => isUnnamed(name) && type === "linear" && own.length === 0 && sizes.includes(size))
    .map(({ name }) => name);
}

/** Of the partition's name: the flavor's group that it was made for. */
export function flavorGroupOf(partitions: readonly ObservedPartition[]): string | undefined {
  return partitions.flatMap(({ name }) => /^halite-(.+)$/.exec(name)?.[1] ?? []).find((name) => name !== RECORD_NAME);
}

const RECORD_NAME = "records";
