import { createHash } from "node:crypto";

/** The group of Halite's own resources, and the prefix of its storage labels and annotations. */
export const API_GROUP = "storage.halite.dev";
export const API_VERSION = "v1alpha1";

/** Labels of PersistentVolumes (and `flavor` of Nodes). */
export const LABELS = {
  /** The node that the volume is on: the name of the Node. */
  node: "storage.halite.dev/node",
  /** The physical disk below the volume: its serial, as {@link labelValue}. What anti-affinity and quarantine go by. */
  disk: "storage.halite.dev/disk",
  /** `ssd`, `hdd` or `nvme`. */
  media: "storage.halite.dev/media",
  /** Of a Node: its flavor. Of a volume: the one of the node it is on. */
  flavor: "storage.halite.dev/flavor",
  /** The volume group of a volume that LVM holds. */
  volumeGroup: "storage.halite.dev/volume-group",
} as const;

export const ANNOTATIONS = {
  /** Of a PersistentVolume: see {@link parseTaints}. Written by the disk monitor alone. */
  taints: "storage.halite.dev/taints",
  /** Of a PersistentVolume: the disk's serial as it is, where the label could not hold it. */
  serial: "storage.halite.dev/disk-serial",
  /** Of a PersistentVolume: the uid of the Node that last found it there; a node that was made anew under the old name has another. */
  nodeUid: "storage.halite.dev/node-uid",
  /** Of a PersistentVolume that its provisioner reserves for nobody: why, one word in CamelCase. */
  quarantine: "storage.halite.dev/quarantine",
} as const;

/**
 * A text as a label's value: as it is where that is allowed (at most 63 of letters, digits, `-`, `_`, `.`, first and last a letter or digit), else
 * with `-` for what is not, cut, and ten digits of its SHA-256, so that two texts never give one value.
 */
export function labelValue(text: string): string {
  if (/^[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/.test(text)) return text;
  const digest = createHash("sha256").update(text).digest("hex").slice(0, 10);
  const readable = text
    .replaceAll(/[^-A-Za-z0-9_.]+/g, "-")
    .replace(/^[^A-Za-z0-9]+/, "")
    .slice(0, 52);
  return readable === "" ? digest : `${readable}-${digest}`;
}
