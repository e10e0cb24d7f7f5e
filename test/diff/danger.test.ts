import { describe, expect, it } from "vitest";
import { addon, cluster, compare, compareTexts } from "./sides.ts";

function dangers(before: string, after: string): string[] {
  return compareTexts(before, after).changes.flatMap((change) =>
    change.dangers.map(({ level, code, message }) => `${level} ${code}: ${message}`),
  );
}

const KEEP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: keep, namespace: n}\n";

describe("deletions", () => {
  it.each([
    [
      "PersistentVolume",
      "apiVersion: v1\nkind: PersistentVolume\nmetadata: {name: x}\nspec: {persistentVolumeReclaimPolicy: Delete}\n",
      "critical delete-data: deletes it: its reclaim policy is Delete, so the driver may delete the data behind it",
    ],
    [
      "PersistentVolume that is retained",
      "apiVersion: v1\nkind: PersistentVolume\nmetadata: {name: x}\nspec: {capacity: {storage: 1Gi}}\n",
      "critical delete-data: deletes it: the data stay where they are, but the claim that is bound to it is lost and nothing leads to them any more",
    ],
    [
      "PersistentVolumeClaim",
      "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: x, namespace: n}\nspec: {storageClassName: fast}\n",
      "critical delete-data: deletes it: with a volume whose reclaim policy is Delete (storage class fast) its data go too",
    ],
    [
      "Namespace",
      "apiVersion: v1\nkind: Namespace\nmetadata: {name: x}\n",
      "critical delete-data: deletes it: everything in it goes too, whoever made it: pods, secrets, and the claims with their data",
    ],
    [
      "CustomResourceDefinition",
      "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: xs.e.org}\nspec: {group: e.org, names: {kind: Ex, plural: xs}}\n",
      "critical delete-data: deletes it: every Ex of the cluster goes too, whoever made it",
    ],
    [
      "StorageClass",
      "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: x}\nprovisioner: p\n",
      "high delete: deletes it: volumes that are there stay; claims that name it wait for ever",
    ],
    [
      "CSIDriver",
      "apiVersion: storage.k8s.io/v1\nkind: CSIDriver\nmetadata: {name: x}\n",
      "high delete: deletes it: pods with volumes of this driver don't start on any node until it is back",
    ],
    [
      "a custom resource",
      "apiVersion: ceph.rook.io/v1\nkind: CephCluster\nmetadata: {name: x, namespace: n}\n",
      "high delete: deletes it: its controller takes away what it made for it",
    ],
    [
      "what EnsureExists leaves",
      "apiVersion: v1\nkind: Namespace\nmetadata: {name: x, labels: {addonmanager.kubernetes.io/mode: EnsureExists}}\n",
      "low leaves-behind: its mode is EnsureExists: it stays in clusters that have it, and is only not made any more",
    ],
  ])("of a %s", (_what, text, danger) => expect(dangers(`${KEEP}---\n${text}`, KEEP)).toStrictEqual([danger]));
});

const SELECTOR = (version: string, label: string, kind = "Deployment"): string =>
  `apiVersion: apps/v1\nkind: ${kind}\nmetadata: {name: d, namespace: n}\nspec:\n  selector: {matchLabels: {app: ${label}}}\n  template:\n    metadata: {labels: {app: ${label}}}\n    spec:\n      containers:\n      - {name: c, image: "i:${version}"}\n`;

