import { isObject } from "../../kubernetes/index.ts";
import type { NodeCommands } from "../runtime/index.ts";
import { ownershipOf, type Ownership } from "./tags.ts";

/** Sizes in bytes throughout. */
export interface PhysicalVolume {
  readonly device: string;
  readonly free: number;
  readonly missing: boolean;
}

export interface VolumeGroup {
  readonly uuid: string;
  readonly name: string;
  readonly size: number;
  readonly free: number;
  readonly extent: number;
  readonly physicalVolumes: readonly PhysicalVolume[];
  /** Another group of the node has the same name: LVM refuses it by name, so that its devices have to be named too. */
  readonly ambiguous: boolean;
}

export interface LogicalVolume {
  readonly group: VolumeGroup;
  readonly name: string;
  readonly uuid: string;
  /** What its device has: of a snapshot the origin's size, not that of the blocks that it holds. */
  readonly size: number;
  /** `thin`: a volume in a pool. `snapshot`: one that holds what its origin had before it was changed. `pool`, `other`: not a volume of ours. */
  readonly type: "plain" | "thin" | "snapshot" | "pool" | "other";
  /** Of a snapshot, and of a thin volume that was made from another. */
  readonly origin?: string;
  /** Of a thin volume. */
  readonly pool?: string;
  readonly active: boolean;
  /** Something has it open: it is mounted, or a pod has it. */
  readonly open: boolean;
  /** `MAJOR:MINOR` of an active one. */
  readonly device?: string;
  /** What LVM says of its health; empty: nothing. */
  readonly health: string;
  /** Of pools and snapshots: how full, in percent. */
  readonly dataPercent?: number;
  readonly metadataPercent?: number;
  /** A snapshot that has run full: nothing in it can be read. */
  readonly invalid: boolean;
  /** A pool that hands out blocks as they were, with what others have written to them. */
  readonly unzeroed: boolean;
  /** Absent: not the driver's. */
  readonly ownership?: Ownership;
}

/** What LVM has on the node at a moment. */
export interface Observed {
  readonly groups: readonly VolumeGroup[];
  readonly volumes: readonly LogicalVolume[];
}

const FORMAT = ["--reportformat", "json", "--units", "b", "--nosuffix"];
const PV_FIELDS = "pv_name,pv_free,pv_missing,vg_name,vg_uuid,vg_size,vg_free,vg_extent_size";
const LV_FIELDS =
  "vg_name,vg_uuid,vg_size,vg_free,vg_extent_size,lv_name,lv_uuid,lv_size,origin_size,lv_attr,lv_layout,lv_role,origin,pool_lv,lv_active,lv_device_open,lv_kernel_major,lv_kernel_minor,lv_health_status,lv_snapshot_invalid,data_percent,metadata_percent,lv_tags";

/** Asks LVM for all that it has. @throws NodeCommandError; an Error for an answer that is no report of LVM's */
export async function observe(commands: NodeCommands): Promise<Observed> {
  // LVM's status 5 with a whole report: something about another group, such as a missing disk, was wrong.
  const physical = rows((await commands.run({ tool: "pvs", args: [...FORMAT, "-o", PV_FIELDS], accept: [0, 5] })).stdout, "pv");
  const logical = rows((await commands.run({ tool: "lvs", args: ["-a", ...FORMAT, "-o", LV_FIELDS], accept: [0, 5] })).stdout, "lv");
  const groups = groupsOf(physical);
  const byUuid = new Map(groups.map((group) => [group.uuid, group]));
  const volumes = logical.flatMap((row) => {
    const group = byUuid.get(text(row, "vg_uuid"));
    return group === undefined ? [] : [volumeOf(row, group)];
  });
  return { groups, volumes };
}

/**
 * Asks LVM for the volumes of groups that have some, and for no disks: half the work, and enough to find one. Where groups share a name their disks
 * have to be known, and all is asked for.
 */
export async function observeVolumes(commands: NodeCommands): Promise<Observed> {
  const logical = rows((await commands.run({ tool: "lvs", args: ["-a", ...FORMAT, "-o", LV_FIELDS], accept: [0, 5] })).stdout, "lv");
  const groups = groupsOf(logical.map((row) => ({ ...row, pv_name: "", pv_free: "0", pv_missing: "" }))).map((group) => ({
    ...group,
    physicalVolumes: [],
  }));
  if (groups.some(({ ambiguous }) => ambiguous)) return observe(commands);
  const byUuid = new Map(groups.map((group) => [group.uuid, group]));
  return {
    groups,
    volumes: logical.flatMap((row) => {
      const group = byUuid.get(text(row, "vg_uuid"));
      return group === undefined ? [] : [volumeOf(row, group)];
    }),
  };
}

