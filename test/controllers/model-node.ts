import { NodeCommandError, type NodeCommand, type NodeCommands, type NodeResult } from "../../src/controllers/runtime/index.ts";

/** The controller was killed: nothing that it would have done next is done. */
export class Killed extends Error {}

export interface ModelSignature {
  readonly type: string;
  readonly uuid: string;
}

/** What lies on a device or partition: signatures, what somebody has written into it, and its records. */
export interface ModelContents {
  signatures: ModelSignature[];
  /** What a program has left: the names of its owners. Of a file system: in its files. */
  data: Set<string>;
  /** Folders and files of the file system besides. */
  files: Set<string>;
  readonly blocks: Map<number, string>;
}

export interface ModelPartition {
  readonly number: number;
  readonly uuid: string;
  type: string;
  readonly name: string;
  readonly size: number;
  readonly contents: ModelContents;
}

export interface ModelDisk {
  readonly serial: string;
  readonly name: string;
  readonly model: string;
  readonly link: string;
  size: number;
  readonly rotational: boolean;
  readonly transport?: string;
  present: boolean;
  table: ModelPartition[] | undefined;
  /** A table that was being written when the power went. */
  torn: boolean;
  readonly contents: ModelContents;
}

interface ModelGroup {
  readonly name: string;
  readonly tags: string[];
  readonly partitions: string[];
  readonly pools: string[];
  /** What a killed lvcreate has left: names and sizes. */
  readonly leftovers: Map<string, string>;
}

const MIB = 2 ** 20;

export function emptyContents(): ModelContents {
  return { signatures: [], data: new Set(), files: new Set(), blocks: new Map() };
}

/**
 * A node in memory that answers the programs that storage-node and its provisioner run, as far as they run them: what recordings show of a real one.
 * It can be killed at any command: before it, after it, or in the middle of what it does.
 */
export class ModelNode implements NodeCommands {
  readonly disks: ModelDisk[] = [];
  readonly mounts: { partition: string; target: string }[] = [];
  readonly groups: ModelGroup[] = [];
  /** Every command that changed something. */
  readonly changes: string[] = [];
  /** After so many commands the controller is killed; how far the last one came is `how`. */
  killAfter: number | undefined;
  how: "before" | "during" | "after" = "before";
  /** The controller was killed, and no other one has begun yet. */
  killed = false;
  /** A command for which it gives a reason fails. */
  fails: (command: NodeCommand) => string | undefined = () => undefined;

  addDisk(serial: string, more: Partial<ModelDisk> = {}): ModelDisk {
    const transport = more.transport ?? "nvme";
    const disk: ModelDisk = {
      serial,
      name: `${transport === "nvme" ? "nvme" : "sd"}${serial.toLowerCase()}`,
      model: "MODEL",
      link: `${transport === "nvme" ? "nvme" : "scsi"}-MODEL_${serial}`,
      size: 2048 * MIB,
      rotational: false,
      transport,
      present: true,
      table: undefined,
      torn: false,
      contents: emptyContents(),
      ...more,
    };
    this.disks.push(disk);
    return disk;
  }

  partition(uuid: string): ModelPartition | undefined {
    return this.disks
      .filter(({ present }) => present)
      .flatMap(({ table }) => table ?? [])
      .find((each) => each.uuid === uuid);
  }

  /** Mounts and half-written things are gone, disks are as they were. */
  powerCut(): void {
    this.mounts.length = 0;
  }

  unplug(disk: ModelDisk): void {
    disk.present = false;
    for (const { uuid } of disk.table ?? []) this.unmount(uuid);
  }

  unmount(partition: string): void {
    for (let index = this.mounts.length - 1; index >= 0; index--)
      if (this.mounts[index]?.partition === partition) this.mounts.splice(index, 1);
  }