describe("changes that the API server refuses", () => {
  it("of a selector", () =>
    expect(dangers(SELECTOR("1", "a"), SELECTOR("1", "b"))).toStrictEqual([
      "high immutable: spec.selector.matchLabels.app can't be changed once the object is there: it must be deleted and made anew",
    ]));
  it("of a StatefulSet endanger its data", () =>
    expect(dangers(SELECTOR("1", "a", "StatefulSet"), SELECTOR("1", "b", "StatefulSet"))[0]).toMatch(/^critical immutable/));
  describe("of the nodes that a volume is reached from", () => {
    const volume = (affinity: string): string =>
      `apiVersion: v1\nkind: PersistentVolume\nmetadata: {name: x}\nspec: {local: {path: /a}${affinity}}\n`;
    const on = (key: string, value: string): string =>
      volume(`, nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [{key: ${key}, operator: In, values: [${value}]}]}]}}`);
    it("to others", () =>
      expect(dangers(on("kubernetes.io/hostname", "n1"), on("kubernetes.io/hostname", "n2"))).toStrictEqual([
        "critical immutable: spec.nodeAffinity.required.nodeSelectorTerms can't be changed once the object is there: it must be deleted and made anew, unless the cluster's API server has the feature gate MutablePVNodeAffinity",
      ]));
    it("to all", () =>
      expect(dangers(on("kubernetes.io/hostname", "n1"), volume(""))[0]).toMatch(/^critical immutable: spec.nodeAffinity/));
    it("is none where there was none, nor of a label that is called otherwise now", () => {
      expect(dangers(volume(""), on("kubernetes.io/hostname", "n1"))).toStrictEqual([]);
      expect(dangers(on("failure-domain.beta.kubernetes.io/zone", "a"), on("topology.kubernetes.io/zone", "a"))).toStrictEqual([]);
      expect(dangers(on("failure-domain.beta.kubernetes.io/zone", "a"), on("topology.kubernetes.io/zone", "b"))).not.toStrictEqual([]);
      expect(dangers(on("topology.kubernetes.io/zone", "a"), on("failure-domain.beta.kubernetes.io/zone", "a"))).not.toStrictEqual([]);
    });
  });
  it("of a claim's volume, but where it had none", () => {
    const claim = (volume: string): string =>
      `apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: x, namespace: n}\nspec: {storageClassName: s${volume}}\n`;
    expect(dangers(claim(""), claim(", volumeName: a"))).toStrictEqual([]);
    expect(dangers(claim(", volumeName: a"), claim(", volumeName: b"))[0]).toMatch(/^critical immutable: spec.volumeName/);
  });
  it("of a claim that becomes smaller", () => {
    const claim = (size: string): string =>
      `apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: x, namespace: n}\nspec: {resources: {requests: {storage: ${size}}}}\n`;
    expect(dangers(claim("10Gi"), claim("9Gi"))).toStrictEqual([
      `high immutable: a claim can't become smaller ("10Gi" → "9Gi"): the API server refuses it`,
    ]);
    expect(dangers(claim("10Gi"), claim("11Gi"))).toStrictEqual([]);
    expect(compareTexts(claim("1Gi"), claim("1024Mi")).changes[0]?.quiet).toBe(true);
  });
  it("of a frozen ConfigMap", () => {
    const config = (value: string): string =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: n}\nimmutable: true\ndata: {a: ${value}}\n`;
    expect(dangers(config("one"), config("two"))).toStrictEqual([
      "high immutable: data.a can't be changed once the object is there: it must be deleted and made anew",
    ]);
  });
});

describe("rights", () => {
  const role = (rules: string, kind = "ClusterRole"): string =>
    `apiVersion: rbac.authorization.k8s.io/v1\nkind: ${kind}\nmetadata: {name: r${kind === "Role" ? ", namespace: n" : ""}}\nrules: ${rules}\n`;
  const rule = (groups: string, resources: string, verbs: string, more = ""): string =>
    `{apiGroups: [${groups}], resources: [${resources}], verbs: [${verbs}]${more}}`;

  it.each([
    ["a verb more", rule('""', "pods", "get"), rule('""', "pods", "get, list"), ["high rbac-wider: may now also list pods"]],
    ["the same in other words", `${rule('""', "pods", "get")}, ${rule('""', "pods", "list")}`, rule('""', "pods", "list, get"), []],
    ["fewer", rule('""', "pods", "get, list"), rule('""', "pods", "get"), []],
    ["what a star holds already", rule('"*"', '"*"', '"*"'), rule('"", apps', "pods, deployments", "get, delete"), []],
    ["a star", rule('""', "pods", "get"), rule('"*"', '"*"', '"*"'), ["critical rbac-wider: may now also * *.*"]],
    [
      "one object to all",
      rule('""', "configmaps", "get", ", resourceNames: [a]"),
      rule('""', "configmaps", "get"),
      ["high rbac-wider: may now also get configmaps"],
    ],
    ["all to one", rule('""', "configmaps", "get"), rule('""', "configmaps", "get", ", resourceNames: [a]"), []],
    ["secrets everywhere", "", rule('""', "secrets", "get"), ["critical rbac-wider: may now also get secrets"]],
    [
      "escalation",
      "",
      rule("rbac.authorization.k8s.io", "clusterroles", "bind"),
      ["critical rbac-wider: may now also bind clusterroles.rbac.authorization.k8s.io"],
    ],
    ["a subresource that */scale holds", rule("apps", '"*/scale"', "update"), rule("apps", "deployments/scale", "update"), []],
  ])("%s", (_what, before, after, expected) => expect(dangers(role(`[${before}]`), role(`[${after}]`))).toStrictEqual(expected));

  it("secrets of one namespace are no disaster", () =>
    expect(dangers(role("[]", "Role"), role(`[${rule('""', "secrets", "get")}]`, "Role"))).toStrictEqual([
      "high rbac-wider: may now also get secrets",
    ]));

  it("another subject, and another role for the same", () => {
    const binding = (name: string, subjects: string): string =>
      `apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: b}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: ${name}}\nsubjects: [${subjects}]\n`;
    const [ann, bob] = ["{kind: User, name: ann}", "{kind: User, name: bob}"];
    expect(dangers(binding("view", ann), binding("view", `${ann}, ${bob}`))).toStrictEqual([
      "high rbac-wider: gives User bob the rights of ClusterRole view in all namespaces",
    ]);
    expect(dangers(binding("view", `${ann}, ${bob}`), binding("view", bob))).toStrictEqual([]);
    expect(dangers(binding("view", ann), binding("cluster-admin", ann))).toStrictEqual([
      "critical rbac-wider: gives User ann the rights of ClusterRole cluster-admin in all namespaces",
      "high immutable: roleRef.name can't be changed once the object is there: it must be deleted and made anew",
    ]);
  });
});

describe("modes", () => {
  const config = (mode: string, value = "one"): string =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x, namespace: n, labels: {addonmanager.kubernetes.io/mode: ${mode}}}\ndata: {a: ${value}}\n`;
  it.each([
    [
      "Reconcile",
      "EnsureExists",
      "one",
      ["high mode: Reconcile → EnsureExists: from now on the object is neither updated nor taken away by a release"],
    ],
    ["EnsureExists", "Reconcile", "one", ["high mode: EnsureExists → Reconcile: what was changed in the clusters by hand is overwritten"]],
    [
      "EnsureExists",
      "EnsureExists",
      "two",
      ["low ensure-exists: reaches only clusters that don't have the object yet (mode EnsureExists)"],
    ],
  ])("%s to %s", (was, is, value, expected) => expect(dangers(config(was), config(is, value))).toStrictEqual(expected));
});

