import { CsiError } from "../csi/index.ts";
import { NodeCommandError, type NodeCommand, type NodeCommands, type NodeResult } from "../runtime/index.ts";
import { observe, type LogicalVolume, type VolumeGroup } from "./observe.ts";
import { retag, tagsOf, type Ownership } from "./tags.ts";

/** A logical volume by name, which may have to be made yet. */
export interface Place {
  readonly group: VolumeGroup;
  readonly name: string;
}

/**
 * Signatures that lie in the extents from before are wiped, and the first blocks written over: nobody is to find another's file system. Of a thin volume
 * the pool zeroes all blocks.
 */
const CLEAN = ["--yes", "--wipesignatures", "y", "--zero", "y"];

/** The changes that the driver makes with LVM: one command each, so that each is whole or not there. */
export class Lvm {
  readonly #commands: NodeCommands;

  constructor(commands: NodeCommands) {
    this.#commands = commands;
  }

  /** A volume on disks of the group: linear for one stripe. */
  async createPlain(place: Place, size: number, stripes: number, stripeSize: number, ownership: Ownership): Promise<void> {
    const layout =
      stripes > 1 ? ["--type", "striped", "--stripes", String(stripes), "--stripesize", `${stripeSize}b`] : ["--type", "linear"];
    await this.#create(place, [...CLEAN, ...layout, "--size", `${size}b`], ownership);
  }

  async createThin(place: Place, pool: string, size: number, ownership: Ownership): Promise<void> {
    await this.#create(place, ["--yes", "--type", "thin", "--thinpool", pool, "--virtualsize", `${size}b`], ownership);
  }

  /** A thin volume with what another one has at this moment; the two share nothing that either can change. */
  async snapshotThin(place: Place, origin: string, ownership: Ownership, readonly: boolean): Promise<void> {
    // Whether it is to be skipped when the group is activated: only what is read has to be there.
    const kind = readonly ? ["--permission", "r", "--setactivationskip", "y"] : ["--permission", "rw", "--setactivationskip", "n"];
    await this.#create(place, ["--yes", "--snapshot", ...kind], ownership, origin);
  }

  /**
   * A snapshot of a volume that is not thin: `size` is what it can hold of what is changed in the origin afterwards. It can be written to, though nobody does:
   * the blocks of one that can't be could not be wiped when it is deleted.
   */
  async snapshotPlain(place: Place, origin: string, size: number, ownership: Ownership): Promise<void> {
    await this.#create(place, ["--yes", "--snapshot", "--permission", "rw", "--size", `${size}b`], ownership, origin);
  }

  async extend(place: Place, size: number): Promise<void> {
    await this.#run(place.group, "lvextend", ["--yes", "--size", `${size}b`, pathOf(place)]);
  }

  async retag(volume: LogicalVolume, before: Ownership, after: Ownership): Promise<void> {
    const changes = retag(before, after);
    if (changes.length > 0) await this.#run(volume.group, "lvchange", [...changes, pathOf(volume)]);
  }

  async remove(place: Place): Promise<void> {
    await this.#closed(place.group, "lvremove", ["--yes", pathOf(place)]);
  }

  /** Makes of a snapshot that is not thin the volume that held its blocks, so that they can be wiped. */
  async split(volume: LogicalVolume): Promise<void> {
    await this.#closed(volume.group, "lvconvert", ["--yes", "--splitsnapshot", pathOf(volume)]);
  }

