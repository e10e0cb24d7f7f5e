/**
 * The room of schemas: what a Kubernetes version, its custom resources, and Halite's own formats allow. Pure: files come in as text.
 */
export { At, isObject } from "./at.ts";
export { duration } from "./duration.ts";
export { kubernetesVersions } from "./kubernetes-versions.ts";
export { type ImmutableField } from "./immutable.ts";
export { KubernetesSchemas, UnknownVersionError, type ClusterSchema } from "./kubernetes-schemas.ts";
export { toPlain } from "./plain.ts";
export { type Json, type JsonObject, type JsonPath, type Problem } from "./problem.ts";
export { exactQuantity, quantity, type ExactQuantity } from "./quantity.ts";
export { compileUserSchema, listedValues, validateUserData, type UserSchema } from "./user-data.ts";
export { selects } from "./selector.ts";
export { suggest } from "./suggest.ts";
