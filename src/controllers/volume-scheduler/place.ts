import type { Occupant } from "./groups.ts";
import type { Inventory } from "./inventory.ts";
import { KUBERNETES, LVM } from "./names.ts";
import { poolName, reaches, type Claim, type ClusterNode, type Pool, type StorageClass, type Volume } from "./objects.ts";
import type { Rules } from "./rules.ts";
import type { Option } from "./search.ts";
import { matches } from "./selector.ts";

/** A claim that still has no volume, with all that its place hangs on and that is the same on every node. */
export interface Wanted {
  /** What the pod calls it. */
  readonly volume: string;
  readonly claim: Claim;
  readonly rules: Rules;
  readonly storageClass: StorageClass;
  /** The pod's claims, itself included: what was promised to them before is decided anew with it. */
  readonly siblings: ReadonlySet<string>;
  /** Disks that it may not be on, and because of whom. */
  readonly forbidden: ReadonlyMap<string, Occupant>;
  /** Disks that it had better not be on, and how many are against it there. */
  readonly disliked: ReadonlyMap<string, number>;
  /** Hosts and nodes with disks that it is kept from, or with volumes that are held for it; `undefined`: they may be anywhere. */
  readonly near: ReadonlySet<string> | undefined;
  /** Volumes that are held for it already. */
  readonly held: readonly Volume[];
  /** The volume that names it already: no other will do. */
  readonly named?: Volume;
  /** The node that its volume is being made on: no other will do. */
  readonly node?: string;
}

/** Why a volume can't be the claim's. */
export type VolumeRefusal =
  | { readonly kind: "taken" }
  | { readonly kind: "held" }
  | { readonly kind: "quarantine" }
  | { readonly kind: "unavailable" }
  | { readonly kind: "small" }
  | { readonly kind: "mode" }
  | { readonly kind: "access" }
  | { readonly kind: "labels" }
  | { readonly kind: "attributes" }
  | { readonly kind: "tainted"; readonly reason: string }
  | { readonly kind: "media"; readonly media: string }
  | { readonly kind: "noDisk" }
  | { readonly kind: "apart"; readonly disk: string; readonly occupant: Occupant };

/** Costs, in the order of what matters: a preferred rule, then placement, then room that is wasted. */
const DISLIKED = 1000;
const MOST_DISLIKED = 5;
const MAKING = 500;
const PLACEMENT = 10;
const MOST_ON_DISK = 20;
const WASTE = 9;

/** What two claims of one pod cost on one disk. */
export function costTogether(a: Wanted, b: Wanted, disliked: boolean): number {
  const spread = a.rules.placement === "spread" && b.rules.placement === "spread" ? PLACEMENT : 0;
  return (disliked ? DISLIKED : 0) + spread;
}

/** `undefined` for a volume that the claim can have, as far as its node goes too. */
export function refusalOf(inventory: Inventory, wanted: Wanted, volume: Volume): VolumeRefusal | undefined {
  const { claim, rules, forbidden } = wanted;
  const { holder, disk } = volume;
  const assumed = inventory.assumed(volume.name);
  if (assumed !== undefined && assumed.claim.uid !== claim.uid) return { kind: "held" };
  if (holder.kind === "quarantine") return { kind: "quarantine" };
  if (holder.kind === "claim" && (holder.key !== claim.key || (holder.uid !== undefined && holder.uid !== claim.uid)))
    return { kind: "taken" };
  if (holder.kind === "held" && holder.uid !== claim.uid) return { kind: "held" };
  if (volume.deleted || (volume.phase !== "Available" && holder.kind !== "claim")) return { kind: "unavailable" };
  if (volume.bytes < claim.bytes) return { kind: "small" };
  if (volume.mode !== claim.mode) return { kind: "mode" };
  if (volume.attributesClass !== claim.attributesClass) return { kind: "attributes" };
  for (const mode of claim.accessModes) if (!volume.accessModes.includes(mode)) return { kind: "access" };
  // Whom a volume names is somebody's word that it is the claim's: Kubernetes asks no more of it.
  if (holder.kind === "claim") return undefined;
  if (claim.selector !== undefined && !matches(claim.selector, volume.labels)) return { kind: "labels" };
  const [taint] = volume.taints;
  if (taint !== undefined) return { kind: "tainted", reason: taint.reason };
  if (rules.media !== undefined && !rules.media.some((media) => media === volume.media))
    return { kind: "media", media: volume.media ?? "unknown" };
  if (disk === undefined) return rules.required.length > 0 ? { kind: "noDisk" } : undefined;
  const occupant = forbidden.get(disk);
  return occupant === undefined ? undefined : { kind: "apart", disk, occupant };
}

/** All volumes of the claim's class that could be used on a node, whoever has them. */
export function* volumesAt(inventory: Inventory, { claim, named }: Wanted, node: ClusterNode): Iterable<Volume> {
  if (named !== undefined) {
    if (reaches(named, node)) yield named;
    return;
  }
  yield* inventory.localVolumes(node.host, claim.storageClass);
  for (const volume of inventory.wideVolumes(claim.storageClass)) if (reaches(volume, node)) yield volume;
}