  run(command: NodeCommand): Promise<NodeResult> {
    if (this.killed) return Promise.reject(new Killed());
    if (this.killAfter !== undefined && this.killAfter-- <= 0) {
      this.killAfter = undefined;
      this.killed = true;
      if (this.how !== "before")
        try {
          this.#answer(command, this.how === "during");
        } catch (error) {
          if (!(error instanceof NodeCommandError)) throw error;
        }
      return Promise.reject(new Killed());
    }
    try {
      const reason = this.fails(command);
      if (reason !== undefined) throw failure(command, 1, reason);
      const stdout = this.#answer(command, false);
      return Promise.resolve({ status: 0, stdout, stderr: "" });
    } catch (error) {
      if (error instanceof NodeCommandError && (command.accept ?? []).includes(error.result.status)) return Promise.resolve(error.result);
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** @param half ends in the middle */
  #answer(command: NodeCommand, half: boolean): string {
    const { tool, args } = command;
    const last = args.at(-1) ?? "";
    const option = (name: string): string => args.find((each) => each.startsWith(name))?.slice(name.length) ?? "";
    const changed = (): void => {
      this.changes.push([tool, ...args].join(" "));
    };
    switch (tool) {
      case "lsblk":
        return this.#lsblk();
      case "findmnt":
        return this.#findmnt(command);
      case "losetup":
        return "";
      case "uname":
        return "6.1.0\n";
      case "udevadm":
        return "";
      case "mkdir":
        this.#mkdir(last);
        return "";
      case "find":
        return this.#find(command, half, changed);
      case "sfdisk":
        return this.#sfdisk(command, half, changed);
      case "wipefs": {
        const contents = this.#contents(command, last);
        if (!args.includes("--no-act")) {
          this.#idle(command, last);
          changed();
          const disk = this.#disk(last);
          if (half) contents.signatures.pop();
          else {
            contents.signatures = [];
            if (disk !== undefined) Object.assign(disk, { table: undefined, torn: false });
          }
          return "";
        }
        const disk = this.#disk(last);
        const table =
          disk !== undefined && (disk.torn || disk.table !== undefined)
            ? [
                { type: "gpt", uuid: null },
                { type: "PMBR", uuid: null },
              ]
            : [];
        return JSON.stringify({ signatures: [...table, ...contents.signatures] });
      }
      case "mkfs.xfs":
      case "mkfs.ext4": {
        if (args.includes("-V")) return `${tool} 6.1.0`;
        const contents = this.#contents(command, last);
        this.#idle(command, last);
        changed();
        const uuid = tool === "mkfs.xfs" ? option("uuid=") : (args[args.indexOf("-U") + 1] ?? "");
        Object.assign(contents, { signatures: half ? [] : [{ type: tool.slice(5), uuid }], data: new Set(), files: new Set() });
        return "";
      }
      case "mount":
        return this.#mount(command, changed);
      case "umount": {
        const index = this.mounts.findIndex(({ target }) => target === last);
        if (index < 0) throw failure(command, 32, "not mounted");
        changed();
        this.mounts.splice(index, 1);
        return "";
      }
      case "dd":
        return this.#dd(command, half, changed);
      case "blkdiscard":
      case "shred": {
        const contents = this.#contents(command, last);
        this.#idle(command, last);
        changed();
        // Half of a device is all but the last of what is on it.
        if (half) contents.signatures = [];
        else Object.assign(contents, { signatures: [], data: new Set(), files: new Set() });
        return "";
      }
      case "vgs":
      case "pvs":
      case "lvs":
        return this.#report(tool);
      case "vgcreate":
      case "vgextend":
      case "vgchange":
      case "lvcreate":
      case "lvremove":
        return this.#lvm(command, half, changed);
      default:
        throw new NodeCommandError("absent", command, { status: 127, stdout: "", stderr: "" }, "the model does not have it");
    }
  }

  #lsblk(): string {
    const blockdevices = this.disks
      .filter(({ present }) => present)
      .map((disk, index) => ({
        name: disk.name,
        path: `/dev/${disk.name}`,
        type: "disk",
        size: disk.size,
        serial: disk.serial,
        model: disk.model,
        tran: disk.transport ?? null,
        rota: disk.rotational,
        ro: false,
        "maj:min": `${index + 8}:0`,
        mountpoint: null,
        ...(disk.table !== undefined && {
          children: disk.table.map((each) => ({
            name: `${disk.name}p${each.number}`,
            path: pathOf(disk, each),
            type: "part",
            size: each.size,
            "maj:min": `${index + 8}:${each.number}`,
            partuuid: each.uuid,
            ...(this.groups.some(({ partitions, pools }) => pools.length > 0 && partitions.includes(each.uuid)) && {
              children: [{ name: "data-thin", type: "lvm" }],
            }),
          })),
        }),
      }));
    return JSON.stringify({ blockdevices });
  }

