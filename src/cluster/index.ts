/**
 * The room of one cluster: what it holds, what it should hold, and how to get there. `readRelease` → `observe` → `makePlan` → `applyPlan`.
 *
 * Everything about a cluster hangs on an `ApiClient`; what is known of releases (`AddonTexts`) may be shared by any number of them.
 */
export { ApiClient, ApiError, type ClientCounts, type ClientOptions } from "./client.ts";
export { UnreachableError } from "./connection.ts";
export { endpointOf, inClusterEndpoint, type Endpoint, type KubeconfigChoice } from "./kubeconfig.ts";
export { readRelease, type AddonTexts, type ReleaseFiles } from "./release.ts";
export { observe, readInventory, type Observed, type ObserveOptions } from "./observe.ts";
export { changesAnything, countOperations, makePlan, type AddonPlan, type Operation, type OperationName, type Plan, type PlanOptions } from "./plan.ts";
export { applyPlan, type AppliedAddon, type AppliedOperation, type ApplyOptions, type ApplyResult } from "./apply.ts";
export type { Outcome } from "./perform.ts";
export type { Reveal, RevealedBody } from "./apply-body.ts";
export { healthOf, worst, type Health } from "./health.ts";
export { describeRef, type Desired, type DesiredAddon, type KubernetesObject, type Standing } from "./types.ts";
