import { AddonHealth } from "./addon-health.ts";
import type { AddonStatus } from "./addon-object.ts";
import { statusOf, type AppliedOperation } from "./apply.ts";
import type { ApiClient } from "../kubernetes/index.ts";
import type { Health } from "./health.ts";
import { isSuspended, type Observed } from "./observe.ts";
import type { AddonPlan, Operation, Plan } from "./plan.ts";
import { describeRef, type Desired, type DesiredObject, type ObjectKey } from "./types.ts";

/** How an addon of a cluster is: what git wants and what works, apart. */
export interface AddonReport {
  readonly name: string;
  readonly status: AddonStatus;
  /** The commit applied last, or null. */
  readonly commit: string | null;
  /** What is not as it should be, the objects that are ill first. */
  readonly reasons: readonly string[];
}

/** How a cluster is, from a plan that is not carried out. */
export async function clusterStatus(client: ApiClient, plan: Plan, desired: Desired, observed: Observed): Promise<readonly AddonReport[]> {
  const wanted = new Map<ObjectKey, DesiredObject>();
  for (const addon of desired.addons) if (addon.state === "complete") for (const object of addon.objects) wanted.set(object.key, object);
  const health = new AddonHealth(client, observed.live);
  const reports: AddonReport[] = [];
  for (const addon of plan.addons) {
    const keys = addon.operations.map(({ key }) => key).filter((key) => wanted.has(key));
    const operations: AppliedOperation[] = [];
    for (const operation of addon.operations) {
      operations.push({
        operation,
        outcome: { result: "unchanged", message: "" },
        health: await healthIn(health, operation, wanted, observed, keys),
      });
    }
    reports.push({
      name: addon.name,
      status: plannedStatus(addon, operations),
      commit: observed.inventory.get(addon.name)?.commit ?? null,
      reasons: reasonsOf(operations),
    });
  }
  return reports;
}

async function healthIn(
  health: AddonHealth,
  operation: Operation,
  wanted: ReadonlyMap<ObjectKey, DesiredObject>,
  observed: Observed,
  siblings: readonly ObjectKey[],
): Promise<Health | null> {
  const desired = wanted.get(operation.key);
  if (desired === undefined || isSuspended(desired.object)) return null;
  const live = observed.live.get(operation.key);
  if (live === undefined) return { state: "NotFound", reason: "it is not there" };
  return isSuspended(live) ? null : await health.of(live, desired.object, siblings);
}

const DIFFERENT = new Set<Operation["op"]>(["create", "update", "adopt", "replace", "prune"]);

function plannedStatus(addon: AddonPlan, operations: readonly AppliedOperation[]): AddonStatus {
  const status = statusOf(addon, operations);
  if (status.sync !== "Synced" && status.sync !== "Waiting") return status;
  const different = operations.find(({ operation }) => DIFFERENT.has(operation.op))?.operation;
  if (different !== undefined) return { ...status, sync: "OutOfSync", reason: `${describeRef(different.ref)}: ${different.reason}` };
  const waiting = operations.find(({ operation }) => operation.op === "wait")?.operation;
  return waiting === undefined ? status : { ...status, sync: "Waiting", reason: `${describeRef(waiting.ref)}: ${waiting.reason}` };
}

function reasonsOf(operations: readonly AppliedOperation[]): readonly string[] {
  const ill = operations.flatMap(({ operation, health }) =>
    health === null || health.state === "Current" ? [] : [`${describeRef(operation.ref)} is ${health.state}: ${health.reason}`],
  );
  const different = operations.flatMap(({ operation }) =>
    operation.op === "skip" || operation.op === "orphan" ? [] : [`${describeRef(operation.ref)}: ${operation.op}: ${operation.reason}`],
  );
  return [...ill, ...different];
}
