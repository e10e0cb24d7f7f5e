/**
 * The room of the Kubernetes API: one server, spoken to in JSON over one connection, and its objects held as it has them. What is read and written is for
 * others to say; time, randomness and logs are handed in.
 */
export { ApiClient, ApiError, HURRY, statusOf, type ApiRequest, type ClientOptions, type StatusCause } from "./client.ts";
export { sleepUntil, systemClock, type Clock, type Random } from "./clock.ts";
export { UnreachableError } from "./connection.ts";
export type { Credentials, Endpoint } from "./endpoint.ts";
export { inClusterEndpoint } from "./in-cluster.ts";
export { Informer, type Change, type InformerOptions } from "./informer.ts";
export {
  equalJson as sameJson,
  isList,
  isObject,
  listAt,
  numberAt,
  objectAt,
  textAt,
  valueAt,
  type Json,
  type JsonObject,
} from "../json/index.ts";
export { jsonOf } from "./json.ts";
export { jsonLog, NO_LOG, type Log, type LogFields, type LogLevel, type LogOptions } from "./log.ts";
export { isKubernetesObject, keyOf, type KubernetesObject, type ManagedFieldsEntry, type ObjectKey, type ObjectMeta } from "./object.ts";
export { metadataOf, Resource, type Api, type ApplyOptions, type Page, type ResourceType, type Selection } from "./resource.ts";
