import { ApiError, isObject, listAt, textAt, type ApiClient, type KubernetesObject } from "../kubernetes/index.ts";
import { pathOf, type ApiResource, type Discovery } from "./discovery.ts";
import { groupKind, keyOf, refOf, type ObjectKey } from "./types.ts";

/** On a live object: its deletion is meant. */
export const PRUNE_ANNOTATION = "halite.dev/prune";
export const CONFIRMED = "confirmed";

/**
 * Why deleting an object takes more with it than the object; undefined where it does not. What can't be looked at counts as dangerous.
 *
 * @param going what is to be deleted in the same pass: it is no loss
 */
export async function dangerOf(
  client: ApiClient,
  discovery: Discovery,
  object: KubernetesObject,
  going: ReadonlySet<ObjectKey>,
): Promise<string | undefined> {
  try {
    switch (groupKind(refOf(object))) {
      case "PersistentVolume":
        return `it is a volume${claimWords(object)}`;
      case "PersistentVolumeClaim":
        return "it is a claim: its volume's data may go with it";
      case "Namespace":
        return await namespaceDanger(client, discovery, object.metadata.name, going);
      case "CustomResourceDefinition.apiextensions.k8s.io":
        return await definitionDanger(client, object, going);
      case "StorageClass.storage.k8s.io":
        return await storageClassDanger(client, object.metadata.name);
      default:
        return undefined;
    }
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return `what hangs on it can't be looked at: ${error.message}`;
  }
}

function claimWords(volume: KubernetesObject): string {
  const name = textAt(volume, "spec", "claimRef", "name");
  return name === undefined ? "" : ` bound to ${textAt(volume, "spec", "claimRef", "namespace") ?? ""}/${name}`;
}

/** Kinds that the cluster itself puts into every namespace, or that come and go with others. */
const OF_THE_CLUSTER = new Set(["ConfigMap//kube-root-ca.crt", "ConfigMap//openshift-service-ca.crt", "ServiceAccount//default"]);

async function namespaceDanger(
  client: ApiClient,
  discovery: Discovery,
  name: string,
  going: ReadonlySet<ObjectKey>,
): Promise<string | undefined> {
  const foreign: string[] = [];
  if (discovery.unreachable.size > 0) return `what is in it is not known: ${[...discovery.unreachable].join(", ")} does not answer`;
  await Promise.all(
    discovery.listable.map(async (resource) => {
      if (!resource.namespaced || resource.kind === "Event" || resource.group === "metrics.k8s.io") return;
      for (const item of await itemsIn(client, resource, name)) {
        const { metadata } = item;
        if (going.has(keyOf(refOf(item))) || OF_THE_CLUSTER.has(`${groupKind(refOf(item))}//${metadata.name}`)) continue;
        // What another object owns goes with it: it is judged by its owner.
        if ((metadata.ownerReferences ?? []).length > 0 || metadata.deletionTimestamp !== undefined) continue;
        // The Endpoints of a Service are made for it and bear its name.
        if (
          resource.group === "" &&
          resource.kind === "Endpoints" &&
          going.has(keyOf({ group: "", kind: "Service", namespace: name, name: metadata.name }))
        )
          continue;
        foreign.push(`${resource.kind} ${metadata.name}`);
      }
    }),
  );
  return foreign.length === 0 ? undefined : `${foreign.length} objects that are not of this release are in it: ${listed(foreign)}`;
}

async function definitionDanger(client: ApiClient, definition: KubernetesObject, going: ReadonlySet<ObjectKey>): Promise<string> {
  const group = textAt(definition, "spec", "group") ?? "";
  const kind = textAt(definition, "spec", "names", "kind") ?? "";
  const plural = textAt(definition, "spec", "names", "plural") ?? "";
  const version = listAt(definition, "spec", "versions").find((each) => isObject(each) && each["served"] === true);
  const resource = { group, kind, plural, version: textAt(version ?? null, "name") ?? "", namespaced: true, verbs: [] };
  const instances = version === undefined ? [] : await itemsIn(client, resource, null);
  const foreign = instances
    .filter((item) => !going.has(keyOf(refOf(item))))
    .map((item) => `${item.metadata.namespace ?? ""}/${item.metadata.name}`);
  return foreign.length === 0
    ? "it is a CustomResourceDefinition: every object of its kind goes with it (there is none now)"
    : `it is a CustomResourceDefinition: ${foreign.length} objects of its kind would go with it: ${listed(foreign)}`;
}

async function storageClassDanger(client: ApiClient, name: string): Promise<string | undefined> {
  const [volumes, claims] = await Promise.all([
    client.call({ method: "GET", path: "/api/v1/persistentvolumes" }),
    client.call({ method: "GET", path: "/api/v1/persistentvolumeclaims" }),
  ]);
  const users = [...listAt(claims, "items"), ...listAt(volumes, "items")].filter(
    (each) => textAt(each, "spec", "storageClassName") === name,
  );
  if (users.length === 0) return undefined;
  return `it is in use by ${users.length} volumes and claims: ${listed(users.map((each) => textAt(each, "metadata", "name") ?? ""))}`;
}

async function itemsIn(client: ApiClient, resource: ApiResource, namespace: string | null): Promise<KubernetesObject[]> {
  const apiVersion = resource.group === "" ? resource.version : `${resource.group}/${resource.version}`;
  const answer = await client.find({
    method: "GET",
    path: pathOf(resource, namespace),
    query: { limit: "500" },
    accept: "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json",
  });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- each item of a list has metadata by the API's own contract
  return listAt(answer, "items").map((item) => ({ ...(item as KubernetesObject), apiVersion, kind: resource.kind }));
}

function listed(names: readonly string[]): string {
  const sorted = [...names].sort();
  return sorted.length > 3 ? `${sorted.slice(0, 3).join(", ")} …` : sorted.join(", ");
}
