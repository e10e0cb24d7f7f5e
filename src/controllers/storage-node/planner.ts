import { createHash } from "node:crypto";
import { EVENTS, type DiskRole, type DiskStatus, type EventReason } from "../storage-api/index.ts";
import { contentsOf, flavorGroupOf, groupOf, isOwnGroup, leftoversIn, makingTagsOf, type Contents } from "./contents.ts";
import type { DiskGroup, Flavor, StaticUse, VolumeGroupUse } from "./flavor.ts";
import { matches } from "./match.ts";
import { PARTITION_TYPES, type Observation, type ObservedDisk, type ObservedPartition } from "./observation.ts";
import type { Plan, PlannedDisk, Remark, Step } from "./plan.ts";

/** The file system's UUID: the same one for the same partition, however often it is made. A version 8 UUID (RFC 9562). */
export function filesystemUuid(partition: string): string {
  const hex = createHash("sha256").update(`halite file system ${partition}`).digest("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join("-");
}

export function mountPathOf(use: StaticUse, partition: ObservedPartition): string {
  return `${use.root}/${partition.uuid}`;
}

/**
 * What is to be done next to come to what the flavor says, and what is refused or has drifted. Each step leads to a state of the disks in which the
 * next plan finds how to go on, whoever was killed in between: nothing is remembered but what disks and the ComputeNode say.
 *
 * @param known the disks of the ComputeNode's status, from before
 */
export function plan(observation: Observation, flavor: Flavor, known: readonly DiskStatus[]): Plan {
  return new Planner(observation, flavor, known).plan();
}

class Planner {
  readonly #observation: Observation;
  readonly #flavor: Flavor;
  readonly #known: ReadonlyMap<string, DiskStatus>;
  readonly #steps: Step[] = [];
  readonly #remarks: Remark[] = [];
  readonly #disks: PlannedDisk[] = [];

  constructor(observation: Observation, flavor: Flavor, known: readonly DiskStatus[]) {
    this.#observation = observation;
    this.#flavor = flavor;
    this.#known = new Map(known.filter(({ serial }) => !flavor.retire.includes(serial)).map((disk) => [disk.serial, disk]));
  }

  plan(): Plan {
    const { disks } = this.#observation;
    const serials = disks.map(({ serial }) => serial);
    const missing = [...this.#known.values()].filter(({ serial, role }) => isMade(role) && !serials.includes(serial));
    const free = new Map<string, { readonly disk: ObservedDisk; readonly contents: Contents }[]>();
    const own = new Map<string, ObservedDisk[]>();
    for (const disk of [...disks].sort((a, b) => (a.byId < b.byId ? -1 : 1))) {
      if (disk.problem !== undefined) {
        this.#unreadable(disk, disk.problem);
        continue;
      }
      const contents = contentsOf(disk, this.#observation);
      const twin = disk.serial !== "" && serials.filter((each) => each === disk.serial).length > 1;
      if (contents.kind === "system") this.#add(disk, "System", { reason: contents.found.join("; ") });
      else if (disk.serial === "" || disk.byId === "" || twin)
        this.#add(disk, "Unused", {
          reason: twin
            ? "other disks have its serial: paths or namespaces of one device"
            : "it has no serial or no link in /dev/disk/by-id",
        });
      else if (contents.kind === "ours") {
        const name = flavorGroupOf(contents.partitions) ?? "";
        own.set(name, [...(own.get(name) ?? []), disk]);
        this.#ours(disk, contents, name, disks);
      } else {
        const group = this.#flavor.groups.find(({ match }) => matches(disk, match));
        if (group === undefined) this.#unasked(disk, contents);
        else free.set(group.name, [...(free.get(group.name) ?? []), { disk, contents }]);
      }
    }
    for (const group of this.#flavor.groups) this.#group(group, free.get(group.name) ?? [], own.get(group.name) ?? [], missing);
    for (const disk of missing)
      this.#drift(EVENTS.diskMissing, `disk ${disk.serial} (${disk.byId ?? "no link"}) of group ${disk.group ?? "?"} is gone`, disk.serial);
    this.#volumeGroups();
    const { name, digest } = this.#flavor;
    return { flavor: name, digest, steps: this.#steps, remarks: this.#remarks, disks: this.#disks, missing };
  }

  /** What it was it is still taken for; what is on it now nobody knows. */
  #unreadable(disk: ObservedDisk, problem: string): void {
    const before = this.#known.get(disk.serial);
    this.#drift(EVENTS.diskFailing, `disk ${disk.serial} (${disk.byId}) can't be read: ${problem}`, disk.serial);
    this.#add(disk, before?.role ?? "Foreign", { ...grouped(before?.group), reason: "it can't be read" });
  }

  /** A disk that no group asks for and that isn't Halite's. */
  #unasked(disk: ObservedDisk, contents: Contents): void {
    const before = this.#known.get(disk.serial);
    if (isMade(before?.role)) {
      this.#drift(
        EVENTS.diskSwapped,
        `disk ${disk.serial} no longer holds what was made of it, and no group of the flavor matches it`,
        disk.serial,
      );
      this.#add(disk, "Missing", { ...grouped(before?.group), reason: "what was made of it is gone" });
      return;
    }
    const found = wordsOf(contents);
    this.#add(disk, found === "" ? "Unused" : "Foreign", found === "" ? {} : { reason: found });
  }

  /** Disks that a group may be given. */
  #group(
    group: DiskGroup,
    candidates: readonly { readonly disk: ObservedDisk; readonly contents: Contents }[],
    own: readonly ObservedDisk[],
    allMissing: readonly DiskStatus[],
  ): void {
    const missing = allMissing.filter((disk) => disk.group === group.name);
    const before = [...this.#known.values()].filter((disk) => disk.group === group.name && (isMade(disk.role) || disk.role === "Planned"));
    // Disks that belong to it already, whether they are here or not.
    const members = new Set([...own.map(({ serial }) => serial), ...before.map(({ serial }) => serial)]);
    let had = new Set([...own.map(({ serial }) => serial), ...missing.map(({ serial }) => serial)]).size;
    const wasMade = own.length > 0 || before.some(({ role }) => isMade(role));
    for (const { disk, contents } of candidates) {
      const memory = this.#known.get(disk.serial);
      const planned = memory?.role === "Planned" && memory.group === group.name;
      const refusal = this.#refusal(disk, contents, memory, planned);
      if (refusal !== undefined) {
        this.#remarks.push({
          kind: "refusal",
          reason: EVENTS.diskRefused,
          serial: disk.serial,
          message: `disk ${disk.serial} (${disk.byId}): ${refusal}`,
        });
        this.#add(disk, "Foreign", { group: group.name, reason: refusal });
        continue;
      }
      // Who may be wiped may be used.
      const accepted = this.#flavor.accept.includes(disk.serial) || (contents.kind !== "blank" && this.#flavor.wipe.includes(disk.serial));
      if (isMade(memory?.role) && !accepted) {
        this.#drift(EVENTS.diskSwapped, `disk ${disk.serial} no longer holds what was made of it`, disk.serial);
        this.#add(disk, "Missing", { group: group.name, reason: "what was made of it is gone; list it in accept to have it made anew" });
        had += missing.some(({ serial }) => serial === disk.serial) ? 0 : 1;
        continue;
      }
      const isFull = group.count !== undefined && had >= group.count;
      // Who belongs to it since the plan was first shown goes on; so does a group that never had its number.
      const mayJoin = planned || accepted || !wasMade || (group.count !== undefined && members.size < group.count);
      if (!mayJoin || (isFull && !accepted)) {
        const [reason, words] =
          missing.length > 0
            ? ([
                EVENTS.diskSwapped,
                `disk ${disk.serial} (${disk.byId}) is there, and ${missing.map(({ serial }) => serial).join(", ")} is gone: list one in accept, the other in retire`,
              ] as const)
            : ([
                EVENTS.diskUnexpected,
                `disk ${disk.serial} (${disk.byId}) is new: list it in accept to have it join group ${group.name}`,
              ] as const);
        this.#drift(reason, words, disk.serial);
        this.#add(disk, "Unused", { group: group.name, reason: words });
        continue;
      }
      had += 1;
      members.add(disk.serial);
      this.#add(disk, "Planned", { group: group.name });
      const { serial, byId: device } = disk;
      if (contents.kind === "foreign")
        this.#steps.push({ action: "wipe", serial, device, partitions: (disk.table?.partitions ?? []).map(({ number }) => number) });
      else this.#steps.push({ action: "partition", serial, device, group: group.name, use: group.use });
    }
    if (group.count !== undefined && had < group.count)
      this.#remarks.push({
        kind: "refusal",
        reason: EVENTS.diskMissing,
        message: `group ${group.name} is to have ${group.count} disks, and ${had} can be had`,
      });
  }

  /** Why a disk is left alone; `undefined`: it may be made into something. */
  #refusal(disk: ObservedDisk, contents: Contents, memory: DiskStatus | undefined, planned: boolean): string | undefined {
    if (disk.readOnly) return "it can't be written to";
    if (contents.kind === "blank" || contents.kind === "ours") return undefined;
    // It was blank when its plan was shown, so that this is the beginning of our own table.
    if (contents.kind === "torn" && planned) return undefined;
    const found = wordsOf(contents);
    if (!this.#flavor.wipe.includes(disk.serial)) return `it carries ${found}; list its serial in wipe if that may go`;
    if (contents.kind === "foreign" && contents.inUse) return `it is listed to be wiped and is in use: ${found}`;
    if (memory?.wiped === true)
      return `it carries ${found}, which came after it was wiped; take its serial off wipe, and list it again once that may go too`;
    return undefined;
  }

  /** A disk with partitions of Halite's. */
  #ours(disk: ObservedDisk, contents: Extract<Contents, { kind: "ours" }>, name: string, all: readonly ObservedDisk[]): void {
    const { serial } = disk;
    const { partitions, foreign } = contents;
    const group = this.#flavor.groups.find((each) => each.name === name);
    const memory = this.#known.get(serial);
    const isPhysical = partitions.some(({ type }) => type === PARTITION_TYPES.physicalVolume);
    const made: DiskRole = isPhysical ? "VolumeGroup" : "Static";
    if (foreign.length > 0)
      this.#drift(EVENTS.diskUnexpected, `disk ${serial} carries what Halite did not write: ${foreign.join("; ")}`, serial);
    if (memory?.size !== undefined && memory.size !== disk.size && isMade(memory.role))
      this.#drift(EVENTS.diskWrongSize, `disk ${serial} has ${disk.size} bytes, and had ${memory.size} when it was made`, serial);
    if (group === undefined || (group.use.kind === "static") === isPhysical) {
      this.#drift(
        EVENTS.diskUnexpected,
        `disk ${serial} was made for group ${name}, which the flavor ${group === undefined ? "does not have" : "makes otherwise"}`,
        serial,
      );
      this.#add(disk, made, { group: name });
      return;
    }
    const before = this.#steps.length;
    if (group.use.kind === "static") this.#static(disk, partitions, group.use, all);
    else this.#physical(disk, partitions, group.use, memory);
    const unfinished = this.#steps.slice(before).some(({ action }) => action !== "mount");
    this.#add(disk, unfinished ? "Planned" : made, { group: name });
  }

  #static(disk: ObservedDisk, partitions: readonly ObservedPartition[], use: StaticUse, all: readonly ObservedDisk[]): void {
    const { serial, byId: device } = disk;
    const record = partitions.find(({ type }) => type === PARTITION_TYPES.record);
    const volumes = partitions.filter(({ type }) => type === PARTITION_TYPES.making || type === PARTITION_TYPES.volume);
    if (record === undefined) {
      this.#drift(EVENTS.diskUnexpected, `disk ${serial} has lost its record partition: nothing on it is given out`, serial);
      return;
    }
    const wanted = use.partitions.map((size) => (size === "rest" ? "rest" : String(size))).join(", ");
    const fits =
      volumes.length === use.partitions.length && use.partitions.every((size, index) => size === "rest" || volumes[index]?.size === size);
    if (!fits)
      this.#drift(
        EVENTS.diskWrongSize,
        `disk ${serial} has partitions of ${volumes.map(({ size }) => size).join(", ")} bytes, and the flavor says ${wanted}; those that are there stay`,
        serial,
      );
    const sealed: ObservedPartition[] = [];
    for (const partition of volumes) {
      const twin = all.some((other) => other !== disk && other.table?.partitions.some(({ uuid }) => uuid === partition.uuid));
      if (twin)
        this.#drift(EVENTS.diskUnexpected, `partition ${partition.uuid} is on two disks: one is a copy, and neither is given out`, serial);
      // What is made waits for the whole disk: udev takes partitions away and brings them back when its table was written to.
      else if (partition.type === PARTITION_TYPES.making && partition.record?.state === "new") sealed.push(partition);
      else this.#volume(serial, partition, record, use);
    }
    if (sealed.length > 0) this.#steps.push({ action: "seal", serial, device, partitions: sealed });
  }

  #volume(serial: string, partition: ObservedPartition, record: ObservedPartition, use: StaticUse): void {
    if (partition.device === "") {
      this.#refuse(serial, `the kernel does not show partition ${partition.uuid}`);
      return;
    }
    const at = this.#observation.mounts.filter((mount) => mount.device === partition.device);
    const path = mountPathOf(use, partition);
    const over = this.#observation.mounts.find(({ target, device: other }) => target === path && other !== partition.device);
    if (partition.type === PARTITION_TYPES.making) {
      const elsewhere = at.find(({ target }) => target !== path);
      if (elsewhere === undefined && partition.holders.length === 0 && over === undefined)
        this.#steps.push({ action: "make", serial, partition, record, use, mounted: at.length > 0 });
      else
        this.#refuse(
          serial,
          `partition ${partition.uuid} was to be made, and is in use: ${elsewhere?.target ?? over?.source ?? partition.holders.join(", ")}`,
        );
      return;
    }
    if (use.filesystem === undefined || at.some(({ target }) => target === path)) return;
    const wanted = { type: use.filesystem.type, uuid: filesystemUuid(partition.uuid) };
    const found = partition.signatures.find(({ type, uuid }) => type === wanted.type && uuid === wanted.uuid);
    if (over !== undefined) this.#refuse(serial, `${path} can't be mounted: ${over.source} is mounted there`);
    else if (found !== undefined) this.#steps.push({ action: "mount", serial, partition, use });
    // Its provisioner is at it.
    else if (partition.record?.state !== "erasing")
      this.#drift(
        EVENTS.diskSwapped,
        `partition ${partition.uuid} of disk ${serial} holds ${partition.signatures.map(({ type }) => type).join(", ") || "nothing"} where its ${wanted.type} ${wanted.uuid} is to be; it is not made anew`,
        serial,
      );
  }

  #physical(disk: ObservedDisk, partitions: readonly ObservedPartition[], use: VolumeGroupUse, memory: DiskStatus | undefined): void {
    const { serial } = disk;
    for (const partition of partitions.filter(({ type }) => type === PARTITION_TYPES.physicalVolume)) {
      const holder = groupOf(partition, this.#observation);
      if (holder !== undefined) {
        if (holder.name !== use.name || !isOwnGroup(holder))
          this.#refuse(
            serial,
            `its physical volume belongs to volume group ${holder.name}${isOwnGroup(holder) ? "" : ", which Halite did not make"}`,
          );
        continue;
      }
      if (memory?.role === "VolumeGroup") {
        this.#drift(EVENTS.volumeGroupMissing, `disk ${serial} is no longer in volume group ${use.name}; it is not added again`, serial);
        continue;
      }
      const group = this.#observation.volumeGroups.find(({ name }) => name === use.name);
      const begun = this.#steps.some((step) => step.action === "createVolumeGroup" && step.name === use.name);
      const madeBefore = [...this.#known.values()].some((each) => each.role === "VolumeGroup" && each.volumeGroup === use.name);
      if (group !== undefined && !isOwnGroup(group)) this.#refuse(serial, `there is a volume group ${use.name} that Halite did not make`);
      else if ((group !== undefined && group.missing > 0) || (group === undefined && madeBefore))
        this.#refuse(serial, `volume group ${use.name} is not whole: nothing is added to it`);
      else if (group !== undefined) this.#steps.push({ action: "extendVolumeGroup", serial, name: use.name, partition });
      // The others are added to it in the next round.
      else if (!begun) this.#steps.push({ action: "createVolumeGroup", serial, name: use.name, partition });
      else this.#steps.push({ action: "extendVolumeGroup", serial, name: use.name, partition });
    }
  }

  /** Thin pools, once all disks of the group are in. */
  #volumeGroups(): void {
    for (const { name: group, use } of this.#flavor.groups) {
      if (use.kind !== "volumeGroup") continue;
      const found = this.#observation.volumeGroups.find(({ name, tags }) => name === use.name && tags.includes("halite"));
      const members = [...this.#known.values()].filter(({ role, volumeGroup }) => role === "VolumeGroup" && volumeGroup === use.name);
      if (found === undefined) {
        if (members.length > 0) this.#drift(EVENTS.volumeGroupMissing, `volume group ${use.name} is gone; it is not made anew`);
        continue;
      }
      if (found.missing > 0)
        this.#drift(EVENTS.volumeGroupMissing, `volume group ${use.name} misses ${found.missing} of its physical volumes`);
      const thinPool = use.thinPool;
      if (thinPool === undefined) continue;
      const volume = found.volumes.find(({ name }) => name === thinPool);
      const waits = this.#disks.some((disk) => disk.group === group && disk.role === "Planned");
      const leftovers = found.missing === 0 && !waits ? leftoversIn(found) : [];
      const tags = volume?.type === "thin-pool" ? makingTagsOf(found) : [];
      if (leftovers.length > 0 || tags.length > 0) this.#steps.push({ action: "tidyVolumeGroup", group: found, leftovers, tags });
      // What is left has its room: the pool is made once that is gone.
      else if (volume === undefined && !waits && found.missing === 0)
        this.#steps.push({ action: "createThinPool", group: found, name: thinPool, reserve: use.reserve });
      else if (volume !== undefined && volume.type !== "thin-pool")
        this.#remarks.push({
          kind: "refusal",
          reason: EVENTS.diskRefused,
          message: `${use.name}/${thinPool} is to be a thin pool, and is ${volume.type}`,
        });
    }
  }

  #add(disk: ObservedDisk, role: DiskRole, more: { readonly group?: string; readonly reason?: string } = {}): void {
    const listed = this.#flavor.wipe.includes(disk.serial);
    const bare = disk.problem === undefined ? contentsOf(disk, this.#observation).kind : "foreign";
    const wiped = listed && (bare === "blank" || bare === "ours" || this.#known.get(disk.serial)?.wiped === true);
    this.#disks.push({ disk, role, wiped, ...more });
  }

  #drift(reason: EventReason, message: string, serial?: string): void {
    this.#remarks.push({ kind: "drift", reason, message, ...(serial !== undefined && { serial }) });
  }

  #refuse(serial: string, message: string): void {
    this.#remarks.push({ kind: "refusal", reason: EVENTS.diskRefused, serial, message: `disk ${serial}: ${message}` });
  }
}

function isMade(role: DiskRole | undefined): boolean {
  return role === "Static" || role === "VolumeGroup" || role === "Missing";
}

function wordsOf(contents: Contents): string {
  return contents.kind === "torn"
    ? "the remains of a partition table"
    : contents.kind === "foreign" || contents.kind === "system"
      ? contents.found.join("; ")
      : "";
}

function grouped(group: string | undefined): { readonly group?: string } {
  return group === undefined ? {} : { group };
}
