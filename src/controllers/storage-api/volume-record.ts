/**
 * What a disk itself says of each static volume on it: a record in the disk's small first partition, one sector a partition. It travels with
 * the disk, pods don't see it, and the partition table is left alone for it. A sector is written whole or not at all.
 *
 * - `new`: made, and nothing was ever written to it for a claim
 * - `used`: a PersistentVolume is, or was, made of it: what is on it may be somebody's
 * - `erasing`: its contents are given up, and are being erased
 * - `clean`: erased since
 */
export interface VolumeRecord {
  /** PARTUUID. A record of another partition is none of this one's: tables are made anew, and old sectors stay. */
  readonly partition: string;
  readonly state: "new" | "used" | "erasing" | "clean";
  /** Whose it is or was: the uid of the cluster's namespace kube-system. Not with `new`. */
  readonly cluster?: string;
  /** The name of the PersistentVolume. */
  readonly volume?: string;
}

/** Where a partition's record lies: so many blocks of {@link RECORD_BLOCK} into the record partition as is the partition's number. */
export interface RecordPlace {
  /** `/dev/disk/by-partuuid/…` */
  readonly device: string;
  readonly block: number;
}

/** Bytes between records: the largest sector of disks. A record itself lies within the first 512 of them. */
export const RECORD_BLOCK = 4096;

const STATES = ["new", "used", "erasing", "clean"] as const;
const MARK = "halite-volume-record 1";

/** The record as a block: text, then blanks. */
export function formatVolumeRecord(record: VolumeRecord): string {
  const { partition, state, cluster, volume } = record;
  const text = `${MARK}\n${JSON.stringify({ partition, state, cluster, volume })}\n`;
  // 512 bytes are a sector of any disk. Names of Kubernetes have at most 253 characters, uids 36.
  if (Buffer.byteLength(text) > 512) throw new RangeError(`a volume's record has more than 512 bytes: ${text}`);
  return text.padEnd(RECORD_BLOCK, " ");
}

/**
 * @param block what lies at the record's place
 * @param partition whose record it has to be
 * @returns `undefined` where there is none: nothing, anything else, or another partition's
 */
export function parseVolumeRecord(block: string, partition: string): VolumeRecord | undefined {
  const [mark, text = ""] = block.split("\n", 2);
  if (mark !== MARK) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const found = value as Partial<Record<keyof VolumeRecord, unknown>>; // each part is looked at
  const state = STATES.find((each) => each === found.state);
  if (state === undefined || found.partition !== partition) return undefined;
  return {
    partition,
    state,
    ...(typeof found.cluster === "string" && { cluster: found.cluster }),
    ...(typeof found.volume === "string" && { volume: found.volume }),
  };
}