/** Asks LVM for groups and their disks alone. */
export async function observeGroups(commands: NodeCommands): Promise<readonly VolumeGroup[]> {
  return groupsOf(rows((await commands.run({ tool: "pvs", args: [...FORMAT, "-o", PV_FIELDS], accept: [0, 5] })).stdout, "pv"));
}

type Row = Readonly<Record<string, string>>;

/** The rows of a report: `{"report": [{"pv": [{…}]}]}`, all values texts. */
function rows(stdout: string, of: string): readonly Row[] {
  const value: unknown = JSON.parse(stdout);
  const report: unknown = isObject(value) ? value["report"] : undefined;
  if (!Array.isArray(report)) throw new Error("LVM's answer is no report");
  return report.flatMap((part: unknown) => {
    const list: unknown = isObject(part) ? part[of] : undefined;
    if (!Array.isArray(list)) throw new Error(`LVM's report has no ${of}`);
    return list.map((row: unknown) =>
      Object.fromEntries(
        Object.entries(isObject(row) ? row : {}).flatMap(([name, each]) => (typeof each === "string" ? [[name, each] as const] : [])),
      ),
    );
  });
}

function text(row: Row, name: string): string {
  const value = row[name];
  if (value === undefined) throw new Error(`LVM's report has no ${name}`);
  return value;
}

function bytes(row: Row, name: string): number {
  const value = Number(text(row, name));
  if (!Number.isFinite(value)) throw new Error(`LVM's report has ${text(row, name)} for ${name}`);
  return value;
}

function percent(row: Row, name: string): number | undefined {
  const value = text(row, name);
  return value === "" || Number(value) < 0 ? undefined : Number(value);
}

function groupsOf(physical: readonly Row[]): readonly VolumeGroup[] {
  const uuids = [...new Set(physical.map((row) => text(row, "vg_uuid")))].filter((uuid) => uuid !== "");
  const nameOf = (uuid: string): string => physical.find((row) => text(row, "vg_uuid") === uuid)?.["vg_name"] ?? "";
  const names = uuids.map(nameOf);
  return uuids.flatMap((uuid) => {
    const of = physical.filter((row) => text(row, "vg_uuid") === uuid);
    const [first] = of;
    if (first === undefined) return [];
    return {
      uuid,
      name: text(first, "vg_name"),
      size: bytes(first, "vg_size"),
      free: bytes(first, "vg_free"),
      extent: bytes(first, "vg_extent_size"),
      physicalVolumes: of.map((row) => ({
        device: text(row, "pv_name"),
        free: bytes(row, "pv_free"),
        missing: text(row, "pv_missing") !== "",
      })),
      ambiguous: names.filter((name) => name === text(first, "vg_name")).length > 1,
    };
  });
}

function volumeOf(row: Row, group: VolumeGroup): LogicalVolume {
  const layout = text(row, "lv_layout").split(",");
  const role = text(row, "lv_role").split(",");
  const [origin, pool, tags] = [text(row, "origin"), text(row, "pool_lv"), text(row, "lv_tags")];
  const [data, metadata] = [percent(row, "data_percent"), percent(row, "metadata_percent")];
  const major = Number(text(row, "lv_kernel_major"));
  const ownership = ownershipOf(tags === "" ? [] : tags.split(","));
  const type = typeOf(layout, role);
  return {
    group,
    // Hidden volumes of LVM's own are in brackets.
    name: text(row, "lv_name").replaceAll(/[[\]]/g, ""),
    uuid: text(row, "lv_uuid"),
    size: bytes(row, type === "snapshot" ? "origin_size" : "lv_size"),
    type,
    ...(origin === "" ? {} : { origin }),
    ...(pool === "" ? {} : { pool }),
    active: text(row, "lv_active") === "active",
    open: text(row, "lv_device_open") === "open",
    ...(major > 0 ? { device: `${major}:${text(row, "lv_kernel_minor")}` } : {}),
    health: text(row, "lv_health_status"),
    ...(data === undefined ? {} : { dataPercent: data }),
    ...(metadata === undefined ? {} : { metadataPercent: metadata }),
    // LVM says "unknown" of what is no copy-on-write snapshot (lib/report/report.c, _lvsnapshotinvalid_disp).
    invalid: text(row, "lv_snapshot_invalid") === "snapshot invalid",
    unzeroed: layout.includes("pool") && text(row, "lv_attr")[7] !== "z",
    ...(ownership === undefined ? {} : { ownership }),
  };
}

function typeOf(layout: readonly string[], role: readonly string[]): LogicalVolume["type"] {
  // A pool is private to LVM, and so are the volumes that it is made of.
  if (layout.includes("pool")) return "pool";
  if (role.includes("private")) return "other";
  if (layout.includes("thin")) return "thin";
  if (role.includes("thicksnapshot")) return "snapshot";
  return layout.includes("linear") || layout.includes("striped") ? "plain" : "other";
}
