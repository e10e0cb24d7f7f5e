import { CsiError, type Texts } from "../csi/index.ts";
import { LIMITS, parseLimits, parseMutable, type IoLimits } from "./io-limits.ts";
import type { Layout, Wipe } from "./tags.ts";

/** What a StorageClass asks for. */
export interface ClassParameters {
  /** The volume group's name; absent: the one of the node's groups that has most room. */
  readonly volumeGroup?: string;
  readonly layout: Layout;
  /** Of striped volumes: over how many disks, and in pieces of how many bytes. */
  readonly stripes: number;
  readonly stripeSize: number;
  /** Of thin volumes; absent: the pool that the system configuration names. */
  readonly thinPool?: string;
  /** So often may the volumes of a thin pool come to its size, all together. */
  readonly overprovision: number;
  /** Percent of a source that may change while it is copied, where neither is thin. */
  readonly snapshotReserve: number;
  readonly wipe: Wipe;
  readonly limits: IoLimits;
}

const KNOWN = ["volumeGroup", "type", "stripes", "stripeSize", "thinPool", "overprovision", "snapshotReserve", "wipe", ...LIMITS] as const;
/** What sidecars and the kubelet add: no parameters of the class. */
const PREFIX = "csi.storage.k8s.io/";

/**
 * @param fixed a StorageClass' parameters, or an inline volume's attributes
 * @param mutable a VolumeAttributesClass' parameters, which win
 * @throws CsiError INVALID_ARGUMENT with what is wrong
 */
export function parseParameters(fixed: Texts, mutable: Texts = {}): ClassParameters {
  const unknown = Object.keys(fixed).filter((name) => !name.startsWith(PREFIX) && !KNOWN.some((known) => known === name));
  if (unknown.length > 0)
    throw new CsiError(
      "INVALID_ARGUMENT",
      `parameters that are not known: ${unknown.sort().join(", ")}; what is known is ${KNOWN.join(", ")}`,
    );
  const layout = choice(fixed, "type", ["linear", "striped", "thin"], "linear");
  const stripes = whole(fixed, "stripes", 1, 128, layout === "striped" ? 2 : 1);
  if (layout === "striped" && stripes < 2) throw new CsiError("INVALID_ARGUMENT", "stripes is 1: a striped volume is over 2 disks or more");
  if (layout !== "striped" && fixed["stripes"] !== undefined)
    throw new CsiError("INVALID_ARGUMENT", `stripes is for type striped, and type is ${layout}`);
  const kib = whole(fixed, "stripeSize", 4, 2 ** 20, 64);
  if ((kib & (kib - 1)) !== 0) throw new CsiError("INVALID_ARGUMENT", `stripeSize is ${kib}, and has to be a power of 2, in KiB`);
  const overprovision = Number(fixed["overprovision"] ?? "1");
  if (!(overprovision >= 1 && overprovision <= 100))
    throw new CsiError("INVALID_ARGUMENT", `overprovision is ${JSON.stringify(fixed["overprovision"])}, and has to be from 1 to 100`);
  const volumeGroup = named(fixed, "volumeGroup");
  const thinPool = named(fixed, "thinPool");
  if (thinPool !== undefined && layout !== "thin")
    throw new CsiError("INVALID_ARGUMENT", `thinPool is for type thin, and type is ${layout}`);
  return {
    ...(volumeGroup === undefined ? {} : { volumeGroup }),
    layout,
    stripes,
    stripeSize: kib * 1024,
    ...(thinPool === undefined ? {} : { thinPool }),
    overprovision,
    snapshotReserve: whole(fixed, "snapshotReserve", 1, 100, 20),
    wipe: choice(fixed, "wipe", ["zero", "discard", "none"], "zero"),
    limits: parseMutable(mutable, parseLimits(fixed)),
  };
}

/**
 * Of a VolumeSnapshotClass: percent of the volume that a snapshot has room for, where the volume is not thin.
 *
 * @throws CsiError INVALID_ARGUMENT
 */
export function parseSnapshotParameters(parameters: Texts): number {
  const unknown = Object.keys(parameters).filter((name) => !name.startsWith(PREFIX) && name !== "snapshotReserve");
  if (unknown.length > 0)
    throw new CsiError("INVALID_ARGUMENT", `parameters that are not known: ${unknown.sort().join(", ")}; what is known is snapshotReserve`);
  return whole(parameters, "snapshotReserve", 1, 100, 20);
}

function choice<T extends string>(from: Texts, name: string, values: readonly T[], otherwise: T): T {
  const text = from[name];
  if (text === undefined) return otherwise;
  const found = values.find((value) => value === text);
  if (found === undefined)
    throw new CsiError("INVALID_ARGUMENT", `${name} is ${JSON.stringify(text)}, and has to be one of ${values.join(", ")}`);
  return found;
}

function whole(from: Texts, name: string, least: number, most: number, otherwise: number): number {
  const text = from[name];
  if (text === undefined) return otherwise;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most))
    throw new CsiError("INVALID_ARGUMENT", `${name} is ${JSON.stringify(text)}, and has to be a whole number from ${least} to ${most}`);
  return value;
}

/** LVM's names: letters, digits and `+_.-`, not beginning with `-`. */
function named(from: Texts, name: string): string | undefined {
  const text = from[name];
  if (text === undefined || text === "") return undefined;
  if (!/^[A-Za-z0-9+_.][A-Za-z0-9+_.-]{0,126}$/.test(text))
    throw new CsiError("INVALID_ARGUMENT", `${name} is ${JSON.stringify(text)}, which is no name of LVM's`);
  return text;
}
