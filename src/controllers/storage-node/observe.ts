import { isObject, listAt, textAt, type Json, type JsonObject } from "../../kubernetes/index.ts";
import { NodeCommandError, type NodeCommands, type NodeTool } from "../runtime/index.ts";
import { filesystemPrograms, parseVolumeRecord, readRecordCommand, type Media, type VolumeRecord } from "../storage-api/index.ts";
import {
  PARTITION_TYPES,
  type Observation,
  type ObservedDisk,
  type ObservedMount,
  type ObservedPartition,
  type ObservedSignature,
  type ObservedVolumeGroup,
} from "./observation.ts";

/**
 * Looks at a node's disks. Contents are told from the disks themselves (libblkid's low-level probing), never from what udev remembers.
 *
 * @throws NodeCommandError where the node can't say what it has: half a picture is none
 */
export async function observe(node: NodeCommands): Promise<Observation> {
  for (let tries = 1; ; tries++) {
    // udev reads the table of a disk that was written to once more, for which its partitions go and come again.
    await node.run({ tool: "udevadm", args: ["settle", "--timeout=50"], accept: [0, 1] });
    const observation = await look(node);
    const isWhole = observation.disks.every(({ table }) => table?.partitions.every(({ device }) => device !== "") !== false);
    if (isWhole || tries === MOST_TRIES) return observation;
  }
}

const MOST_TRIES = 5;

async function look(node: NodeCommands): Promise<Observation> {
  const json = async (tool: NodeTool, ...args: string[]): Promise<Json> => parse(await node.run({ tool, args }));
  const columns = "NAME,PATH,TYPE,SIZE,SERIAL,MODEL,TRAN,ROTA,RO,MAJ:MIN,MOUNTPOINT";
  const blocks = listAt(await json("lsblk", "--json", "--bytes", "--output", columns), "blockdevices").filter(isObject);
  const links = await diskLinks(node);
  const mounts = listAt(await json("findmnt", "--json", "--list", "--output", "SOURCE,TARGET,FSTYPE,OPTIONS,MAJ:MIN"), "filesystems").map(
    (mount): ObservedMount => ({
      source: textAt(mount, "source") ?? "",
      target: textAt(mount, "target") ?? "",
      filesystem: textAt(mount, "fstype") ?? "",
      options: textAt(mount, "options") ?? "",
      device: textAt(mount, "maj:min") ?? "",
    }),
  );
  const disks: ObservedDisk[] = [];
  for (const block of blocks) if (isDisk(block)) disks.push(await observeDisk(node, block, links));
  return {
    disks,
    mounts,
    volumeGroups: await observeVolumeGroups(node),
    programs: await filesystemPrograms(node),
  };
}

/** Disks of hardware, not ones that the kernel makes up. */
function isDisk(block: JsonObject): boolean {
  return (
    block["type"] === "disk" && numberIn(block, "size") > 0 && !/^(?:ram|zram|loop|nbd|fd|sr|drbd|rbd)\d/.test(textAt(block, "name") ?? "")
  );
}

async function observeDisk(node: NodeCommands, block: JsonObject, links: ReadonlyMap<string, readonly string[]>): Promise<ObservedDisk> {
  const path = textAt(block, "path") ?? "";
  const name = textAt(block, "name") ?? "";
  const serial = (textAt(block, "serial") ?? "").trim();
  const own = links.get(name) ?? [];
  const rotational = truthIn(block, "rota");
  const transport = textAt(block, "tran") ?? (name.startsWith("vd") ? "virtio" : "");
  const children = listAt(block, "children").filter(isObject);
  const contents = await readContents(node, path, children);
  const best = bestLink(own, serial);
  return {
    serial,
    byId: best === undefined ? "" : `/dev/disk/by-id/${best}`,
    links: own,
    path,
    model: (textAt(block, "model") ?? "").trim(),
    size: numberIn(block, "size"),
    rotational,
    media: mediaOf(transport, rotational),
    transport,
    readOnly: truthIn(block, "ro"),
    device: textAt(block, "maj:min") ?? "",
    ...contents,
    holders: holdersOf(block),
  };
}

