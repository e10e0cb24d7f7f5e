import { afterEach, describe, expect, test } from "vitest";
import type { Client, ControlPlane } from "../control-plane/index.ts";
import { API_SERVERS, canHavePlane, usePlane } from "../control-plane/use-plane.ts";
import { configYaml, deploymentYaml, namespaceYaml, Other, pathTo, WIDGET_CRD } from "./kube.ts";
import { pass, troubles, type Pass } from "./passes.ts";
import type { Manifests } from "./releases.ts";

const possible = await canHavePlane();

describe.skipIf(!possible).each(API_SERVERS)("order and health, with controllers, a scheduler and nodes, %s API server", (version) => {
  let plane: ControlPlane;
  let api: Client;
  usePlane({ version, controllers: "*", scheduler: true, nodes: 2 }, (started) => ({ plane, api } = started));
  afterEach(async () => {
    await api.call("DELETE", pathTo("addon", ""));
  });

  const status = (done: Pass, name: string): unknown => done.result.addons.find((addon) => addon.name === name)?.status;
  const healthOf = (done: Pass, kind: string): unknown =>
    done.result.addons.flatMap(({ operations }) => operations).find(({ operation }) => operation.ref.kind === kind)?.health;
  const daemonSet = (ns: string, name: string, image = "registry.example.org/d:1", driver = "d.example.org"): string => `apiVersion: apps/v1
kind: DaemonSet
metadata: {name: ${name}, namespace: ${ns}}
spec:
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec:
      containers:
      - {name: driver, image: "${image}"}
      - {name: node-driver-registrar, image: registry.example.org/registrar:1, args: [--kubelet-registration-path=/var/lib/kubelet/plugins/${driver}/csi.sock]}
`;

  test("Deployment, StatefulSet, DaemonSet and Job run on the nodes and are waited for", async () => {
    const ns = "h1";
    const stateful = `apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: st, namespace: ${ns}}\nspec: {replicas: 2, serviceName: st, selector: {matchLabels: {app: st}}, template: {metadata: {labels: {app: st}}, spec: {containers: [{name: c, image: "registry.example.org/c:1"}]}}}\n`;
    const job = `apiVersion: batch/v1\nkind: Job\nmetadata: {name: j, namespace: ${ns}}\nspec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: "registry.example.org/c:1"}]}}}\n`;
    const manifests: Manifests = {
      h1: {
        "ns.yaml": namespaceYaml(ns),
        "d.yaml": deploymentYaml(ns, "d", { replicas: 3 }),
        "st.yaml": stateful,
        "ds.yaml": daemonSet(ns, "ds"),
        "j.yaml": job,
      },
    };
    const first = await pass(plane, manifests);
    // Waiting is not failing.
    expect(status(first, "h1")).toMatchObject({ sync: "Synced", health: "InProgress" });
    const done = await pass(plane, manifests, { apply: { wait: true, timeout: 100_000 } });
    expect(status(done, "h1")).toMatchObject({ sync: "Synced", health: "Current", reason: "", objects: 5, healthy: 5 });
    const changed = await pass(plane, {
      h1: { ...manifests["h1"], "d.yaml": deploymentYaml(ns, "d", { replicas: 3, image: "registry.example.org/app:2" }) },
    });
    expect(healthOf(changed, "Deployment")).toMatchObject({ state: "InProgress" });
  });

  test("an addon waits for the addons that it depends on, and says for which object", async () => {
    const ns = "h2";
    const pending = `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: never, namespace: ${ns}}\nspec: {replicas: 1, selector: {matchLabels: {app: never}}, template: {metadata: {labels: {app: never}}, spec: {nodeSelector: {there-is: none}, containers: [{name: c, image: "registry.example.org/c:1"}]}}}\n`;
    const manifests: Manifests = {
      "h2-a": { "ns.yaml": namespaceYaml(ns), "d.yaml": pending },
      "h2-b": { "c.yaml": configYaml(ns, "late", { a: "1" }) },
    };
    const pillar = "addons: {h2-b: {dependsOn: [h2-a]}}";
    // Its controller has looked at the Deployment: what is said of it is what is waited for.
    const { "h2-a": alone } = manifests;
    await expect
      .poll(async () => healthOf(await pass(plane, { "h2-a": alone ?? {} }), "Deployment"), { timeout: 60_000 })
      .toEqual({ state: "InProgress", reason: "0 of 1 replicas are available" });
    const late = await pass(plane, manifests, { pillar, apply: { timeout: 1_500 } });
    expect(troubles(late.result)).toEqual([
      "create ConfigMap h2/late: waiting: it depends on addon h2-a, of which Deployment h2/never: 0 of 1 replicas are available",
    ]);
    expect(status(late, "h2-b")).toMatchObject({ sync: "Waiting" });
    await new Other(api, ns).merge("deployment", "never", { spec: { template: { spec: { nodeSelector: null } } } });
    const ready = { ...manifests, "h2-a": { "ns.yaml": namespaceYaml(ns), "d.yaml": deploymentYaml(ns, "never") } };
    const done = await pass(plane, ready, { pillar, apply: { timeout: 100_000 } });
    expect(troubles(done.result)).toEqual([]);
    expect(await new Other(api, ns).get("configmap", "late")).toBeDefined();
    // Once it is applied, its drift is undone although what it depends on is ill.
    await new Other(api, ns).scale("never", 0);
    await new Other(api, ns).merge("configmap", "late", { data: { a: "drift" } });
    await pass(
      plane,
      { ...manifests, "h2-a": { ...ready["h2-a"], "x.yaml": pending.replace("never", "ill") } },
      { pillar, apply: { timeout: 500 } },
    );
    expect((await new Other(api, ns).get("configmap", "late"))?.data).toEqual({ a: "1" });
  });

  test("webhooks are made after the workloads that answer them are there", async () => {
    const ns = "h3";
    const hook = `apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingWebhookConfiguration\nmetadata: {name: h3}\nwebhooks: [{name: h3.example.org, clientConfig: {service: {name: d, namespace: ${ns}}}, rules: [{apiGroups: [example.org], apiVersions: [v1], operations: [CREATE], resources: [widgets]}], failurePolicy: Ignore, sideEffects: None, admissionReviewVersions: [v1]}]\n`;
    const seen: string[] = [];
    let available: unknown;
    const done = await pass(
      plane,
      { h3: { "a-hook.yaml": hook, "ns.yaml": namespaceYaml(ns), "d.yaml": deploymentYaml(ns, "d") } },
      {
        apply: {
          timeout: 100_000,
          onOperation: ({ ref }) => {
            seen.push(ref.kind);
          },
        },
      },
    );
    available = ((await new Other(api, ns).get("deployment", "d"))?.["status"] as { availableReplicas?: number } | undefined)
      ?.availableReplicas;
    expect(troubles(done.result)).toEqual([]);
    expect(seen).toEqual(["Namespace", "Deployment", "ValidatingWebhookConfiguration"]);
    expect(available).toBe(1);
  });

  test("a CSIDriver is healthy once it is registered on every node of its DaemonSet", async () => {
    const ns = "h4";
    const driver = "apiVersion: storage.k8s.io/v1\nkind: CSIDriver\nmetadata: {name: h4.example.org}\nspec: {attachRequired: false}\n";
    const manifests: Manifests = {
      h4: {
        "ns.yaml": namespaceYaml(ns),
        "ds.yaml": daemonSet(ns, "ds", "registry.example.org/d:1", "h4.example.org"),
        "driver.yaml": driver,
      },
    };
    await pass(plane, manifests);
    await expect
      .poll(async () => healthOf(await pass(plane, manifests), "DaemonSet"), { timeout: 100_000 })
      .toMatchObject({ state: "Current" });
    const unregistered = await pass(plane, manifests);
    expect(healthOf(unregistered, "CSIDriver")).toEqual({ state: "InProgress", reason: "the driver is registered on 0 of 2 nodes" });
    for (const name of ["node-0", "node-1"]) {
      const uid = ((await api.call("GET", `/api/v1/nodes/${name}`)).body as { metadata: { uid: string } }).metadata.uid;
      const csiNode = {
        apiVersion: "storage.k8s.io/v1",
        kind: "CSINode",
        metadata: { name, ownerReferences: [{ apiVersion: "v1", kind: "Node", name, uid }] },
        spec: { drivers: [{ name: "h4.example.org", nodeID: name, topologyKeys: [] }] },
      };
      const made = await api.call("POST", "/apis/storage.k8s.io/v1/csinodes", csiNode);
      expect(made.status, JSON.stringify(made.body)).toBe(201);
    }
    expect(healthOf(await pass(plane, manifests), "CSIDriver")).toMatchObject({ state: "Current" });
  });

  test("claims: one that waits for its first pod is as it should be, one that waits for a volume is waited for", async () => {
    const ns = "h5";
    const storageClass = (name: string, mode: string): string =>
      `apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: ${name}}\nprovisioner: example.org/none\nvolumeBindingMode: ${mode}\n`;
    const claim = (name: string, of: string): string =>
      `apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: ${name}, namespace: ${ns}}\nspec: {accessModes: [ReadWriteOnce], storageClassName: ${of}, resources: {requests: {storage: 1Gi}}}\n`;
    const lazy = await pass(plane, {
      h5: {
        "ns.yaml": namespaceYaml(ns),
        "sc.yaml": storageClass("h5-lazy", "WaitForFirstConsumer"),
        "pvc.yaml": claim("lazy", "h5-lazy"),
      },
    });
    expect(healthOf(lazy, "PersistentVolumeClaim")).toMatchObject({ state: "Current" });
    const eager: Manifests = { h5b: { "sc.yaml": storageClass("h5-eager", "Immediate"), "pvc.yaml": claim("eager", "h5-eager") } };
    const done = await pass(plane, eager, { namespaces: [ns] });
    expect(healthOf(done, "PersistentVolumeClaim")).toEqual({ state: "InProgress", reason: "the claim is Pending" });
  });

  test("custom health: by CEL, by a named condition, by the conditions that everybody has", async () => {
    const ns = "h6";
    const widget = (name: string, annotation: string): string =>
      `apiVersion: example.org/v1\nkind: Widget\nmetadata: {name: ${name}, namespace: ${ns}, annotations: {${annotation}}}\nspec: {size: 3}\n`;
    const manifests: Manifests = {
      h6: {
        "crd.yaml": WIDGET_CRD,
        "ns.yaml": namespaceYaml(ns),
        "cel.yaml": widget("cel", `halite.dev/health: "object.status.phase == 'Ready' && object.status.replicas >= object.spec.size"`),
        "named.yaml": widget("named", "halite.dev/health-condition: Available=True"),
        "plain.yaml": widget("plain", ""),
        "wrong.yaml": widget("wrong", `halite.dev/health: "object.spec.size +"`),
      },
    };
    const health = (done: Pass, name: string): { state: string; reason: string } | null | undefined =>
      done.result.addons.flatMap(({ operations }) => operations).find(({ operation }) => operation.ref.name === name)?.health;
    const first = await pass(plane, manifests);
    expect(health(first, "cel")?.state).toBe("InProgress");
    expect(health(first, "named")).toEqual({ state: "InProgress", reason: "it has no condition Available yet" });
    expect(health(first, "plain")?.state).toBe("Current");
    expect(health(first, "wrong")).toMatchObject({ state: "Unknown", reason: expect.stringContaining("can't be evaluated") });
    const setStatus = async (name: string, value: unknown): Promise<void> => {
      const answer = await api.call(
        "PATCH",
        `/apis/example.org/v1/namespaces/${ns}/widgets/${name}/status`,
        { status: value },
        "application/merge-patch+json",
      );
      expect(answer.status).toBe(200);
    };
    await setStatus("cel", { phase: "Ready", replicas: 3 });
    await setStatus("named", { conditions: [{ type: "Available", status: "True" }] });
    await setStatus("plain", { conditions: [{ type: "Ready", status: "False", reason: "NoDisk", message: "there is no disk" }] });
    const done = await pass(plane, manifests);
    expect(health(done, "cel")?.state).toBe("Current");
    expect(health(done, "named")?.state).toBe("Current");
    expect(health(done, "plain")).toEqual({ state: "InProgress", reason: "condition Ready is False (NoDisk: there is no disk)" });
    await setStatus("plain", { conditions: [{ type: "Stalled", status: "True", reason: "Broken" }] });
    expect(health(await pass(plane, manifests), "plain")).toEqual({ state: "Failed", reason: "it is stalled (Broken)" });
  });

  test("suspended: an object by its manifest or on the cluster, an addon by pillar or by its Addon", async () => {
    const ns = "h7";
    const other = new Other(api, ns);
    const manifests = (a: string): Manifests => ({
      h7: {
        "ns.yaml": namespaceYaml(ns),
        "a.yaml": configYaml(ns, "a", { a }),
        "b.yaml": configYaml(ns, "b", { a }),
        "c.yaml": configYaml(ns, "c", { a }),
      },
    });
    await pass(plane, manifests("1"));
    await other.merge("configmap", "a", { metadata: { annotations: { "halite.dev/reconcile": "disabled" } }, data: { a: "by hand" } });
    const one = await pass(plane, manifests("2"));
    expect(one.operations).toContain("skip ConfigMap h7/a");
    expect((await other.get("configmap", "a"))?.data).toEqual({ a: "by hand" });
    expect((await other.get("configmap", "b"))?.data).toEqual({ a: "2" });
    // It is not pruned either.
    const { "a.yaml": _a, ...less } = manifests("2")["h7"] ?? {};
    await pass(plane, { h7: less });
    expect(await other.get("configmap", "a")).toBeDefined();
    await pass(plane, manifests("3"), { pillar: "addons: {h7: {reconcile: disabled}}" });
    expect((await other.get("configmap", "b"))?.data).toEqual({ a: "2" });
    await other.merge("addon", "h7", { metadata: { annotations: { "halite.dev/reconcile": "disabled" } } });
    const suspended = await pass(plane, manifests("3"));
    expect((await other.get("configmap", "b"))?.data).toEqual({ a: "2" });
    expect(status(suspended, "h7")).toMatchObject({ sync: "Suspended" });
    await other.merge("addon", "h7", { metadata: { annotations: { "halite.dev/reconcile": null } } });
    await pass(plane, manifests("3"));
    expect((await other.get("configmap", "b"))?.data).toEqual({ a: "3" });
  });

  test("events tell on the object what was done and why it was not", async () => {
    const ns = "h8";
    await pass(plane, {
      h8: { "ns.yaml": namespaceYaml(ns), "c.yaml": configYaml(ns, "c", { a: "1" }), "d.yaml": deploymentYaml(ns, "d") },
    });
    await pass(plane, {
      h8: {
        "ns.yaml": namespaceYaml(ns),
        "c.yaml": configYaml(ns, "c", { a: "2" }),
        "d.yaml": deploymentYaml(ns, "d", { selector: "other" }),
      },
    });
    const events = await plane.kubectl(["events", "-n", ns, "--for", "configmap/c"]);
    expect(events).toMatch(/Normal\s+Created\s+ConfigMap\/c/);
    expect(events).toMatch(/Normal\s+Updated\s+ConfigMap\/c\s+addon h8: other than the manifest: data.a/);
    expect(await plane.kubectl(["events", "-n", ns, "--for", "deployment/d"])).toMatch(
      /Warning\s+Refused\s+Deployment\/d\s+addon h8: a field that can't change has to/,
    );
  });
});
