/**
 * The real addon manager's script through the scenarios in which Halite does otherwise: what docs/clusters.md says of it is so. Halite's side of the same
 * numbers is in addon-manager.plane.test.ts.
 */
import { describe, expect, test } from "vitest";
import type { Client, ControlPlane } from "../control-plane/index.ts";
import { canHavePlane, usePlane } from "../control-plane/use-plane.ts";
import { configYaml, deploymentYaml, Other, WIDGET_CRD, widgetYaml } from "./kube.ts";
import { RealAddonManager } from "./real-addon-manager.ts";

const possible = await canHavePlane();
const MODE = "addonmanager.kubernetes.io/mode";

describe.skipIf(!possible)("the real addon manager", () => {
  let plane: ControlPlane;
  let api: Client;
  usePlane({ controllers: "*" }, (started) => ({ plane, api } = started));

  /** A namespace of its own with the addon manager's folder for it: its prune looks into namespaces that it visits only. */
  async function scenario(
    name: string,
  ): Promise<{ readonly real: RealAddonManager; readonly other: Other; readonly keep: Record<string, string> }> {
    const made = await api.call("POST", "/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name } });
    expect(made.status).toBe(201);
    return {
      real: new RealAddonManager(plane, name),
      other: new Other(api, name),
      keep: { "keep.yaml": configYaml(name, "keep", { a: "1" }, "Reconcile") },
    };
  }

  test("01 a Secret's values are kept a second time, in its last-applied annotation", async () => {
    const { real, other, keep } = await scenario("r01");
    const files = {
      ...keep,
      "s.yaml": `apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: r01, labels: {${MODE}: Reconcile}}\nstringData: {key: value}\n`,
    };
    await real.pass(files);
    const annotation = (await other.get("secret", "s"))?.metadata.annotations?.["kubectl.kubernetes.io/last-applied-configuration"];
    expect(annotation).toContain("value");
  });

  test("06 a manifest that drops `replicas` sets them to 1", async () => {
    const { real, other, keep } = await scenario("r06");
    await real.pass({ ...keep, "d.yaml": deploymentYaml("r06", "d", { replicas: 3 }) });
    await other.scale("d", 5);
    await real.pass({ ...keep, "d.yaml": deploymentYaml("r06", "d") });
    expect((await other.get("deployment", "d"))?.spec.replicas).toBe(1);
  });

  test("09 Reconcile → EnsureExists deletes the object; it comes back a pass later as another", async () => {
    const { real, other, keep } = await scenario("r09");
    await real.pass({ ...keep, "x.yaml": configYaml("r09", "x", { a: "1" }, "Reconcile") });
    const before = await other.get("configmap", "x");
    const switched = { ...keep, "x.yaml": configYaml("r09", "x", { a: "1" }, "EnsureExists") };
    await real.pass(switched);
    expect(await other.get("configmap", "x")).toBeUndefined();
    await real.pass(switched);
    const after = await other.get("configmap", "x");
    expect(after?.metadata.uid).toBeDefined();
    expect(after?.metadata.uid).not.toBe(before?.metadata.uid);
  });

  test("12, 28 a removed ConfigMap is pruned, a removed ServiceAccount is an orphan for ever", async () => {
    const { real, other, keep } = await scenario("r28");
    const account = `apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: orphan, namespace: r28, labels: {${MODE}: Reconcile}}\n`;
    await real.pass({ ...keep, "c.yaml": configYaml("r28", "c", { a: "1" }, "Reconcile"), "account.yaml": account });
    await real.pass(keep);
    expect(await other.get("configmap", "c")).toBeUndefined();
    expect(await other.get("api/v1/namespaces/NS/serviceaccounts", "orphan")).toBeDefined();
  });

  test("13 the last object is never pruned", async () => {
    const { real, other, keep } = await scenario("r13");
    await real.pass(keep);
    const said = await real.pass({});
    expect(said).toMatch(/no objects passed to apply|error/);
    expect(await other.get("configmap", "keep")).toBeDefined();
  });

  test("15 cluster-service → mode label deletes the object and makes another", async () => {
    const { real, other, keep } = await scenario("r15");
    const with1 = (labels: string): Record<string, string> => ({
      ...keep,
      "c.yaml": `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: r15, labels: {${labels}}}\ndata: {a: "1"}\n`,
      "also.yaml": `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: also, namespace: r15, labels: {kubernetes.io/cluster-service: "true"}}\n`,
    });
    await real.pass(with1("kubernetes.io/cluster-service: 'true'"));
    const before = await other.get("configmap", "c");
    await real.pass(with1(`${MODE}: Reconcile`));
    expect((await other.get("configmap", "c"))?.metadata.uid).not.toBe(before?.metadata.uid);
  });

  test("20 one file with invalid YAML stops all pruning; the good files apply", async () => {
    const { real, other, keep } = await scenario("r20");
    await real.pass({ ...keep, "old.yaml": configYaml("r20", "old", { a: "1" }, "Reconcile") });
    await real.pass({ ...keep, "bad.yaml": "a: [unclosed\n", "new.yaml": configYaml("r20", "new", { a: "1" }, "Reconcile") });
    expect(await other.get("configmap", "new")).toBeDefined();
    expect(await other.get("configmap", "old")).toBeDefined();
  });

  test("26 a CustomResourceDefinition and its object: the object only comes the next pass", async () => {
    const { real, other, keep } = await scenario("r26");
    const labelled = (text: string): string => text.replace("metadata: {", `metadata: {labels: {${MODE}: Reconcile}, `);
    const files = { ...keep, "a-widget.yaml": labelled(widgetYaml("r26", "w", 1)), "crd.yaml": labelled(WIDGET_CRD) };
    await real.pass(files);
    expect(await other.get("widget", "w")).toBeUndefined();
    // The kind is served a moment after its definition is there.
    await expect
      .poll(async () => (await api.call("GET", "/apis/example.org/v1/namespaces/r26/widgets")).status, { timeout: 60_000 })
      .toBe(200);
    await real.pass(files);
    expect(await other.get("widget", "w")).toBeDefined();
  });

  test("31 an object that a user made by kubectl apply with a copied label is pruned", async () => {
    const { real, other, keep } = await scenario("r31");
    await real.pass(keep);
    await plane.kubectl(["apply", "-f", "-"], { input: configYaml("r31", "users", { a: "1" }, "Reconcile") });
    await real.pass(keep);
    expect(await other.get("configmap", "users")).toBeUndefined();
  });

  test("37 a user's own kubectl apply: the user's further key is removed", async () => {
    const { real, other, keep } = await scenario("r37");
    const files = { ...keep, "c.yaml": configYaml("r37", "c", { ours: "1" }, "Reconcile") };
    await real.pass(files);
    await plane.kubectl(["apply", "-f", "-"], { input: configYaml("r37", "c", { ours: "1", extra: "users" }, "Reconcile") });
    await real.pass(files);
    expect((await other.get("configmap", "c"))?.data).toEqual({ ours: "1" });
  });
});
