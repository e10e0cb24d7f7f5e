import { describe, expect, test } from "vitest";
import type { Client, ControlPlane } from "../control-plane/index.ts";
import { canHavePlane, usePlane } from "../control-plane/use-plane.ts";
import { pass, troubles, type Pass } from "./passes.ts";

const possible = await canHavePlane();
const DAEMON_SET = "/apis/apps/v1/namespaces/default/daemonsets/storage-node";

describe.skipIf(!possible)("what goes after the rollout (halite.dev/prune: after-rollout)", () => {
  let plane: ControlPlane;
  let api: Client;
  usePlane({}, (started) => ({ plane, api } = started));

  const bundle = (name: string, annotations = "{halite.dev/prune: after-rollout}"): string =>
    `apiVersion: v1\nkind: ConfigMap\nimmutable: true\nmetadata: {name: ${name}, namespace: default, annotations: ${annotations}}\ndata: {a: b}\n`;
  const daemonSet = (map: string): string => `apiVersion: apps/v1
kind: DaemonSet
metadata: {name: storage-node, namespace: default}
spec:
  selector: {matchLabels: {app: a}}
  template:
    metadata: {labels: {app: a}}
    spec:
      containers: [{name: a, image: node}]
      volumes: [{name: bundle, configMap: {name: ${map}, defaultMode: 292}}]
`;
  const apply = (map: string, more: Readonly<Record<string, string>> = {}): Promise<Pass> =>
    pass(plane, { storage: { "a.yaml": daemonSet(map), "bundle.yaml": bundle(map), "x.yaml": bundle("other", "{}"), ...more } });

  /** What the DaemonSet controller would write: so many of two nodes have the newest revision. */
  async function roll(updated: number): Promise<void> {
    const { body } = await api.call("GET", DAEMON_SET);
    const { metadata } = body as { readonly metadata: { readonly generation: number } };
    const status = {
      observedGeneration: metadata.generation,
      desiredNumberScheduled: 2,
      currentNumberScheduled: 2,
      updatedNumberScheduled: updated,
      numberReady: 2,
      numberAvailable: 2,
      numberMisscheduled: 0,
    };
    const written = await api.call("PATCH", `${DAEMON_SET}/status`, { status }, "application/merge-patch+json");
    expect(written.status).toBe(200);
  }

  const reasons = ({ plan }: Pass): string[] =>
    plan.addons.flatMap((addon) => addon.operations.filter(({ op }) => op === "wait").map(({ ref, reason }) => `${ref.name}: ${reason}`));

  test("stays while the workload is applied and rolled out, and while it is ill; then it goes", async () => {
    expect(troubles((await apply("node-1")).result)).toEqual([]);
    await roll(2);
    // The update itself: nothing is rolled out yet. What carries no annotation goes at once.
    const update = await apply("node-2", { "x.yaml": "" });
    expect(update.operations).toContain("prune ConfigMap default/other");
    expect(reasons(update)).toEqual([
      "node-1: older pods may still need it; it is pruned once DaemonSet default/storage-node is applied and rolled out",
    ]);
    // Not seen by its controller, then on one node of two.
    for (const updated of [undefined, 1]) {
      if (updated !== undefined) await roll(updated);
      const waiting = await apply("node-2", { "x.yaml": "" });
      expect(reasons(waiting)).toEqual([
        expect.stringContaining("node-1: older pods may still need it; it is pruned once DaemonSet default/storage-node is healthy ("),
      ]);
      expect((await api.call("GET", "/api/v1/namespaces/default/configmaps/node-1")).status).toBe(200);
    }
    await roll(2);
    expect((await apply("node-2", { "x.yaml": "" })).operations).toContain("prune ConfigMap default/node-1");
    expect((await api.call("GET", "/api/v1/namespaces/default/configmaps/node-1")).status).toBe(404);
  });

  test("goes with a workload that goes too", async () => {
    await apply("node-2");
    await roll(1);
    const gone = await pass(
      plane,
      { storage: { "x.yaml": bundle("other", "{}") } },
      { pillar: "addons: {storage: {prune: {percent: 100}}}" },
    );
    expect(gone.operations).toEqual(expect.arrayContaining(["prune DaemonSet default/storage-node", "prune ConfigMap default/node-2"]));
  });
});
