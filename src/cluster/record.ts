import {
  ADDON_CRD,
  ADDON_RESOURCE,
  addonContent,
  addonObject,
  readAddonObject,
  type AddonRecord,
  type InventoryAddon,
  type Member,
} from "./addon-object.ts";
import {
  ApiError,
  isObject,
  sameJson,
  UnreachableError,
  isKubernetesObject,
  type ApiClient,
  type Json,
  type KubernetesObject,
} from "../kubernetes/index.ts";
import { pathOf } from "./discovery.ts";
import { firstDifference } from "./managed-fields.ts";
import { applyRequest } from "./try-apply.ts";
import { keyOf, type ObjectKey } from "./types.ts";

const CRD_PATH = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${ADDON_CRD.metadata.name}`;

/** Makes the kind Addon known to a cluster, or brings its definition up to date. Writes only where something differs. */
export async function ensureAddonKind(client: ApiClient): Promise<void> {
  const live = await client.find({ method: "GET", path: CRD_PATH });
  if (live !== undefined && isKubernetesObject(live) && firstDifference(ADDON_CRD, live) === undefined && isEstablished(live)) return;
  await client.call({ method: "PATCH", path: CRD_PATH, body: ADDON_CRD, ...applyRequest(true, false) });
}

function isEstablished(definition: KubernetesObject): boolean {
  const status = definition["status"];
  return isObject(status) && JSON.stringify(status["conditions"] ?? []).includes('"Established"');
}

/** What was recorded of an addon, and what it stands at now. */
export interface Recorded {
  readonly known: InventoryAddon;
  /** Whether something was written. */
  readonly written: boolean;
}

const TRIES = 20;

/**
 * Writes an addon's record, guarded by the version that was read: who wrote since is read again, and members that they added are kept. Nothing is written
 * where the record says the same.
 *
 * @throws ApiError, UnreachableError
 */
export async function writeRecord(client: ApiClient, record: AddonRecord, known: InventoryAddon | undefined): Promise<Recorded> {
  let current = known;
  let members = record.members;
  for (let attempt = 0; ; attempt++) {
    const object = addonObject({ ...record, members });
    if (current !== undefined && covers(addonContent(current.object), addonContent(object))) return { known: current, written: false };
    const resourceVersion = current?.resourceVersion;
    const body: KubernetesObject = {
      ...object,
      metadata: { ...object.metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
    };
    try {
      const answer = await client.call({
        method: "PATCH",
        path: pathOf(ADDON_RESOURCE, null, object.metadata.name),
        body,
        ...applyRequest(true, false),
      });
      const written = readAddonObject(answer);
      if (written === undefined) throw new UnreachableError("the answer to writing an Addon is none");
      return { known: written, written: true };
    } catch (error) {
      if (!(error instanceof ApiError) || attempt >= TRIES) throw error;
      if (error.status === 409) {
        const now = await client.find({ method: "GET", path: pathOf(ADDON_RESOURCE, null, object.metadata.name) });
        const other = readAddonObject(now);
        members = merged(members, current, other);
        current = other;
      } else if (error.status === 404 || (error.status === 500 && /not found|no kind/i.test(error.message))) {
        // The kind was made a moment ago.
        await new Promise((resolve) => setTimeout(resolve, 100 + attempt * 50));
      } else throw error;
    }
  }
}

/** Ours, and what another writer has added since. */
function merged(ours: readonly Member[], before: InventoryAddon | undefined, now: InventoryAddon | undefined): readonly Member[] {
  const all = new Map<ObjectKey, Member>(ours.map((member) => [keyOf(member), member]));
  for (const [key, member] of now?.members ?? []) if (!all.has(key) && before?.members.has(key) !== true) all.set(key, member);
  return [...all.values()];
}

/** Whether what is there has all that is wanted; further annotations may be there too. */
function covers(have: Json | undefined, want: Json | undefined): boolean {
  if (isObject(have) && isObject(want)) {
    for (const part of ["labels", "annotations"]) {
      const [wanted, there] = [want[part], have[part]];
      if (!isObject(wanted) || !isObject(there)) return false;
      if (!Object.entries(wanted).every(([key, value]) => there[key] === value)) return false;
    }
    return sameJson(have["spec"], want["spec"]) && sameJson(have["status"], want["status"]);
  }
  return false;
}

/** Deletes the record of an addon that has nothing left. */
export async function deleteRecord(client: ApiClient, known: InventoryAddon): Promise<void> {
  try {
    await client.call({
      method: "DELETE",
      path: pathOf(ADDON_RESOURCE, null, known.objectName),
      body: { apiVersion: "v1", kind: "DeleteOptions", preconditions: { uid: known.uid, resourceVersion: known.resourceVersion } },
    });
  } catch (error) {
    // Somebody else wrote it or deleted it meanwhile: the next pass sees.
    if (!(error instanceof ApiError) || (error.status !== 404 && error.status !== 409)) throw error;
  }
}
