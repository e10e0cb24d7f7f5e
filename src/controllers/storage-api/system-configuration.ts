import { isObject } from "../../kubernetes/index.ts";
import type { RecordPlace } from "./volume-record.ts";

/** Where the file lies on a node: storage-node writes it (aside, fsync, rename), the provisioners read it. */
export const SYSTEM_CONFIGURATION = "/etc/halite/storage.json";

export type Media = "ssd" | "hdd" | "nvme";

/** A physical disk, by names that stay. */
export interface ConfiguredDisk {
  readonly serial: string;
  /** `/dev/disk/by-id/…`. */
  readonly byId: string;
  readonly media: Media;
}

export interface ConfiguredFilesystem {
  readonly type: "xfs" | "ext4";
  /** The file system's own UUID: what it is mounted by. */
  readonly uuid: string;
  /** Absolute; nothing else is mounted there. */
  readonly mountPath: string;
  /** Of mount. */
  readonly options: readonly string[];
  /** Of mkfs, for whoever makes it anew. */
  readonly mkfsOptions: readonly string[];
}

/** A partition for one static volume. */
export interface ConfiguredPartition {
  readonly disk: ConfiguredDisk;
  /** The GPT's PARTUUID, in lower case: what the partition is known by. */
  readonly uuid: string;
  /** `/dev/disk/by-partuuid/UUID`. */
  readonly device: string;
  /** In bytes. */
  readonly size: number;
  /** Absent: a block volume. */
  readonly filesystem?: ConfiguredFilesystem;
  /** Where the disk says what became of it. */
  readonly record: RecordPlace;
  readonly storageClass: string;
  /** Further labels of its PersistentVolume. */
  readonly labels: Readonly<Record<string, string>>;
}

/** A volume group for the LVM driver. */
export interface ConfiguredVolumeGroup {
  readonly name: string;
  readonly uuid: string;
  readonly disks: readonly ConfiguredDisk[];
  /** The name of the thin pool, where there is one. */
  readonly thinPool?: string;
  /** Bytes that are never given to volumes. */
  readonly reserve: number;
}

/** What was made of a node's disks: only what is done stands in it. */
export interface SystemConfiguration {
  readonly node: string;
  readonly flavor: string;
  readonly partitions: readonly ConfiguredPartition[];
  readonly volumeGroups: readonly ConfiguredVolumeGroup[];
}

/** The file is not what storage-node writes; the message names the place. */
export class SystemConfigurationError extends Error {
  override readonly name = "SystemConfigurationError";
}

const HEAD = { apiVersion: "storage.halite.dev/v1alpha1", kind: "SystemConfiguration" } as const;

/** The file's text. The same configuration is the same text. */
export function formatSystemConfiguration(configuration: SystemConfiguration): string {
  return `${JSON.stringify({ ...HEAD, ...configuration }, undefined, 2)}\n`;
}

/** @throws SystemConfigurationError for anything that is not a whole, consistent file */
export function parseSystemConfiguration(text: string): SystemConfiguration {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new SystemConfigurationError(`no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const file = new Part(value, "");
  for (const [key, wanted] of Object.entries(HEAD)) {
    if (file.text(key) !== wanted) throw new SystemConfigurationError(`${key} is ${file.text(key)}, where ${wanted} is known`);
  }
  const partitions = file.parts("partitions").map(partition);
  const volumeGroups = file.parts("volumeGroups").map(volumeGroup);
  unique(
    "partition",
    partitions.map(({ uuid }) => uuid),
  );
  unique(
    "mount path",
    partitions.flatMap(({ filesystem }) => (filesystem === undefined ? [] : [filesystem.mountPath])),
  );
  unique(
    "volume group",
    volumeGroups.map(({ name }) => name),
  );
  return { node: file.text("node"), flavor: file.text("flavor"), partitions, volumeGroups };
}

function partition(part: Part): ConfiguredPartition {
  const filesystem = part.has("filesystem") ? part.part("filesystem") : undefined;
  return {
    disk: disk(part.part("disk")),
    uuid: part.text("uuid"),
    device: part.path("device"),
    size: part.bytes("size"),
    ...(filesystem === undefined
      ? {}
      : {
          filesystem: {
            type: filesystem.oneOf("type", ["xfs", "ext4"]),
            uuid: filesystem.text("uuid"),
            mountPath: filesystem.path("mountPath"),
            options: filesystem.texts("options"),
            mkfsOptions: filesystem.texts("mkfsOptions"),
          },
        }),
    record: { device: part.part("record").path("device"), block: part.part("record").bytes("block") },
    storageClass: part.text("storageClass"),
    labels: part.part("labels").textsByName(),
  };
}

function volumeGroup(part: Part): ConfiguredVolumeGroup {
  return {
    name: part.text("name"),
    uuid: part.text("uuid"),
    disks: part.parts("disks").map(disk),
    ...(part.has("thinPool") ? { thinPool: part.text("thinPool") } : {}),
    reserve: part.bytes("reserve"),
  };
}

function disk(part: Part): ConfiguredDisk {
  return { serial: part.text("serial"), byId: part.path("byId"), media: part.oneOf("media", ["ssd", "hdd", "nvme"]) };
}

function unique(what: string, names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) throw new SystemConfigurationError(`the ${what} ${name} is there twice`);
    seen.add(name);
  }
}

/** A mapping of the file, and where it stands. */
class Part {
  readonly #value: Readonly<Record<string, unknown>>;
  readonly #at: string;

  constructor(value: unknown, at: string) {
    if (!isObject(value)) throw new SystemConfigurationError(`${at || "the file"} is no mapping`);
    this.#value = value;
    this.#at = at;
  }

  has(key: string): boolean {
    return this.#value[key] !== undefined;
  }

  text(key: string): string {
    const value = this.#value[key];
    if (typeof value !== "string" || value === "") throw this.#wrong(key, "a text");
    return value;
  }

  path(key: string): string {
    const value = this.text(key);
    if (!value.startsWith("/") || value.split("/").some((step) => step === "." || step === ".."))
      throw this.#wrong(key, "an absolute path");
    return value;
  }

  bytes(key: string): number {
    const value = this.#value[key];
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) throw this.#wrong(key, "a number of bytes");
    return value;
  }

  oneOf<T extends string>(key: string, allowed: readonly T[]): T {
    const found = allowed.find((one) => one === this.#value[key]);
    if (found === undefined) throw this.#wrong(key, `one of ${allowed.join(", ")}`);
    return found;
  }

  part(key: string): Part {
    return new Part(this.#value[key], this.#place(key));
  }

  parts(key: string): readonly Part[] {
    return this.#list(key).map((item, index) => new Part(item, `${this.#place(key)}[${index}]`));
  }

  texts(key: string): readonly string[] {
    return this.#list(key).map((item) => {
      if (typeof item !== "string") throw this.#wrong(key, "a list of texts");
      return item;
    });
  }

  textsByName(): Readonly<Record<string, string>> {
    return Object.fromEntries(Object.keys(this.#value).map((key) => [key, this.text(key)]));
  }

  #list(key: string): readonly unknown[] {
    const value = this.#value[key];
    if (!Array.isArray(value)) throw this.#wrong(key, "a list");
    return value;
  }

  #place(key: string): string {
    return this.#at === "" ? key : `${this.#at}.${key}`;
  }

  #wrong(key: string, wanted: string): SystemConfigurationError {
    return new SystemConfigurationError(`${this.#place(key)} is not ${wanted}`);
  }
}
