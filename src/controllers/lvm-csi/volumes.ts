import { CsiError } from "../csi/index.ts";
import type { Clock, Log, NodeCommands } from "../runtime/index.ts";
import type { ConfiguredVolumeGroup } from "../storage-api/index.ts";
import { formatHandle, logicalVolumeName, parseHandle, type Handle } from "./identity.ts";
import { Locks } from "./locks.ts";
import { Lvm, pathOf, type Place } from "./lvm.ts";
import { observe, observeGroups, observeVolumes, type LogicalVolume, type Observed } from "./observe.ts";
import type { Ownership } from "./tags.ts";

export interface VolumesOptions {
  /** The node's name. */
  readonly node: string;
  readonly commands: NodeCommands;
  /** The groups that the system configuration gives to the driver: read anew each time. */
  readonly configured: () => Promise<readonly ConfiguredVolumeGroup[]>;
  readonly clock: Clock;
  readonly log: Log;
}

/** A logical volume that is the driver's. */
export interface OwnedVolume extends LogicalVolume {
  readonly ownership: Ownership;
}

/** So long copying and wiping may take, in milliseconds: a disk of 20 TB at 100 MB/s takes two days. */
const LONG = 3 * 24 * 3600_000;

/**
 * The driver's volumes on the node: what is there, and the steps that change them. What is known is read from LVM each time; nothing is kept here but
 * who is at work.
 */
export class Volumes {
  readonly node: string;
  readonly lvm: Lvm;
  readonly locks = new Locks();
  readonly #options: VolumesOptions;
  #turns = 0;

  constructor(options: VolumesOptions) {
    this.#options = options;
    this.node = options.node;
    this.lvm = new Lvm(options.commands);
  }

