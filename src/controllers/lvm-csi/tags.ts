import type { VolumeKind } from "./identity.ts";
import type { IoLimits } from "./io-limits.ts";
import { LIMITS } from "./io-limits.ts";

/** A volume's type: how LVM lays it out. */
export type Layout = "linear" | "striped" | "thin";
/** What becomes of the bytes when a volume that is no thin one is deleted. */
export type Wipe = "zero" | "discard" | "none";
/** `Filesystem` or `Block`, as a claim has it. */
export type VolumeMode = "Filesystem" | "Block";

/**
 * What the driver knows of a logical volume: all of it stands in the volume's LVM tags, so that it is there as long as the volume is, and nothing
 * else has to be kept.
 */
export interface Ownership {
  readonly kind: VolumeKind;
  /** The name that Kubernetes gave; of a temporary one the logical volume that is filled from it. */
  readonly name: string;
  /** `creating`: not handed out yet, may be removed. `deleting`: the bytes are being wiped, then it is removed. */
  readonly state: "creating" | "ready" | "deleting";
  /** In bytes: what it was last made to be. */
  readonly size: number;
  readonly mode: VolumeMode;
  readonly layout: Layout;
  readonly wipe: Wipe;
  /** Of a thin volume: so often may the volumes of its pool come to the pool's size. */
  readonly overprovision: number;
  /** Of a volume: what it was filled from, `volume:ID` or `snapshot:ID`. Of a snapshot: the id of the volume that it was taken of. */
  readonly source?: string;
  /** NAMESPACE/NAME of the claim (of an ephemeral one: the pod). */
  readonly claim?: string;
  /** The file system that the driver has made in it, or that came with the source. */
  readonly filesystem?: string;
  /** mkfs has been begun and not been seen to end: nobody has used the volume. */
  readonly formatting: boolean;
  /** It was staged or published: there may be data in it. */
  readonly used: boolean;
  /** When it was made: seconds since 1970. */
  readonly created: number;
  readonly limits: IoLimits;
}

/** The tag by which a logical volume is known to be the driver's. */
export const OURS = "halite.lvm";

/** As tags, sorted. */
export function tagsOf(ownership: Ownership): readonly string[] {
  const { kind, name, state, size, mode, layout, wipe, overprovision, source, claim, filesystem, formatting, used, created, limits } =
    ownership;
  const entries: readonly (readonly [key: string, value: string | undefined])[] = [
    ["kind", kind],
    ["name", name],
    ["state", state],
    ["size", String(size)],
    ["mode", mode],
    ["layout", layout],
    ["wipe", wipe],
    ["overprovision", String(overprovision)],
    ["source", source],
    ["claim", claim],
    ["filesystem", filesystem],
    ["formatting", formatting ? "yes" : undefined],
    ["used", used ? "yes" : undefined],
    ["created", String(created)],
    ...LIMITS.map((limit) => [limit, limits[limit] === undefined ? undefined : String(limits[limit])] as const),
  ];
  return [OURS, ...entries.flatMap(([key, value]) => (value === undefined ? [] : [`halite.${key}=${escaped(value)}`]))].sort();
}

/** `undefined` for a volume that is not the driver's, or whose tags don't say what they have to: such a one is not touched. */
export function ownershipOf(tags: readonly string[]): Ownership | undefined {
  if (!tags.includes(OURS)) return undefined;
  const values = new Map(
    tags.flatMap((tag) => {
      const [, key, value] = /^halite\.([A-Za-z]+)=(.*)$/.exec(tag) ?? [];
      return key === undefined || value === undefined ? [] : [[key, unescaped(value)] as const];
    }),
  );
  const kind = oneOf(values.get("kind"), ["volume", "snapshot", "ephemeral", "temporary"]);
  const state = oneOf(values.get("state"), ["creating", "ready", "deleting"]);
  const mode = oneOf(values.get("mode"), ["Filesystem", "Block"]);
  const layout = oneOf(values.get("layout"), ["linear", "striped", "thin"]);
  const wipe = oneOf(values.get("wipe"), ["zero", "discard", "none"]);
  const name = values.get("name");
  const [size, created, overprovision] = ["size", "created", "overprovision"].map((key) => Number(values.get(key)));
  if (kind === undefined || state === undefined || mode === undefined || layout === undefined || wipe === undefined || name === undefined)
    return undefined;
  if (size === undefined || created === undefined || overprovision === undefined) return undefined;
  if (!Number.isSafeInteger(size) || !Number.isSafeInteger(created) || !(overprovision >= 1)) return undefined;
  const [source, claim, filesystem] = [values.get("source"), values.get("claim"), values.get("filesystem")];
  return {
    kind,
    name,
    state,
    size,
    mode,
    layout,
    wipe,
    overprovision,
    ...(source === undefined ? {} : { source }),
    ...(claim === undefined ? {} : { claim }),
    ...(filesystem === undefined ? {} : { filesystem }),
    formatting: values.get("formatting") === "yes",
    used: values.get("used") === "yes",
    created,
    limits: Object.fromEntries(
      LIMITS.flatMap((limit) => {
        const value = Number(values.get(limit));
        return Number.isSafeInteger(value) && value > 0 ? [[limit, value]] : [];
      }),
    ),
  };
}

/** LVM's options that turn the tags of one into those of another; empty where they are the same. */
export function retag(before: Ownership, after: Ownership): readonly string[] {
  const [old, now] = [tagsOf(before), tagsOf(after)];
  return [
    ...old.filter((tag) => !now.includes(tag)).flatMap((tag) => ["--deltag", tag]),
    ...now.filter((tag) => !old.includes(tag)).flatMap((tag) => ["--addtag", tag]),
  ];
}

function oneOf<T extends string>(value: string | undefined, values: readonly T[]): T | undefined {
  return values.find((each) => each === value);
}

/** Tags hold letters, digits and `_+.-/=!:&#`; other bytes are written `+XX`, and so is `+` itself. */
function escaped(text: string): string {
  return [...Buffer.from(text, "utf8")]
    .map((byte) => {
      const character = String.fromCodePoint(byte);
      return /[A-Za-z0-9_./:-]/.test(character) ? character : `+${byte.toString(16).padStart(2, "0")}`;
    })
    .join("");
}

function unescaped(text: string): string {
  const bytes = [...text.matchAll(/\+([0-9a-f]{2})|(.)/gs)].map(([, hex, character]) =>
    hex === undefined ? (character ?? "").charCodeAt(0) : Number.parseInt(hex, 16),
  );
  return Buffer.from(bytes).toString("utf8");
}
