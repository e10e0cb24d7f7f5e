import {
  applyPlan,
  endpointOf,
  makePlan,
  observe,
  readRelease,
  type ApplyOptions,
  type ApplyResult,
  type Desired,
  type Endpoint,
  type ObserveOptions,
  type Operation,
  type Plan,
  type PlanOptions,
} from "../../src/cluster/index.ts";
import { ApiClient } from "../../src/kubernetes/index.ts";
import type { ControlPlane } from "../control-plane/index.ts";
import { releaseOf, type Manifests, type ReleaseSetting } from "./releases.ts";

export interface PassSetting extends ReleaseSetting {
  readonly commit?: string | null;
  readonly observe?: ObserveOptions;
  readonly plan?: PlanOptions;
  readonly apply?: Partial<ApplyOptions>;
  readonly endpoint?: Endpoint;
  /** Milliseconds that a request is tried again for. */
  readonly patience?: number;
}

export interface Pass {
  readonly desired: Desired;
  readonly plan: Plan;
  readonly result: ApplyResult;
  /** `create ConfigMap ns/name`, in the order of the plan. */
  readonly operations: readonly string[];
  /** Writes that the pass sent, dry runs not counted. */
  readonly writes: number;
  readonly requests: number;
}

/** One plan and apply, as `halite apply` does it. */
export async function pass(
  plane: Pick<ControlPlane, "kubeconfig"> & Partial<Pick<ControlPlane, "kubernetes">>,
  manifests: Manifests,
  given: PassSetting = {},
): Promise<Pass> {
  const setting = plane.kubernetes === undefined ? given : { kubernetes: plane.kubernetes, ...given };
  const cluster = setting.cluster ?? "test-1";
  const client = new ApiClient(setting.endpoint ?? endpointOf({ path: plane.kubeconfig, cluster }), {
    patience: setting.patience ?? 20_000,
  });
  try {
    const desired = readRelease(releaseOf(manifests, setting), cluster, setting.commit ?? null);
    const observed = await observe(client, desired, setting.observe);
    const plan = makePlan(client.server, desired, observed, setting.plan);
    const options: ApplyOptions = { tooling: "halite/test", now: () => new Date(), timeout: 60_000, ...setting.apply };
    const result = await applyPlan(client, plan, desired, observed, options);
    const { writes, requests } = client.counts;
    return { desired, plan, result, operations: operationsOf(plan), writes, requests };
  } finally {
    client.close();
  }
}

export function operationsOf(plan: Plan): readonly string[] {
  return plan.addons.flatMap((addon) => addon.operations.map(operationWords));
}

export function operationWords({ op, ref }: Operation): string {
  return `${op} ${ref.kind} ${ref.namespace === null ? "" : `${ref.namespace}/`}${ref.name}`;
}

/** What did not go well, for messages of assertions. */
export function troubles(result: ApplyResult): readonly string[] {
  return result.addons.flatMap((addon) =>
    addon.operations.flatMap(({ operation, outcome }) =>
      outcome.result === "failed" || outcome.result === "waiting"
        ? [`${operationWords(operation)}: ${outcome.result}: ${outcome.message || operation.reason}`]
        : [],
    ),
  );
}