  /**
   * What LVM does with a device that nobody has open. Whoever has written to one and closed it has udev look at it, which on a busy node takes longer than
   * the seconds that LVM waits by itself (lvm.conf(5), activation/retry_deactivation).
   */
  async #closed(group: VolumeGroup, tool: NodeCommand["tool"], args: readonly string[]): Promise<void> {
    try {
      await this.#run(group, tool, args);
    } catch (error) {
      if (!isOpen(error)) throw error;
      await this.#commands.run({ tool: "udevadm", args: ["settle", "--timeout=50"], accept: [0, 1] });
      await this.#run(group, tool, args);
    }
  }

  /**
   * The device of a volume, once it is there with the size that LVM says: the volume is activated where a reboot has left it inactive, and links that
   * udev has not made are waited for, then made.
   *
   * @throws CsiError UNAVAILABLE where there is none after all that
   */
  async device(volume: LogicalVolume): Promise<string> {
    if (volume.health.includes("partial")) throw new CsiError("UNAVAILABLE", `${pathOf(volume)} is on a disk that LVM misses`);
    const path = `/dev/${pathOf(volume)}`;
    if (!volume.active) await this.#run(volume.group, "lvchange", ["--yes", "--activate", "y", "--ignoreactivationskip", pathOf(volume)]);
    const remedies: readonly (() => Promise<unknown>)[] = [
      () => this.#commands.run({ tool: "udevadm", args: ["settle", "--timeout=10"], accept: [0, 1] }),
      () => this.#run(volume.group, "vgmknodes", [volume.group.name]),
      () => this.#run(volume.group, "lvchange", ["--refresh", pathOf(volume)]),
    ];
    let found = await this.#sizeOf(path);
    const failures: string[] = [];
    for (const remedy of remedies) {
      if (found === volume.size) return path;
      try {
        await remedy();
      } catch (error) {
        // Whether it has helped is what the device says.
        failures.push(error instanceof Error ? error.message : String(error));
      }
      found = await this.#sizeOf(path);
    }
    if (found === volume.size) return path;
    const what = found === undefined ? "its device is not there" : `its device has ${found} bytes, where LVM says ${volume.size}`;
    throw new CsiError(
      "UNAVAILABLE",
      `${pathOf(volume)} is active, but ${what}, even after udevadm settle, vgmknodes and lvchange --refresh${failures.map((each) => `; ${each}`).join("")}`,
    );
  }

  async #sizeOf(path: string): Promise<number | undefined> {
    const { status, stdout } = await this.#commands.run({ tool: "blockdev", args: ["--getsize64", path], accept: [0, 1] });
    return status === 0 ? Number(stdout.trim()) : undefined;
  }

  async #create(place: Place, args: readonly string[], ownership: Ownership, origin?: string): Promise<void> {
    const tags = tagsOf(ownership).flatMap((tag) => ["--addtag", tag]);
    const of = origin === undefined ? place.group.name : `${place.group.name}/${origin}`;
    await this.#run(place.group, "lvcreate", [...args, "--name", place.name, ...tags, of]);
  }

  async #run(group: VolumeGroup, tool: NodeCommand["tool"], args: readonly string[]): Promise<NodeResult> {
    const run = (of: VolumeGroup): Promise<NodeResult> => {
      // By the group's own disks alone LVM sees no other group of its name.
      const scope = of.ambiguous ? ["--devices", of.physicalVolumes.map(({ device }) => device).join(",")] : [];
      return this.#commands.run({ tool, args: [...scope, ...args], timeout: 120_000 });
    };
    try {
      return await run(group);
    } catch (error) {
      const found = isAmbiguous(error) ? (await observe(this.#commands)).groups.find(({ uuid }) => uuid === group.uuid) : undefined;
      if (found?.ambiguous !== true || group.ambiguous) throw understood(error);
      return await run(found);
    }
  }
}

/** Whether LVM has done nothing, as another group has the name: one without volumes is not seen before. */
function isAmbiguous(error: unknown): boolean {
  return (
    error instanceof NodeCommandError && error.failure === "failed" && /multiple VGs|VG name \S+ is used by VGs/i.test(error.result.stderr)
  );
}

/** Whether a device is open, but not mounted, and not used by another device: LVM has other words for those. */
function isOpen(error: unknown): boolean {
  const cause = error instanceof CsiError ? error.cause : error;
  return cause instanceof NodeCommandError && /^\s*Logical volume \S+ in use\.?$/im.test(cause.result.stderr);
}

/** As LVM's commands name it. */
export function pathOf({ group, name }: Place): string {
  return `${group.name}/${name}`;
}

/** What LVM says when there is no room, as CSI's code for it. */
function understood(error: unknown): unknown {
  if (!(error instanceof NodeCommandError) || error.failure !== "failed") return error;
  const said = error.result.stderr;
  if (
    /insufficient (?:free space|suitable)|Insufficient|not enough free space|free extents|exceeds? .*threshold|out of (?:data|metadata) space/i.test(
      said,
    )
  )
    return new CsiError("RESOURCE_EXHAUSTED", error.message, { cause: error });
  if (/contains a filesystem in use|is used by another device|in use/i.test(said))
    return new CsiError("FAILED_PRECONDITION", error.message, { cause: error });
  return error;
}