/** Goes through the volumes that the claim can have on a node. This is what a decision's time goes into. */
function forEachFitting(inventory: Inventory, wanted: Wanted, node: ClusterNode, take: (volume: Volume) => void): void {
  const { claim, named } = wanted;
  const consider = (volume: Volume): void => {
    if (refusalOf(inventory, wanted, volume) === undefined) take(volume);
  };
  if (wanted.node !== undefined) return;
  if (named !== undefined) {
    if (reaches(named, node)) consider(named);
    return;
  }
  for (const volume of inventory.freeVolumes(node.host, claim.storageClass)) consider(volume);
  for (const volume of inventory.wideVolumes(claim.storageClass)) if (reaches(volume, node)) consider(volume);
  // What is held for it already.
  for (const volume of wanted.held) if (volume.reach.kind === "host" && reaches(volume, node)) consider(volume);
}

/** Why no volume can be made for the claim on a node. */
export type MakingRefusal =
  | { readonly kind: "notMade" }
  | { readonly kind: "topology" }
  | { readonly kind: "elsewhere"; readonly node: string }
  | { readonly kind: "noGroup"; readonly group: string }
  | { readonly kind: "incomplete"; readonly group: string; readonly missing: number }
  | { readonly kind: "full"; readonly group: string; readonly free: number }
  | { readonly kind: "media"; readonly media: string }
  | { readonly kind: "apart"; readonly disk: string; readonly occupant: Occupant };

/** Where there is room, how much of it. */
export type Making =
  | { readonly option: Option; readonly free?: number; readonly group?: string }
  | { readonly refused: readonly MakingRefusal[] };

/** The place where a volume would be made for the claim on a node. */
export function makingAt(inventory: Inventory, wanted: Wanted, node: ClusterNode): Making {
  const { storageClass, named } = wanted;
  if (storageClass.provisioner === KUBERNETES.noProvisioner || named !== undefined) return { refused: [{ kind: "notMade" }] };
  // Where it is being made it is decided.
  if (wanted.node !== undefined) {
    if (wanted.node !== node.name) return { refused: [{ kind: "elsewhere", node: wanted.node }] };
    return { option: { disks: [], cost: 0 } };
  }
  const topology = storageClass.topology;
  if (topology !== undefined && !topology.some((term) => matches(term, node.labels))) return { refused: [{ kind: "topology" }] };
  if (storageClass.provisioner === LVM.driver) return groupAt(inventory, wanted, node);
  return capacityAt(inventory, wanted, node);
}

function groupAt(inventory: Inventory, wanted: Wanted, node: ClusterNode): Making {
  const { claim, storageClass, rules, forbidden, disliked } = wanted;
  const pools = inventory.poolsWanted(claim, node.name);
  const named = storageClass.parameters[LVM.groupParameter];
  if (pools.length === 0) return { refused: [{ kind: "noGroup", group: named ?? "" }] };
  const refused: MakingRefusal[] = [];
  let best: { readonly option: Option; readonly group: string; readonly free: number } | undefined;
  for (const pool of pools) {
    const free = freeIn(inventory, wanted, pool, node);
    const why = poolRefusal(pool, free, wanted);
    if (why !== undefined) {
      refused.push(why);
      continue;
    }
    // Which of several groups the driver takes is not known before: then all their disks count.
    const disks = named === undefined ? pools.flatMap((each) => each.disks) : pool.disks;
    const disk = disks.find((each) => forbidden.has(each));
    const occupant = disk === undefined ? undefined : forbidden.get(disk);
    if (disk !== undefined && occupant !== undefined) {
      refused.push({ kind: "apart", disk, occupant });
      continue;
    }
    const used = pool.size === undefined || pool.size === 0 ? 0 : Math.min(1, Math.max(0, 1 - free / pool.size));
    const cost = dislike(disks, disliked) + Math.floor(WASTE * (rules.placement === "pack" ? 1 - used : used));
    const option: Option = { pool: { name: poolName(node.name, pool.group), bytes: claim.bytes }, disks, cost };
    if (best === undefined || cost < best.option.cost) best = { option, group: pool.group, free };
  }
  return best ?? { refused };
}

function poolRefusal(pool: Pool, free: number, { claim, rules }: Wanted): MakingRefusal | undefined {
  if (pool.missing > 0) return { kind: "incomplete", group: pool.group, missing: pool.missing };
  if (free < claim.bytes) return { kind: "full", group: pool.group, free };
  if (rules.media !== undefined && !pool.media.every((each) => rules.media?.includes(each) === true))
    return { kind: "media", media: pool.media.join(",") };
  return undefined;
}

/** Whether a decision about claims of a class hangs on what a driver tells of its capacity. */
export function goesByCapacities({ provisioner, parameters }: StorageClass): boolean {
  if (provisioner === KUBERNETES.noProvisioner) return false;
  const type = parameters[LVM.typeParameter];
  return provisioner !== LVM.driver || type === LVM.thin || type === LVM.striped;
}