describe("workloads", () => {
  const workload = (spec: string, kind = "DaemonSet"): string =>
    `apiVersion: apps/v1\nkind: ${kind}\nmetadata: {name: d, namespace: n}\nspec:\n${spec}`;
  const pod = (more: string, container = ""): string =>
    `  template:\n    spec:\n${more}      containers:\n      - name: c\n        image: "i:1"\n${container}`;
  const rollout = (before: string, after: string): string | undefined => compareTexts(before, after).changes[0]?.rollout?.how;

  it("restart where their pod template changes", () => {
    const changed = workload(pod("", "        args: [--a]\n"));
    expect(rollout(workload(pod("")), changed)).toBe("its pod on every node, 1 at a time");
    expect(rollout(workload(pod("")), workload(`  updateStrategy: {type: OnDelete}\n${pod("", "        args: [--a]\n")}`))).toBe(
      "only pods that are deleted by hand are made anew (OnDelete)",
    );
    expect(rollout(workload(pod("")), workload(`  minReadySeconds: 5\n${pod("")}`))).toBeUndefined();
  });
  it("don't restart for other words", () => {
    const memory = (text: string): string => workload(pod("", `        resources: {limits: {memory: ${text}}}\n`));
    expect(rollout(memory("1Gi"), memory("1024Mi"))).toBeUndefined();
    expect(rollout(workload(pod("")), workload(pod("      restartPolicy: Always\n")))).toBeUndefined();
    expect(compareTexts(memory("1Gi"), memory("1024Mi")).changes[0]?.quiet).toBe(true);
  });
  it("restart for a checksum alone", () => {
    const annotated = (sum: string): string =>
      workload(
        `  template:\n    metadata: {annotations: {checksum/config: "${sum}"}}\n    spec: {containers: [{name: c, image: "i:1"}]}\n`,
      );
    const [change] = compareTexts(annotated("0123456789abcdef"), annotated("fedcba9876543210")).changes;
    expect([change?.quiet, change?.rollout?.name]).toStrictEqual([false, "d"]);
  });
  it("get other images, pods, and rights on the node", () => {
    expect(dangers(SELECTOR("1", "a"), SELECTOR("2", "a"))).toStrictEqual(["medium image: another image: c"]);
    expect(dangers(workload(`  replicas: 3\n${pod("")}`, "Deployment"), workload(`  replicas: 0\n${pod("")}`, "Deployment"))).toStrictEqual(
      ["high replicas: replicas 3 → 0: all its pods stop"],
    );
    expect(dangers(workload(`  replicas: 3\n${pod("")}`, "Deployment"), workload(pod(""), "Deployment"))).toStrictEqual([
      "medium replicas: replicas (3) is left to its default: 1, unless an autoscaler owns the field",
    ]);
    expect(
      dangers(
        workload(pod("")),
        workload(
          pod(
            "      hostNetwork: true\n      volumes: [{name: v, hostPath: {path: /dev}}]\n",
            "        securityContext: {privileged: true, capabilities: {add: [SYS_ADMIN]}}\n",
          ),
        ),
      ),
    ).toStrictEqual(["high privilege: gets more of the node: hostNetwork; container c privileged; container c SYS_ADMIN; host path /dev"]);
  });
});

