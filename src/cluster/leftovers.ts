import { ApiError, type ApiClient, type KubernetesObject } from "../kubernetes/index.ts";
import { addonSetId, type InventoryAddon } from "./addon-object.ts";
import { PART_OF } from "./applyset.ts";
import type { Discovery } from "./discovery.ts";
import { listAll, METADATA_LIST } from "./list.ts";
import { ownEntry } from "./managed-fields.ts";
import { groupKind, keyOf, refOf, type Desired, type ObjectKey, type ObjectRef } from "./types.ts";

/** An object that says it is a member of an addon's set, although no inventory knows it. */
export interface Leftover {
  readonly ref: ObjectRef;
  readonly key: ObjectKey;
  readonly uid: string;
  readonly resourceVersion: string;
  /** The set that its label names. */
  readonly setId: string;
  /** The addon of that set, where its name is known. */
  readonly addon: string | null;
  /** Whether Halite itself wrote the label: somebody may have copied it. */
  readonly ours: boolean;
}

/**
 * Objects that carry a set's label without standing in an inventory.
 *
 * @param kinds those that Halite has ever applied in this cluster (`Deployment.apps`); null where nobody knows: every kind is looked at
 */
export async function findLeftovers(
  client: ApiClient,
  discovery: Discovery,
  desired: Desired,
  inventory: ReadonlyMap<string, InventoryAddon>,
  kinds: ReadonlySet<string> | null,
): Promise<readonly Leftover[]> {
  const addons = new Map([...inventory.keys(), ...desired.addons.map((addon) => addon.name)].map((name) => [addonSetId(name), name]));
  const known = new Set([...inventory.values()].flatMap((addon) => [...addon.members.keys()]));
  for (const addon of desired.addons) if (addon.state === "complete") for (const { key } of addon.objects) known.add(key);
  const found = await Promise.all(
    discovery.listable.map(async (resource): Promise<Leftover[]> => {
      // Events are never applied, and there may be very many.
      if (resource.kind === "Event" || kinds?.has(groupKind(resource)) === false) return [];
      let objects: KubernetesObject[];
      try {
        objects = await listAll(client, resource, { labelSelector: PART_OF }, METADATA_LIST);
      } catch (error) {
        if (error instanceof ApiError) return [];
        throw error;
      }
      return objects.flatMap((object): Leftover[] => {
        const ref = refOf(object);
        const key = keyOf(ref);
        const setId = object.metadata.labels?.[PART_OF] ?? "";
        if (known.has(key) || object.metadata.deletionTimestamp !== undefined) return [];
        const entry = ownEntry(object);
        const labels = entry?.fieldsV1?.["f:metadata"];
        const ours = labels !== undefined && JSON.stringify(labels).includes(`"f:${PART_OF}"`);
        // Copies of a label that EndpointSlices and the like take over from their owner are their owner's.
        if (!ours && (object.metadata.ownerReferences ?? []).length > 0) return [];
        const addon = addons.get(setId) ?? null;
        if (addon === null && !ours) return [];
        return [{ ref, key, uid: object.metadata.uid ?? "", resourceVersion: object.metadata.resourceVersion ?? "", setId, addon, ours }];
      });
    }),
  );
  return found.flat().sort((a, b) => (a.key < b.key ? -1 : 1));
}
