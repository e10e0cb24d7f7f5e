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
  type JsonObject,
  type KubernetesObject,
} from "../kubernetes/index.ts";
import { pathOf } from "./discovery.ts";
import { firstDifference } from "./managed-fields.ts";
import { applyRequest } from "./try-apply.ts";
import { keyOf, type ObjectKey } from "./types.ts";

const CRD_PATH = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${ADDON_CRD.metadata.name}`;

/** On the definition of Addon: every kind that Halite has ever applied in the cluster, also for addons whose Addon somebody deleted. */
const EVER_APPLIED = "halite.dev/applied-kinds";

/** The kind Addon, as a cluster has it. */
export interface AddonDefinition {
  readonly live: KubernetesObject | undefined;
  /** The kinds that were ever applied (`Deployment.apps`); null where the cluster does not say. */
  readonly kinds: ReadonlySet<string> | null;
}

/** @throws UnreachableError; ApiError but for a right that is missing */
export async function readDefinition(client: ApiClient): Promise<AddonDefinition> {
  let live: JsonObject | undefined;
  try {
    live = await client.find({ method: "GET", path: CRD_PATH });
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 403) throw error;
  }
  if (live === undefined || !isKubernetesObject(live)) return { live: undefined, kinds: null };
  const said = live.metadata.annotations?.[EVER_APPLIED];
  return { live, kinds: said === undefined ? null : new Set(said.split(",").filter((kind) => kind !== "")) };
}

/**
 * Makes the kind Addon known to a cluster, or brings its definition up to date, with the kinds that are about to be applied. Writes only where something
 * differs, guarded by the version that was read.
 *
 * @param kinds that are or will be applied
 * @param whole whether `kinds` are all that ever were, where the cluster itself does not say
 */
export async function ensureAddonKind(client: ApiClient, known: AddonDefinition, kinds: Iterable<string>, whole: boolean): Promise<void> {
  let current = known;
  for (let attempt = 0; ; attempt++) {
    const all = current.kinds !== null || whole ? [...new Set([...(current.kinds ?? []), ...kinds])].sort().join(",") : undefined;
    const { metadata, ...rest } = ADDON_CRD;
    const wanted = {
      ...rest,
      apiVersion: ADDON_CRD.apiVersion,
      kind: ADDON_CRD.kind,
      metadata: { ...metadata, ...(all === undefined ? {} : { annotations: { [EVER_APPLIED]: all } }) },
    };
    const { live } = current;
    if (live !== undefined && firstDifference(wanted, live) === undefined && isEstablished(live)) return;
    const resourceVersion = live?.metadata.resourceVersion;
    const body = { ...wanted, metadata: { ...wanted.metadata, ...(resourceVersion === undefined ? {} : { resourceVersion }) } };
    try {
      await client.call({ method: "PATCH", path: CRD_PATH, body, ...applyRequest(true, false) });
      return;
    } catch (error) {
      // Somebody else wrote it since, maybe another Halite: what that one has applied stays.
      if (!(error instanceof ApiError) || error.status !== 409 || attempt >= TRIES) throw error;
      current = await readDefinition(client);
    }
  }
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
        await new Promise((resolve) => setTimeout(resolve, 20 + attempt * 40));
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
