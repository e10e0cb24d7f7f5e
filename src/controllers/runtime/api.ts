import { ApiError, isObject, type ApiClient, type KubernetesObject } from "../../kubernetes/index.ts";

/** An API server, as far as the runtime needs it: what may be repeated is, and 429 with Retry-After obeyed, before anything is thrown. */
export type Api = Pick<ApiClient, "call" | "stream">;

/** The HTTP status of what the API threw; `undefined` where there was no answer. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof ApiError ? error.status : undefined;
}

/** What a queue and a store call an object: `NAMESPACE/NAME`, or `NAME` where it has no namespace. */
export type ObjectKey = string;

export function keyOf({ metadata: { namespace, name } }: KubernetesObject): ObjectKey {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

/** Whether an answer is an object of the API: the rest of its shape is the server's word. */
export function isKubernetesObject(value: unknown): value is KubernetesObject {
  return isObject(value) && isObject(value["metadata"]) && typeof value["metadata"]["name"] === "string";
}
