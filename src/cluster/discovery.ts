import { ApiError, isObject, listAt, textAt, type ApiClient, type Json, type JsonObject } from "../kubernetes/index.ts";
import { apiVersionOf, groupKind, type ObjectRef } from "./types.ts";

/** A kind as a cluster serves it. */
export interface ApiResource {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

/** What a cluster serves. */
export class Discovery {
  readonly resources: readonly ApiResource[];
  /** Groups whose server does not answer: what they serve is not known, and that something is not listed there means nothing. */
  readonly unreachable: ReadonlySet<string>;
  readonly #byVersion = new Map<string, ApiResource>();
  readonly #preferred = new Map<string, ApiResource>();

  constructor(resources: readonly ApiResource[], unreachable: ReadonlySet<string>) {
    this.resources = resources;
    this.unreachable = unreachable;
    for (const resource of resources) {
      this.#byVersion.set(`${apiVersionOf(resource)} ${resource.kind}`, resource);
      const kind = groupKind(resource);
      if (!this.#preferred.has(kind)) this.#preferred.set(kind, resource);
    }
  }

  /** The resource of a kind in that very version. */
  served({ group, version, kind }: Pick<ObjectRef, "group" | "version" | "kind">): ApiResource | undefined {
    return this.#byVersion.get(`${apiVersionOf({ group, version })} ${kind}`);
  }

  /** The resource of a kind in whatever version the server prefers. */
  anyVersion(kind: Pick<ObjectRef, "group" | "kind">): ApiResource | undefined {
    return this.#preferred.get(groupKind(kind));
  }

  /** One resource for each kind that can be listed. */
  get listable(): readonly ApiResource[] {
    return [...this.#preferred.values()].filter(({ verbs }) => verbs.includes("list") && verbs.includes("delete"));
  }
}

/** Aggregated discovery (KEP-3352): v2 since 1.30, v2beta1 before. A server without it answers with the older lists. */
const AGGREGATED =
  "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";

/** Asks a cluster what it serves. @throws as `ApiClient.call` */
export async function discover(client: ApiClient): Promise<Discovery> {
  const [core, groups] = await Promise.all([
    client.call({ method: "GET", path: "/api", accept: AGGREGATED }),
    client.call({ method: "GET", path: "/apis", accept: AGGREGATED }),
  ]);
  if (textAt(core, "kind") !== "APIGroupDiscoveryList" || textAt(groups, "kind") !== "APIGroupDiscoveryList")
    return await discoverLists(client, groups);
  const resources: ApiResource[] = [];
  const unreachable = new Set<string>();
  for (const item of [...listAt(core, "items"), ...listAt(groups, "items")]) {
    const group = textAt(item, "metadata", "name") ?? "";
    for (const version of listAt(item, "versions")) {
      if (textAt(version, "freshness") === "Stale") unreachable.add(group);
      for (const resource of listAt(version, "resources")) {
        const kind = textAt(resource, "responseKind", "kind");
        const plural = textAt(resource, "resource");
        if (kind === undefined || plural === undefined) continue;
        resources.push({
          group,
          version: textAt(version, "version") ?? "",
          kind,
          plural,
          namespaced: textAt(resource, "scope") === "Namespaced",
          verbs: texts(listAt(resource, "verbs")),
        });
      }
    }
  }
  return new Discovery(resources, unreachable);
}

/** The older way: one list for each version of each group. */
async function discoverLists(client: ApiClient, groups: JsonObject): Promise<Discovery> {
  const unreachable = new Set<string>();
  const versions: { readonly group: string; readonly version: string; readonly path: string }[] = [
    { group: "", version: "v1", path: "/api/v1" },
  ];
  for (const item of listAt(groups, "groups")) {
    const group = textAt(item, "name") ?? "";
    for (const each of listAt(item, "versions")) {
      const version = textAt(each, "version") ?? "";
      versions.push({ group, version, path: `/apis/${group}/${version}` });
    }
  }
  const lists = await Promise.all(
    versions.map(async ({ group, version, path }) => {
      try {
        return listAt(await client.call({ method: "GET", path }), "resources").flatMap((each) => resourceOf(each, group, version));
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (error.status !== 404) unreachable.add(group);
        return [];
      }
    }),
  );
  return new Discovery(lists.flat(), unreachable);
}

function resourceOf(item: Json, group: string, version: string): ApiResource[] {
  const plural = textAt(item, "name") ?? "";
  const kind = textAt(item, "kind") ?? "";
  if (plural === "" || kind === "" || plural.includes("/")) return [];
  const namespaced = isObject(item) && item["namespaced"] === true;
  return [{ group, version, kind, plural, namespaced, verbs: texts(listAt(item, "verbs")) }];
}

function texts(list: readonly Json[]): string[] {
  return list.filter((each) => typeof each === "string");
}

/** The path of a resource's collection, or of one object in it. */
export function pathOf(resource: Pick<ApiResource, "group" | "version" | "plural">, namespace: string | null, name?: string): string {
  const { group, version, plural } = resource;
  const base = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  const within = namespace === null ? "" : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${base}${within}/${plural}${name === undefined ? "" : `/${encodeURIComponent(name)}`}`;
}
