/**
 * The room of the Kubernetes API: one server, spoken to in JSON over one connection. What is read and written is for others to say.
 */
export { ApiClient, ApiError, type StatusCause } from "./client.ts";
export { UnreachableError, type HttpStream } from "./connection.ts";
export type { Credentials, Endpoint } from "./endpoint.ts";
export { inClusterEndpoint } from "./in-cluster.ts";
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
export { isKubernetesObject, type KubernetesObject, type ManagedFieldsEntry, type ObjectMeta } from "./object.ts";
