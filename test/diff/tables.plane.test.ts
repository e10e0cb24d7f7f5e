import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { allDefaults } from "../../src/diff/defaults.ts";
import { Client } from "../control-plane/client.ts";
import { startControlPlane, type ControlPlane } from "../control-plane/index.ts";
import { canHavePlane } from "../control-plane/use-plane.ts";

type Plain = Record<string, unknown>;

const probe = { httpGet: { port: 80 } };
const container = (name: string, more: Plain): Plain => ({
  name,
  image: "registry.example.org/i:1",
  ports: [{ containerPort: 80 }],
  env: [{ name: "N", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }],
  livenessProbe: probe,
  readinessProbe: probe,
  startupProbe: probe,
  lifecycle: { preStop: probe, postStart: probe },
  ...more,
});
const volumes = [
  { name: "a", configMap: { name: "x" } },
  { name: "b", secret: { secretName: "x" } },
  { name: "c", downwardAPI: { items: [{ path: "p", fieldRef: { fieldPath: "metadata.name" } }] } },
  { name: "d", projected: { sources: [{ serviceAccountToken: { path: "t" } }] } },
  { name: "e", hostPath: { path: "/dev" } },
];
const podSpec = (more: Plain = {}): Plain => ({
  containers: [container("c", {})],
  initContainers: [container("i", { restartPolicy: "Always" })],
  volumes,
  ...more,
});
const template = (more: Plain = {}): Plain => ({ metadata: { labels: { app: "x" } }, spec: podSpec(more) });
const workload = (more: Plain = {}): Plain => ({ selector: { matchLabels: { app: "x" } }, template: template(), ...more });
const hook = {
  name: "h.example.org",
  sideEffects: "None",
  admissionReviewVersions: ["v1"],
  clientConfig: { url: "https://example.org/" },
  rules: [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["pods"] }],
};

/** By `group/kind`: where its objects are made, and one that says as little as it may. */
const OBJECTS: Readonly<Record<string, readonly [path: string, apiVersion: string, object: Plain]>> = {
  "/Pod": ["/api/v1/namespaces/default/pods", "v1", { spec: podSpec({ serviceAccountName: "default" }) }],
  "/Service": ["/api/v1/namespaces/default/services", "v1", { spec: { ports: [{ port: 80 }], selector: { app: "x" } } }],
  "/PersistentVolume": [
    "/api/v1/persistentvolumes",
    "v1",
    { spec: { capacity: { storage: "1Gi" }, accessModes: ["ReadWriteOnce"], hostPath: { path: "/data" } } },
  ],
  "/PersistentVolumeClaim": [
    "/api/v1/namespaces/default/persistentvolumeclaims",
    "v1",
    { spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } } },
  ],
  "/Secret": ["/api/v1/namespaces/default/secrets", "v1", {}],
  "apps/DaemonSet": ["/apis/apps/v1/namespaces/default/daemonsets", "apps/v1", { spec: workload() }],
  "apps/Deployment": ["/apis/apps/v1/namespaces/default/deployments", "apps/v1", { spec: workload() }],
  "apps/StatefulSet": ["/apis/apps/v1/namespaces/default/statefulsets", "apps/v1", { spec: workload({ serviceName: "x" }) }],
  "batch/Job": ["/apis/batch/v1/namespaces/default/jobs", "batch/v1", { spec: { template: template({ restartPolicy: "Never" }) } }],
  "batch/CronJob": [
    "/apis/batch/v1/namespaces/default/cronjobs",
    "batch/v1",
    { spec: { schedule: "0 0 * * *", jobTemplate: { spec: { template: template({ restartPolicy: "Never" }) } } } },
  ],
  "storage.k8s.io/StorageClass": ["/apis/storage.k8s.io/v1/storageclasses", "storage.k8s.io/v1", { provisioner: "example.org/p" }],
  "storage.k8s.io/CSIDriver": ["/apis/storage.k8s.io/v1/csidrivers", "storage.k8s.io/v1", { spec: {} }],
  "scheduling.k8s.io/PriorityClass": ["/apis/scheduling.k8s.io/v1/priorityclasses", "scheduling.k8s.io/v1", { value: 5 }],
  "admissionregistration.k8s.io/ValidatingWebhookConfiguration": [
    "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
    "admissionregistration.k8s.io/v1",
    { webhooks: [hook] },
  ],
  "admissionregistration.k8s.io/MutatingWebhookConfiguration": [
    "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
    "admissionregistration.k8s.io/v1",
    { webhooks: [hook] },
  ],
};

/** What stands at a path, `*` being every item. */
function valuesAt(value: unknown, [step, ...rest]: readonly string[]): readonly unknown[] {
  if (step === undefined) return [value];
  if (step === "*") return Array.isArray(value) ? value.flatMap((item) => valuesAt(item, rest)) : [];
  if (typeof value !== "object" || value === null) return [];
  if (!Object.hasOwn(value, step)) return rest.length === 0 ? [undefined] : [];
  return valuesAt(Reflect.get(value, step), rest);
}

const possible = await canHavePlane();

describe.skipIf(!possible)("what a real kube-apiserver does", () => {
  let plane: ControlPlane;
  let client: Client;
  beforeAll(async () => {
    plane = await startControlPlane();
    client = new Client(plane);
    // There already where a controller manager runs.
    await client.call("POST", "/api/v1/namespaces/default/serviceaccounts", {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: "default" },
    });
  });
  afterAll(async () => {
    client?.close();
    await plane?.stop();
  });

  const made = new Map<string, unknown>();
  test.for(Object.entries(OBJECTS))("takes the least of a %s", async ([kind, [path, apiVersion, object]]) => {
    const body = {
      apiVersion,
      kind: kind.slice(kind.indexOf("/") + 1),
      metadata: { name: "x" },
      ...object,
    };
    const answer = await client.call("POST", `${path}?dryRun=All`, body);
    expect([answer.status, answer.status === 201 ? "" : answer.body]).toStrictEqual([201, ""]);
    made.set(kind, answer.body);
  });

  // A Job's pods can't always be restarted, so what the least says there is no default.
  const STATED = (kind: string, path: string): boolean => kind.startsWith("batch/") && path.endsWith("template.spec.restartPolicy");
  test.for(allDefaults().filter(([kind, path]) => !STATED(kind, path)))("fills in %s %s", ([kind, path, value]) => {
    const object = made.get(kind);
    expect(object).toBeDefined();
    const found = valuesAt(object, path.split("."));
    expect(found.length).toBeGreaterThan(0);
    // A false that Go leaves out of the JSON.
    for (const each of found) expect(each ?? (value === false ? false : undefined)).toStrictEqual(value);
  });
});
