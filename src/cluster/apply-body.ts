import { FindingError } from "../finding/index.ts";
import { addonSetId } from "./addon-object.ts";
import { PART_OF } from "./applyset.ts";
import { isKubernetesObject, type JsonObject, type KubernetesObject, type ObjectMeta } from "../kubernetes/index.ts";
import type { DesiredObject } from "./types.ts";

/** An object whose sealed values were opened. It is held as bytes, which `wipe` overwrites. */
export interface RevealedBody {
  /** The object as JSON, a copy. */
  body(): Uint8Array;
  wipe(): void;
}

/**
 * Opens the references to sealed values of an object, in memory, just before it is compared or applied. What it gives is written nowhere but into the
 * request.
 *
 * @throws FindingError where a value can't be had: that object is not applied
 */
export type Reveal = (
  object: KubernetesObject,
  where: { readonly cluster: string; readonly addon: string; readonly file: string },
) => Promise<RevealedBody>;

/** An object as it is sent. */
export interface ApplyBody {
  readonly send: JsonObject | Uint8Array;
  /** As data, for comparing it with what is there. It must not be kept. */
  read(): KubernetesObject;
  wipe(): void;
}

export interface ApplyBodyOptions {
  readonly reveal?: Reveal | undefined;
  readonly cluster: string;
  /** The object that it is for: one that was made anew since is another. */
  readonly uid?: string | undefined;
  /** Another name than the manifest's. */
  readonly name?: string;
}

/** The object as it is applied: with the label of its addon's set, where it is a member. @throws as `Reveal` */
export async function applyBody(addon: string, desired: DesiredObject, options: ApplyBodyOptions): Promise<ApplyBody> {
  const { status: _status, metadata, ...rest } = desired.object;
  const { apiVersion, kind } = desired.object;
  const object: KubernetesObject = {
    ...rest,
    apiVersion,
    kind,
    metadata: {
      ...withoutEmptyMaps(metadata),
      ...(options.name === undefined ? {} : { name: options.name }),
      ...(options.uid === undefined ? {} : { uid: options.uid }),
      ...(desired.mode === "Reconcile" ? { labels: { ...metadata.labels, [PART_OF]: addonSetId(addon) } } : {}),
    },
  };
  if (!desired.sealed) return { send: object, read: () => withoutUid(object), wipe: () => undefined };
  if (options.reveal === undefined) {
    throw new FindingError({
      code: "sealed-closed",
      severity: "error",
      message: "it holds references to sealed values, and no key to open them is given",
      advice: "see `sealed` in halite.yaml",
    });
  }
  const revealed = await options.reveal(object, { cluster: options.cluster, addon, file: desired.file });
  const send = revealed.body();
  return {
    send,
    read: () => {
      const value: unknown = JSON.parse(new TextDecoder().decode(send));
      if (!isJsonObject(value) || !isKubernetesObject(value)) throw new TypeError("what was revealed is no Kubernetes object");
      return withoutUid(value);
    },
    wipe: () => {
      send.fill(0);
      revealed.wipe();
    },
  };
}

/** An empty map of annotations is Halite's until a controller writes the first one, and would be taken back by a write that changes nothing. */
function withoutEmptyMaps(metadata: ObjectMeta): ObjectMeta {
  const { labels, annotations, ...rest } = metadata;
  const kept = Object.entries({ labels, annotations }).filter(([, map]) => Object.keys(map ?? {}).length > 0);
  return { ...rest, name: metadata.name, ...Object.fromEntries(kept) };
}

function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The uid is a precondition, not a field. */
function withoutUid(object: KubernetesObject): KubernetesObject {
  const { uid: _uid, ...metadata } = object.metadata;
  return { ...object, metadata: { ...metadata, name: object.metadata.name } };
}
