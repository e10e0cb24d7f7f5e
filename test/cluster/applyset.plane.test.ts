import { afterEach, describe, expect, test } from "vitest";
import type { Client, ControlPlane } from "../control-plane/index.ts";
import { API_SERVERS, canHavePlane, usePlane } from "../control-plane/use-plane.ts";
import { configYaml, namespaceYaml, Other, pathTo } from "./kube.ts";
import { pass, troubles } from "./passes.ts";

const possible = await canHavePlane();

describe.skipIf(!possible).each(API_SERVERS)("ApplySet (KEP-3659), read by kubectl, %s API server", (version) => {
  let plane: ControlPlane;
  let api: Client;
  usePlane({ version }, (started) => ({ plane, api } = started));
  afterEach(async () => {
    await api.call("DELETE", pathTo("addon", ""));
  });

  const role = `apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: set-role}\nrules: []\n`;
  const manifests = {
    set: {
      "ns.yaml": namespaceYaml("set"),
      "a.yaml": configYaml("set", "a", { a: "1" }),
      "b.yaml": configYaml("set", "b", { a: "1" }),
      "e.yaml": configYaml("set", "e", { a: "1" }, "EnsureExists"),
      "role.yaml": role,
    },
  };
  const env = { KUBECTL_APPLYSET: "true" };
  const prune = ["apply", "--prune", "--applyset=addons.halite.dev/set", "-f", "-"];

  test("the parent and its members are as the KEP has them", async () => {
    expect(troubles((await pass(plane, manifests)).result)).toEqual([]);
    const other = new Other(api, "set");
    const parent = await other.get("addon", "set");
    const id = parent?.metadata.labels?.["applyset.kubernetes.io/id"];
    expect(id).toMatch(/^applyset-[A-Za-z0-9_-]{43}-v1$/);
    expect(parent?.metadata.annotations).toMatchObject({
      "applyset.kubernetes.io/tooling": "halite/test",
      "applyset.kubernetes.io/contains-group-kinds": "ClusterRole.rbac.authorization.k8s.io,ConfigMap,Namespace",
      "applyset.kubernetes.io/additional-namespaces": "set",
    });
    expect((await other.get("crd", "addons.halite.dev"))?.metadata.labels).toMatchObject({
      "applyset.kubernetes.io/is-parent-type": "true",
    });
    expect((await other.get("configmap", "a"))?.metadata.labels).toMatchObject({ "applyset.kubernetes.io/part-of": id });
    // What only has to be there is no member: nobody prunes it by the set.
    expect((await other.get("configmap", "e"))?.metadata.labels).not.toHaveProperty("applyset.kubernetes.io/part-of");
  });

  test("kubectl recognises the set, and keeps its hands off another tool's", async () => {
    await pass(plane, manifests);
    await expect(plane.kubectl(prune, { env, input: configYaml("set", "a", { a: "1" }) })).rejects.toThrow(
      /managed by tooling "halite" instead of "kubectl"/,
    );
  });

  test("handed to kubectl, `apply --prune --applyset` prunes by what Halite wrote: members in every namespace and of every kind, nothing else", async () => {
    await pass(plane, manifests);
    const other = new Other(api, "set");
    await other.create("configmap", { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "foreign" } });
    await plane.kubectl(["annotate", "addons.halite.dev/set", "--overwrite", "applyset.kubernetes.io/tooling=kubectl/v1.36.3"]);
    const said = await plane.kubectl([...prune, "--server-side", "--force-conflicts"], {
      env,
      input: `${namespaceYaml("set")}---\n${configYaml("set", "a", { a: "1" })}`,
    });
    expect(said).toMatch(/configmap\/b pruned/);
    expect(said).toMatch(/clusterrole.rbac.authorization.k8s.io\/set-role pruned/);
    expect(await other.get("configmap", "b")).toBeUndefined();
    expect(await other.get("configmap", "a")).toBeDefined();
    expect(await other.get("configmap", "e")).toBeDefined();
    expect(await other.get("configmap", "foreign")).toBeDefined();
    // And Halite takes it back as it is.
    expect(troubles((await pass(plane, manifests)).result)).toEqual([]);
  });

  test("an object of another ApplySet is refused, not taken", async () => {
    const other = new Other(api, "set");
    await pass(plane, manifests);
    const labels = { "applyset.kubernetes.io/part-of": "applyset-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA-v1" };
    await other.create("configmap", { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "theirs", labels } });
    const done = await pass(plane, { set: { ...manifests.set, "theirs.yaml": configYaml("set", "theirs", { a: "1" }) } });
    expect(troubles(done.result)).toEqual([expect.stringContaining("it is a member of another ApplySet")]);
    expect((await other.get("configmap", "theirs"))?.data).toBeUndefined();
  });

  test("the set is a superset while an apply or a prune is unfinished, and exact after it", async () => {
    const other = new Other(api, "set");
    const kinds = async (): Promise<string | undefined> =>
      (await other.get("addon", "set"))?.metadata.annotations?.["applyset.kubernetes.io/contains-group-kinds"];
    await pass(plane, manifests);
    await api.call(
      "PATCH",
      "/apis/rbac.authorization.k8s.io/v1/clusterroles/set-role",
      { metadata: { finalizers: ["example.org/hold"] } },
      "application/merge-patch+json",
    );
    const { "role.yaml": _role, ...less } = manifests.set;
    await pass(plane, { set: less }, { apply: { timeout: 300 } });
    expect(await kinds()).toBe("ClusterRole.rbac.authorization.k8s.io,ConfigMap,Namespace");
    await api.call(
      "PATCH",
      "/apis/rbac.authorization.k8s.io/v1/clusterroles/set-role",
      { metadata: { finalizers: null } },
      "application/merge-patch+json",
    );
    await pass(plane, { set: less });
    expect(await kinds()).toBe("ConfigMap,Namespace");
  });

  test("the inventory deleted by hand: members are adopted again, and what no manifest has is found by its label and pruned", async () => {
    const other = new Other(api, "set");
    await pass(plane, manifests);
    await api.call("DELETE", pathTo("addon", "", "set"));
    const { "b.yaml": _b, ...less } = manifests.set;
    const done = await pass(plane, { set: less });
    expect(troubles(done.result)).toEqual([]);
    expect(done.operations).toContain("prune ConfigMap set/b");
    expect(await other.get("configmap", "b")).toBeUndefined();
    expect(await other.get("configmap", "a")).toBeDefined();
  });

  test("what Halite made for an addon that neither git nor the cluster knows any more is found and told of", async () => {
    await pass(plane, { ...manifests, lost: { "l.yaml": configYaml("set", "lost", { a: "1" }) } });
    await api.call("DELETE", pathTo("addon", "", "lost"));
    const done = await pass(plane, manifests);
    expect(done.plan.notes).toEqual([expect.stringMatching(/^ConfigMap set\/lost was made by Halite for a set that is not known here/)]);
    expect(await new Other(api, "set").get("configmap", "lost")).toBeDefined();
  });

  test("a kind that only a lost addon had is remembered by the cluster; where that memory is lost too every kind is looked at", async () => {
    const other = new Other(api, "set");
    const remembered = async (): Promise<string | undefined> =>
      (await other.get("crd", "addons.halite.dev"))?.metadata.annotations?.["halite.dev/applied-kinds"];
    const priority = `apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: set-lost}\nvalue: 7\n`;
    await pass(plane, { ...manifests, lost: { "p.yaml": priority } });
    expect((await remembered())?.split(",")).toContain("PriorityClass.scheduling.k8s.io");
    await api.call("DELETE", pathTo("addon", "", "lost"));
    const told = expect.stringMatching(/^PriorityClass set-lost was made by Halite for a set that is not known here/);
    expect((await pass(plane, manifests)).plan.notes).toEqual([told]);
    await api.call(
      "PATCH",
      pathTo("crd", "", "addons.halite.dev"),
      { metadata: { annotations: { "halite.dev/applied-kinds": null } } },
      "application/merge-patch+json",
    );
    // A look at some objects knows nothing of the others, and says nothing.
    await pass(plane, manifests, { observe: { leftovers: false } });
    expect(await remembered()).toBeUndefined();
    expect((await pass(plane, manifests)).plan.notes).toEqual([told]);
    expect(await remembered()).toBe("ClusterRole.rbac.authorization.k8s.io,ConfigMap,Namespace,PriorityClass.scheduling.k8s.io");
    await api.call("DELETE", "/apis/scheduling.k8s.io/v1/priorityclasses/set-lost");
  });

  test("many objects are read by few requests, whether they are there or not", async () => {
    const many = Object.fromEntries(
      Array.from({ length: 40 }, (_, index) => [`c${index}.yaml`, configYaml("set", `many-${index}`, { a: "1" })]),
    );
    const wanted = { ...manifests, many };
    // Somebody made two of them: they are found among the names, read, and taken over.
    const other = new Other(api, "set");
    await pass(plane, manifests);
    for (const name of ["many-3", "many-5"]) await other.create("configmap", { apiVersion: "v1", kind: "ConfigMap", metadata: { name } });
    const first = await pass(plane, wanted);
    expect(first.operations).toContain("adopt ConfigMap set/many-3");
    expect(first.operations.filter((each) => each.startsWith("create"))).toHaveLength(38);
    const second = await pass(plane, wanted);
    expect(second.writes).toBe(0);
    expect(second.requests).toBeLessThan(25);
  });

  test("kubectl get addons shows what one looks for", async () => {
    await pass(plane, manifests);
    const table = await plane.kubectl(["get", "addons.halite.dev"]);
    const [head = "", row = ""] = table.split("\n");
    expect(head.split(/\s{2,}/).map((each) => each.trim())).toEqual(["NAME", "SYNC", "HEALTH", "OBJECTS", "REASON", "AGE"]);
    expect(row).toMatch(/^set\s+Synced\s+Current\s+5\/5/);
    await plane.kubectl(["wait", "--for=condition=Ready", "addons.halite.dev/set", "--timeout=60s"]);
  });
});
