import type { Json } from "../json/index.ts";

/** What the API server fills in, by path below what the name of the table stands for; `*` is any item, `?` any key of a mapping. */
type Defaults = Readonly<Record<string, Json>>;

/** k8s.io/kubernetes v1.36, pkg/apis/core/v1/defaults.go: SetDefaults_PodSpec, _Probe, _Container, _…VolumeSource, _ContainerPort … */
const POD_SPEC: Defaults = {
  dnsPolicy: "ClusterFirst",
  restartPolicy: "Always",
  schedulerName: "default-scheduler",
  securityContext: {},
  terminationGracePeriodSeconds: 30,
  hostNetwork: false,
  hostPID: false,
  hostIPC: false,
  "volumes.*.configMap.defaultMode": 420,
  "volumes.*.secret.defaultMode": 420,
  "volumes.*.downwardAPI.defaultMode": 420,
  "volumes.*.projected.defaultMode": 420,
  "volumes.*.projected.sources.*.serviceAccountToken.expirationSeconds": 3600,
  "volumes.*.hostPath.type": "",
  ...Object.fromEntries(["containers.*", "initContainers.*"].flatMap(containerDefaults)),
};

function containerDefaults(at: string): [string, Json][] {
  const probes = ["livenessProbe", "readinessProbe", "startupProbe"].flatMap((probe): [string, Json][] => [
    [`${probe}.timeoutSeconds`, 1],
    [`${probe}.periodSeconds`, 10],
    [`${probe}.successThreshold`, 1],
    [`${probe}.failureThreshold`, 3],
    [`${probe}.httpGet.scheme`, "HTTP"],
    [`${probe}.httpGet.path`, "/"],
  ]);
  const own: readonly [string, Json][] = [
    ["terminationMessagePath", "/dev/termination-log"],
    ["terminationMessagePolicy", "File"],
    ["resources", {}],
    ["ports.*.protocol", "TCP"],
    ["env.*.valueFrom.fieldRef.apiVersion", "v1"],
    ["lifecycle.preStop.httpGet.scheme", "HTTP"],
    ["lifecycle.postStart.httpGet.scheme", "HTTP"],
    ...probes,
  ];
  return own.map(([path, value]) => [`${at}.${path}`, value]);
}

function below(prefix: string, defaults: Defaults): Defaults {
  return Object.fromEntries(Object.entries(defaults).map(([path, value]) => [`${prefix}.${path}`, value]));
}

/** By `group/kind`, in all versions that Halite knows. Sources: the SetDefaults functions of k8s.io/kubernetes v1.36, pkg/apis. */
const DEFAULTS: Readonly<Record<string, Defaults>> = {
  // Of templates the server leaves this one to the pods that are made of them.
  "/Pod": below("spec", { ...POD_SPEC, enableServiceLinks: true }),
  "/Service": {
    "spec.type": "ClusterIP",
    "spec.sessionAffinity": "None",
    "spec.internalTrafficPolicy": "Cluster",
    "spec.ports.*.protocol": "TCP",
  },
  "/PersistentVolume": { "spec.persistentVolumeReclaimPolicy": "Retain", "spec.volumeMode": "Filesystem", "spec.hostPath.type": "" },
  "/PersistentVolumeClaim": { "spec.volumeMode": "Filesystem" },
  "/Secret": { type: "Opaque" },
  "apps/DaemonSet": {
    "spec.revisionHistoryLimit": 10,
    "spec.updateStrategy.type": "RollingUpdate",
    "spec.updateStrategy.rollingUpdate.maxUnavailable": 1,
    "spec.updateStrategy.rollingUpdate.maxSurge": 0,
    ...below("spec.template.spec", POD_SPEC),
  },
  "apps/Deployment": {
    "spec.replicas": 1,
    "spec.revisionHistoryLimit": 10,
    "spec.progressDeadlineSeconds": 600,
    "spec.strategy.type": "RollingUpdate",
    "spec.strategy.rollingUpdate.maxSurge": "25%",
    "spec.strategy.rollingUpdate.maxUnavailable": "25%",
    ...below("spec.template.spec", POD_SPEC),
  },
  "apps/StatefulSet": {
    "spec.replicas": 1,
    "spec.revisionHistoryLimit": 10,
    "spec.podManagementPolicy": "OrderedReady",
    "spec.updateStrategy.type": "RollingUpdate",
    "spec.updateStrategy.rollingUpdate.partition": 0,
    ...below("spec.template.spec", POD_SPEC),
  },
  "batch/CronJob": {
    "spec.concurrencyPolicy": "Allow",
    "spec.suspend": false,
    "spec.successfulJobsHistoryLimit": 3,
    "spec.failedJobsHistoryLimit": 1,
    ...below("spec.jobTemplate.spec.template.spec", POD_SPEC),
  },
  "batch/Job": {
    "spec.completionMode": "NonIndexed",
    "spec.suspend": false,
    "spec.backoffLimit": 6,
    ...below("spec.template.spec", POD_SPEC),
  },
  "storage.k8s.io/StorageClass": { reclaimPolicy: "Delete", volumeBindingMode: "Immediate" },
  "storage.k8s.io/CSIDriver": {
    "spec.attachRequired": true,
    "spec.podInfoOnMount": false,
    "spec.storageCapacity": false,
    "spec.requiresRepublish": false,
    "spec.fsGroupPolicy": "ReadWriteOnceWithFSType",
    "spec.seLinuxMount": false,
    "spec.volumeLifecycleModes": ["Persistent"],
  },
  "scheduling.k8s.io/PriorityClass": { preemptionPolicy: "PreemptLowerPriority" },
  ...Object.fromEntries(
    ["Validating", "Mutating"].map((which): [string, Defaults] => [
      `admissionregistration.k8s.io/${which}WebhookConfiguration`,
      {
        "webhooks.*.failurePolicy": "Fail",
        "webhooks.*.matchPolicy": "Equivalent",
        "webhooks.*.namespaceSelector": {},
        "webhooks.*.objectSelector": {},
        "webhooks.*.timeoutSeconds": 10,
        "webhooks.*.rules.*.scope": "*",
        ...(which === "Mutating" && { "webhooks.*.reinvocationPolicy": "Never" }),
      },
    ]),
  ),
};

/** The value that the API server puts where nothing stands; `undefined` where it puts none, or one that hangs on other fields. */
export function defaultAt(apiVersion: string, kind: string, path: readonly (string | number)[]): Json | undefined {
  const slash = apiVersion.indexOf("/");
  const table = DEFAULTS[`${slash < 0 ? "" : apiVersion.slice(0, slash)}/${kind}`];
  const key = path.map((step) => (typeof step === "number" ? "*" : step)).join(".");
  return table !== undefined && Object.hasOwn(table, key) ? table[key] : undefined;
}

/** Every default, for whoever holds them against a real API server: `group/kind`, path with `*` for items, value. */
export function allDefaults(): readonly (readonly [kind: string, path: string, value: Json])[] {
  return Object.entries(DEFAULTS).flatMap(([kind, table]) => Object.entries(table).map(([path, value]) => [kind, path, value] as const));
}