/** What a group has left, by what its node tells: nothing where that is silent. */
function freeIn(inventory: Inventory, { siblings, storageClass }: Wanted, pool: Pool, node: ClusterNode): number {
  const type = storageClass.parameters[LVM.typeParameter];
  // What a thin pool may still promise is not what its group has left: the driver knows.
  if (type === LVM.thin) return capacityLeft(inventory, siblings, storageClass, node) ?? 0;
  const told = inventory.freeIn(pool, siblings);
  if (told === undefined) return 0;
  if (type !== LVM.striped) return told;
  // Stripes need room on several disks each: there may be less for one volume than there is in all.
  let largest = told;
  for (const { topology, limit } of inventory.capacities(storageClass.name, node))
    if (limit !== undefined && matches(topology, node.labels)) largest = Math.min(largest, limit);
  return largest;
}

function capacityAt(inventory: Inventory, { claim, siblings, storageClass }: Wanted, node: ClusterNode): Making {
  if (!inventory.tellsCapacity(storageClass.provisioner)) return { option: { disks: [], cost: 0 } };
  const free = capacityLeft(inventory, siblings, storageClass, node);
  if (free === undefined) return { refused: [{ kind: "noGroup", group: "" }] };
  if (free < claim.bytes) return { refused: [{ kind: "full", group: "", free }] };
  return { option: { pool: { name: `class ${storageClass.name} ${node.name}`, bytes: claim.bytes }, disks: [], cost: 0 }, free };
}

/** The most that a driver's capacities leave for one volume on a node, without what is being made there. */
function capacityLeft(
  inventory: Inventory,
  siblings: ReadonlySet<string>,
  storageClass: StorageClass,
  node: ClusterNode,
): number | undefined {
  let most: number | undefined;
  for (const { topology, limit } of inventory.capacities(storageClass.name, node)) {
    if (limit === undefined || !matches(topology, node.labels)) continue;
    let left = limit;
    for (const other of inventory.comingOfClass(storageClass.name)) {
      if (siblings.has(other.key)) continue;
      const where = inventory.coming(other)?.node ?? other.selectedNode;
      const there = where === undefined ? undefined : inventory.node(where);
      if (there !== undefined && matches(topology, there.labels)) left -= other.bytes;
    }
    most = Math.max(most ?? 0, left);
  }
  return most;
}

/** What the claim can have on a node: volumes that are there, and the one that would be made, with what its pool has left. */
export interface Choices {
  readonly options: readonly Option[];
  readonly pool?: { readonly name: string; readonly free: number };
}

export function choicesAt(inventory: Inventory, wanted: Wanted, node: ClusterNode): Choices {
  const options: Option[] = [];
  forEachFitting(inventory, wanted, node, (volume) => options.push(volumeOption(inventory, wanted, volume)));
  const making = makingAt(inventory, wanted, node);
  if ("refused" in making) return { options };
  const { option, free } = making;
  // Volumes that are there are taken before one is made, as Kubernetes does.
  options.push(options.length === 0 ? option : { ...option, cost: option.cost + MAKING });
  return { options, ...(option.pool === undefined || free === undefined ? {} : { pool: { name: option.pool.name, free } }) };
}

/** The least that one of the claim's choices on a node costs; `undefined` where there is none. */
export function leastAt(inventory: Inventory, wanted: Wanted, node: ClusterNode): number | undefined {
  let least: number | undefined;
  forEachFitting(inventory, wanted, node, (volume) => {
    const cost = volumeCost(inventory, wanted, volume);
    if (least === undefined || cost < least) least = cost;
  });
  if (least !== undefined) return least;
  const making = makingAt(inventory, wanted, node);
  return "option" in making ? making.option.cost : undefined;
}

function volumeOption(inventory: Inventory, wanted: Wanted, volume: Volume): Option {
  const { disk, name, holder, likeness } = volume;
  const nobodys = holder.kind === "nobody" && inventory.assumed(name) === undefined;
  const cost = volumeCost(inventory, wanted, volume);
  return { volume: name, disks: disk === undefined ? [] : [disk], cost, ...(nobodys && { kind: likeness }) };
}

function volumeCost(inventory: Inventory, { claim, rules, disliked }: Wanted, { disk, bytes, holder }: Volume): number {
  const waste = bytes === 0 ? 0 : Math.floor((WASTE * (bytes - claim.bytes)) / bytes);
  let there = disk === undefined ? 0 : inventory.countOnDisk(disk);
  // Itself, where it was held for it before.
  if (holder.kind !== "nobody" && there > 0) there -= 1;
  const crowd = Math.min(there, MOST_ON_DISK);
  const placement = PLACEMENT * (rules.placement === "pack" ? MOST_ON_DISK - crowd : crowd);
  const against = disk === undefined ? 0 : Math.min(disliked.get(disk) ?? 0, MOST_DISLIKED);
  return DISLIKED * against + placement + waste;
}

function dislike(disks: readonly string[], disliked: ReadonlyMap<string, number>): number {
  let most = 0;
  for (const disk of disks) most = Math.max(most, disliked.get(disk) ?? 0);
  return DISLIKED * Math.min(most, MOST_DISLIKED);
}
