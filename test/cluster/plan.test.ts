import { describe, expect, test } from "vitest";
import { readAddonObject, addonObject, type Member } from "../../src/cluster/addon-object.ts";
import { Discovery, type ApiResource } from "../../src/cluster/discovery.ts";
import type { Observed } from "../../src/cluster/observe.ts";
import { makePlan, type PlanOptions } from "../../src/cluster/plan.ts";
import { readRelease } from "../../src/cluster/release.ts";
import { keyOf, type Desired, type ObjectKey, type Standing } from "../../src/cluster/types.ts";
import { configYaml, namespaceYaml } from "./kube.ts";
import { operationWords } from "./passes.ts";
import { releaseOf, type Manifests } from "./releases.ts";
import type { KubernetesObject } from "../../src/kubernetes/index.ts";

const resource = (kind: string, plural: string, namespaced = true): ApiResource => ({
  group: "",
  version: "v1",
  kind,
  plural,
  namespaced,
  verbs: ["get", "list", "watch", "delete"],
});
const CORE = [
  resource("ConfigMap", "configmaps"),
  resource("Secret", "secrets"),
  resource("Namespace", "namespaces", false),
  resource("PersistentVolumeClaim", "persistentvolumeclaims"),
];

/** A ConfigMap as a server gave it after Halite had applied it. */
function applied(name: string, more: Partial<KubernetesObject["metadata"]> = {}): KubernetesObject {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name,
      namespace: "nn",
      uid: `uid-${name}`,
      resourceVersion: "7",
      managedFields: [{ manager: "halite", operation: "Apply", apiVersion: "v1", fieldsV1: { "f:data": { "f:a": {} } } }],
      ...more,
    },
    data: { a: "1" },
  };
}

interface Setting {
  readonly live?: readonly KubernetesObject[];
  readonly members?: readonly string[];
  readonly mode?: Member["mode"];
  readonly standing?: Standing;
  readonly discovery?: Discovery;
  readonly unread?: readonly string[];
  readonly plan?: PlanOptions;
  readonly pillar?: string;
}

const keyOfConfig = (name: string): ObjectKey => keyOf({ group: "", kind: "ConfigMap", namespace: "nn", name });

function planned(manifests: Manifests, setting: Setting = {}): readonly string[] {
  const desired: Desired = readRelease(
    releaseOf(manifests, { namespaces: ["nn"], ...(setting.pillar === undefined ? {} : { pillar: setting.pillar }) }),
    "test-1",
    "c2",
  );
  const members = (setting.members ?? []).map((name): Member => ({
    group: "",
    kind: "ConfigMap",
    namespace: "nn",
    name,
    mode: setting.mode ?? "Reconcile",
    uid: `uid-${name}`,
  }));
  const status = { sync: "Synced", health: "Current", reason: "", objects: 0, healthy: 0 } as const;
  const addon = readAddonObject(
    addonObject({ name: "a", cluster: "test-1", commit: "c1", digest: null, dependsOn: [], members, status, tooling: "halite/t" }),
  );
  if (addon === undefined) throw new Error("no addon");
  const namespace: KubernetesObject = { apiVersion: "v1", kind: "Namespace", metadata: { name: "nn", uid: "uid-nn" } };
  const live = new Map<ObjectKey, KubernetesObject>([[keyOf({ group: "", kind: "Namespace", namespace: null, name: "nn" }), namespace]]);
  for (const object of setting.live ?? []) live.set(keyOfConfig(object.metadata.name), object);
  const observed: Observed = {
    discovery: setting.discovery ?? new Discovery(CORE, new Set()),
    inventory: setting.members === undefined ? new Map() : new Map([["a", addon]]),
    live,
    unread: new Map((setting.unread ?? []).map((name) => [keyOfConfig(name), "the server answered 503"])),
    comparisons: new Map([...live.keys()].map((key) => [key, { kind: "same" }])),
    definition: { live: undefined, kinds: null },
    looked: true,
    leftovers: [],
    dangers: new Map(),
    standings: new Map([["a", setting.standing ?? "newer"]]),
    addonManagers: [],
  };
  const plan = makePlan("https://server", desired, observed, setting.plan);
  return [
    ...plan.refused,
    ...plan.addons.flatMap(({ operations }) => operations.map((operation) => `${operationWords(operation)}: ${operation.reason}`)),
  ];
}

const a = (...names: readonly string[]): Manifests => ({
  a: Object.fromEntries(names.map((name) => [`${name}.yaml`, configYaml("nn", name, { a: "1" })])),
});

