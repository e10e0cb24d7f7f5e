import type { ComputeNode } from "../storage-api/index.ts";
import { Groups, type Occupant } from "./groups.ts";
import { LVM } from "./names.ts";
import { poolName, poolsOf, type Capacity, type Claim, type ClusterNode, type Pool, type StorageClass, type Volume } from "./objects.ts";
import type { Reservation } from "./reservation.ts";
import { rulesOf, rulesText, type Rules, type RulesResult } from "./rules.ts";
import { Shelf } from "./shelf.ts";

const MOST_RULES = 1000;
/** A claim without rules, as far as is known of it: its object has not been seen, or can't be read. */
const SILENT: Rules = { required: [], preferred: [], scope: "namespace", placement: "spread" };

/**
 * The cluster's storage as decisions need it: what informers tell of is put in one by one, and every question is answered from an index. What a
 * scheduler has just decided (`assume`) counts before the API server has told of it.
 */
export class Inventory {
  readonly #nodes = new Map<string, ClusterNode>();
  readonly #classes = new Map<string, StorageClass>();
  readonly #claims = new Map<string, Claim>();
  readonly #volumes = new Map<string, Volume>();
  readonly #pools = new Map<string, Pool>();
  readonly #poolsOfNode = new Map<string, readonly Pool[]>();
  readonly #capacities = new Map<string, Capacity>();
  /** Drivers that tell of their capacity. */
  readonly #drivers = new Set<string>();
  /** Volumes of one host and class; those that several hosts can use, of a class. */
  readonly #local = new Shelf<Volume>();
  readonly #wide = new Shelf<Volume>();
  /** Of `#local`, those that are nobody's, and could be given away. */
  readonly #free = new Shelf<Volume>();
  readonly #byClaim = new Shelf<Volume>();
  readonly #byHold = new Shelf<Volume>();
  readonly #byClass = new Shelf<Claim>();
  readonly #byCapacity = new Shelf<Capacity>();
  readonly #byPool = new Shelf<Volume>();
  /** Claims whose volume is to be made, of a pool, of a class. */
  readonly #coming = new Shelf<Claim>();
  readonly #onDisk = new Shelf<Occupant>();
  readonly #groups = new Groups();
  /** Decided, and not heard of yet: by volume, and by claim where a volume is to be made. */
  readonly #assumedVolumes = new Map<string, Reservation>();
  readonly #assumedClaims = new Map<string, Reservation>();
  /** What rules come to, by their text: thousands of claims have the same. */
  readonly #rules = new Map<string, RulesResult>();
  /** Under which words of the indexes assumed volumes and coming ones stand. */
  readonly #assumedKeys = new Map<string, string>();
  readonly #comingWords = new Map<string, { readonly node: string; readonly words: readonly string[] }>();
  /** Rises with each change of what is on a host, or of a node, by name. */
  readonly #revisions = new Map<string, number>();
  /** Rises with changes that concern all nodes. */
  #shared = 0;
  /** Rises with what drivers tell of their capacity, and with what is to be made. */
  #told = 0;

  // What informers tell.

  putNode(node: ClusterNode): void {
    const before = this.#nodes.get(node.name);
    this.#nodes.set(node.name, node);
    if (before !== undefined && sameLabels(before.labels, node.labels)) return;
    this.#bump(node.name);
    this.#bump(node.host);
  }

  dropNode(name: string): void {
    this.#nodes.delete(name);
    this.#bump(name);
  }

