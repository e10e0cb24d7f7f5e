/**
 * The behaviour of the real addon manager, scenario by scenario, with what Halite does instead where the real one does harm. The numbers are those of
 * docs/clusters.md. `addon-manager-real.plane.test.ts` runs the real one through the scenarios that differ.
 */
import { afterEach, describe, expect, test } from "vitest";
import type { Client, ControlPlane } from "../control-plane/index.ts";
import { API_SERVERS, canHavePlane, usePlane } from "../control-plane/use-plane.ts";
import { configYaml, deploymentYaml, namespaceYaml, Other, pathTo, WIDGET_CRD, widgetYaml } from "./kube.ts";
import { pass, troubles, type Pass, type PassSetting } from "./passes.ts";
import type { Manifests } from "./releases.ts";

const possible = await canHavePlane();
const MODE = "addonmanager.kubernetes.io/mode";

describe.skipIf(!possible).each(API_SERVERS)("addon-manager behaviour, %s API server", (version) => {
  let plane: ControlPlane;
  let api: Client;
  usePlane({ version, controllers: "*" }, (started) => ({ plane, api } = started));
  // A scenario's inventory is no other's.
  afterEach(async () => {
    await api.call("DELETE", pathTo("addon", ""));
  });

  const apply = async (manifests: Manifests, setting?: PassSetting): Promise<Pass> => await pass(plane, manifests, setting);
  const fine = async (manifests: Manifests, setting?: PassSetting): Promise<Pass> => {
    const done = await apply(manifests, setting);
    expect(troubles(done.result)).toEqual([]);
    return done;
  };
  const operation = (done: Pass, name: string): { readonly op: string; readonly reason: string } | undefined =>
    done.plan.addons.flatMap(({ operations }) => operations).find(({ ref }) => ref.name === name);
  const silent = async (manifests: Manifests, setting?: PassSetting): Promise<void> => {
    const again = await fine(manifests, setting);
    expect(again.operations.filter((each) => !each.startsWith("skip"))).toEqual([]);
    // An Addon may say that its workloads have got further meanwhile; nothing else is written, and then nothing at all.
    expect(again.writes).toBeLessThanOrEqual(again.result.addons.length);
    await expect.poll(async () => (await fine(manifests, setting)).writes, { timeout: 100_000 }).toBe(0);
  };

  test("the API server is of the version that the roster would say", async () => {
    const { body } = await api.call("GET", "/version");
    expect(body).toMatchObject({ major: "1", minor: plane.kubernetes.replace("1.", "") });
    expect(plane.kubernetes).toBe({ current: "1.36", older: "1.35" }[version]);
  });

  test("01 both modes are created; a second pass with nothing changed writes nothing", async () => {
    const ns = "s01";
    const secret = `apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: ${ns}, labels: {${MODE}: Reconcile}}\nstringData: {key: value}\n`;
    const manifests = {
      s01: {
        "ns.yaml": namespaceYaml(ns),
        "r.yaml": configYaml(ns, "r", { a: "1" }, "Reconcile"),
        "e.yaml": configYaml(ns, "e", { a: "1" }, "EnsureExists"),
        "s.yaml": secret,
        "d.yaml": deploymentYaml(ns, "d"),
      },
    };
    await fine(manifests);
    await silent(manifests);
    const other = new Other(api, ns);
    expect((await other.get("secret", "s"))?.data).toEqual({ key: Buffer.from("value").toString("base64") });
    expect((await other.get("secret", "s"))?.metadata.annotations).toBeUndefined();
    expect((await other.get("configmap", "r"))?.metadata.labels).toMatchObject({ [MODE]: "Reconcile" });
    expect((await other.get("configmap", "e"))?.metadata.labels).toEqual({ [MODE]: "EnsureExists" });
  });

  test("02, 04, 10 drift is undone with the same uid, a removed field put back, deleted objects of both modes made again", async () => {
    const ns = "s02";
    const other = new Other(api, ns);
    const manifests = {
      s02: {
        "ns.yaml": namespaceYaml(ns),
        "r.yaml": configYaml(ns, "r", { a: "1", b: "2" }, "Reconcile"),
        "d.yaml": configYaml(ns, "d", { a: "1" }, "Reconcile"),
        "e.yaml": configYaml(ns, "e", { a: "1" }, "EnsureExists"),
      },
    };
    await fine(manifests);
    const before = await other.get("configmap", "r");
    await other.merge("configmap", "r", { data: { a: "drifted", b: null } });
    await other.delete("configmap", "d");
    await other.delete("configmap", "e");
    const done = await fine(manifests);
    const after = await other.get("configmap", "r");
    expect(after?.data).toEqual({ a: "1", b: "2" });
    expect(after?.metadata.uid).toBe(before?.metadata.uid);
    expect(operation(done, "r")).toMatchObject({ op: "update", reason: expect.stringContaining("somebody had set data.a") });
    expect(operation(done, "d")).toMatchObject({ op: "create", reason: "it was deleted" });
    expect((await other.get("configmap", "d"))?.data).toEqual({ a: "1" });
    expect((await other.get("configmap", "e"))?.data).toEqual({ a: "1" });
    await silent(manifests);
  });

  test("03 a field that others added stays; a sidecar ahead of ours causes no write", async () => {
    const ns = "s03";
    const other = new Other(api, ns);
    const manifests = {
      s03: { "ns.yaml": namespaceYaml(ns), "d.yaml": deploymentYaml(ns, "d"), "r.yaml": configYaml(ns, "r", { a: "1" }) },
    };
    await fine(manifests);
    await other.merge("configmap", "r", { data: { added: "by somebody" }, metadata: { labels: { team: "x" } } });
    await other.strategic("deployment", "d", {
      spec: {
        template: {
          spec: {
            "$setElementOrder/containers": [{ name: "sidecar" }, { name: "app" }],
            containers: [{ name: "sidecar", image: "registry.example.org/sidecar:1" }],
          },
        },
      },
    });
    const before = await other.get("deployment", "d");
    expect(JSON.stringify(before?.spec)).toMatch(/sidecar.*registry.example.org\/app:1/);
    await silent(manifests);
    expect((await other.get("configmap", "r"))?.data).toEqual({ a: "1", added: "by somebody" });
    expect((await other.get("deployment", "d"))?.metadata.generation).toBe(before?.metadata.generation);
  });

  test("05 a key that the manifest drops stays where another manager applies it too, and goes where nobody does", async () => {
    const ns = "s05";
    const other = new Other(api, ns);
    const with2 = { s05: { "ns.yaml": namespaceYaml(ns), "r.yaml": configYaml(ns, "r", { a: "1", shared: "x", own: "y" }) } };
    await fine(with2);
    await other.apply(
      "configmap",
      "r",
      { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "r", namespace: ns }, data: { shared: "x" } },
      "another",
    );
    await fine({ s05: { "ns.yaml": namespaceYaml(ns), "r.yaml": configYaml(ns, "r", { a: "1" }) } });
    expect((await other.get("configmap", "r"))?.data).toEqual({ a: "1", shared: "x" });
  });

  test("06 replicas: the manifest's are kept; where it names none, whoever scales decides; dropping the line changes nothing", async () => {
    const ns = "s06";
    const other = new Other(api, ns);
    const manifests = (dropped: boolean): Manifests => ({
      s06: {
        "ns.yaml": namespaceYaml(ns),
        "one.yaml": deploymentYaml(ns, "one", { replicas: 1 }),
        "none.yaml": deploymentYaml(ns, "none"),
        "scaled.yaml": deploymentYaml(ns, "scaled", dropped ? {} : { replicas: 3 }),
        "left.yaml": deploymentYaml(ns, "left", dropped ? {} : { replicas: 3 }),
      },
    });
    await fine(manifests(false));
    await other.scale("one", 5);
    await other.scale("none", 5);
    await fine(manifests(false));
    expect((await other.get("deployment", "one"))?.spec.replicas).toBe(1);
    expect((await other.get("deployment", "none"))?.spec.replicas).toBe(5);
    await other.scale("scaled", 5);
    const done = await fine(manifests(true));
    expect((await other.get("deployment", "scaled"))?.spec.replicas).toBe(5);
    expect((await other.get("deployment", "left"))?.spec.replicas).toBe(3);
    expect(operation(done, "left")?.reason).toContain("the manifest no longer names replicas: 3 stay");
    await silent(manifests(true));
    // And back again: the manifest's word counts.
    await fine(manifests(false));
    expect((await other.get("deployment", "scaled"))?.spec.replicas).toBe(3);
    await silent(manifests(false));
  });

  test("07 a label taken off is put back; if the file goes meanwhile, the object is pruned all the same", async () => {
    const ns = "s07";
    const other = new Other(api, ns);
    const keep = { "ns.yaml": namespaceYaml(ns), "k1.yaml": configYaml(ns, "k1", { a: "1" }), "k2.yaml": configYaml(ns, "k2", { a: "1" }) };
    await fine({ s07: { ...keep, "back.yaml": configYaml(ns, "back", { a: "1" }), "gone.yaml": configYaml(ns, "gone", { a: "1" }) } });
    for (const name of ["back", "gone"]) {
      await other.merge("configmap", name, { metadata: { labels: { [MODE]: null, "applyset.kubernetes.io/part-of": null } } });
    }
    await fine({ s07: { ...keep, "back.yaml": configYaml(ns, "back", { a: "1" }) } });
    expect((await other.get("configmap", "back"))?.metadata.labels).toMatchObject({ [MODE]: "Reconcile" });
    expect(await other.get("configmap", "gone")).toBeUndefined();
  });

  test("08 a mode flipped on the cluster: Reconcile is reverted; EnsureExists keeps the user's label and is never pruned", async () => {
    const ns = "s08";
    const other = new Other(api, ns);
    const base = {
      "ns.yaml": namespaceYaml(ns),
      "r.yaml": configYaml(ns, "r", { a: "1" }, "Reconcile"),
      "k.yaml": configYaml(ns, "k", { a: "1" }),
    };
    const manifests = { s08: { ...base, "e.yaml": configYaml(ns, "e", { a: "1" }, "EnsureExists") } };
    await fine(manifests);
    await other.merge("configmap", "r", { metadata: { labels: { [MODE]: "EnsureExists" } } });
    await other.merge("configmap", "e", { metadata: { labels: { [MODE]: "Reconcile" } } });
    await fine(manifests);
    expect((await other.get("configmap", "r"))?.metadata.labels).toMatchObject({ [MODE]: "Reconcile" });
    expect((await other.get("configmap", "e"))?.metadata.labels).toEqual({ [MODE]: "Reconcile" });
    await fine({ s08: base });
    expect(await other.get("configmap", "e")).toBeDefined();
  });

  test("09 Reconcile → EnsureExists changes the label in place and nothing else; the object stays when its file goes", async () => {
    const ns = "s09";
    const other = new Other(api, ns);
    const keep = { "ns.yaml": namespaceYaml(ns), "k.yaml": configYaml(ns, "k", { a: "1" }) };
    await fine({ s09: { ...keep, "x.yaml": configYaml(ns, "x", { a: "1" }, "Reconcile") } });
    await other.merge("configmap", "x", { data: { user: "key" } });
    const before = await other.get("configmap", "x");
    const ensured = { s09: { ...keep, "x.yaml": configYaml(ns, "x", { a: "2" }, "EnsureExists") } };
    const done = await fine(ensured);
    expect(operation(done, "x")).toMatchObject({ op: "update", reason: expect.stringContaining("labels change in place") });
    const after = await other.get("configmap", "x");
    expect(after?.metadata.uid).toBe(before?.metadata.uid);
    expect(after?.data).toEqual({ a: "1", user: "key" });
    expect(after?.metadata.labels).toEqual({ [MODE]: "EnsureExists" });
    await silent(ensured);
    await fine({ s09: keep });
    expect((await other.get("configmap", "x"))?.metadata.uid).toBe(before?.metadata.uid);
  });

  test("09 EnsureExists → Reconcile is adopted in place, and the plan says so; keys dropped later go", async () => {
    const ns = "s09b";
    const other = new Other(api, ns);
    const keep = { "ns.yaml": namespaceYaml(ns) };
    await fine({ s09b: { ...keep, "x.yaml": configYaml(ns, "x", { a: "1", b: "1" }, "EnsureExists") } });
    const before = await other.get("configmap", "x");
    const done = await fine({ s09b: { ...keep, "x.yaml": configYaml(ns, "x", { a: "2", b: "1" }, "Reconcile") } });
    expect(operation(done, "x")).toMatchObject({ op: "adopt", reason: expect.stringContaining("overwritten in place") });
    expect((await other.get("configmap", "x"))?.metadata.uid).toBe(before?.metadata.uid);
    expect((await other.get("configmap", "x"))?.data).toEqual({ a: "2", b: "1" });
    await fine({ s09b: { ...keep, "x.yaml": configYaml(ns, "x", { a: "2" }, "Reconcile") } });
    expect((await other.get("configmap", "x"))?.data).toEqual({ a: "2" });
  });

  test("11 EnsureExists: drift and a changed manifest are left alone, and the difference is reported", async () => {
    const ns = "s11";
    const other = new Other(api, ns);
    await fine({ s11: { "ns.yaml": namespaceYaml(ns), "e.yaml": configYaml(ns, "e", { a: "1" }, "EnsureExists") } });
    await other.merge("configmap", "e", { data: { a: "drifted" } });
    const changed = { s11: { "ns.yaml": namespaceYaml(ns), "e.yaml": configYaml(ns, "e", { a: "2" }, "EnsureExists") } };
    const done = await fine(changed);
    expect(done.writes).toBeLessThanOrEqual(1);
    expect(operation(done, "e")).toMatchObject({
      op: "skip",
      reason: "it exists; EnsureExists leaves it as it is, other than the manifest in 1 field",
    });
    expect((await other.get("configmap", "e"))?.data).toEqual({ a: "drifted" });
  });

  test("12 a removed file: Reconcile is pruned, EnsureExists stays", async () => {
    const ns = "s12";
    const other = new Other(api, ns);
    const keep = { "ns.yaml": namespaceYaml(ns), "k.yaml": configYaml(ns, "k", { a: "1" }) };
    await fine({ s12: { ...keep, "r.yaml": configYaml(ns, "r", { a: "1" }), "e.yaml": configYaml(ns, "e", { a: "1" }, "EnsureExists") } });
    const done = await fine({ s12: keep });
    expect(operation(done, "r")?.op).toBe("prune");
    expect(operation(done, "e")?.op).toBe("orphan");
    expect(await other.get("configmap", "r")).toBeUndefined();
    expect(await other.get("configmap", "e")).toBeDefined();
    await silent({ s12: keep });
  });

  test("13 the last object removed, an addon gone from the release: refused until pillar says that it is meant", async () => {
    const ns = "s13";
    const other = new Other(api, ns);
    const base = { "s13-base": { "ns.yaml": namespaceYaml(ns) } };
    await fine(
      { ...base, s13: { "a.yaml": configYaml(ns, "a", { a: "1" }), "b.yaml": configYaml(ns, "b", { a: "1" }) } },
      { namespaces: [ns] },
    );
    const gone = await apply(base);
    expect(operation(gone, "a")).toMatchObject({ op: "refuse", reason: expect.stringContaining("addons:s13:prune:empty: true") });
    expect(await other.get("configmap", "a")).toBeDefined();
    expect(gone.result.addons.find(({ name }) => name === "s13")?.status.sync).toBe("Refused");
    // The other addon is none the worse for it.
    expect(gone.result.addons.find(({ name }) => name === "s13-base")?.status.sync).toBe("Synced");
    const stated = await fine(base, { pillar: "addons: {s13: {prune: {empty: true}}}" });
    expect(operation(stated, "a")?.op).toBe("prune");
    expect(await other.get("configmap", "a")).toBeUndefined();
    expect(await other.get("configmap", "b")).toBeUndefined();
  });

  test("13 more than the allowed part of an addon: refused until pillar says how much", async () => {
    const ns = "s13b";
    const other = new Other(api, ns);
    const files = (count: number): Record<string, string> =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`c${index}.yaml`, configYaml(ns, `c${index}`, { a: "1" })]));
    const base = { "ns.yaml": namespaceYaml(ns) };
    await fine({ s13b: { ...base, ...files(9) } });
    const refused = await apply({ s13b: { ...base, ...files(3) } });
    expect(operation(refused, "c8")).toMatchObject({
      op: "refuse",
      reason: "6 of the addon's 10 objects would go, more than 50 %. If that is meant, say so in pillar: addons:s13b:prune:percent: 60",
    });
    expect(await other.get("configmap", "c8")).toBeDefined();
    await fine({ s13b: { ...base, ...files(3) } }, { pillar: "addons: {s13b: {prune: {percent: 60}}}" });
    expect(await other.get("configmap", "c8")).toBeUndefined();
  });

  test("14, 15 cluster-service=true is reconciled; its change to the mode label happens in place", async () => {
    const ns = "s15";
    const other = new Other(api, ns);
    const service = "kubernetes.io/cluster-service: 'true'";
    const with1 = (labels: string): Manifests => ({
      s15: {
        "ns.yaml": namespaceYaml(ns),
        "c.yaml": `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: ${ns}, labels: {${labels}}}\ndata: {a: "1"}\n`,
        "d.yaml": deploymentYaml(ns, "d", { labels }),
      },
    });
    await fine(with1(service));
    const before = [await other.get("configmap", "c"), await other.get("deployment", "d")];
    await other.merge("configmap", "c", { data: { a: "drifted" } });
    await fine(with1(service));
    expect((await other.get("configmap", "c"))?.data).toEqual({ a: "1" });
    for (const labels of [`${MODE}: Reconcile`, `${service}, ${MODE}: Reconcile`]) {
      await fine(with1(labels));
      const after = [await other.get("configmap", "c"), await other.get("deployment", "d")];
      expect(after.map((each) => each?.metadata.uid)).toEqual(before.map((each) => each?.metadata.uid));
    }
  });

  test("16 a missing namespace stops its own object; the rest goes on, and only that addon's prune waits", async () => {
    const ns = "s16";
    const other = new Other(api, ns);
    const a = {
      "ns.yaml": namespaceYaml(ns),
      "k1.yaml": configYaml(ns, "k1", { a: "1" }),
      "k2.yaml": configYaml(ns, "k2", { a: "1" }),
      "k3.yaml": configYaml(ns, "k3", { a: "1" }),
    };
    const b = { "k1.yaml": configYaml(ns, "b1", { a: "1" }), "k2.yaml": configYaml(ns, "b2", { a: "1" }) };
    const setting = { namespaces: ["s16-missing"] };
    await fine(
      { s16: { ...a, "old.yaml": configYaml(ns, "old", { a: "1" }) }, s16b: { ...b, "old.yaml": configYaml(ns, "b-old", { a: "1" }) } },
      setting,
    );
    const broken = { ...a, "new.yaml": configYaml(ns, "new", { a: "1" }), "lost.yaml": configYaml("s16-missing", "lost", { a: "1" }) };
    const done = await apply({ s16: broken, s16b: b }, setting);
    expect(operation(done, "lost")).toMatchObject({
      op: "refuse",
      reason: "namespace s16-missing is not there, and no addon of the release makes it",
    });
    expect(await other.get("configmap", "new")).toBeDefined();
    expect(operation(done, "old")).toMatchObject({
      op: "wait",
      reason: expect.stringContaining("pruned once ConfigMap s16-missing/lost is no longer refused"),
    });
    expect(await other.get("configmap", "old")).toBeDefined();
    expect(await other.get("configmap", "b-old")).toBeUndefined();
    // It heals by itself.
    await other.create("namespace", { apiVersion: "v1", kind: "Namespace", metadata: { name: "s16-missing" } });
    await fine({ s16: broken, s16b: b }, setting);
    expect(await other.get("configmap", "old")).toBeUndefined();
  });

  test("17 a namespace in a later file, or of a later addon, is there in time", async () => {
    const manifests = {
      "s17-a": { "a.yaml": configYaml("s17", "c", { a: "1" }), "z.yaml": namespaceYaml("s17") },
      "s17-b": { "a.yaml": configYaml("s17-late", "c", { a: "1" }) },
      "s17-z": { "z.yaml": namespaceYaml("s17-late") },
    };
    await fine(manifests);
    await silent(manifests);
  });

  test("18 an object without a namespace fails its addon at compile time, and nothing lands in `default`", async () => {
    const nameless = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: s18}\ndata: {a: '1'}\n";
    const done = await apply({ s18: { "c.yaml": nameless } });
    expect(done.plan.addons).toMatchObject([{ name: "s18", state: "failed", why: expect.stringContaining("has no metadata.namespace") }]);
    expect(await new Other(api, "default").get("configmap", "s18")).toBeUndefined();
  });

  test("19 immutable fields: said once for each object, nothing is recreated, the rest applies", async () => {
    const ns = "s19";
    const other = new Other(api, ns);
    const immutable = (two: boolean, annotations = ""): Manifests => ({
      s19: {
        "ns.yaml": namespaceYaml(ns),
        "ok.yaml": configYaml(ns, "ok", { a: two ? "2" : "1" }),
        "deployment.yaml": deploymentYaml(ns, "d", { selector: two ? "two" : "one", annotations }),
        "job.yaml": `apiVersion: batch/v1\nkind: Job\nmetadata: {name: j, namespace: ${ns}, annotations: {${annotations}}}\nspec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: "registry.example.org/job:${two ? 2 : 1}"}]}}}\n`,
        "secret.yaml": `apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: ${ns}, annotations: {${annotations}}}\ntype: ${two ? "example.org/two" : "Opaque"}\ndata: {a: MQ==}\n`,
        "service.yaml": `apiVersion: v1\nkind: Service\nmetadata: {name: v, namespace: ${ns}, annotations: {${annotations}}}\nspec: {clusterIP: ${two ? "None" : "10.96.7.7"}, ports: [{port: 80}]}\n`,
        "class.yaml": `apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: s19-class, annotations: {${annotations}}}\nprovisioner: example.org/${two ? "two" : "one"}\n`,
        "immutable.yaml": `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: i, namespace: ${ns}, annotations: {${annotations}}}\nimmutable: true\ndata: {a: "${two ? 2 : 1}"}\n`,
      },
    });
    await fine(immutable(false));
    const names: readonly (readonly [string, string])[] = [
      ["deployment", "d"],
      ["job", "j"],
      ["secret", "s"],
      ["service", "v"],
      ["storageclass", "s19-class"],
      ["configmap", "i"],
    ];
    const uids = async (): Promise<readonly (string | undefined)[]> =>
      await Promise.all(names.map(async ([kind, name]) => (await other.get(kind, name))?.metadata.uid));
    const before = await uids();
    const done = await apply(immutable(true));
    for (const [, name] of names) {
      expect(operation(done, name)).toMatchObject({
        op: "refuse",
        reason: expect.stringMatching(/^a field that can't change has to: .*Annotate the manifest halite.dev\/replace: allowed/s),
      });
    }
    expect(await uids()).toEqual(before);
    expect((await other.get("configmap", "ok"))?.data).toEqual({ a: "2" });
    expect(JSON.stringify(done.plan)).not.toContain("MQ==");
    const replaced = await fine(immutable(true, "halite.dev/replace: allowed"));
    for (const [, name] of names) expect(operation(replaced, name)?.op).toBe("replace");
    const after = await uids();
    for (const [index, uid] of after.entries()) {
      expect(uid).toBeDefined();
      expect(uid).not.toBe(before[index]);
    }
    await silent(immutable(true, "halite.dev/replace: allowed"));
  });

  test("20-23 what is broken in one addon stops that addon alone: nothing of it is touched or pruned, all others apply and prune", async () => {
    const ns = "s20";
    const other = new Other(api, ns);
    const good = { "ns.yaml": namespaceYaml(ns), "k.yaml": configYaml(ns, "k", { a: "1" }) };
    const bad = { "a.yaml": configYaml(ns, "bad-a", { a: "1" }), "b.yaml": configYaml(ns, "bad-b", { a: "1" }) };
    await fine({
      s20: { ...good, "old.yaml": configYaml(ns, "old", { a: "1" }) },
      s20bad: { ...bad, "old.yaml": configYaml(ns, "bad-old", { a: "1" }) },
    });
    for (const [name, text] of Object.entries({
      "bad YAML": "a: [unclosed\n",
      "a bad object": `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: ${ns}}\ndata: [1]\n`,
      "no kind": "apiVersion: v1\nmetadata: {name: x}\n",
      "a stray values file": "replicas: 3\n",
    })) {
      const done = await apply({
        s20: { ...good, [`${name.replaceAll(" ", "-")}.yaml`]: configYaml(ns, name.replaceAll(" ", "-").toLowerCase(), { a: "1" }) },
        s20bad: { "a.yaml": configYaml(ns, "bad-a", { a: "changed" }), "wrong.yaml": text },
      });
      expect(
        done.plan.addons.find((addon) => addon.name === "s20bad"),
        name,
      ).toMatchObject({ state: "failed", operations: [] });
      expect((await other.get("configmap", "bad-a"))?.data, name).toEqual({ a: "1" });
      expect(await other.get("configmap", "bad-old"), name).toBeDefined();
      expect(await other.get("configmap", "old"), name).toBeUndefined();
      expect(await other.get("configmap", name.replaceAll(" ", "-").toLowerCase()), name).toBeDefined();
    }
    const status = (await other.get("addon", "s20bad"))?.["status"];
    expect(status).toMatchObject({ sync: "Failed" });
  });

  test("24, 25 an object in two files, or in both modes, is a compile error that names both", async () => {
    const ns = "s24";
    const twice = {
      "ns.yaml": namespaceYaml(ns),
      "one.yaml": configYaml(ns, "c", { a: "1" }, "Reconcile"),
      "two.yaml": configYaml(ns, "c", { a: "1" }, "EnsureExists"),
    };
    const done = await apply({ s24: twice });
    expect(done.plan.addons).toMatchObject([
      { state: "failed", why: expect.stringMatching(/stands twice: here and in .*(one|two)\.yaml/) },
    ]);
    expect(await new Other(api, ns).get("namespace", ns)).toBeUndefined();
  });

  test("26 a CustomResourceDefinition and its object apply in one pass; the object is pruned; the definition only with a confirmation", async () => {
    const ns = "s26";
    const other = new Other(api, ns);
    const base = {
      "ns.yaml": namespaceYaml(ns),
      "k1.yaml": configYaml(ns, "k1", { a: "1" }),
      "k2.yaml": configYaml(ns, "k2", { a: "1" }),
      "k3.yaml": configYaml(ns, "k3", { a: "1" }),
    };
    await fine({ s26: { ...base, "a-widget.yaml": widgetYaml(ns, "w", 1), "crd.yaml": WIDGET_CRD } });
    expect(await other.get("widget", "w")).toBeDefined();
    await fine({ s26: { ...base, "crd.yaml": WIDGET_CRD } });
    expect(await other.get("widget", "w")).toBeUndefined();
    await other.create("widget", { apiVersion: "example.org/v1", kind: "Widget", metadata: { name: "users", namespace: ns } });
    const refused = await apply({ s26: base });
    expect(operation(refused, "widgets.example.org")).toMatchObject({
      op: "refuse",
      reason: expect.stringContaining("1 objects of its kind would go with it: s26/users"),
    });
    expect(await other.get("crd", "widgets.example.org")).toBeDefined();
    await other.merge("crd", "widgets.example.org", { metadata: { annotations: { "halite.dev/prune": "confirmed" } } });
    await fine({ s26: base });
    expect(await other.get("crd", "widgets.example.org")).toBeUndefined();
  });

  test("27 a ConfigMap of 900 KB applies, in both modes", async () => {
    const ns = "s27";
    const big = "x".repeat(900_000);
    const manifests = {
      s27: {
        "ns.yaml": namespaceYaml(ns),
        "r.yaml": configYaml(ns, "r", { big }, "Reconcile"),
        "e.yaml": configYaml(ns, "e", { big }, "EnsureExists"),
      },
    };
    await fine(manifests);
    await silent(manifests);
  });

  test("28 every kind is pruned: the inventory knows them", async () => {
    const ns = "s28";
    const kinds = prunedKinds(ns);
    const base = { "ns.yaml": namespaceYaml(ns) };
    const pillar = "addons: {s28: {prune: {percent: 100}}}";
    const keep = { "k.yaml": configYaml(ns, "keep", { a: "1" }) };
    await fine({ s28: { ...base, ...keep, ...kinds } }, { pillar });
    const done = await fine({ s28: { ...base, ...keep } }, { pillar });
    expect(done.operations.filter((each) => each.startsWith("prune")).length).toBe(Object.keys(kinds).length);
    await silent({ s28: { ...base, ...keep } }, { pillar });
  });

  test("28 PersistentVolumeClaims and PersistentVolumes go only with a confirmation, in git or on the object", async () => {
    const ns = "s28b";
    const other = new Other(api, ns);
    const base = { "ns.yaml": namespaceYaml(ns), "k1.yaml": configYaml(ns, "k1", { a: "1" }), "k2.yaml": configYaml(ns, "k2", { a: "1" }) };
    const volumes = {
      "pvc.yaml": `apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: claim, namespace: ${ns}}\nspec: {accessModes: [ReadWriteOnce], storageClassName: none, resources: {requests: {storage: 1Gi}}}\n`,
      "pv.yaml":
        "apiVersion: v1\nkind: PersistentVolume\nmetadata: {name: s28b}\nspec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], storageClassName: other, hostPath: {path: /tmp/s28b}}\n",
    };
    await fine({ s28b: { ...base, ...volumes } });
    const refused = await apply({ s28b: base });
    expect(operation(refused, "claim")).toMatchObject({
      op: "refuse",
      reason: expect.stringContaining('addons:s28b:prune:confirm: ["PersistentVolumeClaim s28b/claim"]'),
    });
    expect(operation(refused, "s28b")?.op).toBe("skip");
    expect(await other.get("pvc", "claim")).toBeDefined();
    expect(await other.get("pv", "s28b")).toBeDefined();
    // Nothing is mounted by anybody: the protection finalizers are taken off by the controllers.
    await other.merge("pv", "s28b", { metadata: { annotations: { "halite.dev/prune": "confirmed" } } });
    await fine({ s28b: base }, { pillar: 'addons: {s28b: {prune: {confirm: ["PersistentVolumeClaim s28b/claim"]}}}' });
    expect(await other.get("pvc", "claim")).toBeUndefined();
    expect(await other.get("pv", "s28b")).toBeUndefined();
  });

  test("28 a StorageClass goes, but not while it is in use", async () => {
    const ns = "s28c";
    const other = new Other(api, ns);
    const base = { "ns.yaml": namespaceYaml(ns), "k1.yaml": configYaml(ns, "k1", { a: "1" }) };
    const storageClass = "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: s28c}\nprovisioner: example.org/x\n";
    await fine({ s28c: { ...base, "class.yaml": storageClass } });
    await other.create("pvc", {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: "user" },
      spec: { storageClassName: "s28c", accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } },
    });
    const refused = await apply({ s28c: base });
    expect(operation(refused, "s28c")).toBeDefined();
    expect(refused.plan.addons[0]?.operations.find(({ ref }) => ref.kind === "StorageClass")).toMatchObject({
      op: "refuse",
      reason: expect.stringContaining("in use by 1 volumes and claims: user"),
    });
    await other.delete("pvc", "user");
    await expect.poll(async () => await other.get("pvc", "user"), { timeout: 100_000 }).toBeUndefined();
    await fine({ s28c: base });
    expect(await other.get("storageclass", "s28c")).toBeUndefined();
  });

  test("29 a Namespace is not deleted while others' objects are in it; with a confirmation it is", async () => {
    const ns = "s29";
    const other = new Other(api, ns);
    const keep = {
      "ns.yaml": namespaceYaml("s29-keep"),
      "k1.yaml": configYaml("s29-keep", "k1", { a: "1" }),
      "k2.yaml": configYaml("s29-keep", "k2", { a: "1" }),
    };
    const going = { "gone.yaml": namespaceYaml(ns), "own.yaml": configYaml(ns, "own", { a: "1" }) };
    await fine({ s29: { ...keep, ...going } });
    await other.create("configmap", { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "users" } });
    const refused = await apply({ s29: keep });
    expect(operation(refused, ns)).toMatchObject({
      op: "refuse",
      reason: expect.stringContaining("1 objects that are not of this release are in it: ConfigMap users"),
    });
    expect(await other.get("configmap", "users")).toBeDefined();
    await fine({ s29: keep }, { pillar: 'addons: {s29: {prune: {confirm: ["Namespace s29"]}}}' });
    expect(await other.get("namespace", ns)).toBeUndefined();
  });

  test("29 a Namespace in which only the release's own objects were goes with them", async () => {
    const keep = {
      "ns.yaml": namespaceYaml("s29c-keep"),
      "k1.yaml": configYaml("s29c-keep", "k1", { a: "1" }),
      "k2.yaml": configYaml("s29c-keep", "k2", { a: "1" }),
    };
    await fine({ s29c: { ...keep, "gone.yaml": namespaceYaml("s29c"), "own.yaml": configYaml("s29c", "own", { a: "1" }) } });
    await fine({ s29c: keep });
    expect(await new Other(api, "").get("namespace", "s29c")).toBeUndefined();
  });

  test("30 all objects of one namespace removed: pruned", async () => {
    const keep = {
      "ns.yaml": namespaceYaml("s30"),
      "other.yaml": namespaceYaml("s30-other"),
      "k.yaml": configYaml("s30", "k", { a: "1" }),
    };
    await fine({
      s30: { ...keep, "a.yaml": configYaml("s30-other", "a", { a: "1" }), "b.yaml": configYaml("s30-other", "b", { a: "1" }) },
    });
    await fine({ s30: keep });
    const other = new Other(api, "s30-other");
    expect(await other.get("configmap", "a")).toBeUndefined();
    expect(await other.get("configmap", "b")).toBeUndefined();
  });

  test("31 foreign objects with copied labels are never pruned, by whatever way they were made", async () => {
    const ns = "s31";
    const other = new Other(api, ns);
    const manifests = { s31: { "ns.yaml": namespaceYaml(ns), "k.yaml": configYaml(ns, "k", { a: "1" }) } };
    await fine(manifests);
    const labels = (await other.get("configmap", "k"))?.metadata.labels ?? {};
    const copy = (name: string): object => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: ns, labels } });
    await other.create("configmap", copy("created"));
    await other.apply("configmap", "applied", copy("applied"), "somebody");
    await plane.kubectl(["apply", "-f", "-"], { input: JSON.stringify(copy("kubectl")) });
    const done = await fine(manifests);
    for (const name of ["created", "applied", "kubectl"]) {
      expect(await other.get("configmap", name), name).toBeDefined();
      expect(done.plan.notes.join("\n")).toContain(
        `ConfigMap s31/${name} carries the label of addon s31, but Halite did not make it: it is left alone`,
      );
    }
  });

  test("31 an object that somebody deleted and made anew under the same name is theirs", async () => {
    const ns = "s31b";
    const other = new Other(api, ns);
    const keep = { "ns.yaml": namespaceYaml(ns), "k.yaml": configYaml(ns, "k", { a: "1" }) };
    await fine({ s31b: { ...keep, "x.yaml": configYaml(ns, "x", { a: "1" }) } });
    await other.delete("configmap", "x");
    await other.create("configmap", { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "x" }, data: { theirs: "1" } });
    const done = await fine({ s31b: keep });
    expect(operation(done, "x")).toMatchObject({
      op: "orphan",
      reason: expect.stringContaining("somebody made another object of that name"),
    });
    expect((await other.get("configmap", "x"))?.data).toEqual({ theirs: "1" });
  });

  test("32 a finalizer: reported as terminating; a file that comes back waits, and the object is made again once it is gone", async () => {
    const ns = "s32";
    const other = new Other(api, ns);
    const keep = { "ns.yaml": namespaceYaml(ns), "k.yaml": configYaml(ns, "k", { a: "1" }) };
    const whole = { s32: { ...keep, "x.yaml": configYaml(ns, "x", { a: "1" }) } };
    await fine(whole);
    await other.merge("configmap", "x", { metadata: { finalizers: ["example.org/hold"] } });
    const stuck = await apply({ s32: keep }, { apply: { timeout: 500 } });
    expect(troubles(stuck.result)).toEqual([
      expect.stringMatching(/^prune ConfigMap s32\/x: waiting: it is being deleted since .*, held by the finalizer example.org\/hold$/),
    ]);
    const back = await apply(whole);
    expect(operation(back, "x")).toMatchObject({
      op: "wait",
      reason: expect.stringMatching(/terminating since .*held by example.org\/hold; it is made again once it is gone/),
    });
    expect((await other.get("configmap", "x"))?.metadata.resourceVersion).toBeDefined();
    expect(back.result.addons[0]?.status).toMatchObject({ sync: "Waiting", reason: expect.stringContaining("terminating") });
    await other.merge("configmap", "x", { metadata: { finalizers: null } });
    await fine(whole);
    expect((await other.get("configmap", "x"))?.metadata.deletionTimestamp).toBeUndefined();
  });

  test("33 a kind that the cluster does not serve is passed over with a warning, and nothing else", async () => {
    const ns = "s33";
    const rule = `apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata: {name: p, namespace: ${ns}}\nspec: {groups: []}\n`;
    const manifests = { s33: { "ns.yaml": namespaceYaml(ns), "k.yaml": configYaml(ns, "k", { a: "1" }), "rule.yaml": rule } };
    const done = await apply(manifests);
    if (done.plan.addons[0]?.state === "failed") throw new Error(done.plan.addons[0].why);
    expect(operation(done, "p")).toMatchObject({
      op: "wait",
      reason: "the cluster does not serve PrometheusRule.monitoring.coreos.com, and no addon of the release defines it",
    });
    expect(await new Other(api, ns).get("configmap", "k")).toBeDefined();
  });

  test("36 a Service with 53/UDP and 53/TCP: both target ports change, then TCP goes, each in one pass", async () => {
    const ns = "s36";
    const other = new Other(api, ns);
    const service = (ports: string): Manifests => ({
      s36: {
        "ns.yaml": namespaceYaml(ns),
        "v.yaml": `apiVersion: v1\nkind: Service\nmetadata: {name: dns, namespace: ${ns}}\nspec: {selector: {app: dns}, ports: [${ports}]}\n`,
      },
    });
    const udp = (target: number): string => `{name: dns, port: 53, protocol: UDP, targetPort: ${target}}`;
    const tcp = (target: number): string => `{name: dns-tcp, port: 53, targetPort: ${target}}`;
    await fine(service(`${udp(53)}, ${tcp(53)}`));
    await fine(service(`${udp(5353)}, ${tcp(5354)}`));
    const ports = async (): Promise<unknown> => (await other.get("service", "dns"))?.spec["ports"];
    expect(await ports()).toEqual([
      { name: "dns", port: 53, protocol: "UDP", targetPort: 5353 },
      { name: "dns-tcp", port: 53, protocol: "TCP", targetPort: 5354 },
    ]);
    await fine(service(udp(5353)));
    expect(await ports()).toEqual([{ name: "dns", port: 53, protocol: "UDP", targetPort: 5353 }]);
    await silent(service(udp(5353)));
  });

  test("37 a user's own kubectl apply: their further key stays, ours comes back", async () => {
    const ns = "s37";
    const other = new Other(api, ns);
    const manifests = { s37: { "ns.yaml": namespaceYaml(ns), "c.yaml": configYaml(ns, "c", { ours: "1" }) } };
    await fine(manifests);
    await plane.kubectl(["apply", "-f", "-"], { input: configYaml(ns, "c", { ours: "theirs", extra: "1" }) });
    expect((await other.get("configmap", "c"))?.data).toEqual({ ours: "theirs", extra: "1" });
    await fine(manifests);
    expect((await other.get("configmap", "c"))?.data).toEqual({ ours: "1", extra: "1" });
    await silent(manifests);
  });

  test("39 an admission webhook that is down: that kind fails, the rest applies, and only that addon's prune waits", async () => {
    const ns = "s39";
    const other = new Other(api, ns);
    const a = { "ns.yaml": namespaceYaml(ns), "k1.yaml": configYaml(ns, "k1", { a: "1" }), "k2.yaml": configYaml(ns, "k2", { a: "1" }) };
    const b = { "k1.yaml": configYaml(ns, "b1", { a: "1" }), "k2.yaml": configYaml(ns, "b2", { a: "1" }) };
    await fine({
      s39: { ...a, "old.yaml": configYaml(ns, "old", { a: "1" }) },
      s39b: { ...b, "old.yaml": configYaml(ns, "b-old", { a: "1" }) },
    });
    await other.create("apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations", {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingWebhookConfiguration",
      metadata: { name: "s39" },
      webhooks: [
        {
          name: "down.example.org",
          clientConfig: { url: "https://127.0.0.1:1/" },
          rules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["secrets"] }],
          failurePolicy: "Fail",
          sideEffects: "None",
          admissionReviewVersions: ["v1"],
          timeoutSeconds: 1,
        },
      ],
    });
    try {
      await expect
        .poll(() => other.trial("secret", { apiVersion: "v1", kind: "Secret", metadata: { name: "probe" } }), { timeout: 60_000 })
        .toContain("failed calling webhook");
      const secret = `apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: ${ns}}\ndata: {a: MQ==}\n`;
      const done = await apply({ s39: { ...a, "s.yaml": secret, "new.yaml": configYaml(ns, "new", { a: "1" }) }, s39b: b });
      expect(troubles(done.result)).toEqual([
        expect.stringMatching(/^create Secret s39\/s: failed: .*failed calling webhook "down.example.org"/),
        expect.stringMatching(/^prune ConfigMap s39\/old: waiting: it is pruned later: Secret s39\/s is not applied/),
      ]);
      expect(await other.get("configmap", "new")).toBeDefined();
      expect(await other.get("configmap", "b-old")).toBeUndefined();
    } finally {
      await other.delete("apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations", "s39");
    }
  });
});