describe("the plan, from recorded objects", () => {
  test("the same input gives the same plan, in the order in which it is carried out", () => {
    const manifests: Manifests = {
      a: { "z-ns.yaml": namespaceYaml("m"), "b.yaml": configYaml("m", "b", { a: "1" }), "a.yaml": configYaml("nn", "a", { a: "1" }) },
    };
    expect(planned(manifests)).toEqual([
      "create Namespace m: it is not there",
      "create ConfigMap m/b: it is not there",
      "create ConfigMap nn/a: it is not there",
    ]);
    expect(planned(manifests)).toEqual(planned(manifests));
  });

  test("nothing is pruned, and nothing applied, by a release that goes back or is of another history", () => {
    for (const standing of ["older", "unrelated"] as const) {
      const plan = planned(a("x", "w"), { members: ["x", "w", "z"], live: [applied("x"), applied("z")], standing });
      expect(plan.every((each) => each.startsWith("refuse"))).toBe(true);
    }
    expect(
      planned(a("x", "w"), { members: ["x", "w", "z"], live: [applied("x"), applied("w"), applied("z")], standing: "stated" }),
    ).toContain("prune ConfigMap nn/z: its manifest is gone");
  });

  test("what could not be read is not taken for gone: neither made anew nor pruned, nor is anything else of its addon", () => {
    const plan = planned(a("x", "w", "k"), {
      members: ["x", "w", "z", "k"],
      live: [applied("x"), applied("k"), applied("z")],
      unread: ["w"],
    });
    expect(plan).toContain("wait ConfigMap nn/w: it could not be read: the server answered 503");
    expect(plan).toContain("wait ConfigMap nn/z: its manifest is gone; it is pruned once ConfigMap nn/w can be read");
    const pruned = planned(a("x", "k"), { members: ["x", "w", "z", "k"], live: [applied("x"), applied("k"), applied("z")], unread: ["w"] });
    expect(pruned.filter((each) => each.startsWith("prune"))).toEqual([]);
  });

  test("a group that does not answer: neither its members nor any other of the addon are pruned", () => {
    const discovery = new Discovery(
      CORE.filter(({ kind }) => kind !== "ConfigMap"),
      new Set([""]),
    );
    const plan = planned({ a: { "ns.yaml": namespaceYaml("nn") } }, { members: ["x"], discovery });
    expect(plan.filter((each) => each.startsWith("prune"))).toEqual([]);
  });

  test("a kind that is not served any more keeps its place in the inventory", () => {
    const discovery = new Discovery(
      CORE.filter(({ kind }) => kind !== "ConfigMap"),
      new Set(),
    );
    expect(planned({ a: { "ns.yaml": namespaceYaml("nn") } }, { members: ["x"], discovery })).toContain(
      "skip ConfigMap nn/x: the cluster does not serve ConfigMap: it stays in the inventory",
    );
  });

  test("a pass over some objects looks at those alone and prunes nothing", () => {
    const plan = planned(a("x", "w"), { members: ["x", "w", "z"], live: [applied("z")], plan: { only: new Set([keyOfConfig("x")]) } });
    expect(plan).toEqual(["skip ConfigMap nn/w: it was not looked at in this pass", "create ConfigMap nn/x: it was deleted"]);
  });

  test("guards: an empty addon, too much of it, and what git says about them", () => {
    const live = ["w", "x", "z"].map((name) => applied(name));
    const members = ["w", "x", "z"];
    expect(planned(a("x"), { members, live })).toContain(
      "refuse ConfigMap nn/z: 2 of the addon's 3 objects would go, more than 50 %. If that is meant, say so in pillar: addons:a:prune:percent: 67",
    );
    expect(planned(a("x"), { members, live, pillar: "addons: {a: {prune: {percent: 67}}}" })).toContain(
      "prune ConfigMap nn/z: its manifest is gone",
    );
    expect(planned({}, { members, live }).every((each) => each.includes("the release has no object of addon a any more"))).toBe(true);
    expect(planned({}, { members, live, pillar: "addons: {a: {prune: {empty: true}}}" })).toEqual(
      members.map((name) => `prune ConfigMap nn/${name}: its manifest is gone`),
    );
    const [confirmed] = planned({}, { members: ["x"], live: [applied("x", { annotations: { "halite.dev/prune": "confirmed" } })] });
    expect(confirmed).toBe("prune ConfigMap nn/x: its manifest is gone");
  });

  test("members in mode EnsureExists, gone ones, and those that somebody made anew are let go, never deleted", () => {
    const other = { ...applied("x"), metadata: { name: "x", namespace: "nn", uid: "another" } };
    expect(planned(a("k"), { members: ["x", "k"], live: [applied("k"), other] })).toContain(
      "orphan ConfigMap nn/x: somebody made another object of that name since: it is not Halite's",
    );
    expect(planned(a("k"), { members: ["x", "k"], live: [applied("k")] })).toContain(
      "orphan ConfigMap nn/x: its manifest is gone, and so is it",
    );
    expect(planned({}, { members: ["x"], mode: "EnsureExists", live: [applied("x")] })).toEqual([
      "orphan ConfigMap nn/x: its manifest is gone; EnsureExists leaves it",
    ]);
  });
});
