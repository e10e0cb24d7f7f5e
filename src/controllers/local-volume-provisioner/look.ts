import { isObject, listAt, textAt, type Json, type JsonObject } from "../../kubernetes/index.ts";
import { NodeCommandError, type NodeCommands } from "../runtime/index.ts";
import { parseVolumeRecord, readRecordCommand, type ConfiguredPartition, type VolumeRecord } from "../storage-api/index.ts";

/** A partition of the system configuration, as the node has it. */
export interface ObservedVolume {
  readonly partition: ConfiguredPartition;
  /** Why it is not the partition that it is to be, or not there. */
  readonly lost?: string;
  /** Of the partition. In bytes. */
  readonly size: number;
  /** Whether its file system, and no other one over it, is mounted where it is to be. `true` for a block volume. */
  readonly mounted: boolean;
  /** Who uses it besides: where it is mounted, what stands on it. */
  readonly uses: readonly string[];
  /** What the disk says of it; `unreadable` where the disk can't be read. */
  readonly record: VolumeRecord | "unreadable" | undefined;
}

interface Device {
  readonly path: string;
  readonly device: string;
  readonly size: number;
  readonly serial: string;
  readonly holders: readonly string[];
}

/** Looks at the partitions of the system configuration. @throws NodeCommandError where the node can't say what it has */
export async function look(node: NodeCommands, partitions: readonly ConfiguredPartition[]): Promise<readonly ObservedVolume[]> {
  const blocks = await json(node, "lsblk", ["--json", "--bytes", "--output", "NAME,PATH,TYPE,SIZE,SERIAL,MAJ:MIN,PARTUUID"]);
  const devices = devicesIn(listAt(blocks, "blockdevices").filter(isObject));
  const mounts = listAt(
    await json(node, "findmnt", ["--json", "--list", "--output", "SOURCE,TARGET,FSTYPE,MAJ:MIN,FSROOT"]),
    "filesystems",
  ).filter(isObject);
  const loops = await loopFiles(node);
  const found: ObservedVolume[] = [];
  for (const partition of partitions) {
    const candidates = devices.get(partition.uuid) ?? [];
    const [device] = candidates;
    const lost =
      device === undefined
        ? `partition ${partition.uuid} of disk ${partition.disk.serial} is not there`
        : candidates.length > 1
          ? `partition ${partition.uuid} is on ${candidates.length} disks`
          : device.serial === partition.disk.serial
            ? undefined
            : `partition ${partition.uuid} is on disk ${device.serial} and not on ${partition.disk.serial}`;
    if (device === undefined || lost !== undefined) {
      found.push({ partition, lost: lost ?? "", size: 0, mounted: false, uses: [], record: undefined });
      continue;
    }
    found.push({
      partition,
      size: device.size,
      mounted: isMounted(partition, device, mounts),
      uses: usesOf(partition, device, mounts, loops),
      record: await recordOf(node, partition),
    });
  }
  return found;
}

/** Of a mounted file system, in bytes. @throws NodeCommandError where nothing is mounted there */
export async function mountedSize(node: NodeCommands, mountPath: string): Promise<number> {
  const answer = await json(node, "findmnt", ["--json", "--bytes", "--output", "SIZE", "--mountpoint", mountPath]);
  const size = Number(listAt(answer, "filesystems").filter(isObject).at(-1)?.["size"]);
  if (!Number.isSafeInteger(size) || size <= 0) throw new Error(`${mountPath}: the node does not say how large it is`);
  return size;
}

/** By the numbers of the device, as the kernel has them in mountinfo: names and folders say nothing. */
function isMounted({ filesystem }: ConfiguredPartition, { device }: Device, mounts: readonly JsonObject[]): boolean {
  if (filesystem === undefined) return true;
  // What was mounted last at a place lies on top.
  const top = mounts.filter((mount) => mount["target"] === filesystem.mountPath).at(-1);
  return top?.["maj:min"] === device && top["fsroot"] === "/";
}

function usesOf(
  partition: ConfiguredPartition,
  device: Device,
  mounts: readonly JsonObject[],
  loops: readonly string[],
): readonly string[] {
  const name = device.path.replace(/^\/dev/, "");
  return [
    ...mounts
      .filter((mount) => mount["maj:min"] === device.device && mount["target"] !== partition.filesystem?.mountPath)
      .map((mount) => `mounted at ${textAt(mount, "target") ?? ""}`),
    // The kubelet gives block devices to containers by binding their node.
    ...mounts
      .filter((mount) => mount["fstype"] === "devtmpfs" && mount["fsroot"] === name)
      .map((mount) => `bound at ${textAt(mount, "target") ?? ""}`),
    ...loops.filter((file) => file === device.path || file === partition.device).map(() => "held by a loop device"),
    ...device.holders.map((holder) => `held by ${holder}`),
  ];
}

async function recordOf(node: NodeCommands, { record, uuid }: ConfiguredPartition): Promise<ObservedVolume["record"]> {
  try {
    return parseVolumeRecord((await node.run(readRecordCommand(record))).stdout, uuid);
  } catch (error) {
    if (error instanceof NodeCommandError && error.failure === "failed") return "unreadable";
    throw error;
  }
}

async function loopFiles(node: NodeCommands): Promise<readonly string[]> {
  const { stdout } = await node.run({ tool: "losetup", args: ["--list", "--json", "--output", "NAME,BACK-FILE"] });
  // It prints nothing where there is none.
  if (stdout.trim() === "") return [];
  const list: Json = JSON.parse(stdout);
  return listAt(list, "loopdevices").map((loop) => textAt(loop, "back-file") ?? "");
}

/** Partitions by PARTUUID. */
function devicesIn(blocks: readonly JsonObject[]): ReadonlyMap<string, readonly Device[]> {
  const devices = new Map<string, Device[]>();
  for (const disk of blocks) {
    for (const child of listAt(disk, "children").filter(isObject)) {
      const uuid = textAt(child, "partuuid")?.toLowerCase() ?? "";
      if (uuid === "") continue;
      const device: Device = {
        path: textAt(child, "path") ?? "",
        device: textAt(child, "maj:min") ?? "",
        size: Number(child["size"] ?? 0),
        serial: (textAt(disk, "serial") ?? "").trim(),
        holders: listAt(child, "children").map((holder) => textAt(holder, "name") ?? ""),
      };
      devices.set(uuid, [...(devices.get(uuid) ?? []), device]);
    }
  }
  return devices;
}

async function json(node: NodeCommands, tool: "lsblk" | "findmnt", args: readonly string[]): Promise<Json> {
  const { stdout } = await node.run({ tool, args });
  const value: Json = JSON.parse(stdout);
  return value;
}