  putClass(storageClass: StorageClass): void {
    this.#shared += 1;
    this.#classes.set(storageClass.name, storageClass);
    // Its annotations are its claims' rules.
    for (const claim of Array.from(this.#byClass.at(storageClass.name))) this.#reoccupy(claim);
  }

  dropClass(name: string): void {
    this.#shared += 1;
    this.#classes.delete(name);
    for (const claim of Array.from(this.#byClass.at(name))) this.#reoccupy(claim);
  }

  putClaim(claim: Claim): void {
    const before = this.#claims.get(claim.key);
    if (before !== undefined) this.#byClass.drop(before.storageClass, claim.key);
    this.#claims.set(claim.key, claim);
    this.#byClass.put(claim.storageClass, claim.key, claim);
    this.#reoccupy(claim);
  }

  dropClaim(key: string): void {
    const before = this.#claims.get(key);
    if (before !== undefined) this.#byClass.drop(before.storageClass, key);
    this.#claims.delete(key);
    this.#leaveClaim(key);
    for (const volume of Array.from(this.#byClaim.at(key))) this.#occupy(volume);
  }

  putVolume(volume: Volume): void {
    this.#shelve(volume.name, false);
    this.#volumes.set(volume.name, volume);
    this.#shelve(volume.name, true);
    this.#occupy(volume);
  }

  dropVolume(name: string): void {
    this.#shelve(name, false);
    this.#volumes.delete(name);
    this.#vacate(name);
  }

  putComputeNode(object: ComputeNode): void {
    const node = object.metadata.name;
    const pools = poolsOf(object);
    const before = this.#poolsOfNode.get(node) ?? [];
    if (JSON.stringify(before) === JSON.stringify(pools)) return;
    for (const { name } of before) this.#pools.delete(name);
    for (const pool of pools) this.#pools.set(pool.name, pool);
    this.#poolsOfNode.set(node, pools);
    this.#bump(node);
    // Which disks a volume of theirs is on.
    for (const { name } of [...before, ...pools]) this.#reoccupyPool(name);
  }

  dropComputeNode(node: string): void {
    const before = this.#poolsOfNode.get(node) ?? [];
    for (const { name } of before) this.#pools.delete(name);
    this.#poolsOfNode.delete(node);
    this.#bump(node);
    for (const { name } of before) this.#reoccupyPool(name);
  }

  putCapacity(capacity: Capacity): void {
    this.dropCapacity(capacity.key);
    this.#told += 1;
    this.#capacities.set(capacity.key, capacity);
    this.#byCapacity.put(capacityWord(capacity), capacity.key, capacity);
  }

  dropCapacity(key: string): void {
    const before = this.#capacities.get(key);
    if (before === undefined) return;
    this.#capacities.delete(key);
    this.#told += 1;
    this.#byCapacity.drop(capacityWord(before), key);
  }

  putDriver(name: string, tellsCapacity: boolean): void {
    if (tellsCapacity) this.#drivers.add(name);
    else this.#drivers.delete(name);
    this.#shared += 1;
  }

  // What has been decided here.

  assumeVolume(name: string, reservation: Reservation): void {
    this.#assumedVolumes.set(name, reservation);
    this.#touch(name);
  }

  assumeClaim(key: string, reservation: Reservation): void {
    this.#assumedClaims.set(key, reservation);
    this.#comingAnew(key);
  }

  /** What the API server says counts again. */
  forgetVolume(name: string): void {
    if (this.#assumedVolumes.delete(name)) this.#touch(name);
  }

  forgetClaim(key: string): void {
    if (this.#assumedClaims.delete(key)) this.#comingAnew(key);
  }

  // Questions.

  /**
   * A number that is another one whenever something has changed that a decision about a node may hang on, rules about other claims apart.
   *
   * @param capacities whether it hangs on what drivers tell of their capacity
   */
  revisionFor({ name, host }: ClusterNode, capacities: boolean): number {
    const own = (this.#revisions.get(name) ?? 0) + (host === name ? 0 : (this.#revisions.get(host) ?? 0));
    return own + this.#shared + (capacities ? this.#told : 0);
  }

  node(name: string): ClusterNode | undefined {
    return this.#nodes.get(name);
  }

  class(name: string): StorageClass | undefined {
    return this.#classes.get(name);
  }

  claim(key: string): Claim | undefined {
    return this.#claims.get(key);
  }

  volume(name: string): Volume | undefined {
    return this.#volumes.get(name);
  }

  allVolumes(): Iterable<Volume> {
    return this.#volumes.values();
  }

  /** For whom a volume was chosen here, which the API server may not have told of. */
  assumed(volume: string): Reservation | undefined {
    return this.#assumedVolumes.get(volume);
  }

  /** The reservation of a claim whose volume is to be made. */
  coming(claim: Claim): Reservation | undefined {
    return this.#assumedClaims.get(claim.key) ?? claim.reservation;
  }

  /** Volumes that only a host's pods can use, of a class. */
  localVolumes(host: string, storageClass: string): Iterable<Volume> {
    return this.#local.at(`${host}|${storageClass}`);
  }

  /** Volumes of a class that are not tied to single hosts: their terms have to be looked at. */
  wideVolumes(storageClass: string): Iterable<Volume> {
    return this.#wide.at(storageClass);
  }

  countLocal(host: string, storageClass: string): number {
    return this.#local.count(`${host}|${storageClass}`);
  }

  /** Those of them that nobody has. */
  freeVolumes(host: string, storageClass: string): Iterable<Volume> {
    return this.#free.at(`${host}|${storageClass}`);
  }

  countFree(host: string, storageClass: string): number {
    return this.#free.count(`${host}|${storageClass}`);
  }

  /** Volumes that name a claim in their claimRef, or are held for it. */
  volumesFor(claim: Claim): readonly Volume[] {
    return [...new Set([...this.#byClaim.at(claim.key), ...this.#byHold.at(claim.uid)])];
  }

  /** Claims with a volume on a disk. */
  onDisk(disk: string): Iterable<Occupant> {
    return this.#onDisk.at(disk);
  }

  countOnDisk(disk: string): number {
    return this.#onDisk.count(disk);
  }

  rules(claim: Claim): RulesResult {
    const defaults = this.#classes.get(claim.storageClass)?.annotations ?? {};
    const text = rulesText(claim.annotations, claim.labels, defaults);
    const known = this.#rules.get(text);
    if (known !== undefined) return known;
    if (this.#rules.size >= MOST_RULES) this.#rules.clear();
    const result = rulesOf(claim.annotations, claim.labels, defaults);
    this.#rules.set(text, result);
    return result;
  }

  against(kind: "required" | "preferred", claim: Claim, rules: Rules): ReadonlySet<Occupant> {
    return this.#groups.against(kind, claim.key, { namespace: claim.namespace, labels: claim.labels, rules });
  }

  poolsOf(node: string): readonly Pool[] {
    return this.#poolsOfNode.get(node) ?? [];
  }

  /**
   * What of a pool can still be given away, in bytes: what the node has told, without what has been promised since. Volumes that the node has not
   * counted yet are the youngest. `undefined` where the node has told nothing.
   */
  freeIn(pool: Pool, except: ReadonlySet<string>): number | undefined {
    if (pool.free === undefined) return undefined;
    let free = pool.free;
    for (const claim of this.#coming.at(`pool ${pool.name}`)) {
      if (except.has(claim.key)) continue;
      free -= this.coming(claim)?.provision?.bytes ?? claim.bytes;
    }
    const made = [...this.#byPool.at(pool.name)];
    const uncounted = pool.volumes === undefined ? 0 : made.length - pool.volumes;
    if (uncounted > 0) {
      made.sort((a, b) => (a.created < b.created ? 1 : a.created > b.created ? -1 : a.name < b.name ? 1 : -1));
      for (const { bytes } of made.slice(0, uncounted)) free -= bytes;
    }
    return Math.max(0, free);
  }

  tellsCapacity(driver: string): boolean {
    return this.#drivers.has(driver);
  }

  /** The capacities of a class that hold for a node. */
  capacities(storageClass: string, node: ClusterNode): readonly Capacity[] {
    const found: Capacity[] = [...this.#byCapacity.at(storageClass)];
    for (const [key, value] of Object.entries(node.labels)) found.push(...this.#byCapacity.at(`${storageClass}|${key}=${value}`));
    return found;
  }

  /** Claims of a class whose volume is being made. */
  comingOfClass(storageClass: string): Iterable<Claim> {
    return this.#coming.at(`class ${storageClass}`);
  }

  // Indexes.

  /** A volume or, by its name, whoever has it now changes. */
  #touch(name: string): void {
    const volume = this.#volumes.get(name);
    if (volume !== undefined) {
      this.#shelve(name, false);
      this.#shelve(name, true);
      this.#occupy(volume);
    }
  }

  /** Puts a volume into the indexes, or takes it out of all that it can be in. */
  #shelve(name: string, into: boolean): void {
    const volume = this.#volumes.get(name);
    if (volume === undefined) return;
    const move = (shelf: Shelf<Volume>, word: string): void => (into ? shelf.put(word, name, volume) : shelf.drop(word, name));
    if (volume.made !== undefined) this.#bump(volume.made.node);
    if (volume.reach.kind === "host") {
      this.#bump(volume.reach.host);
      const word = `${volume.reach.host}|${volume.storageClass}`;
      move(this.#local, word);
      if (!into || this.#isFree(volume)) move(this.#free, word);
    } else {
      // One that a driver has made is nobody's to choose.
      if (volume.made === undefined) this.#shared += 1;
      move(this.#wide, volume.storageClass);
    }
    if (volume.made !== undefined) move(this.#byPool, poolName(volume.made.node, volume.made.group));
    if (volume.holder.kind === "claim") move(this.#byClaim, volume.holder.key);
    if (volume.holder.kind === "held" && volume.holder.reservation !== undefined) move(this.#byClaim, keyOf(volume.holder.reservation));
    if (volume.holder.kind === "held") move(this.#byHold, volume.holder.uid);
    // Whom it was assumed for at that time may not be known any more.
    if (into) {
      const assumed = this.#assumedVolumes.get(name);
      if (assumed !== undefined) {
        this.#byClaim.put(keyOf(assumed), name, volume);
        this.#assumedKeys.set(name, keyOf(assumed));
      }
    } else {
      const key = this.#assumedKeys.get(name);
      if (key !== undefined) this.#byClaim.drop(key, name);
      this.#assumedKeys.delete(name);
    }
  }

  #isFree({ name, holder, phase, deleted, taints }: Volume): boolean {
    return holder.kind === "nobody" && phase === "Available" && !deleted && taints.length === 0 && !this.#assumedVolumes.has(name);
  }

  #bump(place: string): void {
    this.#revisions.set(place, (this.#revisions.get(place) ?? 0) + 1);
  }

  #vacate(id: string): void {
    const occupant = this.#groups.get(id);
    if (occupant === undefined) return;
    for (const disk of occupant.disks) this.#onDisk.drop(disk, id);
    this.#groups.remove(id);
    this.#bump(occupant.where);
  }

  #settle(occupant: Occupant): void {
    this.#vacate(occupant.id);
    if (occupant.disks.length === 0) return;
    this.#groups.add(occupant);
    this.#bump(occupant.where);
    for (const disk of occupant.disks) this.#onDisk.put(disk, occupant.id, occupant);
  }

  /** Says anew who is on the disks of a volume. */
  #occupy(volume: Volume): void {
    this.#vacate(volume.name);
    const reservation = this.#assumedVolumes.get(volume.name) ?? volume.reservation;
    const disks = this.#disksOf(volume);
    const where = volume.reach.kind === "host" ? volume.reach.host : (volume.made?.node ?? "");
    const key =
      this.#assumedVolumes.get(volume.name) !== undefined && reservation !== undefined
        ? keyOf(reservation)
        : volume.holder.kind === "claim"
          ? volume.holder.key
          : volume.holder.kind === "held" && volume.holder.reservation !== undefined
            ? keyOf(volume.holder.reservation)
            : undefined;
    if (key === undefined || volume.phase === "Released" || volume.phase === "Failed") return;
    const claim = this.#claims.get(key);
    if (claim !== undefined) {
      // Another claim of the same name has nothing on it.
      if (volume.holder.kind === "claim" && volume.holder.uid !== undefined && volume.holder.uid !== claim.uid) return;
      this.#settle({ id: volume.name, claim: key, disks, where, ...this.#memberOf(claim) });
    } else if (reservation !== undefined && keyOf(reservation) === key) {
      const { labels, rules, claim: named } = reservation;
      this.#settle({ id: volume.name, claim: key, disks, where, namespace: named.namespace, labels, rules });
    }
  }

  #memberOf(claim: Claim): Pick<Occupant, "namespace" | "labels" | "rules"> {
    const result = this.rules(claim);
    return { namespace: claim.namespace, labels: claim.labels, rules: "rules" in result ? result.rules : SILENT };
  }

  #disksOf({ disk, made }: Volume): readonly string[] {
    if (disk !== undefined) return [disk];
    return made === undefined ? [] : (this.#pools.get(poolName(made.node, made.group))?.disks ?? []);
  }

  /** A claim's rules or labels may be others: its volumes' disks, and those of the volume that it waits for. */
  #reoccupy(claim: Claim): void {
    for (const volume of Array.from(this.#byClaim.at(claim.key))) this.#occupy(volume);
    this.#leaveClaim(claim.key);
    this.#enterClaim(claim);
  }

  #comingAnew(key: string): void {
    this.#leaveClaim(key);
    const claim = this.#claims.get(key);
    if (claim !== undefined) this.#enterClaim(claim);
  }

  #reoccupyPool(name: string): void {
    for (const volume of Array.from(this.#byPool.at(name))) this.#occupy(volume);
    for (const claim of Array.from(this.#coming.at(`pool ${name}`))) this.#reoccupy(claim);
  }

  #enterClaim(claim: Claim): void {
    if (claim.volume !== undefined) return;
    const reservation = this.coming(claim);
    const node = reservation?.provision === undefined ? claim.selectedNode : reservation.node;
    if (node === undefined) return;
    const pools = this.poolsWanted(claim, node, reservation?.provision?.group);
    const thin = this.#classes.get(claim.storageClass)?.parameters[LVM.typeParameter] === LVM.thin;
    // A thin volume takes nothing of its group, whose pool is made.
    const words = [...(thin ? [] : pools.map(({ name }) => `pool ${name}`)), `class ${claim.storageClass}`];
    for (const word of words) this.#coming.put(word, claim.key, claim);
    this.#comingWords.set(claim.key, { node, words });
    this.#bump(node);
    this.#told += 1;
    const disks = [...new Set(pools.flatMap((pool) => pool.disks))];
    this.#settle({ id: `claim:${claim.key}`, claim: claim.key, disks, where: node, ...this.#memberOf(claim) });
  }

  #leaveClaim(key: string): void {
    const coming = this.#comingWords.get(key);
    if (coming !== undefined) {
      for (const word of coming.words) this.#coming.drop(word, key);
      this.#comingWords.delete(key);
      this.#bump(coming.node);
      this.#told += 1;
    }
    this.#vacate(`claim:${key}`);
  }

  /** The pools that the LVM driver may make a claim's volume in: the one that its class names; else whichever the node has. */
  poolsWanted(claim: Claim, node: string, group?: string): readonly Pool[] {
    const storageClass = this.#classes.get(claim.storageClass);
    if (storageClass?.provisioner !== LVM.driver) return [];
    const wanted = group ?? storageClass.parameters[LVM.groupParameter];
    return this.poolsOf(node).filter((pool) => wanted === undefined || pool.group === wanted);
  }
}

function keyOf({ claim }: Reservation): string {
  return `${claim.namespace}/${claim.name}`;
}

/** Found by the first label that its topology pins: one look-up instead of one selector for each node. */
function capacityWord({ storageClass, topology }: Capacity): string {
  const pinned = topology.find(({ operator, values }) => operator === "In" && values.length === 1);
  return pinned === undefined ? storageClass : `${storageClass}|${pinned.key}=${pinned.values[0] ?? ""}`;
}

function sameLabels(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
