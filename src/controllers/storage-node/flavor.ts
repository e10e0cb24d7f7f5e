import { createHash } from "node:crypto";
import { isList, isObject, type Json, type JsonObject } from "../../kubernetes/index.ts";
import { SUFFIXES } from "../storage-api/index.ts";

/** What is to be made of a node's disks. */
export interface Flavor {
  readonly name: string;
  /** SHA-256 of the flavor as it was given. */
  readonly digest: string;
  readonly groups: readonly DiskGroup[];
  /** Serials of disks that are wiped, once, where they hold what Halite did not write. */
  readonly wipe: readonly string[];
  /** Serials of disks that may join a group that was made before: new ones, and ones that take another's place. */
  readonly accept: readonly string[];
  /** Serials of disks that are gone for good. */
  readonly retire: readonly string[];
}

/** Disks that are treated alike. */
export interface DiskGroup {
  readonly name: string;
  readonly match: DiskMatch;
  /** How many there have to be. Absent: as many as match when the node is first seen. */
  readonly count?: number;
  readonly use: StaticUse | VolumeGroupUse;
}

/** What a disk has to be like, in every point that is given. */
export interface DiskMatch {
  /** Of the name below /dev/disk/by-id; `*` and `?` stand for any text and any character. */
  readonly byId?: string;
  readonly model?: string;
  /** In bytes, both included. */
  readonly minimum?: number;
  readonly maximum?: number;
  readonly rotational?: boolean;
  readonly transport?: string;
}

