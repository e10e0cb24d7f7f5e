import { createHash } from "node:crypto";
import { NodeCommandError, type NodeCommand, type NodeCommands, type NodeResult } from "../../../src/controllers/runtime/index.ts";
import type { FilesystemUse, NodeFiles } from "../../../src/controllers/lvm-csi/node-files.ts";

export const EXTENT = 4 * 2 ** 20;
const ZERO = "";

interface Group {
  readonly uuid: string;
  name: string;
  readonly devices: { readonly name: string; missing: boolean; readonly extents: number; readonly base: number }[];
}

export interface SimulatedVolume {
  readonly group: Group;
  name: string;
  size: number;
  readonly tags: Set<string>;
  type: "plain" | "thin" | "pool" | "snapshot";
  readonly origin?: string;
  readonly pool?: string;
  active: boolean;
  /** Its device takes no writing. */
  readonly readonly?: boolean;
  readonly minor: number;
  /** Of plain ones: which extents of the group. */
  readonly extents: number[];
  /** What each extent's worth of bytes holds: a word, or nothing. */
  data: string[];
  /** What blkid says. */
  filesystem: string;
}

interface SimulatedMount {
  readonly target: string;
  readonly device: string;
  readonly block: boolean;
  readonly filesystem: string;
  readonly: boolean;
}

/** The commands of a process that was killed do nothing any more. */
export class KilledError extends Error {
  override readonly name = "KilledError";
}

/**
 * A node with LVM, file systems and mounts as the driver sees them through its commands: which extents a volume has and what they hold is kept, so that a
 * test can say whose data is where. What LVM really answers is recorded elsewhere and held against this one.
 */
export class SimulatedNode implements NodeFiles {
  readonly groups: Group[] = [];
  readonly volumes: SimulatedVolume[] = [];
  readonly files = new Map<string, string>();
  readonly directories = new Set<string>();
  readonly log: string[] = [];
  mounts: SimulatedMount[] = [];
  /** What each extent of a group's disks holds, by number: it stays when a volume goes. */
  readonly #extents = new Map<string, string[]>();
  #minor = 0;
  #generation = 0;
  /** Volumes whose device is not to be seen until a program has run. */
  readonly unlinked = new Map<string, string>();
  fsckStatus = 0;
  /** What else is there of files. */
  alsoThere: (path: string) => "file" | "directory" | undefined = () => undefined;
  /** Is asked before each command; throws to fail it. */
  before: (command: NodeCommand) => Promise<void> | void = () => undefined;
  /** Is told of each command that was done. */
  after: (command: NodeCommand) => void = () => undefined;

