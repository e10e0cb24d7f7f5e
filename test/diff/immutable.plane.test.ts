import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { allImmutableFields, immutableFields } from "../../src/schema/immutable.ts";
import { Client } from "../control-plane/client.ts";
import { startControlPlane, type ControlPlane } from "../control-plane/index.ts";
import { canHavePlane } from "../control-plane/use-plane.ts";

type Plain = Record<string, unknown>;

/** An object with a field, and what the field is to become. */
interface Case {
  /** What the object says beside its name. */
  readonly object: Plain;
  /** The same with another value in the field. */
  readonly other: Plain;
  /** Where its objects are made. */
  readonly path: string;
  readonly name?: string;
}

const podSpec: Plain = { restartPolicy: "Never", containers: [{ name: "c", image: "registry.example.org/i:1" }] };
const labelled = (app: string, more: Plain = {}): Plain => ({
  metadata: { labels: { app } },
  spec: { containers: podSpec["containers"], ...more },
});
const workload = (app: string, more: Plain = {}): Plain => ({
  spec: { selector: { matchLabels: { app } }, template: labelled(app), ...more },
});
const job = (more: Plain): Plain => ({ spec: { completions: 3, parallelism: 1, template: { spec: podSpec }, ...more } });
const indexed = (more: Plain): Plain => job({ completionMode: "Indexed", ...more });
const volume = (source: Plain, more: Plain = {}): Plain => ({
  spec: { capacity: { storage: "1Gi" }, accessModes: ["ReadWriteOnce"], ...source, ...more },
});
const affinity = (node: string, key = "kubernetes.io/hostname"): Plain => ({
  required: { nodeSelectorTerms: [{ matchExpressions: [{ key, operator: "In", values: [node] }] }] },
});
const nodeAffinity = affinity("n1");
const claim = (more: Plain): Plain => ({
  spec: { accessModes: ["ReadWriteOnce"], storageClassName: "one", resources: { requests: { storage: "1Gi" } }, ...more },
});
const binding = (role: string): Plain => ({
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
  subjects: [{ kind: "ServiceAccount", name: "x", namespace: "default" }],
});
/** Each of a group of its own: one that is deleted takes a while to go. */
const definition = (group: string, more: Plain, names: Plain = {}): Plain => ({
  spec: {
    group,
    scope: "Namespaced",
    names: { plural: "things", kind: "Thing", ...names },
    versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } }],
    ...more,
  },
});
const storageClass = (more: Plain): Plain => ({ provisioner: "example.org/p", ...more });
const template = (size: string): Plain => ({
  volumeClaimTemplates: [{ metadata: { name: "d" }, ...claim({ resources: { requests: { storage: size } } }) }],
});

const NAMESPACED = (group: string, plural: string): string => `${group}/namespaces/default/${plural}`;
const PV = "/api/v1/persistentvolumes";
const PVC = NAMESPACED("/api/v1", "persistentvolumeclaims");
const APPS = "/apis/apps/v1";
const JOBS = NAMESPACED("/apis/batch/v1", "jobs");
const CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const RBAC = "/apis/rbac.authorization.k8s.io/v1";
const STORAGE = "/apis/storage.k8s.io/v1";

