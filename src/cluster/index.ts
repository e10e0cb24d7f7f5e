/**
 * The room of one cluster: what it holds, what it should hold, and how to get there. `readRelease` → `observe` → `makePlan` → `applyPlan`.
 *
 * Everything about a cluster hangs on an `ApiClient`; what is known of releases (`AddonTexts`) may be shared by any number of them.
 */
export { endpointOf, type Endpoint } from "./kubeconfig.ts";
export { readRelease, type AddonTexts, type ReleaseFiles } from "./release.ts";
export { observe, type Observed, type ObserveOptions } from "./observe.ts";
export { changesAnything, makePlan, type AddonPlan, type Operation, type OperationName, type Plan, type PlanOptions } from "./plan.ts";
export type { Reveal } from "./apply-body.ts";
export { applyPlan, type AppliedAddon, type ApplyOptions, type ApplyResult } from "./apply.ts";
export type { Outcome } from "./perform.ts";
export { describeRef, type Desired, type Standing } from "./types.ts";
export { clusterStatus, type AddonReport } from "./status.ts";
export { ClusterKeeper, type KeptPass } from "./keeper.ts";