  observe(): Promise<Observed> {
    return observe(this.#options.commands);
  }

  /** All groups that have volumes, without their disks. */
  observeVolumes(): Promise<Observed> {
    return observeVolumes(this.#options.commands);
  }

  /** The groups that there are, without their volumes. */
  async observeGroups(): Promise<Observed> {
    return { groups: await observeGroups(this.#options.commands), volumes: [] };
  }

  configured(): Promise<readonly ConfiguredVolumeGroup[]> {
    return this.#options.configured();
  }

  /** Seconds since 1970. */
  now(): number {
    return Math.floor(this.#options.clock.date().getTime() / 1000);
  }

  /** Does something in a group's turn: changes to one group come one after the other. */
  inTurn<T>(group: string, act: () => Promise<T>): Promise<T> {
    return this.locks.inTurn(group, async () => {
      try {
        return await act();
      } finally {
        this.#turns += 1;
      }
    });
  }

  /** How many turns there have been: as long as it stays, what was observed is so, as far as it is the driver's doing. */
  get turns(): number {
    return this.#turns;
  }

  /** @returns what the tags now say */
  async retag(volume: OwnedVolume, changes: Partial<Ownership>, without: readonly (keyof Ownership)[] = []): Promise<OwnedVolume> {
    const after: Ownership = { ...volume.ownership, ...changes };
    // What may be left out is left out; the others are never named.
    for (const key of without) delete (after as Partial<Record<keyof Ownership, unknown>>)[key];
    await this.inTurn(volume.group.uuid, () => this.lvm.retag(volume, volume.ownership, after));
    return { ...volume, ownership: after };
  }

  /**
   * A volume or snapshot by its id.
   *
   * @throws CsiError NOT_FOUND; UNAVAILABLE where its group is the node's and is not there; FAILED_PRECONDITION where its tags are not the driver's
   */
  async require(id: string, observed?: Observed): Promise<OwnedVolume> {
    const handle = parseHandle(id);
    if (handle === undefined) throw new CsiError("NOT_FOUND", `${id} is no id of this driver`);
    const found = await this.find(handle, observed);
    if (found === undefined) throw new CsiError("NOT_FOUND", `${id} is not on node ${this.node}`);
    return found;
  }

  /** As `require`; `undefined` for what is not there. @throws CsiError as `require`, but for NOT_FOUND */
  async find(handle: Handle, observed?: Observed): Promise<OwnedVolume | undefined> {
    const quick = observed ?? (await this.observeVolumes());
    // A group that has no volumes is not among those.
    const all = observed === undefined && !quick.groups.some(({ uuid }) => uuid === handle.group) ? await this.observe() : quick;
    if (!all.groups.some(({ uuid }) => uuid === handle.group)) {
      const configured = (await this.configured()).find(({ uuid }) => uuid === handle.group);
      if (configured !== undefined)
        throw new CsiError("UNAVAILABLE", `volume group ${configured.name} (${configured.uuid}) is not there: are its disks?`);
      return undefined;
    }
    const volume = all.volumes.find(({ group, name }) => group.uuid === handle.group && name === handle.name);
    if (volume === undefined) return undefined;
    if (!isOwned(volume))
      throw new CsiError("FAILED_PRECONDITION", `${pathOf(volume)} does not have the driver's tags any more, and is not touched`);
    return volume;
  }

  /** All that are the driver's. */
  owned(observed: Observed): readonly OwnedVolume[] {
    return observed.volumes.filter(isOwned);
  }

  /** Removes what was never handed out, or what is half removed, with the snapshot that it was filled from. */
  async removeUnfinished(volume: OwnedVolume, observed: Observed): Promise<void> {
    this.#options.log.warn("removes what is not whole", {
      volume: formatHandle({ group: volume.group.uuid, name: volume.name }),
      of: volume.ownership.name,
    });
    await this.#removeTemporary(volume.name, observed);
    await this.destroy(volume);
  }

  async #removeTemporary(filled: string, observed: Observed): Promise<void> {
    const name = logicalVolumeName("temporary", filled);
    const temporary = this.owned(observed).find((each) => each.name === name && each.ownership.kind === "temporary");
    if (temporary !== undefined) await this.destroy(temporary);
  }

  /**
   * Removes a volume for good. Of one that is no thin one the bytes are wiped first, as its blocks go to other claims as they are: it is marked before,
   * so that whoever comes after a restart goes on.
   */
  async destroy(volume: OwnedVolume): Promise<void> {
    const { commands } = this.#options;
    const { wipe, kind, state, source } = volume.ownership;
    // What was only begun holds nothing but what it was filled with.
    const holds = state !== "creating" || source !== undefined || kind === "snapshot" || kind === "temporary";
    if (volume.type !== "thin" && wipe !== "none" && holds) {
      const marked = state === "deleting" ? volume : await this.retag(volume, { state: "deleting" });
      if (marked.type === "snapshot") await this.inTurn(volume.group.uuid, () => this.lvm.split(marked));
      const plain = marked.type === "snapshot" ? await this.#again(marked) : marked;
      const device = await this.lvm.device(plain);
      const args = wipe === "zero" ? ["--zeroout", "--step", String(2 ** 30)] : [];
      // A disk that can't discard says so with 1.
      await commands.run({ tool: "blkdiscard", args: [...args, device], timeout: LONG, ...(wipe === "discard" && { accept: [0, 1] }) });
    }
    await this.inTurn(volume.group.uuid, () => this.lvm.remove(volume));
  }

  async #again(volume: OwnedVolume): Promise<OwnedVolume> {
    const found = await this.find({ group: volume.group.uuid, name: volume.name });
    if (found === undefined) throw new CsiError("ABORTED", `${pathOf(volume)} is gone`);
    return found;
  }

  /**
   * Copies all bytes of a volume or snapshot as they are at this moment into a volume that nobody has yet.
   *
   * @param reserve percent of the source that may change while it is copied, where it is no thin volume
   */
  async copy(source: OwnedVolume, destination: Place, reserve: number): Promise<void> {
    const { commands } = this.#options;
    const from = source.ownership.kind === "snapshot" ? source : await this.#freeze(source, destination.name, reserve);
    const [input, output] = [await this.lvm.device(from), await this.lvm.device(await this.#made(destination))];
    await commands.run({
      tool: "dd",
      args: [`if=${input}`, `of=${output}`, "bs=4M", "iflag=direct", "oflag=direct", "conv=nocreat,fsync", "status=none"],
      timeout: LONG,
    });
    if (from !== source) await this.destroy(from);
  }

  /** A snapshot of a volume, for a copy to read. */
  async #freeze(source: OwnedVolume, filled: string, reserve: number): Promise<OwnedVolume> {
    const place: Place = { group: source.group, name: logicalVolumeName("temporary", filled) };
    const ownership: Ownership = {
      ...source.ownership,
      kind: "temporary",
      name: filled,
      state: "creating",
      created: this.now(),
      limits: {},
    };
    await this.inTurn(source.group.uuid, async () => {
      if (source.type === "thin") return this.lvm.snapshotThin(place, source.name, ownership, true);
      return this.lvm.snapshotPlain(place, source.name, reserveOf(source, reserve), ownership);
    });
    return this.#made(place);
  }

  async #made(place: Place): Promise<OwnedVolume> {
    const found = await this.find({ group: place.group.uuid, name: place.name });
    if (found === undefined) throw new CsiError("INTERNAL", `${pathOf(place)} was made and is not there`);
    return found;
  }
}

/** In bytes, in whole extents: what a snapshot of a volume that is not thin has room for. More than the volume and its table it never needs. */
export function reserveOf({ size, group }: LogicalVolume, percent: number): number {
  const table = 2 * group.extent;
  return Math.min(Math.ceil((size * percent) / 100 / group.extent) * group.extent + group.extent, size + table);
}

export function isOwned(volume: LogicalVolume): volume is OwnedVolume {
  return volume.ownership !== undefined;
}
