/** Manifests with one mistake each, as people make them; golden/problems.txt holds what is said of each. */
export interface Case {
  readonly name: string;
  readonly version?: string;
  readonly text: string;
}

const container = "{name: a, image: b";
const workload = (kind: string, spec: string, podSpec = `containers: [${container}}]`): string => `
apiVersion: apps/v1
kind: ${kind}
metadata: {name: a, namespace: b}
spec: {selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}, spec: {${podSpec}}}${spec}}`;
const storageClass = (rest: string): string => `
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: a}
provisioner: nfs.csi.k8s.io
${rest}`;
const claim = (spec: string): string => `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: a, namespace: b}
spec: {${spec}}`;
const core = (kind: string, rest: string): string => `
apiVersion: v1
kind: ${kind}
metadata: {name: a, namespace: b}
${rest}`;
const crd = (schema: string): string => `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: pools.example.com}
spec:
  group: example.com
  scope: Cluster
  names: {plural: pools, kind: Pool}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: ${schema}}}]`;

export const CASES: readonly Case[] = [
  { name: "a misspelt enumeration value", text: storageClass("volumeBindingMode: WaitForFirstConsmer") },
  { name: "another one", text: storageClass("reclaimPolicy: Retian") },
  { name: "a value in the wrong case", text: workload("DaemonSet", "", `restartPolicy: always, containers: [${container}}]`) },
  { name: "a value that resembles none", text: storageClass("reclaimPolicy: 7z") },
  { name: "a misspelt field", text: storageClass("alowVolumeExpansion: true") },
  { name: "a field in the wrong case", text: workload("Deployment", "", `containers: [${container}, volumemounts: []}]`) },
  { name: "a field that resembles none", text: storageClass("zzz: 1") },
  { name: "a misspelt field that holds null", text: storageClass("mountoptions: null") },
  { name: "a field at the wrong level", text: workload("Deployment", "", `containers: [${container}}], image: x`) },
  { name: "a number where a string belongs", text: core("ConfigMap", "data: {port: 8080}") },
  { name: "true where a string belongs", text: core("ConfigMap", "data: {on: true}") },
  { name: "a string where an integer belongs", text: workload("Deployment", ", replicas: '3'") },
  { name: "a fraction where an integer belongs", text: workload("Deployment", ", replicas: 1.5") },
  { name: "an integer too large", text: workload("Deployment", ", replicas: 3000000000") },
  { name: "a string where true or false belongs", text: storageClass("allowVolumeExpansion: 'true'") },
  { name: "a string where a list belongs", text: storageClass("mountOptions: noatime") },
  { name: "a list where a mapping belongs", text: storageClass("parameters: [a]") },
  { name: "a required field missing", text: "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: a}" },
  {
    name: "a required field that is empty",
    text: "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: a}\nprovisioner: ''",
  },
  { name: "no name", text: "apiVersion: v1\nkind: Namespace\nmetadata: {}" },
  { name: "no metadata", text: "apiVersion: v1\nkind: Namespace" },
  { name: "a quantity with B", text: claim("accessModes: [ReadWriteOnce], resources: {requests: {storage: 10GB}}") },
  { name: "a quantity in lower case", text: claim("accessModes: [ReadWriteOnce], resources: {requests: {storage: 10gi}}") },
  { name: "a quantity that is none", text: claim("accessModes: [ReadWriteOnce], resources: {requests: {storage: much}}") },
  { name: "no storage asked for", text: claim("accessModes: [ReadWriteOnce]") },
  {
    name: "access modes that exclude each other",
    text: claim("accessModes: [ReadWriteOncePod, ReadWriteOnce], resources: {requests: {storage: 1Gi}}"),
  },
  { name: "a name in upper case", text: "apiVersion: v1\nkind: Namespace\nmetadata: {name: Storage}" },
  { name: "a name that is too long", text: `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${"x".repeat(64)}}` },
  {
    name: "a namespace on what has none",
    text: "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: a, namespace: b}\nprovisioner: x",
  },
  { name: "a label's key", text: "apiVersion: v1\nkind: Namespace\nmetadata: {name: a, labels: {'a b': c, x/y/z: d, /e: f}}" },
  { name: "a label's value", text: "apiVersion: v1\nkind: Namespace\nmetadata: {name: a, labels: {a: 'b c'}}" },
  { name: "an annotation's key", text: "apiVersion: v1\nkind: Namespace\nmetadata: {name: a, annotations: {'a b': c}}" },
  { name: "a data key that is no file name", text: core("ConfigMap", "data: {a/b: c}") },
  { name: "data that is not base64", text: core("Secret", "data: {key: 'plain text'}") },
  { name: "a TLS secret without its key", text: core("Secret", "type: kubernetes.io/tls\ndata: {tls.crt: YQ==}") },
  { name: "a ConfigMap that is too large", text: core("ConfigMap", `data: {a: ${"x".repeat(1_048_577)}}`) },
  { name: "an environment variable twice", text: workload("Deployment", "", `containers: [${container}, env: [{name: A}, {name: A}]}]`) },
  { name: "a container's name twice", text: workload("Deployment", "", `containers: [${container}}, ${container}}]`) },
  {
    name: "a port twice, once with the default protocol",
    text: workload("Deployment", "", `containers: [${container}, ports: [{containerPort: 80}, {containerPort: 80, protocol: TCP}]}]`),
  },
  { name: "a port out of range", text: workload("Deployment", "", `containers: [${container}, ports: [{containerPort: 70000}]}]`) },
  {
    name: "a mount without a volume",
    text: workload(
      "Deployment",
      "",
      `containers: [${container}, volumeMounts: [{name: x, mountPath: /x}]}], volumes: [{name: v, emptyDir: {}}]`,
    ),
  },
  {
    name: "a volume of two kinds",
    text: workload("Deployment", "", `containers: [${container}}], volumes: [{name: v, emptyDir: {}, hostPath: {path: /x}}]`),
  },
  { name: "a volume of no kind", text: workload("Deployment", "", `containers: [${container}}], volumes: [{name: v}]`) },
  {
    name: "a request above its limit",
    text: workload("Deployment", "", `containers: [${container}, resources: {requests: {memory: 2Gi}, limits: {memory: 1Gi}}}]`),
  },
  { name: "an unknown resource", text: workload("Deployment", "", `containers: [${container}, resources: {limits: {ram: 1Gi}}}]`) },
  {
    name: "a probe that looks nowhere",
    text: workload("Deployment", "", `containers: [${container}, livenessProbe: {periodSeconds: 3}}]`),
  },
  {
    name: "a privilege that contradicts itself",
    text: workload("Deployment", "", `containers: [${container}, securityContext: {privileged: true, allowPrivilegeEscalation: false}}]`),
  },
  {
    name: "Bidirectional without privilege",
    text: workload(
      "Deployment",
      "",
      `containers: [${container}, volumeMounts: [{name: v, mountPath: /v, mountPropagation: Bidirectional}]}], volumes: [{name: v, emptyDir: {}}]`,
    ),
  },
  {
    name: "a toleration without key or operator",
    text: workload("Deployment", "", `containers: [${container}}], tolerations: [{effect: NoSchedule}]`),
  },
  {
    name: "a selector that misses its own pods",
    text: workload("Deployment", "").replace("matchLabels: {app: a}", "matchLabels: {app: z}"),
  },
  { name: "an empty selector", text: workload("Deployment", "").replace("matchLabels: {app: a}", "matchLabels: {}") },
  {
    name: "a rolling update that cannot move",
    text: workload("Deployment", ", strategy: {rollingUpdate: {maxSurge: 0, maxUnavailable: 0}}"),
  },
  { name: "a share that is none", text: workload("Deployment", ", strategy: {rollingUpdate: {maxSurge: 'one'}}") },
  {
    name: "a schedule",
    text: "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: a, namespace: b}\nspec: {schedule: '61 * * * *', jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: a, image: b}]}}}}}",
  },
  {
    name: "a job that restarts for ever",
    text: "apiVersion: batch/v1\nkind: Job\nmetadata: {name: a, namespace: b}\nspec: {template: {spec: {containers: [{name: a, image: b}]}}}",
  },
  {
    name: "a disruption budget that says both",
    text: "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: a, namespace: b}\nspec: {minAvailable: 1, maxUnavailable: 1}",
  },
  {
    name: "a rule for no verb",
    text: "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: a}\nrules: [{apiGroups: [''], resources: [pods], verbs: []}]",
  },
  {
    name: "a binding to a misspelt kind",
    text: "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: a}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRol, name: x}\nsubjects: [{kind: ServiceAccount, name: x}]",
  },
  {
    name: "a network range",
    text: "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: a, namespace: b}\nspec: {podSelector: {}, egress: [{to: [{ipBlock: {cidr: 10.0.0.0}}]}]}",
  },
  {
    name: "a webhook without side effects stated",
    text: "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingWebhookConfiguration\nmetadata: {name: a}\nwebhooks: [{name: a.b.c, admissionReviewVersions: [v1], clientConfig: {url: 'http://x'}}]",
  },
  {
    name: "a local volume without its node",
    text: "apiVersion: v1\nkind: PersistentVolume\nmetadata: {name: a}\nspec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], local: {path: /mnt}}",
  },
  {
    name: "a priority above the highest",
    text: "apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: a}\nvalue: 2000000000",
  },
  { name: "a service with two nameless ports", text: core("Service", "spec: {ports: [{port: 80}, {port: 81}]}") },
  { name: "a CRD under another name", text: crd("{type: object}").replace("pools.example.com", "pool.example.com") },
  { name: "a CRD without a stored version", text: crd("{type: object}").replace("storage: true", "storage: false") },
  { name: "a CRD schema without types", text: crd("{type: object, properties: {spec: {properties: {size: {type: strin}}}}}") },
  { name: "a kind that was removed", text: "apiVersion: policy/v1beta1\nkind: PodDisruptionBudget\nmetadata: {name: a, namespace: b}" },
  { name: "a kind that was removed without a successor", text: "apiVersion: policy/v1beta1\nkind: PodSecurityPolicy\nmetadata: {name: a}" },
  { name: "a kind of extensions/v1beta1", text: "apiVersion: extensions/v1beta1\nkind: Deployment\nmetadata: {name: a}" },
  {
    name: "a kind that was removed in between",
    text: "apiVersion: flowcontrol.apiserver.k8s.io/v1beta3\nkind: FlowSchema\nmetadata: {name: a}",
  },
  {
    name: "a kind that is still to come",
    version: "1.30",
    text: "apiVersion: storage.k8s.io/v1\nkind: VolumeAttributesClass\nmetadata: {name: a}\ndriverName: x\nparameters: {a: b}",
  },
  {
    name: "a kind that is off",
    text: "apiVersion: storage.k8s.io/v1beta1\nkind: VolumeAttributesClass\nmetadata: {name: a}\ndriverName: x\nparameters: {a: b}",
  },
  { name: "a misspelt kind", text: "apiVersion: storage.k8s.io/v1\nkind: StorageClas\nmetadata: {name: a}" },
  { name: "a kind of another group", text: "apiVersion: v1\nkind: Deployment\nmetadata: {name: a}" },
  { name: "a custom resource that nothing declares", text: "apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: a}" },
  { name: "what is only asked", text: "apiVersion: authentication.k8s.io/v1\nkind: TokenReview\nmetadata: {name: a}" },
  { name: "no kind", text: "apiVersion: v1\nmetadata: {name: a}" },
  { name: "a list item that is null", text: storageClass("mountOptions: [null]") },
];