  #findmnt(command: NodeCommand): string {
    const at = command.args.indexOf("--mountpoint");
    const wanted = at < 0 ? undefined : command.args[at + 1];
    const filesystems = this.mounts
      .filter(({ target }) => wanted === undefined || target === wanted)
      .map(({ partition, target }) => {
        const index = this.disks
          .filter(({ present }) => present)
          .findIndex(({ table }) => table?.some(({ uuid }) => uuid === partition) === true);
        const found = this.partition(partition);
        return {
          source: `/dev/${partition}`,
          target,
          fstype: found?.contents.signatures[0]?.type ?? "",
          options: "rw",
          "maj:min": `${index + 8}:${found?.number ?? 0}`,
          fsroot: "/",
          size: (found?.size ?? 0) - 64 * MIB,
        };
      });
    if (wanted !== undefined && filesystems.length === 0) throw failure(command, 1, "");
    return JSON.stringify({
      filesystems: [{ source: "/dev/root", target: "/", fstype: "ext4", "maj:min": "7:1", fsroot: "/" }, ...filesystems],
    });
  }

  #find(command: NodeCommand, half: boolean, changed: () => void): string {
    const [path = ""] = command.args;
    if (path === "/dev/disk/by-id")
      return this.disks
        .filter(({ present }) => present)
        .map(({ link, name }) => `${link} ../../${name}\n`)
        .join("");
    const mount = this.mounts.find(({ target }) => target === path);
    const contents = mount === undefined ? undefined : this.partition(mount.partition)?.contents;
    changed();
    if (contents === undefined) return "";
    if (half) contents.files.delete([...contents.files][0] ?? "");
    else {
      contents.files.clear();
      contents.data.clear();
    }
    return "";
  }

  #mkdir(path: string): void {
    const mount = this.mounts.find(({ target }) => path.startsWith(`${target}/`));
    if (mount !== undefined) this.partition(mount.partition)?.contents.files.add(path.slice(mount.target.length + 1));
  }

  #sfdisk(command: NodeCommand, half: boolean, changed: () => void): string {
    const { args, input } = command;
    if (args[0] === "--json") {
      const disk = this.#disk(args[1] ?? "");
      if (disk?.table === undefined) throw failure(command, 1, "does not contain a recognized partition table");
      const partitions = disk.table.map((each) => ({
        node: pathOf(disk, each),
        start: 2048,
        size: each.size / 512,
        type: each.type.toUpperCase(),
        uuid: each.uuid.toUpperCase(),
        name: each.name,
      }));
      return JSON.stringify({ partitiontable: { label: "gpt", sectorsize: 512, partitions } });
    }
    if (args.includes("--part-type")) {
      const [path = "", number, type = ""] = args.slice(args.indexOf("--part-type") + 1);
      const found = this.#disk(path)?.table?.find((each) => String(each.number) === number);
      if (found === undefined) throw failure(command, 1, "no such partition");
      changed();
      if (!half) found.type = type;
      return "";
    }
    const disk = this.#disk(args.at(-1) ?? "");
    if (disk === undefined) throw failure(command, 1, "no such disk");
    this.#idle(command, args.at(-1) ?? "");
    changed();
    if (half) {
      disk.torn = true;
      return "";
    }
    let left = disk.size - MIB;
    const lines = String(input)
      .split("\n")
      .filter((line) => line.includes("type="));
    disk.table = lines.map((line, index) => {
      const text = (name: string): string => new RegExp(`\\b${name}=([^,\\s]+)`).exec(line)?.[1] ?? "";
      const mib = /size=(\d+)MiB/.exec(line)?.[1];
      const size = mib === undefined ? left : Number(mib) * MIB;
      left -= size;
      // What was on the disk shows through in devices.
      const contents = { ...emptyContents(), data: new Set(disk.contents.data) };
      return { number: index + 1, uuid: text("uuid"), type: text("type"), name: text("name"), size, contents };
    });
    disk.torn = false;
    disk.contents.signatures = [];
    disk.contents.data.clear();
    if (left < 0) {
      disk.table = undefined;
      throw failure(command, 1, "no space");
    }
    return "";
  }

  #mount(command: NodeCommand, changed: () => void): string {
    const [source = "", target = ""] = command.args.slice(-2);
    const uuid = source.replace("UUID=", "");
    const found = this.disks
      .filter(({ present }) => present)
      .flatMap(({ table }) => table ?? [])
      .find(({ contents }) => contents.signatures.some((each) => each.uuid === uuid));
    if (found === undefined) throw failure(command, 32, `can't find ${source}`);
    if (this.mounts.some((mount) => mount.target === target)) throw failure(command, 32, "already mounted");
    changed();
    this.mounts.push({ partition: found.uuid, target });
    return "";
  }

  #dd(command: NodeCommand, half: boolean, changed: () => void): string {
    const operands = new Map(command.args.map((each): [string, string] => [each.split("=")[0] ?? "", each.split("=").slice(1).join("=")]));
    const from = operands.get("if");
    const to = operands.get("of");
    if (to === undefined) return this.#contents(command, from ?? "").blocks.get(Number(operands.get("skip"))) ?? "\0".repeat(512);
    const contents = this.#contents(command, to);
    changed();
    if (half) return "";
    if (from === "/dev/zero") contents.signatures = [];
    else contents.blocks.set(Number(operands.get("seek")), String(command.input));
    return "";
  }

  #report(tool: "vgs" | "pvs" | "lvs"): string {
    const all = this.disks
      .filter(({ present }) => present)
      .flatMap((disk) => (disk.table ?? []).map((each) => ({ path: pathOf(disk, each), ...each })));
    const there = (group: ModelGroup) => all.filter(({ uuid }) => group.partitions.includes(uuid));
    const rows = {
      vgs: () =>
        this.groups
          .filter((group) => there(group).length > 0)
          .map((group) => ({
            vg_name: group.name,
            vg_uuid: `vg-${group.name}`,
            vg_tags: group.tags.join(","),
            vg_size: String(there(group).reduce((sum, { size }) => sum + size, 0)),
            vg_free: String(there(group).reduce((sum, { size }) => sum + size, 0)),
            vg_extent_size: String(4 * MIB),
            vg_missing_pv_count: String(group.partitions.length - there(group).length),
          })),
      pvs: () => this.groups.flatMap((group) => there(group).map(({ path }) => ({ pv_name: path, vg_name: group.name }))),
      lvs: () =>
        this.groups.flatMap((group) =>
          [
            ...group.pools.map((name) => ({ lv_name: name, lv_tags: "halite", segtype: "thin-pool", lv_size: String(64 * MIB) })),
            ...[...group.leftovers].map(([name, size]) => ({ lv_name: name, lv_tags: "", segtype: "linear", lv_size: size })),
          ].map((volume) => ({ ...volume, vg_name: group.name })),
        ),
    };
    return JSON.stringify({ report: [{ [tool.slice(0, 2)]: rows[tool]() }] });
  }

  #lvm(command: NodeCommand, half: boolean, changed: () => void): string {
    const { tool, args } = command;
    const last = args.at(-1) ?? "";
    if (tool === "lvcreate" || tool === "lvremove" || tool === "vgchange") {
      const [groupName = "", volume = ""] = last.split("/");
      const group = this.groups.find(({ name }) => name === groupName);
      if (group === undefined) throw failure(command, 5, "no such volume group");
      changed();
      if (tool === "vgchange") {
        const [option, tag = ""] = args;
        group.tags.splice(0, Infinity, ...group.tags.filter((each) => each !== tag), ...(option === "--addtag" ? [tag] : []));
      } else if (tool === "lvremove") {
        if (!group.leftovers.delete(volume)) throw failure(command, 5, "no such volume");
      } else if (half) {
        // A real one makes the pool's metadata first.
        const size = (args[args.indexOf("--poolmetadatasize") + 1] ?? "").replace("b", "");
        group.leftovers.set(`lvol${group.leftovers.size}`, size);
      } else group.pools.push(args[args.indexOf("--name") + 1] ?? "");
      return "";
    }
    const name = args.at(-2) ?? "";
    const partition = last.split("/").pop() ?? "";
    const contents = this.#contents(command, last);
    const group = this.groups.find((each) => each.name === name);
    if ((group !== undefined) === (tool === "vgcreate")) throw failure(command, 5, "it is there, or is not");
    changed();
    contents.signatures = [{ type: "LVM2_member", uuid: "" }];
    if (group === undefined)
      this.groups.push({
        name,
        tags: [args[args.indexOf("--addtag") + 1] ?? ""],
        partitions: [partition],
        pools: [],
        leftovers: new Map(),
      });
    else group.partitions.push(partition);
    return "";
  }

  #disk(path: string): ModelDisk | undefined {
    return this.disks.find(({ present, name, link }) => present && (path === `/dev/${name}` || path === `/dev/disk/by-id/${link}`));
  }

  #contents(command: NodeCommand, path: string): ModelContents {
    const disk = this.#disk(path);
    if (disk !== undefined) return disk.contents;
    for (const each of this.disks.filter(({ present }) => present))
      for (const partition of each.table ?? [])
        if (
          [
            pathOf(each, partition),
            `/dev/disk/by-partuuid/${partition.uuid}`,
            `/dev/disk/by-id/${each.link}-part${partition.number}`,
          ].includes(path)
        )
          return partition.contents;
    throw failure(command, 1, `${path}: No such file or directory`);
  }

  /** As programs that open a device for themselves alone. */
  #idle(command: NodeCommand, path: string): void {
    const disk = this.#disk(path);
    const busy = this.mounts.some(({ partition }) =>
      disk === undefined
        ? path.endsWith(partition) || this.#pathsOf(partition).includes(path)
        : disk.table?.some(({ uuid }) => uuid === partition) === true,
    );
    if (busy) throw failure(command, 1, `${path}: Device or resource busy`);
  }

  #pathsOf(uuid: string): readonly string[] {
    return this.disks.flatMap((disk) => (disk.table ?? []).filter((each) => each.uuid === uuid).map((each) => pathOf(disk, each)));
  }
}

function pathOf(disk: ModelDisk, { number }: ModelPartition): string {
  return `/dev/${disk.name}p${number}`;
}

function failure(command: NodeCommand, status: number, stderr: string): NodeCommandError {
  return new NodeCommandError("failed", command, { status, stdout: "", stderr }, `exit status ${status}`);
}