/** One object of each kind that the real addon manager leaves behind, and of those that it prunes. */
function prunedKinds(ns: string): Record<string, string> {
  const rules = "rules: [{apiGroups: [''], resources: [pods], verbs: [get]}]";
  const subjects = `subjects: [{kind: ServiceAccount, name: default, namespace: ${ns}}]`;
  const webhook = (kind: string): string =>
    `apiVersion: admissionregistration.k8s.io/v1\nkind: ${kind}\nmetadata: {name: s28}\nwebhooks: [{name: w.example.org, clientConfig: {url: "https://127.0.0.1:1/"}, rules: [{apiGroups: [example.org], apiVersions: [v1], operations: [CREATE], resources: [widgets]}], failurePolicy: Ignore, sideEffects: None, admissionReviewVersions: [v1]}]\n`;
  const of = (apiVersion: string, kind: string, rest: string, namespaced = true): string =>
    `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: s28${namespaced ? `, namespace: ${ns}` : ""}}\n${rest}\n`;
  const pod = "{containers: [{name: c, image: registry.example.org/c:1}]}";
  const texts: readonly (readonly [string, string])[] = [
    ["configmap", of("v1", "ConfigMap", "data: {a: '1'}")],
    ["secret", of("v1", "Secret", "data: {a: MQ==}")],
    ["service", of("v1", "Service", "spec: {ports: [{port: 80}]}")],
    [
      "replicationcontroller",
      of("v1", "ReplicationController", `spec: {replicas: 0, selector: {app: x}, template: {metadata: {labels: {app: x}}, spec: ${pod}}}`),
    ],
    [
      "job",
      of(
        "batch/v1",
        "Job",
        "spec: {suspend: true, template: {spec: {restartPolicy: Never, containers: [{name: c, image: registry.example.org/c:1}]}}}",
      ),
    ],
    [
      "cronjob",
      of(
        "batch/v1",
        "CronJob",
        "spec: {schedule: '0 0 * * *', jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: registry.example.org/c:1}]}}}}}",
      ),
    ],
    [
      "daemonset",
      of("apps/v1", "DaemonSet", `spec: {selector: {matchLabels: {app: x}}, template: {metadata: {labels: {app: x}}, spec: ${pod}}}`),
    ],
    [
      "statefulset",
      of(
        "apps/v1",
        "StatefulSet",
        `spec: {replicas: 0, serviceName: s28, selector: {matchLabels: {app: x}}, template: {metadata: {labels: {app: x}}, spec: ${pod}}}`,
      ),
    ],
    ["ingress", of("networking.k8s.io/v1", "Ingress", "spec: {defaultBackend: {service: {name: s28, port: {number: 80}}}}")],
    ["serviceaccount", of("v1", "ServiceAccount", "automountServiceAccountToken: false")],
    ["role", of("rbac.authorization.k8s.io/v1", "Role", rules)],
    [
      "rolebinding",
      of(
        "rbac.authorization.k8s.io/v1",
        "RoleBinding",
        `roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: s28}\n${subjects}`,
      ),
    ],
    ["clusterrole", of("rbac.authorization.k8s.io/v1", "ClusterRole", rules, false)],
    [
      "clusterrolebinding",
      of(
        "rbac.authorization.k8s.io/v1",
        "ClusterRoleBinding",
        `roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: s28}\n${subjects}`,
        false,
      ),
    ],
    ["networkpolicy", of("networking.k8s.io/v1", "NetworkPolicy", "spec: {podSelector: {}, policyTypes: [Ingress]}")],
    ["pdb", of("policy/v1", "PodDisruptionBudget", "spec: {maxUnavailable: 1, selector: {matchLabels: {app: x}}}")],
    [
      "hpa",
      of(
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        "spec: {maxReplicas: 2, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: nothing}}",
      ),
    ],
    ["priorityclass", of("scheduling.k8s.io/v1", "PriorityClass", "value: 1", false)],
    ["storageclass", of("storage.k8s.io/v1", "StorageClass", "provisioner: example.org/x", false)],
    ["csidriver", of("storage.k8s.io/v1", "CSIDriver", "spec: {attachRequired: false}", false)],
    ["runtimeclass", of("node.k8s.io/v1", "RuntimeClass", "handler: kata", false)],
    ["limitrange", of("v1", "LimitRange", "spec: {limits: [{type: Container, max: {cpu: '64'}}]}")],
    ["resourcequota", of("v1", "ResourceQuota", "spec: {hard: {pods: '1000'}}")],
    ["ingressclass", of("networking.k8s.io/v1", "IngressClass", "spec: {controller: example.org/x}", false)],
    ["validating", webhook("ValidatingWebhookConfiguration")],
    ["mutating", webhook("MutatingWebhookConfiguration")],
    [
      "admissionpolicy",
      of(
        "admissionregistration.k8s.io/v1",
        "ValidatingAdmissionPolicy",
        "spec: {failurePolicy: Ignore, matchConstraints: {resourceRules: [{apiGroups: [example.org], apiVersions: [v1], operations: [CREATE], resources: [widgets]}]}, validations: [{expression: 'true'}]}",
        false,
      ),
    ],
    [
      "prioritylevel",
      of(
        "flowcontrol.apiserver.k8s.io/v1",
        "PriorityLevelConfiguration",
        "spec: {type: Limited, limited: {nominalConcurrencyShares: 1, limitResponse: {type: Reject}}}",
        false,
      ),
    ],
    ["endpointslice", of("discovery.k8s.io/v1", "EndpointSlice", "addressType: IPv4\nendpoints: []\nports: []")],
  ];
  return Object.fromEntries(texts.map(([name, text]) => [`${name}.yaml`, text]));
}
