import { afterEach, describe, expect, test } from "vitest";
import type { Client, ControlPlane } from "../control-plane/index.ts";
import { canHavePlane, usePlane } from "../control-plane/use-plane.ts";
import { configYaml, deploymentYaml, namespaceYaml, Other, pathTo } from "./kube.ts";
import { pass, troubles, type Pass, type PassSetting } from "./passes.ts";
import { RealAddonManager } from "./real-addon-manager.ts";
import type { Manifests } from "./releases.ts";

const possible = await canHavePlane();
const MODE = "addonmanager.kubernetes.io/mode";
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

describe.skipIf(!possible)("taking over from the real addon manager, and handing back", () => {
  let plane: ControlPlane;
  let api: Client;
  usePlane({ controllers: "*" }, (started) => ({ plane, api } = started));
  afterEach(async () => {
    await api.call("DELETE", pathTo("addon", ""));
  });

  const fine = async (manifests: Manifests, setting?: PassSetting): Promise<Pass> => {
    const done = await pass(plane, manifests, setting);
    expect(troubles(done.result)).toEqual([]);
    return done;
  };
  const secret = (ns: string, keys: Readonly<Record<string, string>>): string =>
    `apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: ${ns}, labels: {${MODE}: Reconcile}}\nstringData: ${JSON.stringify(keys)}\n`;
  const files = (ns: string): Record<string, string> => ({
    "ns.yaml": `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${ns}, labels: {${MODE}: Reconcile}}\n`,
    "r.yaml": configYaml(ns, "r", { a: "1", later: "dropped" }, "Reconcile"),
    "e.yaml": configYaml(ns, "e", { a: "1" }, "EnsureExists"),
    "s.yaml": secret(ns, { key: "value" }),
    "d.yaml": deploymentYaml(ns, "d", { replicas: 2 }),
    "v.yaml": `apiVersion: v1\nkind: Service\nmetadata: {name: v, namespace: ${ns}, labels: {${MODE}: Reconcile}}\nspec: {selector: {app: d}, ports: [{name: dns, port: 53, protocol: UDP}, {name: dns-tcp, port: 53}]}\n`,
    "legacy.yaml": `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: legacy, namespace: ${ns}, labels: {kubernetes.io/cluster-service: "true"}}\ndata: {a: "1"}\n`,
  });
  const objects = async (ns: string): Promise<readonly (readonly [string, string | undefined, unknown])[]> => {
    const other = new Other(api, ns);
    const kinds: readonly (readonly [string, string])[] = [
      ["namespace", ns],
      ["configmap", "r"],
      ["configmap", "e"],
      ["secret", "s"],
      ["deployment", "d"],
      ["service", "v"],
      ["configmap", "legacy"],
    ];
    return await Promise.all(
      kinds.map(async ([kind, name]) => {
        const live = await other.get(kind, name);
        return [`${kind} ${name}`, live?.metadata.uid, live?.data ?? live?.spec] as const;
      }),
    );
  };

  /**
   * Until the Deployment's controller has written what its status comes to: what it changes under the hands is neither taken over nor handed back. It
   * writes more than once, last what its ReplicaSets have written of themselves.
   */
  async function atRest(other: Other, status: Readonly<Record<string, number>>): Promise<void> {
    await expect
      .poll(
        async () => {
          const live = await other.get("deployment", "d");
          return { generation: live?.metadata.generation, status: live?.["status"] };
        },
        { timeout: 100_000 },
      )
      .toMatchObject({
        generation: (await other.get("deployment", "d"))?.metadata.generation,
        status: { observedGeneration: (await other.get("deployment", "d"))?.metadata.generation, ...status },
      });
  }

  test("nothing is recreated or dropped; what the manifest drops later goes; nobody's last-applied stays", async () => {
    const ns = "take";
    const real = new RealAddonManager(plane, ns);
    // Its first pass does not find the namespace for files ahead of it.
    await real.pass(files(ns));
    await real.pass(files(ns));
    const other = new Other(api, ns);
    // What users did beside the addon manager stays theirs.
    await other.merge("configmap", "r", { data: { users: "key" } });
    await other.strategic("deployment", "d", {
      spec: { template: { spec: { containers: [{ name: "sidecar", image: "registry.example.org/sidecar:1" }] } } },
    });
    // Two of the old revision, one of the new: none of them ever runs here, so that it stays so.
    await atRest(other, { replicas: 3, updatedReplicas: 1, unavailableReplicas: 3 });
    const before = await objects(ns);
    expect(before.every(([, uid]) => uid !== undefined)).toBe(true);
    expect((await other.get("secret", "s"))?.metadata.annotations?.[LAST_APPLIED]).toContain("value");

    const taken = await fine({ take: files(ns) });
    expect(taken.operations.filter((each) => !each.startsWith("adopt") && !each.startsWith("skip"))).toEqual([]);
    expect(await objects(ns)).toEqual(before);
    for (const [kind, name] of [
      ["configmap", "r"],
      ["secret", "s"],
      ["deployment", "d"],
    ] as const) {
      const live = await other.get(kind, name);
      expect(live?.metadata.annotations?.[LAST_APPLIED]).toBeUndefined();
      // What the server filled in for it stays with client-side apply; nothing that the manifest has does.
      const held = JSON.stringify(live?.metadata.managedFields?.filter(({ manager }) => manager === "kubectl-client-side-apply"));
      expect(held).not.toMatch(/f:(?:data|labels|annotations|image|replicas|selector)"/);
    }
    const again = await fine({ take: files(ns) });
    expect(again.operations.filter((each) => !each.startsWith("skip"))).toEqual([]);

    const dropping = { ...files(ns), "r.yaml": configYaml(ns, "r", { a: "1" }, "Reconcile"), "s.yaml": secret(ns, { renamed: "value" }) };
    await fine({ take: dropping });
    expect((await other.get("configmap", "r"))?.data).toEqual({ a: "1", users: "key" });
    expect(Object.keys((await other.get("secret", "s"))?.data ?? {})).toEqual(["renamed"]);
  });

  test("what a user applied by kubectl over the addon manager's object is not dropped by the takeover", async () => {
    const ns = "take-user";
    await new RealAddonManager(plane, ns).pass({
      "ns.yaml": files(ns)["ns.yaml"] ?? "",
      "r.yaml": configYaml(ns, "r", { a: "1" }, "Reconcile"),
    });
    await plane.kubectl(["apply", "-f", "-"], { input: configYaml(ns, "r", { a: "1", extra: "users" }, "Reconcile") });
    const done = await fine({ "take-user": { "ns.yaml": namespaceYaml(ns), "r.yaml": configYaml(ns, "r", { a: "1" }, "Reconcile") } });
    expect((await new Other(api, ns).get("configmap", "r"))?.data).toEqual({ a: "1", extra: "users" });
    expect(done.plan.addons[0]?.operations.find(({ ref }) => ref.name === "r")?.reason).toContain(
      "data.extra stays although the manifest does not have it",
    );
  });

  test("handed back: nothing changes, the addon manager goes on, reverts and prunes; nothing of Halite's is left", async () => {
    const ns = "back";
    const other = new Other(api, ns);
    await fine({ back: files(ns) });
    await atRest(other, { replicas: 2, updatedReplicas: 2, unavailableReplicas: 2 });
    const before = await objects(ns);
    await fine({ back: files(ns) }, { plan: { handBack: true } });
    expect(await objects(ns)).toEqual(before);
    expect(await other.get("addon", "back")).toBeUndefined();
    const text = JSON.stringify(await other.get("configmap", "r"));
    expect(text).not.toContain("halite");
    expect(text).not.toContain("applyset");

    const real = new RealAddonManager(plane, ns);
    await real.pass(files(ns));
    expect(await objects(ns)).toEqual(before);
    await other.merge("configmap", "r", { data: { a: "drifted" } });
    const { "legacy.yaml": _legacy, ...less } = files(ns);
    await real.pass({ ...less, "r.yaml": configYaml(ns, "r", { a: "1" }, "Reconcile") });
    // Also the key that only Halite had applied: client-side apply knows the manifest.
    expect((await other.get("configmap", "r"))?.data).toEqual({ a: "1" });
    await real.pass(less);
    // And back once more.
    await fine({ back: less });
    expect((await objects(ns)).slice(0, 2)).toEqual(before.slice(0, 2));
  });

  test("while the real addon manager runs in the cluster, nothing is applied unless it is asked for", async () => {
    // A pod is only taken where its namespace's account is there, which is made by a controller.
    const account = "/api/v1/namespaces/kube-system/serviceaccounts/default";
    await expect.poll(async () => (await api.call("GET", account)).status, { timeout: 60_000 }).toBe(200);
    const made = await api.call("POST", "/api/v1/namespaces/kube-system/pods", {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "kube-addon-manager-master", labels: { component: "kube-addon-manager" } },
      spec: { nodeName: "master", containers: [{ name: "c", image: "registry.example.org/addon-manager:9" }] },
    });
    expect(made.status, JSON.stringify(made.body)).toBe(201);
    await api.call(
      "PATCH",
      "/api/v1/namespaces/kube-system/pods/kube-addon-manager-master/status",
      { status: { phase: "Running" } },
      "application/merge-patch+json",
    );
    try {
      const manifests = { run: { "ns.yaml": namespaceYaml("run") } };
      await expect(pass(plane, manifests)).rejects.toThrow("a refused plan");
      await fine(manifests, { plan: { besideAddonManager: true } });
    } finally {
      await api.call("DELETE", "/api/v1/namespaces/kube-system/pods/kube-addon-manager-master?gracePeriodSeconds=0");
    }
  });
});
