/**
 * The room of the Kubernetes API: one server, spoken to in JSON over one connection. What is read and written is for others to say.
 */
export { ApiClient, ApiError, type StatusCause } from "./client.ts";
export { UnreachableError, type HttpStream } from "./connection.ts";
export type { Credentials, Endpoint } from "./endpoint.ts";
export { inClusterEndpoint } from "./in-cluster.ts";
export { isList, isObject, jsonOf, listAt, numberAt, objectAt, sameJson, textAt, valueAt, type Json, type JsonObject } from "./json.ts";
export { isKubernetesObject, type KubernetesObject, type ManagedFieldsEntry, type ObjectMeta } from "./object.ts";
