import { describe, expect, test } from "vitest";
import { ClusterKeeper, endpointOf, readRelease, type KeptPass } from "../../src/cluster/index.ts";
import { ApiClient, systemClock, type Clock } from "../../src/kubernetes/index.ts";
import type { Client, ControlPlane } from "../control-plane/index.ts";
import { canHavePlane, usePlane } from "../control-plane/use-plane.ts";
import { configYaml, deploymentYaml, namespaceYaml, Other } from "./kube.ts";
import { releaseOf, type Manifests } from "./releases.ts";

const possible = await canHavePlane();

describe.skipIf(!possible)("keeping a cluster as git says", () => {
  let plane: ControlPlane;
  let api: Client;
  usePlane({}, (started) => ({ plane, api } = started));

  /** Milliseconds that keepers have waited of their own accord: for more to come, or before another try; not for anybody's answer. */
  let waited = 0;
  const clock: Clock = {
    ...systemClock,
    sleep: async (milliseconds, signal) => {
      await systemClock.sleep(milliseconds, signal);
      if (!signal.aborted) waited += milliseconds;
    },
  };

  /** Runs a keeper beside `act`, which is told of its passes. */
  async function keeping(
    manifests: Manifests,
    act: (kept: { readonly client: ApiClient; readonly passes: readonly KeptPass[]; readonly keeper: ClusterKeeper }) => Promise<void>,
  ): Promise<void> {
    const cluster = "test-1";
    const client = new ApiClient(endpointOf({ path: plane.kubeconfig, cluster }), { patience: 2_000 });
    const passes: KeptPass[] = [];
    const keeper = new ClusterKeeper(client, readRelease(releaseOf(manifests), cluster, null), {
      apply: { tooling: "halite/test", now: () => new Date(), timeout: 60_000 },
      onPass: (pass) => passes.push(pass),
      clock,
    });
    const stop = new AbortController();
    const running = keeper.run(stop.signal);
    try {
      await expect.poll(() => passes.length, { timeout: 100_000 }).toBeGreaterThan(0);
      await act({ client, passes, keeper });
    } finally {
      stop.abort();
      await running;
      client.close();
    }
  }

  const manifests: Manifests = {
    keep: {
      "ns.yaml": namespaceYaml("keep"),
      "a.yaml": configYaml("keep", "a", { a: "1" }),
      "b.yaml": configYaml("keep", "b", { a: "1" }),
      "e.yaml": configYaml("keep", "e", { a: "1" }, "EnsureExists"),
      "d.yaml": deploymentYaml("keep", "d", { replicas: 1 }),
    },
  };

  test("drift is undone within two seconds: a changed field, a deleted object of either mode, a label taken off, a scaled workload", async () => {
    await keeping(manifests, async () => {
      const other = new Other(api, "keep");
      const undone = async (what: string, act: () => Promise<void>, isUndone: () => Promise<boolean>): Promise<number> => {
        waited = 0;
        await act();
        const begun = performance.now();
        await expect.poll(isUndone, { timeout: 100_000, interval: 10, message: what }).toBe(true);
        waits.push(waited);
        return performance.now() - begun;
      };
      const times: number[] = [];
      const waits: number[] = [];
      for (let round = 0; round < 10; round++) {
        times.push(
          await undone(
            "a changed field",
            () => other.merge("configmap", "a", { data: { a: `drift ${round}` } }),
            async () => (await other.get("configmap", "a"))?.data?.["a"] === "1",
          ),
          await undone(
            "a deleted object",
            () => other.delete("configmap", "b"),
            async () => (await other.get("configmap", "b")) !== undefined,
          ),
          await undone(
            "a deleted object that need only exist",
            () => other.delete("configmap", "e"),
            async () => (await other.get("configmap", "e")) !== undefined,
          ),
          await undone(
            "a label taken off",
            () => other.merge("configmap", "a", { metadata: { labels: null } }),
            async () => (await other.get("configmap", "a"))?.metadata.labels?.["addonmanager.kubernetes.io/mode"] === "Reconcile",
          ),
          await undone(
            "a scaled workload",
            () => other.scale("d", 7),
            async () => (await other.get("deployment", "d"))?.spec.replicas === 1,
          ),
        );
      }
      // A machine that has no time for anybody makes single ones late, and nobody wait longer.
      const said = `undone in ${times.map(Math.round).join(", ")} ms`;
      expect(Math.max(...waits), `waited for ${waits.join(", ")} ms; ${said}`).toBeLessThan(200);
      expect(times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)], said).toBeLessThan(2_000);
    });
  });

  test("an idle cluster costs no request but its watches", async () => {
    await keeping(manifests, async ({ client, passes }) => {
      // What the watches say at first is looked at once.
      let before = -1;
      await expect
        .poll(
          () => {
            const now = client.counts.requests;
            const still = now === before;
            before = now;
            return still;
          },
          { timeout: 100_000, interval: 2_500 },
        )
        .toBe(true);
      const counts = client.counts;
      const made = passes.length;
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      expect(client.counts).toEqual(counts);
      expect(passes.length).toBe(made);
    });
  });

  test("another release is applied at once, and what it drops is pruned", async () => {
    await keeping(manifests, async ({ keeper, passes }) => {
      const { "b.yaml": _b, ...less } = manifests["keep"] ?? {};
      const made = passes.length;
      keeper.want(readRelease(releaseOf({ keep: { ...less, "a.yaml": configYaml("keep", "a", { a: "2" }) } }), "test-1", null));
      const other = new Other(api, "keep");
      await expect
        .poll(async () => [(await other.get("configmap", "a"))?.data, await other.get("configmap", "b")], { timeout: 100_000 })
        .toEqual([{ a: "2" }, undefined]);
      // A pass is told of once it has ended, which is after its last write.
      await expect.poll(() => passes.slice(made).some(({ kind }) => kind === "full"), { timeout: 100_000 }).toBe(true);
    });
  });

  test("the API server gone and back: drift from meanwhile is undone, nothing is pruned", async () => {
    await keeping(manifests, async () => {
      const other = new Other(api, "keep");
      await plane.stopApiserver("kill");
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      await plane.startApiserver();
      await other.merge("configmap", "a", { data: { a: "drift" } });
      await expect.poll(async () => (await other.get("configmap", "a"))?.data, { timeout: 200_000 }).toEqual({ a: "1" });
      expect(await other.get("configmap", "b")).toBeDefined();
    });
  });
});
