import type { Problem } from "./problem.ts";

/**
 * Fields that the OpenAPI documents call required and the server does without, by definition and path without indices.
 * Seen on a real kube-apiserver; a zero or a default takes their place.
 */
const NOT_ENFORCED: Readonly<Record<string, readonly string[]>> = {
  "scheduling.v1.PriorityClass": ["value"],
  "apiextensions.v1.CustomResourceDefinition": ["spec.versions.served", "spec.versions.storage"],
  "apps.v1.StatefulSet": ["spec.serviceName"],
  "storage.v1.CSIDriver": ["spec", "spec.tokenRequests.audience"],
  "rbac.v1.RoleBinding": ["roleRef.apiGroup"],
  "rbac.v1.ClusterRoleBinding": ["roleRef.apiGroup"],
};

/** Whether a problem is only that such a field is missing. */
export function notEnforced(definition: string, problem: Problem): boolean {
  return (
    problem.code === "schema-required" &&
    (NOT_ENFORCED[definition]?.includes(problem.pointer.filter((step) => typeof step === "string").join(".")) ?? false)
  );
}

/** Problems of decoding: the server reads the whole object before it sets aside what is not the client's to say. */
const DECODING = new Set(["schema-unknown-field", "schema-type"]);

/** Whether a problem is of the status, which the server drops from what it is given. */
export function isDropped(problem: Problem): boolean {
  return problem.pointer[0] === "status" && !DECODING.has(problem.code);
}
