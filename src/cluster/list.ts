import { ApiError, isKubernetesObject, isObject, listAt, textAt, type ApiClient, type KubernetesObject } from "../kubernetes/index.ts";
import { pathOf, type ApiResource } from "./discovery.ts";

/** What a list asks for where names and labels are all that counts. */
export const METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";

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

/** The names of a kind in a namespace, by one request; undefined where they are more than that many. @throws as `ApiClient.call` */
export async function namesOf(
  client: ApiClient,
  resource: ApiResource,
  namespace: string | null,
  most: number,
): Promise<ReadonlySet<string> | undefined> {
  const page = await client.call({
    method: "GET",
    path: pathOf(resource, namespace),
    query: { limit: String(most) },
    accept: METADATA_LIST,
  });
  if ((textAt(page, "metadata", "continue") ?? "") !== "") return undefined;
  return new Set(listAt(page, "items").flatMap((item) => textAt(item, "metadata", "name") ?? []));
}