/** A disk that is ill is no reason not to look after the others. */
async function readContents(
  node: NodeCommands,
  path: string,
  children: readonly JsonObject[],
): Promise<Pick<ObservedDisk, "table" | "signatures" | "problem">> {
  try {
    const table = await partitionTable(node, path, children);
    return { ...named("table", table), signatures: (await signatures(node, path)).map(({ type }) => type) };
  } catch (error) {
    if (!(error instanceof NodeCommandError) || (error.failure !== "failed" && error.failure !== "timeout")) throw error;
    return { problem: error.message, signatures: [] };
  }
}

function mediaOf(transport: string, rotational: boolean): Media {
  return transport === "nvme" ? "nvme" : rotational ? "hdd" : "ssd";
}

async function partitionTable(node: NodeCommands, path: string, children: readonly JsonObject[]): Promise<ObservedDisk["table"]> {
  // 1: there is no table that it can read.
  const result = await node.run({ tool: "sfdisk", args: ["--json", path], accept: [0, 1] });
  if (result.status !== 0) return undefined;
  const table = parse(result);
  const sector = numberIn(table, "partitiontable", "sectorsize") || 512;
  const listed = listAt(table, "partitiontable", "partitions");
  const records = textAt(
    listed.find((each) => textAt(each, "type")?.toLowerCase() === PARTITION_TYPES.record),
    "node",
  );
  const partitions: ObservedPartition[] = [];
  for (const entry of listed) {
    const at = textAt(entry, "node") ?? "";
    const number = numberOf(path, at);
    const uuid = (textAt(entry, "uuid") ?? "").toLowerCase();
    const type = (textAt(entry, "type") ?? "").toLowerCase();
    const child = children.find((each) => textAt(each, "path") === at);
    const isOwn = (Object.values(PARTITION_TYPES) as string[]).includes(type);
    const found = isOwn && child !== undefined ? await signatures(node, at) : [];
    const isAsked = type === PARTITION_TYPES.making || (type === PARTITION_TYPES.volume && found.length === 0);
    partitions.push({
      number,
      path: at,
      uuid,
      type,
      name: textAt(entry, "name") ?? "",
      size: numberIn(entry, "size") * sector,
      device: textAt(child, "maj:min") ?? "",
      signatures: found,
      holders: child === undefined ? [] : holdersOf(child),
      ...named("record", isAsked ? await recordOf(node, records, number, uuid) : undefined),
    });
  }
  return { label: textAt(table, "partitiontable", "label") ?? "", partitions };
}

/** What the disk says of a volume that is being made, or in which there is nothing to be seen. */
async function recordOf(node: NodeCommands, records: string | undefined, block: number, uuid: string): Promise<VolumeRecord | undefined> {
  if (records === undefined) return undefined;
  // 1: it can't be read, which is the disk's illness and not ours.
  const { stdout } = await node.run({ ...readRecordCommand({ device: records, block }), accept: [0, 1] });
  return parseVolumeRecord(stdout, uuid);
}

/** `2` of /dev/nvme0n1p2 on /dev/nvme0n1. */
function numberOf(disk: string, partition: string): number {
  return Number(/(\d+)$/.exec(partition.slice(disk.length))?.[1] ?? 0);
}

async function signatures(node: NodeCommands, path: string): Promise<readonly ObservedSignature[]> {
  const { stdout } = await node.run({ tool: "wipefs", args: ["--no-act", "--json", path] });
  // Older ones print nothing where there is nothing.
  const found = stdout.trim() === "" ? [] : listAt(parse({ stdout }), "signatures");
  return found.map((each) => ({ type: textAt(each, "type") ?? "", uuid: textAt(each, "uuid") ?? "" }));
}

function holdersOf(block: JsonObject): readonly string[] {
  const holders = listAt(block, "children")
    .filter(isObject)
    .filter((child) => child["type"] !== "part")
    .map((child) => `${textAt(child, "name") ?? ""} (${textAt(child, "type") ?? ""})`);
  return textAt(block, "mountpoint") === "[SWAP]" ? [...holders, "swap"] : holders;
}

