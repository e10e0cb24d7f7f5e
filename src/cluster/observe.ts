import { FindingError } from "../finding/index.ts";
import { ADDON_RESOURCE, addonSetId, readAddonObject, RECONCILE, type InventoryAddon } from "./addon-object.ts";
import { PART_OF } from "./applyset.ts";
import {
  ApiError,
  isObject,
  listAt,
  textAt,
  UnreachableError,
  isKubernetesObject,
  type ApiClient,
  type KubernetesObject,
} from "../kubernetes/index.ts";
import { dangerOf } from "./dangers.ts";
import { discover, pathOf, type ApiResource, type Discovery } from "./discovery.ts";
import { ownEntry } from "./managed-fields.ts";
import type { Reveal } from "./apply-body.ts";
import { tryApply, type Comparison } from "./try-apply.ts";
import {
  keyOf,
  refOf,
  type Desired,
  type DesiredAddon,
  type DesiredObject,
  type ObjectKey,
  type ObjectRef,
  type Standing,
} from "./types.ts";

/** The addon manager's label, which every object of a release carries. */
export const MODE_LABEL = "addonmanager.kubernetes.io/mode";

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

/** What was found in a cluster, as data. No secret value is in it but in `live`. */
export interface Observed {
  readonly discovery: Discovery;
  readonly inventory: ReadonlyMap<string, InventoryAddon>;
  /** What is there of all that the release and the inventory name. */
  readonly live: ReadonlyMap<ObjectKey, KubernetesObject>;
  /** What could not be read, and why. That it is not in `live` means nothing. */
  readonly unread: ReadonlyMap<ObjectKey, string>;
  /** Of live objects in mode Reconcile: what an apply would do. */
  readonly comparisons: ReadonlyMap<ObjectKey, Comparison>;
  readonly leftovers: readonly Leftover[];
  /** Why deleting an object needs a confirmation. */
  readonly dangers: ReadonlyMap<ObjectKey, string>;
  /** How the release stands to what each addon was applied from, by addon. */
  readonly standings: ReadonlyMap<string, Standing>;
  /** Pods of a real addon manager that run in the cluster. */
  readonly addonManagers: readonly string[];
}

export interface ObserveOptions {
  readonly reveal?: Reveal | undefined;
  /** How the release stands to a commit applied before; default `newer`. */
  readonly standing?: ((applied: string) => Promise<Standing>) | undefined;
  /** Only these objects are read and compared: what a watch told of. Nothing is pruned then. */
  readonly only?: ReadonlySet<ObjectKey> | undefined;
  /** What the cluster serves, where it is known already. */
  readonly discovery?: Discovery | undefined;
  /** Objects that were found to be as their manifest says: `resourceVersion digest` by key. Written to. */
  readonly verified?: Map<ObjectKey, string> | undefined;
  /** Whether members that no inventory knows are looked for, by a list of every kind; default: when everything is looked at. */
  readonly leftovers?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads what a plan needs to know of a cluster. Changes nothing: an apply is tried as a dry run, and only where the object is not as the manifest says.
 *
 * @throws UnreachableError, ApiError where the cluster can't be read at all; FindingError `cluster-other` where it is another cluster
 */
export async function observe(client: ApiClient, desired: Desired, options: ObserveOptions = {}): Promise<Observed> {
  const [discovery, inventory, addonManagers] = await Promise.all([
    options.discovery ?? discover(client),
    readInventory(client, desired.cluster),
    options.only === undefined ? runningAddonManagers(client) : [],
  ]);
  const reader = new Reader(client, discovery);
  const wanted = desired.addons.flatMap((addon) => (addon.state === "complete" ? addon.objects : []));
  const refs = new Map<ObjectKey, ObjectRef>();
  for (const { key, ref } of wanted) refs.set(key, ref);
  for (const addon of inventory.values()) {
    for (const [key, member] of addon.members)
      if (!refs.has(key)) refs.set(key, { ...member, version: discovery.anyVersion(member)?.version ?? "" });
  }
  for (const { ref } of wanted) {
    if (ref.namespace === null) continue;
    const namespace: ObjectRef = { group: "", version: "v1", kind: "Namespace", namespace: null, name: ref.namespace };
    if (!refs.has(keyOf(namespace))) refs.set(keyOf(namespace), namespace);
  }
  const picked =
    options.only === undefined
      ? refs
      : new Map([...refs].filter(([key, ref]) => options.only?.has(key) === true || ref.kind === "Namespace"));
  await reader.read(picked, options.only === undefined);
  const { live, unread } = reader;
  const comparisons = await compare(client, desired, inventory, { ...options, live, discovery });
  const standings = await standingsOf(desired, inventory, options.standing);
  const full = options.only === undefined;
  const going = [...inventory.values()].flatMap((addon) =>
    [...addon.members].filter(([key, { mode }]) => mode === "Reconcile" && live.has(key) && !wanted.some((each) => each.key === key)),
  );
  const dangers = new Map<ObjectKey, string>();
  if (full) {
    const pruned = new Set(going.map(([key]) => key));
    for (const key of pruned) {
      const object = live.get(key);
      const why = object === undefined ? undefined : await dangerOf(client, discovery, object, pruned);
      if (why !== undefined) dangers.set(key, why);
    }
  }
  const leftovers = (options.leftovers ?? full) ? await findLeftovers(client, discovery, desired, inventory) : [];
  return { discovery, inventory, live, unread, comparisons, leftovers, dangers, standings, addonManagers };
}

/** The addons that a cluster says it has. @throws FindingError `cluster-other` where they are another cluster's */
export async function readInventory(client: ApiClient, cluster: string): Promise<ReadonlyMap<string, InventoryAddon>> {
  const found = new Map<string, InventoryAddon>();
  let answer;
  try {
    answer = await client.call({ method: "GET", path: pathOf(ADDON_RESOURCE, null) });
  } catch (error) {
    // Before the first apply there is no such kind.
    if (error instanceof ApiError && error.status === 404) return found;
    throw error;
  }
  for (const item of listAt(answer, "items")) {
    const addon = readAddonObject(isObject(item) ? { ...item, apiVersion: "halite.dev/v1alpha1", kind: "Addon" } : item);
    if (addon === undefined) continue;
    if (addon.cluster !== cluster) {
      throw new FindingError({
        code: "cluster-other",
        severity: "error",
        message: `${client.server} is cluster ${addon.cluster}, not ${cluster}: its Addon ${addon.objectName} says so`,
        advice: "check --context and the kubeconfig; if the cluster was renamed, change spec.cluster of its Addons first",
      });
    }
    found.set(addon.name, addon);
  }
  return found;
}

/** Reads objects: those with the mode label by one list for each kind, the others one by one. */
class Reader {
  readonly live = new Map<ObjectKey, KubernetesObject>();
  readonly unread = new Map<ObjectKey, string>();
  readonly #client: ApiClient;
  readonly #discovery: Discovery;