/** Partitions for static volumes. */
export interface StaticUse {
  readonly kind: "static";
  /** Sizes in bytes, `rest` for what is left: at most the last one. */
  readonly partitions: readonly (number | "rest")[];
  /** Absent: block volumes. */
  readonly filesystem?: {
    readonly type: "xfs" | "ext4";
    readonly mkfsOptions: readonly string[];
    readonly mountOptions: readonly string[];
  };
  /** Volumes are mounted below it. */
  readonly root: string;
  readonly storageClass: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface VolumeGroupUse {
  readonly kind: "volumeGroup";
  readonly name: string;
  readonly thinPool?: string;
  /** Bytes that are never given to volumes. */
  readonly reserve: number;
}

/** The flavor is not what this program understands; the message names the place. */
export class FlavorError extends Error {
  override readonly name = "FlavorError";
}

/**
 * Reads a flavor: JSON as pillar storage-node:flavors:NAME has it.
 *
 * @throws FlavorError
 */
export function parseFlavor(name: string, text: string): Flavor {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new FlavorError(`flavor ${name}: no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const flavor = new Part(value, `flavor ${name}`);
  const groups = flavor.mapping("disks").map(([key, group]) => diskGroup(key, group));
  const volumeGroups = groups.flatMap(({ use }) => (use.kind === "volumeGroup" ? [use.name] : []));
  const twice = volumeGroups.find((each, index) => volumeGroups.indexOf(each) !== index);
  if (twice !== undefined) throw new FlavorError(`flavor ${name}: two groups make the volume group ${twice}`);
  return {
    name,
    digest: createHash("sha256").update(text).digest("hex"),
    groups,
    wipe: flavor.texts("wipe"),
    accept: flavor.texts("accept"),
    retire: flavor.texts("retire"),
  };
}

function diskGroup(name: string, group: Part): DiskGroup {
  // It is part of partitions' names, which have 36 characters.
  if (!/^[a-z0-9](?:[a-z0-9-]{0,26}[a-z0-9])?$/.test(name)) throw group.wrong("the group's name", "letters, digits and -, at most 28");
  const match = group.part("match");
  const isStatic = group.has("static");
  if (isStatic === group.has("volume_group")) throw group.wrong("it", "one of static and volume_group");
  return {
    name,
    match: {
      ...(match.has("by_id") && { byId: match.text("by_id") }),
      ...(match.has("model") && { model: match.text("model") }),
      ...(match.has("min_size") && { minimum: match.bytes("min_size") }),
      ...(match.has("max_size") && { maximum: match.bytes("max_size") }),
      ...(match.has("rotational") && { rotational: match.truth("rotational") }),
      ...(match.has("transport") && { transport: match.text("transport") }),
    },
    ...(group.has("count") && { count: group.number("count") }),
    use: isStatic ? staticUse(group.part("static")) : volumeGroupUse(group.part("volume_group")),
  };
}

function staticUse(part: Part): StaticUse {
  const partitions = part.has("partitions") ? part.parts("partitions").flatMap(sizes) : (["rest"] as const);
  if (partitions.length === 0 || partitions.length > 100) throw part.wrong("partitions", "a list of 1 to 100");
  const open = partitions.indexOf("rest");
  if (open >= 0 && open < partitions.length - 1) throw part.wrong("partitions", "a list with what is left (size: rest) at its end");
  const type = part.has("filesystem") ? part.text("filesystem") : "xfs";
  if (type !== "xfs" && type !== "ext4" && type !== "block") throw part.wrong("filesystem", "xfs, ext4 or block");
  const root = part.has("mount_root") ? part.text("mount_root") : "/mnt/halite";
  if (!/^(\/[A-Za-z0-9_][A-Za-z0-9_.-]*)+$/.test(root) || root.split("/").includes(".."))
    throw part.wrong("mount_root", "a plain absolute path");
  return {
    kind: "static",
    partitions,
    ...(type !== "block" && {
      filesystem: { type, mkfsOptions: part.texts("mkfs_options"), mountOptions: part.texts("mount_options") },
    }),
    root,
    storageClass: part.text("storage_class"),
    labels: part.has("labels") ? Object.fromEntries(part.part("labels").entries()) : {},
  };
}

function sizes(part: Part): readonly (number | "rest")[] {
  const size = part.has("size") && part.raw("size") === "rest" ? "rest" : part.bytes("size");
  const count = part.has("count") ? part.number("count") : 1;
  if (size !== "rest" && size < 16 * MIB) throw part.wrong("size", "at least 16Mi");
  if (size === "rest" && count !== 1) throw part.wrong("count", "1 where the size is what is left");
  // Whole MiB: partitions are aligned to them.
  return Array.from({ length: count }, () => (size === "rest" ? size : Math.floor(size / MIB) * MIB));
}

function volumeGroupUse(part: Part): VolumeGroupUse {
  const name = part.text("name");
  // LVM's own rule, and not one that could be taken for an option.
  if (!/^[A-Za-z0-9_+][A-Za-z0-9_+.-]{0,62}$/.test(name)) throw part.wrong("name", "a name for a volume group");
  return {
    kind: "volumeGroup",
    name,
    ...(part.has("thin_pool") && { thinPool: part.text("thin_pool") }),
    reserve: part.has("reserve") ? part.bytes("reserve") : 0,
  };
}

const MIB = 2 ** 20;
/** A mapping of the flavor, and where it stands. */
class Part {
  readonly #value: JsonObject;
  readonly #at: string;

  constructor(value: unknown, at: string) {
    if (!isObject(value)) throw new FlavorError(`${at} is no mapping`);
    this.#value = value;
    this.#at = at;
  }

  has(key: string): boolean {
    return this.raw(key) !== undefined && this.raw(key) !== null;
  }

  raw(key: string): Json | undefined {
    return this.#value[key];
  }

  text(key: string): string {
    const value = this.raw(key);
    if (typeof value !== "string" || value === "") throw this.wrong(key, "a text");
    return value;
  }

  texts(key: string): readonly string[] {
    const value = this.raw(key) ?? [];
    if (!isList(value)) throw this.wrong(key, "a list");
    return value.map((item) => {
      if (typeof item !== "string" || item === "") throw this.wrong(key, "a list of texts");
      return item;
    });
  }

  truth(key: string): boolean {
    const value = this.raw(key);
    if (typeof value !== "boolean") throw this.wrong(key, "true or false");
    return value;
  }

  number(key: string): number {
    const value = this.raw(key);
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 1) throw this.wrong(key, "a number from 1 on");
    return value;
  }

  /** A Kubernetes quantity. */
  bytes(key: string): number {
    const value = this.raw(key);
    const text = typeof value === "number" ? String(value) : typeof value === "string" ? value : "";
    const [, number, unit] = /^(\d+(?:\.\d+)?)(k|M|G|T|Ki|Mi|Gi|Ti|)$/.exec(text) ?? [];
    const factor = SUFFIXES[unit ?? "-"];
    if (factor === undefined) throw this.wrong(key, "a size such as 400Gi");
    return Math.round(Number(number) * factor);
  }

  part(key: string): Part {
    return new Part(this.raw(key) ?? {}, `${this.#at}: ${key}`);
  }

  parts(key: string): readonly Part[] {
    const value = this.raw(key);
    if (!isList(value)) throw this.wrong(key, "a list");
    return value.map((item, index) => new Part(item, `${this.#at}: ${key}[${index}]`));
  }

  mapping(key: string): readonly (readonly [string, Part])[] {
    const value = this.raw(key);
    if (!isObject(value)) throw this.wrong(key, "a mapping");
    return Object.keys(value).map((each) => [each, new Part(value[each], `${this.#at}: ${key}: ${each}`)]);
  }

  entries(): readonly (readonly [string, string])[] {
    return Object.keys(this.#value).map((key) => [key, this.text(key)]);
  }

  wrong(key: string, wanted: string): FlavorError {
    return new FlavorError(`${this.#at}: ${key} is not ${wanted}`);
  }
}