/** By `group/version/kind field`: each field of the table. */
const CASES: Readonly<Record<string, Case>> = {
  "/v1/PersistentVolume spec.csi": {
    path: PV,
    object: volume({ csi: { driver: "a.example.org", volumeHandle: "one" } }),
    other: volume({ csi: { driver: "a.example.org", volumeHandle: "two" } }),
  },
  "/v1/PersistentVolume spec.hostPath": {
    path: PV,
    object: volume({ hostPath: { path: "/a" } }),
    other: volume({ hostPath: { path: "/b" } }),
  },
  "/v1/PersistentVolume spec.local": {
    path: PV,
    object: volume({ local: { path: "/a" }, nodeAffinity }),
    other: volume({ local: { path: "/b" }, nodeAffinity }),
  },
  "/v1/PersistentVolume spec.nfs": {
    path: PV,
    object: volume({ nfs: { server: "a", path: "/a" } }),
    other: volume({ nfs: { server: "a", path: "/b" } }),
  },
  "/v1/PersistentVolume spec.iscsi": {
    path: PV,
    object: volume({ iscsi: { targetPortal: "10.0.0.1:3260", iqn: "iqn.2001-04.com.example:a", lun: 0 } }),
    other: volume({ iscsi: { targetPortal: "10.0.0.1:3260", iqn: "iqn.2001-04.com.example:a", lun: 1 } }),
  },
  "/v1/PersistentVolume spec.fc": {
    path: PV,
    object: volume({ fc: { targetWWNs: ["50060e801049cfd1"], lun: 0 } }),
    other: volume({ fc: { targetWWNs: ["50060e801049cfd1"], lun: 1 } }),
  },
  "/v1/PersistentVolume spec.nodeAffinity": {
    path: PV,
    object: volume({ local: { path: "/a" }, nodeAffinity }),
    other: volume({ local: { path: "/a" }, nodeAffinity: affinity("n2") }),
  },
  "/v1/PersistentVolume spec.volumeMode": {
    path: PV,
    object: volume({ hostPath: { path: "/a" } }),
    other: volume({ hostPath: { path: "/a" } }, { volumeMode: "Block" }),
  },
  "/v1/PersistentVolumeClaim spec.accessModes": { path: PVC, object: claim({}), other: claim({ accessModes: ["ReadWriteMany"] }) },
  "/v1/PersistentVolumeClaim spec.dataSource": {
    path: PVC,
    object: claim({ dataSource: { kind: "PersistentVolumeClaim", name: "a" } }),
    other: claim({ dataSource: { kind: "PersistentVolumeClaim", name: "b" } }),
  },
  "/v1/PersistentVolumeClaim spec.dataSourceRef": {
    path: PVC,
    object: claim({ dataSourceRef: { kind: "PersistentVolumeClaim", name: "a" } }),
    other: claim({ dataSourceRef: { kind: "PersistentVolumeClaim", name: "b" } }),
  },
  "/v1/PersistentVolumeClaim spec.selector": {
    path: PVC,
    object: claim({ selector: { matchLabels: { a: "b" } } }),
    other: claim({ selector: { matchLabels: { a: "c" } } }),
  },
  "/v1/PersistentVolumeClaim spec.storageClassName": { path: PVC, object: claim({}), other: claim({ storageClassName: "two" }) },
  "/v1/PersistentVolumeClaim spec.volumeMode": { path: PVC, object: claim({}), other: claim({ volumeMode: "Block" }) },
  "/v1/PersistentVolumeClaim spec.volumeName": { path: PVC, object: claim({ volumeName: "a" }), other: claim({ volumeName: "b" }) },
  "/v1/Secret type": { path: NAMESPACED("/api/v1", "secrets"), object: {}, other: { type: "example.org/other" } },
  "/v1/Service spec.clusterIP": {
    path: NAMESPACED("/api/v1", "services"),
    object: { spec: { clusterIP: "None", ports: [{ port: 80 }], selector: { app: "x" } } },
    other: { spec: { clusterIP: "10.96.0.77", clusterIPs: ["10.96.0.77"], ports: [{ port: 80 }], selector: { app: "x" } } },
  },
  "apiextensions.k8s.io/v1/CustomResourceDefinition spec.group": {
    path: CRDS,
    name: "things.g.example.org",
    object: definition("g.example.org", {}),
    other: definition("g.example.org", { group: "j.example.org" }),
  },
  "apiextensions.k8s.io/v1/CustomResourceDefinition spec.names.kind": {
    path: CRDS,
    name: "things.k.example.org",
    object: definition("k.example.org", {}),
    other: definition("k.example.org", {}, { kind: "Other" }),
  },
  "apiextensions.k8s.io/v1/CustomResourceDefinition spec.names.plural": {
    path: CRDS,
    name: "things.p.example.org",
    object: definition("p.example.org", {}),
    other: definition("p.example.org", {}, { plural: "others" }),
  },
  "apiextensions.k8s.io/v1/CustomResourceDefinition spec.scope": {
    path: CRDS,
    name: "things.s.example.org",
    object: definition("s.example.org", {}),
    other: definition("s.example.org", { scope: "Cluster" }),
  },
  "apps/v1/DaemonSet spec.selector": { path: NAMESPACED(APPS, "daemonsets"), object: workload("x"), other: workload("y") },
  "apps/v1/Deployment spec.selector": { path: NAMESPACED(APPS, "deployments"), object: workload("x"), other: workload("y") },
  "apps/v1/ReplicaSet spec.selector": { path: NAMESPACED(APPS, "replicasets"), object: workload("x"), other: workload("y") },
  "apps/v1/StatefulSet spec.podManagementPolicy": {
    path: NAMESPACED(APPS, "statefulsets"),
    object: workload("x", { serviceName: "x" }),
    other: workload("x", { serviceName: "x", podManagementPolicy: "Parallel" }),
  },
  "apps/v1/StatefulSet spec.selector": {
    path: NAMESPACED(APPS, "statefulsets"),
    object: workload("x", { serviceName: "x" }),
    other: workload("y", { serviceName: "x" }),
  },
  "apps/v1/StatefulSet spec.serviceName": {
    path: NAMESPACED(APPS, "statefulsets"),
    object: workload("x", { serviceName: "x" }),
    other: workload("x", { serviceName: "y" }),
  },
  "apps/v1/StatefulSet spec.volumeClaimTemplates": {
    path: NAMESPACED(APPS, "statefulsets"),
    object: workload("x", { serviceName: "x", ...template("1Gi") }),
    other: workload("x", { serviceName: "x", ...template("2Gi") }),
  },
  "batch/v1/Job spec.backoffLimitPerIndex": {
    path: JOBS,
    object: indexed({ backoffLimitPerIndex: 1 }),
    other: indexed({ backoffLimitPerIndex: 2 }),
  },
  "batch/v1/Job spec.completionMode": { path: JOBS, object: job({}), other: indexed({}) },
  "batch/v1/Job spec.managedBy": {
    path: JOBS,
    object: job({ managedBy: "example.org/a" }),
    other: job({ managedBy: "example.org/b" }),
  },
  "batch/v1/Job spec.podFailurePolicy": {
    path: JOBS,
    object: job({ podFailurePolicy: { rules: [{ action: "Ignore", onExitCodes: { operator: "In", values: [1] } }] } }),
    other: job({ podFailurePolicy: { rules: [{ action: "Ignore", onExitCodes: { operator: "In", values: [2] } }] } }),
  },
  "batch/v1/Job spec.selector": {
    path: JOBS,
    object: job({ manualSelector: true, selector: { matchLabels: { app: "x" } }, template: labelled("x", podSpec) }),
    other: job({ manualSelector: true, selector: { matchLabels: { app: "x", b: "c" } }, template: labelled("x", podSpec) }),
  },
  "batch/v1/Job spec.successPolicy": {
    path: JOBS,
    object: indexed({ successPolicy: { rules: [{ succeededCount: 1 }] } }),
    other: indexed({ successPolicy: { rules: [{ succeededCount: 2 }] } }),
  },
  "batch/v1/Job spec.template": {
    path: JOBS,
    object: job({}),
    other: job({ template: { spec: { ...podSpec, containers: [{ name: "c", image: "registry.example.org/i:2" }] } } }),
  },
  "node.k8s.io/v1/RuntimeClass handler": {
    path: "/apis/node.k8s.io/v1/runtimeclasses",
    object: { handler: "a" },
    other: { handler: "b" },
  },
  "rbac.authorization.k8s.io/v1/ClusterRoleBinding roleRef": {
    path: `${RBAC}/clusterrolebindings`,
    object: binding("view"),
    other: binding("edit"),
  },
  "rbac.authorization.k8s.io/v1/RoleBinding roleRef": {
    path: NAMESPACED(RBAC, "rolebindings"),
    object: binding("view"),
    other: binding("edit"),
  },
  "scheduling.k8s.io/v1/PriorityClass preemptionPolicy": {
    path: "/apis/scheduling.k8s.io/v1/priorityclasses",
    object: { value: 5 },
    other: { value: 5, preemptionPolicy: "Never" },
  },
  "scheduling.k8s.io/v1/PriorityClass value": {
    path: "/apis/scheduling.k8s.io/v1/priorityclasses",
    object: { value: 5 },
    other: { value: 6 },
  },
  "storage.k8s.io/v1/CSIDriver spec.attachRequired": {
    path: `${STORAGE}/csidrivers`,
    object: { spec: {} },
    other: { spec: { attachRequired: false } },
  },
  "storage.k8s.io/v1/CSIDriver spec.volumeLifecycleModes": {
    path: `${STORAGE}/csidrivers`,
    object: { spec: {} },
    other: { spec: { volumeLifecycleModes: ["Ephemeral"] } },
  },
  "storage.k8s.io/v1/StorageClass parameters": {
    path: `${STORAGE}/storageclasses`,
    object: storageClass({ parameters: { a: "b" } }),
    other: storageClass({ parameters: { a: "c" } }),
  },
  "storage.k8s.io/v1/StorageClass provisioner": {
    path: `${STORAGE}/storageclasses`,
    object: storageClass({}),
    other: storageClass({ provisioner: "example.org/q" }),
  },
  "storage.k8s.io/v1/StorageClass reclaimPolicy": {
    path: `${STORAGE}/storageclasses`,
    object: storageClass({}),
    other: storageClass({ reclaimPolicy: "Retain" }),
  },
  "storage.k8s.io/v1/StorageClass volumeBindingMode": {
    path: `${STORAGE}/storageclasses`,
    object: storageClass({}),
    other: storageClass({ volumeBindingMode: "WaitForFirstConsumer" }),
  },
  "storage.k8s.io/v1/VolumeAttributesClass driverName": {
    path: `${STORAGE}/volumeattributesclasses`,
    object: { driverName: "a.example.org", parameters: { a: "b" } },
    other: { driverName: "b.example.org", parameters: { a: "b" } },
  },
  "storage.k8s.io/v1/VolumeAttributesClass parameters": {
    path: `${STORAGE}/volumeattributesclasses`,
    object: { driverName: "a.example.org", parameters: { a: "b" } },
    other: { driverName: "a.example.org", parameters: { a: "c" } },
  },
};