  constructor(client: ApiClient, discovery: Discovery) {
    this.#client = client;
    this.#discovery = discovery;
  }

  async read(refs: ReadonlyMap<ObjectKey, ObjectRef>, lists: boolean): Promise<void> {
    const kinds = new Map<string, { readonly resource: ApiResource; readonly refs: Map<ObjectKey, ObjectRef> }>();
    for (const [key, ref] of refs) {
      const resource = this.#discovery.served(ref) ?? (ref.version === "" ? this.#discovery.anyVersion(ref) : undefined);
      if (resource === undefined) {
        if (this.#discovery.unreachable.has(ref.group)) this.unread.set(key, `the API group ${ref.group} does not answer`);
        continue;
      }
      const name = `${resource.group}/${resource.version}/${resource.kind}`;
      const entry = kinds.get(name) ?? { resource, refs: new Map<ObjectKey, ObjectRef>() };
      kinds.set(name, entry);
      entry.refs.set(key, ref);
    }
    await Promise.all([...kinds.values()].map((kind) => this.#kind(kind.resource, kind.refs, lists)));
  }

  async #kind(resource: ApiResource, refs: ReadonlyMap<ObjectKey, ObjectRef>, lists: boolean): Promise<void> {
    // Two requests are cheaper than a list of everybody's.
    if (lists && refs.size > 2) {
      try {
        for (const object of await listAll(this.#client, resource, { labelSelector: MODE_LABEL })) {
          const key = keyOf(refOf(object));
          if (refs.has(key)) this.live.set(key, object);
        }
      } catch (error) {
        // Without the right to list, or with a list cut off, each object is asked for by itself.
        if (!(error instanceof ApiError || error instanceof UnreachableError)) throw error;
      }
    }
    await Promise.all([...refs].filter(([key]) => !this.live.has(key)).map(([key, ref]) => this.#one(resource, key, ref)));
  }

  async #one(resource: ApiResource, key: ObjectKey, ref: ObjectRef): Promise<void> {
    try {
      const object = await this.#client.find({ method: "GET", path: pathOf(resource, ref.namespace, ref.name) });
      if (object === undefined) return;
      if (isKubernetesObject(object)) this.live.set(key, object);
      else this.unread.set(key, "the server's answer is no object");
    } catch (error) {
      if (!(error instanceof ApiError || error instanceof UnreachableError)) throw error;
      this.unread.set(key, error.message);
    }
  }
}

/** Every object of a kind, page by page. @throws as `ApiClient.call`; never a part of the list */
export async function listAll(
  client: ApiClient,
  resource: ApiResource,
  query: Readonly<Record<string, string>> = {},
  accept?: string,
): Promise<KubernetesObject[]> {
  const objects: KubernetesObject[] = [];
  const apiVersion = resource.group === "" ? resource.version : `${resource.group}/${resource.version}`;
  let token: string | undefined;
  let restarts = 0;
  do {
    let page;
    try {
      page = await client.call({
        method: "GET",
        path: pathOf(resource, null),
        query: { limit: "500", continue: token, ...query },
        ...(accept === undefined ? {} : { accept }),
      });
    } catch (error) {
      // The list went out of date between two pages: it begins again.
      if (!(error instanceof ApiError) || error.status !== 410 || ++restarts > 3) throw error;
      objects.length = 0;
      token = undefined;
      continue;
    }
    for (const item of listAt(page, "items")) {
      const object = isObject(item) ? { ...item, apiVersion, kind: resource.kind } : null;
      if (object !== null && isKubernetesObject(object)) objects.push(object);
    }
    token = textAt(page, "metadata", "continue");
  } while (token !== undefined && token !== "");
  return objects;
}

/** What an apply of each live object in mode Reconcile would do. */
async function compare(
  client: ApiClient,
  desired: Desired,
  inventory: ReadonlyMap<string, InventoryAddon>,
  options: ObserveOptions & { readonly live: ReadonlyMap<ObjectKey, KubernetesObject>; readonly discovery: Discovery },
): Promise<ReadonlyMap<ObjectKey, Comparison>> {
  const found = new Map<ObjectKey, Comparison>();
  const one = async (addon: DesiredAddon, object: DesiredObject): Promise<void> => {
    const live = options.live.get(object.key);
    const resource = options.discovery.served(object.ref);
    if (live === undefined || resource === undefined || object.mode !== "Reconcile") return;
    if (options.only !== undefined && !options.only.has(object.key)) return;
    if (live.metadata.deletionTimestamp !== undefined || isSuspended(object.object) || isSuspended(live)) return;
    const stamp = `${live.metadata.uid ?? ""} ${live.metadata.resourceVersion ?? ""} ${object.digest} ${addon.name}`;
    // What is sealed may have been rotated at its source, which the digest of the manifest need not tell.
    if (!object.sealed && options.verified?.get(object.key) === stamp) {
      found.set(object.key, { kind: "same" });
      return;
    }
    const comparison = await tryApply(client, resource, addon.name, object, live, { ...options, cluster: desired.cluster });
    if (comparison.kind === "same") options.verified?.set(object.key, stamp);
    found.set(object.key, comparison);
  };
  await Promise.all(
    desired.addons.flatMap((addon) =>
      addon.state !== "complete" || addon.suspended || inventory.get(addon.name)?.suspended === true
        ? []
        : addon.objects.map((object) => one(addon, object)),
    ),
  );
  return found;
}

/** Whether an object, or its manifest, says that Halite leaves it as it is. */
export function isSuspended(object: KubernetesObject): boolean {
  return object.metadata.annotations?.[RECONCILE] === "disabled";
}

async function standingsOf(
  desired: Desired,
  inventory: ReadonlyMap<string, InventoryAddon>,
  ask: ((applied: string) => Promise<Standing>) | undefined,
): Promise<ReadonlyMap<string, Standing>> {
  const commits = new Map<string, Standing>();
  const standings = new Map<string, Standing>();
  for (const name of new Set([...inventory.keys(), ...desired.addons.map((addon) => addon.name)])) {
    const applied = inventory.get(name)?.commit ?? null;
    if (!inventory.has(name)) standings.set(name, "first");
    else if (desired.commit === null || applied === null) standings.set(name, "local");
    else if (applied === desired.commit) standings.set(name, "same");
    else {
      const known = commits.get(applied) ?? (ask === undefined ? "newer" : await ask(applied));
      commits.set(applied, known);
      standings.set(name, known);
    }
  }
  return standings;
}

/** Pods of kube-addon-manager in kube-system. Where they may not be listed, none is known. */
async function runningAddonManagers(client: ApiClient): Promise<readonly string[]> {
  try {
    const pods = await client.call({
      method: "GET",
      path: "/api/v1/namespaces/kube-system/pods",
      query: { labelSelector: "component=kube-addon-manager" },
    });
    return listAt(pods, "items").flatMap((pod) =>
      textAt(pod, "status", "phase") === "Running" ? (textAt(pod, "metadata", "name") ?? []) : [],
    );
  } catch (error) {
    if (error instanceof ApiError) return [];
    throw error;
  }
}

const METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";

/** Objects of every kind that carry a set's label without standing in an inventory. */
async function findLeftovers(
  client: ApiClient,
  discovery: Discovery,
  desired: Desired,
  inventory: ReadonlyMap<string, InventoryAddon>,
): Promise<readonly Leftover[]> {
  const addons = new Map([...inventory.keys(), ...desired.addons.map((addon) => addon.name)].map((name) => [addonSetId(name), name]));
  const known = new Set([...inventory.values()].flatMap((addon) => [...addon.members.keys()]));
  for (const addon of desired.addons) if (addon.state === "complete") for (const { key } of addon.objects) known.add(key);
  const found = await Promise.all(
    discovery.listable.map(async (resource): Promise<Leftover[]> => {
      // Events are never applied, and there may be very many.
      if (resource.kind === "Event") return [];
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
