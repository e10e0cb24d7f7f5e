/**
 * The room of schemas: what a Kubernetes version, its custom resources, and Halite's own formats allow. Pure: files come in as text.
 */
export { KubernetesSchemas, ClusterSchema, UnknownVersionError, type ClusterOptions, type Kind } from "./kubernetes-schemas.ts";
export type { DefinitionSchema, SchemaFiles } from "./definitions.ts";
export type { KindHistory } from "./kinds.ts";
export { printPath, type Json, type JsonPath, type Problem } from "./problem.ts";
export { quantity } from "./quantity.ts";
export { compileUserSchema, validateUserData, type UserSchema, type UserSchemaOptions } from "./user-data.ts";
export { suggest } from "./suggest.ts";