  addGroup(name: string, disks: readonly number[], uuid = lvmUuid(`${name}${this.groups.length}`)): string {
    let base = 0;
    const devices = disks.map((extents, index) => {
      const device = { name: `/dev/${name}${uuid.slice(0, 3)}${index}`, missing: false, extents, base };
      base += extents;
      return device;
    });
    this.groups.push({ uuid, name, devices });
    this.#extents.set(
      uuid,
      Array.from({ length: base }, () => ZERO),
    );
    return uuid;
  }

  addPool(group: string, name: string, extents: number): void {
    const of = this.#group(group);
    this.volumes.push({
      group: of,
      name,
      size: extents * EXTENT,
      tags: new Set(),
      type: "pool",
      active: true,
      minor: this.#minor++,
      extents: this.#take(of, extents, 1),
      data: [],
      filesystem: "",
    });
  }

  /** The commands of a process on the node, until the next one is killed. */
  process(): NodeCommands {
    const generation = this.#generation;
    return {
      run: async (command) => {
        this.#alive(generation);
        await this.before(command);
        this.#alive(generation);
        const result = this.#run(command);
        this.log.push([command.tool, ...command.args].join(" "));
        this.after(command);
        this.#alive(generation);
        if ((command.accept ?? [0]).includes(result.status)) return result;
        throw new NodeCommandError("failed", command, result, `exit status ${result.status}`);
      },
    };
  }

  /** As kill -9 of the process that runs: nothing that it had begun goes on. */
  kill(): void {
    this.#generation += 1;
  }

  /** Cuts the power: nothing is mounted, nothing active. */
  reboot(): void {
    this.kill();
    this.mounts = [];
    for (const volume of this.volumes) volume.active = volume.type === "pool";
  }

  #alive(generation: number): void {
    if (generation !== this.#generation) throw new KilledError("the process was killed");
  }

  volume(name: string): SimulatedVolume {
    const found = this.volumes.find((each) => each.name === name);
    if (found === undefined) throw new Error(`no volume ${name}`);
    return found;
  }

  /** Writes a word all over a volume, as a pod would. */
  write(volume: SimulatedVolume, word: string): void {
    volume.data = volume.data.map(() => word);
    this.#flush(volume);
  }

  /** All words in a volume. */
  words(volume: SimulatedVolume): readonly string[] {
    return [...new Set(volume.data)].filter((word) => word !== ZERO);
  }

  read(path: string): Promise<string | undefined> {
    if (path === "/proc/1/mountinfo") return Promise.resolve(this.#mountinfo());
    if (path === "/proc/sys/kernel/osrelease") return Promise.resolve("6.12.1\n");
    return Promise.resolve(this.files.get(path));
  }

  real(path: string): Promise<string> {
    return Promise.resolve(path);
  }

  kind(path: string): Promise<"file" | "directory" | "block" | "other" | undefined> {
    const mount = this.mounts.findLast(({ target }) => target === path);
    if (mount !== undefined) return Promise.resolve(mount.block ? "block" : "directory");
    if (this.directories.has(path)) return Promise.resolve("directory");
    return Promise.resolve(this.files.has(path) ? "file" : this.alsoThere(path));
  }

  use(): Promise<FilesystemUse> {
    return Promise.resolve({
      bytes: { total: 1000, available: 900, used: 100 },
      inodes: { total: 100, available: 90, used: 10 },
    });
  }

  #mountinfo(): string {
    return this.mounts
      .map(({ target, device, block, filesystem, readonly }, index) => {
        const [where, root] = block ? ["0:5", `/dm-${device.split(":")[1]}`] : [device, "/"];
        const mode = readonly ? "ro" : "rw";
        return `${index + 20} 1 ${where} ${root} ${target} ${mode},relatime shared:1 - ${filesystem} /dev/x rw\n`;
      })
      .join("");
  }

  #group(uuidOrName: string): Group {
    const found = this.groups.find(({ uuid, name }) => uuid === uuidOrName || name === uuidOrName);
    if (found === undefined) throw new Error(`no group ${uuidOrName}`);
    return found;
  }

  #run({ tool, args, input }: NodeCommand): NodeResult {
    try {
      const stdout = this.#tool(tool, args, input === undefined ? "" : String(input));
      return { status: 0, stdout: stdout ?? "", stderr: "" };
    } catch (error) {
      if (error instanceof Failure) return { status: error.status, stdout: error.stdout, stderr: error.message };
      throw error;
    }
  }

  #tool(tool: string, args: readonly string[], input: string): string | undefined {
    const last = args.at(-1) ?? "";
    for (const [name, heals] of this.unlinked) if ([tool, ...args].join(" ").startsWith(heals)) this.unlinked.delete(name);
    switch (tool) {
      case "pvs":
        return this.#pvs();
      case "lvs":
        return this.#lvs();
      case "lvcreate":
        return this.#lvcreate(options(args));
      case "lvremove": {
        const volume = this.#at(last, options(args));
        if (this.#isOpen(volume)) throw new Failure(5, `  Logical volume ${last} contains a filesystem in use.`);
        for (const snapshot of this.volumes.filter(
          (each) => each.type === "snapshot" && each.group === volume.group && each.origin === volume.name,
        ))
          this.volumes.splice(this.volumes.indexOf(snapshot), 1);
        this.#flush(volume);
        this.volumes.splice(this.volumes.indexOf(volume), 1);
        return undefined;
      }
      case "lvextend": {
        const given = options(args);
        const volume = this.#at(last, given);
        this.#extend(volume, sizeIn(given.get("--size")?.[0] ?? ""));
        return undefined;
      }
      case "lvchange": {
        const given = options(args);
        const volume = this.#at(last, given);
        for (const tag of given.get("--deltag") ?? []) volume.tags.delete(tag);
        for (const tag of given.get("--addtag") ?? []) volume.tags.add(tag);
        if (given.get("--activate")?.[0] === "y") volume.active = true;
        return undefined;
      }
      case "lvconvert": {
        const volume = this.#at(last, options(args));
        volume.type = "plain";
        return undefined;
      }
      case "blockdev": {
        const volume = this.#device(last);
        if (volume === undefined || !volume.active) throw new Failure(1, `blockdev: cannot open ${last}: No such file or directory`);
        return `${volume.size}\n`;
      }
      case "udevadm":
      case "vgmknodes":
      case "xfs_growfs":
      case "resize2fs":
        return undefined;
      case "e2fsck":
        if (this.fsckStatus !== 0) throw new Failure(this.fsckStatus, "", "UNEXPECTED INCONSISTENCY; RUN fsck MANUALLY.");
        return undefined;
      case "blkid": {
        const volume = this.#device(last);
        if (volume === undefined || volume.filesystem === "") throw new Failure(2, "");
        return `DEVNAME=${last}\nTYPE=${volume.filesystem}\nUSAGE=filesystem\n`;
      }
      case "mkfs.xfs":
      case "mkfs.ext4": {
        if (args.includes("-V")) return "mkfs.xfs version 6.13.0\n";
        const volume = this.#required(last);
        if (volume.filesystem !== "" && !args.includes("-f") && !args.includes("-F"))
          throw new Failure(1, "appears to contain an existing filesystem");
        volume.filesystem = tool.slice(5);
        return undefined;
      }
      case "blkdiscard": {
        const volume = this.#required(last);
        if (this.#isOpen(volume)) throw new Failure(1, "Device or resource busy");
        if (volume.readonly === true) throw new Failure(1, `blkdiscard: ${last}: BLKZEROOUT ioctl failed: Operation not permitted`);
        volume.data = volume.data.map(() => ZERO);
        volume.filesystem = "";
        this.#flush(volume);
        return undefined;
      }
      case "dd":
        return this.#dd(args, input);
      case "mkdir":
        this.directories.add(last);
        return undefined;
      case "touch":
        this.files.set(last, "");
        return undefined;
      case "rmdir":
        if (!this.directories.delete(last) && this.alsoThere(last) === undefined) throw new Failure(1, "No such file or directory");
        return undefined;
      case "unlink":
        if (!this.files.delete(last) && this.alsoThere(last) === undefined) throw new Failure(1, "No such file or directory");
        return undefined;
      case "mount":
        return this.#mount(args);
      case "umount": {
        const index = this.mounts.findLastIndex(({ target }) => target === last);
        if (index < 0) throw new Failure(32, `umount: ${last}: not mounted.`);
        this.mounts.splice(index, 1);
        return undefined;
      }
      default:
        throw new Error(`the simulated node has no ${tool}`);
    }
  }

  #mount(args: readonly string[]): undefined {
    const [source = "", target = ""] = args.slice(-2);
    if (args.includes("remount,bind,ro")) {
      const index = this.mounts.findLastIndex((each) => each.target === target);
      const mount = this.mounts[index];
      if (mount === undefined) throw new Failure(32, "not mounted");
      this.mounts[index] = { ...mount, readonly: true };
      return undefined;
    }
    if (!this.directories.has(target) && !this.files.has(target) && this.alsoThere(target) === undefined)
      throw new Failure(32, `mount: ${target}: mount point does not exist.`);
    if (args.includes("--bind")) {
      const minor = /^\/dev\/dm-(\d+)$/.exec(source)?.[1];
      const mount = this.mounts.findLast((each) => each.target === source);
      if (minor !== undefined) this.mounts.push({ target, device: `253:${minor}`, block: true, filesystem: "devtmpfs", readonly: false });
      else if (mount !== undefined) this.mounts.push({ ...mount, target, readonly: false });
      else throw new Failure(32, "special device does not exist");
      return undefined;
    }
    const volume = this.#required(source);
    if (volume.filesystem !== args[args.indexOf("-t") + 1]) throw new Failure(32, "wrong fs type");
    this.mounts.push({ target, device: `253:${volume.minor}`, block: false, filesystem: volume.filesystem, readonly: false });
    return undefined;
  }

  #dd(args: readonly string[], input: string): undefined {
    const of = args.find((each) => each.startsWith("of="))?.slice(3) ?? "";
    const from = args.find((each) => each.startsWith("if="))?.slice(3);
    if (from === undefined) this.files.set(of, `${this.files.get(of) ?? ""}${input}`);
    else {
      const [source, target] = [this.#required(from), this.#required(of)];
      target.data = target.data.map((_, index) => source.data[index] ?? ZERO);
      target.filesystem = source.filesystem;
      this.#flush(target);
    }
    return undefined;
  }

  #lvcreate(given: Options): undefined {
    const [where = ""] = given.get("") ?? [];
    const [groupName = "", originName] = where.split("/");
    const group = this.#named(groupName, given);
    const [name = ""] = given.get("--name") ?? [];
    if (this.volumes.some((each) => each.group === group && each.name === name))
      throw new Failure(5, `  Logical Volume "${name}" already exists in volume group "${groupName}"`);
    const tags = new Set(given.get("--addtag") ?? []);
    const readonly = given.get("--permission")?.[0] === "r";
    const made = { group, name, tags, active: true, readonly, minor: this.#minor++, filesystem: "" };
    if (originName !== undefined) {
      const origin = this.#at(where, given);
      const copied = { size: origin.size, data: [...origin.data], filesystem: origin.filesystem, origin: originName };
      if (origin.type === "thin") {
        const skipped = given.get("--setactivationskip")?.[0] === "y";
        this.volumes.push({ ...made, ...copied, type: "thin", pool: origin.pool ?? "", extents: [], active: !skipped });
      } else {
        const extents = this.#take(group, sizeIn(given.get("--size")?.[0] ?? "") / EXTENT, 1);
        this.volumes.push({ ...made, ...copied, type: "snapshot", extents });
      }
      return undefined;
    }
    const [pool] = given.get("--thinpool") ?? [];
    if (pool !== undefined) {
      const size = sizeIn(given.get("--virtualsize")?.[0] ?? "");
      this.volumes.push({ ...made, type: "thin", size, pool, extents: [], data: Array.from({ length: size / EXTENT }, () => ZERO) });
      return undefined;
    }
    const size = sizeIn(given.get("--size")?.[0] ?? "");
    const extents = this.#take(group, size / EXTENT, Number(given.get("--stripes")?.[0] ?? "1"));
    const held = this.#extents.get(group.uuid) ?? [];
    this.volumes.push({ ...made, type: "plain", size, extents, data: extents.map((extent) => held[extent] ?? ZERO) });
    return undefined;
  }

  #extend(volume: SimulatedVolume, size: number): void {
    if (size <= volume.size) throw new Failure(5, "New size not larger than existing size");
    if (this.volumes.some((each) => each.type === "snapshot" && each.origin === volume.name))
      throw new Failure(5, "Snapshot origin volumes can be resized only while inactive");
    const more = (size - volume.size) / EXTENT;
    const extents = volume.type === "thin" ? [] : this.#take(volume.group, more, 1);
    volume.extents.push(...extents);
    const held = this.#extents.get(volume.group.uuid) ?? [];
    volume.data.push(
      ...(volume.type === "thin" ? Array.from({ length: more }, () => ZERO) : extents.map((extent) => held[extent] ?? ZERO)),
    );
    volume.size = size;
  }

  #flush(volume: SimulatedVolume): void {
    if (volume.type === "thin" || volume.type === "pool") return;
    const held = this.#extents.get(volume.group.uuid) ?? [];
    // What lies in a snapshot's own blocks is what the origin had.
    for (const [index, extent] of volume.extents.entries()) held[extent] = volume.data[index] ?? volume.data[0] ?? ZERO;
  }

  #take(group: Group, count: number, stripes: number): number[] {
    const used = new Set(this.volumes.filter((each) => each.group === group).flatMap(({ extents }) => extents));
    const free = group.devices.map(({ base, extents }) =>
      Array.from({ length: extents }, (_, index) => base + index).filter((extent) => !used.has(extent)),
    );
    if (stripes === 1) {
      const all = free.flat();
      if (all.length < count)
        throw new Failure(5, `  Volume group "${group.name}" has insufficient free space (${all.length} extents): ${count} required.`);
      return all.slice(0, count);
    }
    const each = count / stripes;
    const wide = free.filter((extents) => extents.length >= each).slice(0, stripes);
    if (wide.length < stripes) throw new Failure(5, "  Insufficient suitable allocatable extents for logical volume");
    return wide.flatMap((extents) => extents.slice(0, each));
  }

  #named(name: string, given: Options): Group {
    const same = this.groups.filter((each) => each.name === name);
    const scope = given.get("--devices")?.[0]?.split(",");
    const found = scope === undefined ? same : same.filter(({ devices }) => devices.every((device) => scope.includes(device.name)));
    if (found.length > 1) throw new Failure(5, `  Multiple VGs found with the same name: skipping ${name}`);
    const [group] = found;
    if (group === undefined) throw new Failure(5, `  Volume group "${name}" not found`);
    return group;
  }

  #at(path: string, given: Options): SimulatedVolume {
    const [groupName = "", name] = path.split("/");
    const group = this.#named(groupName, given);
    const found = this.volumes.find((each) => each.group === group && each.name === name);
    if (found === undefined) throw new Failure(5, `  Failed to find logical volume "${path}"`);
    return found;
  }

  #device(path: string): SimulatedVolume | undefined {
    const [, , groupName, name] = path.split("/");
    return this.volumes.find((each) => each.group.name === groupName && each.name === name && !this.unlinked.has(each.name));
  }

  #required(path: string): SimulatedVolume {
    const found = this.#device(path);
    if (found === undefined || !found.active) throw new Failure(1, `${path}: No such file or directory`);
    return found;
  }

  #isOpen(volume: SimulatedVolume): boolean {
    return this.mounts.some(({ device }) => device === `253:${volume.minor}`);
  }

  #pvs(): string {
    return report(
      "pv",
      this.groups.flatMap((group) => {
        const used = new Set(this.volumes.filter((each) => each.group === group).flatMap(({ extents }) => extents));
        const freeOf = ({ base, extents }: Group["devices"][number]): number =>
          Array.from({ length: extents }, (_, index) => base + index).filter((extent) => !used.has(extent)).length;
        const all = group.devices.reduce((sum, { extents }) => sum + extents, 0);
        const free = group.devices.reduce((sum, device) => sum + freeOf(device), 0);
        return group.devices.map((device) => ({
          pv_name: device.missing ? "[unknown]" : device.name,
          pv_free: String(freeOf(device) * EXTENT),
          pv_missing: device.missing ? "missing" : "",
          vg_name: group.name,
          vg_uuid: group.uuid,
          vg_size: String(all * EXTENT),
          vg_free: String(free * EXTENT),
          vg_extent_size: String(EXTENT),
        }));
      }),
    );
  }

  #lvs(): string {
    return report(
      "lv",
      this.volumes
        .filter(({ group }) => this.groups.includes(group))
        .map((volume) => {
          const missing = volume.group.devices.some(
            (device) => device.missing && volume.extents.some((extent) => extent >= device.base && extent < device.base + device.extents),
          );
          return {
            vg_name: volume.group.name,
            vg_size: "0",
            vg_free: "0",
            vg_extent_size: String(EXTENT),
            lv_name: volume.name,
            lv_uuid: lvmUuid(volume.name),
            vg_uuid: volume.group.uuid,
            // Of a snapshot what it holds, which is less than what it shows.
            lv_size: String(volume.type === "snapshot" ? volume.extents.length * EXTENT : volume.size),
            origin_size: volume.type === "snapshot" ? String(volume.size) : "",
            lv_attr: volume.type === "pool" ? "twi-aotz--" : "-wi-a-----",
            lv_layout: { plain: "linear", thin: "thin,sparse", pool: "thin,pool", snapshot: "linear" }[volume.type],
            lv_role: volume.type === "snapshot" ? "public,snapshot,thicksnapshot" : volume.type === "pool" ? "private" : "public",
            origin: volume.origin ?? "",
            pool_lv: volume.pool ?? "",
            lv_active: volume.active ? "active" : "",
            lv_device_open: this.#isOpen(volume) ? "open" : "",
            lv_kernel_major: volume.active ? "253" : "-1",
            lv_kernel_minor: volume.active ? String(volume.minor) : "-1",
            lv_health_status: missing ? "partial" : "",
            lv_snapshot_invalid: volume.type === "snapshot" ? "" : "unknown",
            data_percent: volume.type === "pool" ? "10.00" : "",
            metadata_percent: volume.type === "pool" ? "5.00" : "",
            lv_tags: [...volume.tags].join(","),
          };
        }),
    );
  }
}

