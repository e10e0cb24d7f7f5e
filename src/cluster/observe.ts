import { FindingError } from "../finding/index.ts";
import { ADDON_RESOURCE, readAddonObject, RECONCILE, type InventoryAddon } from "./addon-object.ts";
import { ApiError, isObject, listAt, textAt, type ApiClient, type KubernetesObject } from "../kubernetes/index.ts";
import { dangerOf } from "./dangers.ts";
import { discover, pathOf, type Discovery } from "./discovery.ts";
import { findLeftovers, type Leftover } from "./leftovers.ts";
import { Reader } from "./reader.ts";
import { readDefinition, type AddonDefinition } from "./record.ts";
import type { Reveal } from "./apply-body.ts";
import { tryApply, type Comparison } from "./try-apply.ts";
import { keyOf, type Desired, type DesiredAddon, type DesiredObject, type ObjectKey, type ObjectRef, type Standing } from "./types.ts";

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
  /** The kind Addon, as the cluster has it. */
  readonly definition: AddonDefinition;
  /** Whether members that no inventory knows were looked for. */
  readonly looked: boolean;
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
  /** Whether members that no inventory knows are looked for, by a list of each kind that was ever applied; default: when everything is looked at. */
  readonly leftovers?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads what a plan needs to know of a cluster. Changes nothing: an apply is tried as a dry run, and only where the object is not as the manifest says.
 *
 * @throws UnreachableError, ApiError where the cluster can't be read at all; FindingError `cluster-other` where it is another cluster
 */
export async function observe(client: ApiClient, desired: Desired, options: ObserveOptions = {}): Promise<Observed> {
  const [discovery, inventory, definition, addonManagers] = await Promise.all([
    options.discovery ?? discover(client),
    readInventory(client, desired.cluster),
    readDefinition(client),
    options.only === undefined ? runningAddonManagers(client) : [],
  ]);
  const applied = new Set([...inventory.values()].flatMap((addon) => [...addon.members.keys()]));
  const reader = new Reader(client, discovery, (key) => applied.has(key));
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
  const stay = new Set(wanted.map(({ key }) => key));
  const going = [...inventory.values()].flatMap((addon) =>
    [...addon.members].filter(([key, { mode }]) => mode === "Reconcile" && live.has(key) && !stay.has(key)),
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
  const looked = options.leftovers ?? full;
  const leftovers = looked ? await findLeftovers(client, discovery, desired, inventory, definition.kinds) : [];
  return { discovery, inventory, definition, looked, live, unread, comparisons, leftovers, dangers, standings, addonManagers };
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