describe("storage", () => {
  it("data go with the claim", () => {
    const volume = (policy: string): string =>
      `apiVersion: v1\nkind: PersistentVolume\nmetadata: {name: x}\nspec: {persistentVolumeReclaimPolicy: ${policy}}\n`;
    expect(dangers(volume("Retain"), volume("Delete"))).toStrictEqual([
      "critical reclaim: persistentVolumeReclaimPolicy Retain → Delete: data go with the claim from now on",
    ]);
    expect(dangers(volume("Delete"), volume("Retain"))).toStrictEqual([]);
  });
  it("the default class", () => {
    const storageClass = (value: string): string =>
      `apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: x, annotations: {storageclass.kubernetes.io/is-default-class: "${value}"}}\nprovisioner: p\n`;
    expect(dangers(storageClass("false"), storageClass("true"))).toStrictEqual([
      "medium default-class: becomes a default class: claims that name none get volumes of it",
    ]);
  });
  it("a version of a custom resource", () => {
    const definition = (versions: string): string =>
      `apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: xs.e.org}\nspec: {group: e.org, scope: Cluster, names: {kind: Ex, plural: xs}, versions: [${versions}]}\n`;
    expect(
      dangers(definition("{name: v1, served: true}, {name: v1beta1, served: true}"), definition("{name: v1, served: true}")),
    ).toStrictEqual(["high crd-version: no longer served: v1beta1; whoever asks for it by that version fails"]);
  });
});

describe("both ways", () => {
  it("what one way adds, the other deletes", () => {
    const [one, two] = [KEEP, `${KEEP}---\napiVersion: v1\nkind: Namespace\nmetadata: {name: x}\n`].map((text) =>
      cluster("c1", [addon("a", { "f.yaml": text })]),
    );
    if (one === undefined || two === undefined) throw new Error("two sides");
    expect(compare([one], [two]).changes.map(({ change }) => change.change)).toStrictEqual(["added"]);
    expect(compare([two], [one]).changes.map(({ change }) => change.change)).toStrictEqual(["removed"]);
  });
});
