import { createHash } from "node:crypto";
import { CsiError } from "../csi/index.ts";

/** The driver's name in Kubernetes. */
export const DRIVER = "lvm.csi.halite.dev";

/** What a logical volume is to the driver; the first letter of its name says so. `temporary`: a snapshot that a copy reads from. */
export type VolumeKind = "volume" | "snapshot" | "ephemeral" | "temporary";
const LETTERS: Readonly<Record<VolumeKind, string>> = { volume: "v", snapshot: "s", ephemeral: "e", temporary: "t" };

/**
 * The logical volume's name for a name that Kubernetes gives: always the same, so that whoever asks again finds what was made. Names of CSI are up to
 * 128 bytes of anything, LVM's are shorter and of few characters.
 */
export function logicalVolumeName(kind: VolumeKind, name: string): string {
  const digest = createHash("sha256").update(`${kind}\0${name}`).digest("hex");
  return `${LETTERS[kind]}-${digest.slice(0, 32)}`;
}

/** Where a volume or snapshot is: by the volume group's UUID, as names of groups may change and be there twice. */
export interface Handle {
  readonly group: string;
  readonly name: string;
}

/** A volume's or snapshot's id: 73 characters. */
export function formatHandle({ group, name }: Handle): string {
  return `${group}/${name}`;
}

const HANDLE = /^([0-9A-Za-z]{6}(?:-[0-9A-Za-z]{4}){5}-[0-9A-Za-z]{6})\/([vs]-[0-9a-f]{32})$/;

/** `undefined` for what this driver never gave out. */
export function parseHandle(id: string): Handle | undefined {
  const [, group, name] = HANDLE.exec(id) ?? [];
  return group === undefined || name === undefined ? undefined : { group, name };
}

/** Of a volume id that a call has to have. @throws CsiError */
export function requireId(id: string, what = "volume_id"): string {
  if (id === "") throw new CsiError("INVALID_ARGUMENT", `${what} is missing`);
  return id;
}