/** Whether the server has taken a CustomResourceDefinition's names as they are. */
function isEstablished(live: unknown): boolean {
  const { conditions } = asPlain(asPlain(live)["status"]);
  return Array.isArray(conditions) && conditions.map(asPlain).some(({ type, status }) => type === "Established" && status === "True");
}

const possible = await canHavePlane();

test("every field of the table has its case", () => {
  expect(Object.keys(CASES).toSorted()).toEqual(
    allImmutableFields()
      .map(([kind, field]) => `${kind} ${field}`)
      .toSorted(),
  );
});

describe.skipIf(!possible)("a real kube-apiserver", () => {
  let plane: ControlPlane;
  let client: Client;
  beforeAll(async () => {
    plane = await startControlPlane();
    client = new Client(plane);
  });
  afterAll(async () => {
    client?.close();
    await plane?.stop();
  });

  /** Names and scope are fixed once it is established, which the API server itself does; until then the condition is there and `False`. */
  async function established(path: string, signal: AbortSignal): Promise<unknown> {
    for (;;) {
      const { body } = await client.call("GET", path);
      if (isEstablished(body)) return body;
      await wait(50, undefined, { signal });
    }
  }

  test.for(Object.entries(CASES))("refuses another value of %s, and takes the object as it is", async ([name, each], { signal }) => {
    const [kind = "", field = ""] = name.split(" ");
    const { path, object, other } = each;
    const [, groupVersion = "", own = ""] = /^(.*)\/([^/]+)$/.exec(kind) ?? [];
    const head = { apiVersion: groupVersion.replace(/^\//, ""), kind: own };
    const called = each.name ?? `i-${field.toLowerCase().replaceAll(".", "-")}`;
    const created = await client.call("POST", path, { ...head, metadata: { name: called }, ...object });
    expect([created.status, created.status === 201 ? "" : created.body]).toStrictEqual([201, ""]);
    try {
      const live = own === "CustomResourceDefinition" ? await established(`${path}/${called}`, signal) : created.body;
      // The server's own controllers may have changed it meanwhile: then with what is there now, as any client does.
      const put = async (body: Plain): ReturnType<Client["call"]> => {
        for (;;) {
          const version = resourceVersion((await client.call("GET", `${path}/${called}`)).body);
          const metadata = { name: called, resourceVersion: version };
          const answer = await client.call("PUT", `${path}/${called}`, { ...head, metadata, ...body });
          if (answer.status !== 409) return answer;
          signal.throwIfAborted();
        }
      };
      const same = await put(merged(object, live));
      expect([same.status, same.status === 200 ? "" : same.body]).toStrictEqual([200, ""]);
      const refused = await put(merged(other, live));
      expect(refused.status, JSON.stringify(refused.body)).toBe(422);
      expect(JSON.stringify(refused.body)).toMatch(/immutable|[Ff]orbidden|may not change|cannot be changed|cannot change|unset/);
    } finally {
      await client.call("DELETE", `${path}/${called}?gracePeriodSeconds=0&propagationPolicy=Background`);
    }
  });
});

/** What the table says of a field beside that it can't change: a change that is taken. */
describe.skipIf(!possible)("a real kube-apiserver takes", () => {
  const csi = { csi: { driver: "a.example.org", volumeHandle: "one" } };
  const CHANGES: readonly (readonly [what: string, from: Plain, to: Plain, refused: boolean])[] = [
    ["a node affinity where none was", volume(csi), volume({ ...csi, nodeAffinity }), false],
    [
      "a label's name of today in the place of its old one",
      volume({ ...csi, nodeAffinity: affinity("a", "failure-domain.beta.kubernetes.io/zone") }),
      volume({ ...csi, nodeAffinity: affinity("a", "topology.kubernetes.io/zone") }),
      false,
    ],
    ["another node, with the feature gate", volume({ ...csi, nodeAffinity }), volume({ ...csi, nodeAffinity: affinity("n2") }), true],
  ];
  const GATE = "MutablePVNodeAffinity";
  const field = new Map(immutableFields("", "v1", "PersistentVolume").map((each) => [each.path.join("."), each])).get("spec.nodeAffinity");

  test.each([false, true])(`with the gate: %s`, { timeout: 120_000 }, async (gate) => {
    expect(field).toStrictEqual({ path: ["spec", "nodeAffinity"], once: true, gate: GATE });
    const plane = await startControlPlane(gate ? { apiserver: [`--feature-gates=${GATE}=true`] } : {});
    const client = new Client(plane);
    try {
      for (const [index, [what, from, to, refused]] of CHANGES.entries()) {
        const head = { apiVersion: "v1", kind: "PersistentVolume" };
        const metadata = { name: `c-${index}` };
        const created = await client.call("POST", PV, { ...head, metadata, ...from });
        expect([what, created.status]).toStrictEqual([what, 201]);
        const version = resourceVersion(created.body);
        const put = await client.call("PUT", `${PV}/c-${index}`, { ...head, metadata: { ...metadata, resourceVersion: version }, ...to });
        expect([what, put.status, put.status === 200 ? "" : JSON.stringify(put.body)]).toStrictEqual(
          refused && !gate ? [what, 422, expect.stringContaining("immutable")] : [what, 200, ""],
        );
      }
    } finally {
      client.close();
      await plane.stop();
    }
  });
});

/** What the server has filled in and a client must send back: a Job's own selector and labels. */
function merged(object: Plain, live: unknown): Plain {
  const spec = asPlain(asPlain(live)["spec"]);
  const own = asPlain(object["spec"]);
  if (asPlain(live)["kind"] !== "Job" || own["manualSelector"] === true) return object;
  const metadata = asPlain(asPlain(spec["template"])["metadata"]);
  return { ...object, spec: { ...own, selector: spec["selector"], template: { ...asPlain(own["template"]), metadata } } };
}

function resourceVersion(object: unknown): unknown {
  return asPlain(asPlain(object)["metadata"])["resourceVersion"];
}

function asPlain(value: unknown): Plain {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