/** Names below /dev/disk/by-id by the kernel's name of the disk. */
async function diskLinks(node: NodeCommands): Promise<ReadonlyMap<string, readonly string[]>> {
  const { stdout } = await node.run({
    tool: "find",
    args: ["/dev/disk/by-id", "-type", "l", "-printf", String.raw`%f %l\n`],
    // 1: there is none.
    accept: [0, 1],
  });
  const links = new Map<string, string[]>();
  for (const line of stdout.split("\n").sort()) {
    const [link = "", target = ""] = line.split(" ");
    const name = target.split("/").pop() ?? "";
    if (name !== "") links.set(name, [...(links.get(name) ?? []), link]);
  }
  return links;
}

/** Of a disk's links the one that a person knows it by: with model and serial, else its WWN. */
function bestLink(links: readonly string[], serial: string): string | undefined {
  const kinds = [/^nvme-(?!nvme\.|eui\.)/, /^ata-/, /^scsi-S/, /^virtio-/, /^scsi-/, /^usb-/, /^nvme-/, /^wwn-/];
  const rank = (link: string): number => kinds.findIndex((kind) => kind.test(link)) + (serial !== "" && link.includes(serial) ? 0 : 100);
  return links.filter((link) => kinds.some((kind) => kind.test(link))).sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))[0];
}

async function observeVolumeGroups(node: NodeCommands): Promise<readonly ObservedVolumeGroup[]> {
  const report = async (tool: NodeTool, key: string, fields: string): Promise<readonly JsonObject[]> => {
    const args = ["--reportformat", "json", "--units", "b", "--nosuffix", "-o", fields];
    return listAt(parse(await node.run({ tool, args })), "report", 0, key).filter(isObject);
  };
  let groups: readonly JsonObject[];
  try {
    groups = await report("vgs", "vg", "vg_name,vg_uuid,vg_tags,vg_size,vg_free,vg_extent_size,vg_missing_pv_count");
  } catch (error) {
    if (error instanceof NodeCommandError && error.failure === "absent") return [];
    throw error;
  }
  if (groups.length === 0) return [];
  const physical = await report("pvs", "pv", "pv_name,vg_name");
  const logical = await report("lvs", "lv", "lv_name,vg_name,lv_tags,segtype,lv_size");
  return groups.map((group) => {
    const name = textAt(group, "vg_name") ?? "";
    return {
      name,
      uuid: textAt(group, "vg_uuid") ?? "",
      tags: tags(group, "vg_tags"),
      size: numberIn(group, "vg_size"),
      free: numberIn(group, "vg_free"),
      extent: numberIn(group, "vg_extent_size"),
      missing: numberIn(group, "vg_missing_pv_count"),
      physicalVolumes: inGroup(physical, name).map((each) => textAt(each, "pv_name") ?? ""),
      volumes: inGroup(logical, name).map((each) => ({
        name: textAt(each, "lv_name") ?? "",
        type: textAt(each, "segtype") ?? "",
        tags: tags(each, "lv_tags"),
        size: numberIn(each, "lv_size"),
      })),
    };
  });
}

function inGroup(list: readonly JsonObject[], name: string): readonly JsonObject[] {
  return list.filter((each) => each["vg_name"] === name);
}

function tags(object: JsonObject, key: string): readonly string[] {
  return (textAt(object, key) ?? "").split(",").filter((tag) => tag !== "");
}

function parse({ stdout }: { readonly stdout: string }): Json {
  const value: Json = JSON.parse(stdout);
  return value;
}

/** Older versions of lsblk and LVM write numbers and truths as texts. */
function numberIn(root: Json | undefined, ...path: string[]): number {
  let value = root;
  for (const key of path) value = isObject(value) ? value[key] : undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : 0;
}

function truthIn(object: JsonObject, key: string): boolean {
  return object[key] === true || object[key] === "1";
}

function named<K extends string, T>(key: K, value: T | undefined): { readonly [P in K]?: T } {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a mapping of this one key
  return (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: T };
}