/** A failure of a program. */
class Failure extends Error {
  readonly status: number;
  readonly stdout: string;
  constructor(status: number, message: string, stdout = "") {
    super(message);
    this.status = status;
    this.stdout = stdout;
  }
}

type Options = ReadonlyMap<string, readonly string[]>;
const FLAGS = new Set(["--yes", "--snapshot", "--ignoreactivationskip", "--refresh", "--splitsnapshot"]);

/** Arguments by option; what stands alone under the empty name. */
function options(args: readonly string[]): Options {
  const given = new Map<string, string[]>();
  for (let index = 0; index < args.length; index++) {
    const word = args[index] ?? "";
    const isOption = word.startsWith("--");
    const value = isOption && !FLAGS.has(word) ? (args[++index] ?? "") : word;
    const key = isOption ? word : "";
    given.set(key, [...(given.get(key) ?? []), value]);
  }
  return given;
}

function sizeIn(text: string): number {
  return Number(text.replace(/b$/, ""));
}

function report(kind: string, rows: readonly Readonly<Record<string, string>>[]): string {
  return JSON.stringify({ report: [{ [kind]: rows }], log: [] });
}

export function lvmUuid(of: string): string {
  const digits = createHash("sha256").update(of).digest("hex");
  return [6, 4, 4, 4, 4, 4, 6].map((length, index) => digits.slice(index * 6, index * 6 + length)).join("-");
}
