import type { KubernetesObject } from "../kubernetes/index.ts";
import { PRUNE_ANNOTATION } from "./dangers.ts";
import { healthOf } from "./health.ts";
import type { Operation } from "./plan.ts";
import { describeRef, groupKind, type DesiredObject, type ObjectKey } from "./types.ts";

/**
 * Value of `halite.dev/prune` on what pods of an addon's older revisions may still need, such as the ConfigMap with their program: it goes no
 * sooner than the addon's workloads are rolled out.
 */
const AFTER_ROLLOUT = "after-rollout";

export function goesAfterRollout(live: KubernetesObject): boolean {
  return live.metadata.annotations?.[PRUNE_ANNOTATION] === AFTER_ROLLOUT;
}

const WORKLOADS: ReadonlySet<string> = new Set(["DaemonSet.apps", "Deployment.apps", "StatefulSet.apps", "ReplicaSet.apps"]);

/** Which of an addon's workloads is not rolled out yet, or not healthy, and why; `undefined` where all are. */
export function rollingOut(
  desired: readonly DesiredObject[],
  operations: readonly Operation[],
  live: ReadonlyMap<ObjectKey, KubernetesObject>,
): string | undefined {
  for (const { key, ref, object } of desired) {
    if (!WORKLOADS.has(groupKind(ref))) continue;
    // What this pass changes has not been rolled out when it prunes.
    const operation = operations.find((each) => each.key === key);
    if (operation !== undefined && operation.op !== "skip") return `${describeRef(ref)} is applied and rolled out`;
    const found = live.get(key);
    if (found === undefined) return `${describeRef(ref)} is there`;
    const { state, reason } = healthOf(found, {}, object);
    if (state !== "Current") return `${describeRef(ref)} is healthy (${reason})`;
  }
  return undefined;
}
