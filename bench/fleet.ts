import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { camel, toHelm, toJinja } from "./template.ts";

/** The generated fleet's size and shape. */
export interface FleetShape {
  readonly clusters: number;
  /** How many different settings there are; clusters share them in turn. */
  readonly variants: number;
  /** Every cluster has a key of its own that nothing reads, and a tenth of the templates read the cluster's id. */
  readonly hostile?: boolean;
}

/** The generator's fleet: 13 addons, 48 templates, 82 objects, about 56 KB of YAML a cluster. */
export const ADDONS: readonly string[] = [
  "storage-base",
  "rbd-plugin",
  "cephfs-plugin",
  "nfs-plugin",
  "snapshot-controller",
  "node-problem",
  "sealed-secrets",
  "local-static",
  "local-dynamic",
  "disk-monitor",
  "backup-agent",
  "storage-alerts",
  "volume-scheduler",
];

type Files = Map<string, string>;

/** Every file of the Salt tree: states, pillar, roster, halite.yaml, and a minion config for each cluster under minions/. */
export function saltTree(shape: FleetShape): Files {
  const files: Files = new Map();
  for (const [index, addon] of ADDONS.entries()) addonStates(files, addon, index, shape.hostile === true);
  files.set("states/top.sls", `base:\n  '*':\n${ADDONS.map((addon) => `    - ${addon}\n`).join("")}`);
  const top: string[] = ["base:", "  '*':", "    - defaults"];
  for (let variant = 0; variant < shape.variants; variant++) {
    top.push(`  'G@variant:v${variant}':`, `    - variants.v${variant}`);
    files.set(`pillar/variants/v${variant}.sls`, variantPillar(variant));
  }
  if (shape.hostile === true) {
    top.push("  '*-*':", "    - clusters.{{ grains.id }}");
  }
  files.set("pillar/top.sls", `${top.join("\n")}\n`);
  files.set("pillar/defaults.sls", defaultsPillar());
  const roster: string[] = [];
  for (let index = 0; index < shape.clusters; index++) {
    const id = clusterId(index);
    roster.push(
      `${id}:`,
      `  minion_opts: {grains: {region: r${index % 3}, az: az${index % 9}, env: prod, kubernetes: "1.36", variant: v${index % shape.variants}}}`,
    );
    if (shape.hostile === true) files.set(`pillar/clusters/${id}.sls`, `unread:\n  key-${index}: value ${index}\n`);
  }
  files.set("pillar/roster.yaml", `${roster.join("\n")}\n`);
  files.set(
    "halite.yaml",
    'file_roots: {base: [states]}\npillar_roots: {base: [pillar]}\nroster: pillar/roster.yaml\nout: out\nkubernetes: "1.36"\n',
  );
  return files;
}

/** A cluster's id by its number. */
export function clusterId(index: number): string {
  return `cluster-${String(index).padStart(5, "0")}`;
}

/** The variant's settings as Helm values, equal to what pillar gives. */
export function helmValues(variant: number): Readonly<Record<string, unknown>> {
  return Object.fromEntries(ADDONS.map((addon, index) => [camel(addon), settings(addon, index, variant)]));
}

/** One Helm chart with every addon's templates. */
export function helmChart(): Files {
  const files: Files = new Map([["Chart.yaml", "apiVersion: v2\nname: fleet\nversion: 0.1.0\n"]]);
  for (const [index, addon] of ADDONS.entries())
    for (const [name, text] of templates(addon, index)) files.set(`templates/${addon}-${name}`, toHelm(addon, text));
  return files;
}

/** Writes files below a folder. */
export function writeFiles(folder: string, files: Files): void {
  for (const [path, text] of files) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

function addonStates(files: Files, addon: string, index: number, hostile: boolean): void {
  const all = [...templates(addon, index)];
  const states = all.map(
    ([name]) => `${addon} ${name}:
  file.managed:
    - name: /etc/kubernetes/addons/${addon}/${name}
    - source: salt://${addon}/templates/${name}
    - template: jinja
    - makedirs: True
`,
  );
  files.set(`states/${addon}/init.sls`, states.join("\n"));
  files.set(
    `states/${addon}/map.jinja`,
    `{%- import_yaml "${addon}/defaults.yaml" as defaults %}
{%- set cfg = salt['pillar.get']('${addon}', default=defaults['${addon}'], merge=True) %}
`,
  );
  files.set(`states/${addon}/defaults.yaml`, `${addon}:\n  revisionHistoryLimit: 3\n  logLevel: "4"\n`);
  for (const [position, [name, text]] of all.entries()) {
    const own = hostile && (index + position) % 10 === 0 ? "# {{ grains.id }}\n" : "";
    files.set(`states/${addon}/templates/${name}`, own + toJinja(addon, text));
  }
}

interface Settings {
  readonly image: { readonly repository: string; readonly tag: string };
  readonly replicas: number;
  readonly resources: { readonly cpu: string; readonly memory: string };
  readonly tolerations: readonly { readonly key: string; readonly effect: string }[];
  readonly classes: readonly { readonly name: string; readonly pool: string; readonly policy: string }[];
  readonly config: readonly { readonly key: string; readonly value: string }[];
  readonly metrics: boolean;
  readonly priority: number;
  readonly revisionHistoryLimit: number;
  readonly logLevel: string;
}

function settings(addon: string, index: number, variant: number): Settings {
  return {
    image: { repository: `registry.example.com/storage/${addon}`, tag: `v1.${index}.${variant % 4}` },
    replicas: 1 + (variant % 3),
    resources: { cpu: `${50 + 10 * (variant % 5)}m`, memory: `${64 + 16 * (variant % 7)}Mi` },
    tolerations: [
      { key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" },
      { key: "storage.example.com/maintenance", effect: "NoExecute" },
    ],
    classes: Array.from({ length: 2 }, (_, number) => ({
      name: `${addon}-${number}`,
      pool: `pool-${variant}-${number}`,
      policy: number === 0 ? "Delete" : "Retain",
    })),
    config: Array.from({ length: 8 }, (_, number) => ({
      key: `option-${number}`,
      value: `value ${number} of ${addon} in variant ${variant}`,
    })),
    metrics: variant % 2 === 0,
    priority: 100000 + index,
    revisionHistoryLimit: 3,
    logLevel: "4",
  };
}

function defaultsPillar(): string {
  return "fleet:\n  name: bench\n";
}

function variantPillar(variant: number): string {
  return ADDONS.map((addon, index) => `${addon}: ${JSON.stringify(settings(addon, index, variant))}\n`).join("");
}

/** The addon's templates by name: three or four each, 48 in all. */
function templates(addon: string, index: number): ReadonlyMap<string, string> {
  const found = new Map<string, string>([
    ["rbac.yaml", rbac(addon)],
    ["config.yaml", config(addon)],
    ["workload.yaml", index % 2 === 0 ? daemonSet(addon) : deployment(addon)],
  ]);
  if (index < 9)
    found.set("extra.yaml", index % 3 === 0 ? storageClasses(addon) : index === 1 ? service(addon) : service(addon) + budget(addon));
  return found;
}

const META = (addon: string, name: string): string => `metadata:
  name: ${name}
  namespace: kube-system
  labels:
    addonmanager.kubernetes.io/mode: Reconcile
    app.kubernetes.io/name: ${addon}
    app.kubernetes.io/version: "@{image.tag}"`;

function rbac(addon: string): string {
  return `apiVersion: v1
kind: ServiceAccount
${META(addon, addon)}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
${META(addon, addon)}
rules:
  - apiGroups: [""]
    resources: [configmaps, secrets]
    verbs: [get, list, watch]
  - apiGroups: [coordination.k8s.io]
    resources: [leases]
    verbs: [get, create, update, patch]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
${META(addon, addon)}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: ${addon}
subjects:
  - kind: ServiceAccount
    name: ${addon}
    namespace: kube-system
`;
}

function config(addon: string): string {
  return `apiVersion: v1
kind: ConfigMap
${META(addon, `${addon}-config`)}
data:
@each config as option
  @{option.key}: "@{option.value}"
@end
  config.yaml: |
    logLevel: @{logLevel}
@each classes as class
    - name: @{class.name}
      pool: @{class.pool}
@end
`;
}

function podSpec(addon: string): string {
  return `      serviceAccountName: ${addon}
      priorityClassName: system-node-critical
      tolerations:
@each tolerations as toleration
        - key: @{toleration.key}
          operator: Exists
          effect: @{toleration.effect}
@end
      containers:
        - name: main
          image: "@{image.repository}:@{image.tag}"
          args:
            - --v=@{logLevel}
            - --config=/etc/${addon}/config.yaml
@if metrics
            - --metrics-address=:8080
@end
          env:
            - name: NODE_NAME
              valueFrom:
                fieldRef:
                  fieldPath: spec.nodeName
          ports:
            - name: metrics
              containerPort: 8080
              protocol: TCP
          resources:
            requests:
              cpu: @{resources.cpu}
              memory: @{resources.memory}
            limits:
              memory: @{resources.memory}
          livenessProbe:
            httpGet:
              path: /healthz
              port: metrics
            initialDelaySeconds: 10
            periodSeconds: 20
          volumeMounts:
            - name: config
              mountPath: /etc/${addon}
      volumes:
        - name: config
          configMap:
            name: ${addon}-config
`;
}

function daemonSet(addon: string): string {
  return `apiVersion: apps/v1
kind: DaemonSet
${META(addon, addon)}
spec:
  revisionHistoryLimit: @{revisionHistoryLimit}
  selector:
    matchLabels:
      app: ${addon}
  updateStrategy:
    type: RollingUpdate
    rollingUpdate:
      maxUnavailable: 10%
  template:
    metadata:
      labels:
        app: ${addon}
    spec:
${podSpec(addon)}`;
}

function deployment(addon: string): string {
  return `apiVersion: apps/v1
kind: Deployment
${META(addon, addon)}
spec:
  replicas: @{replicas}
  revisionHistoryLimit: @{revisionHistoryLimit}
  selector:
    matchLabels:
      app: ${addon}
  template:
    metadata:
      labels:
        app: ${addon}
    spec:
${podSpec(addon)}`;
}

function storageClasses(addon: string): string {
  return `@each classes as class
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata:
  name: @{class.name}
  labels:
    addonmanager.kubernetes.io/mode: Reconcile
provisioner: ${addon}.example.com
parameters:
  pool: @{class.pool}
reclaimPolicy: @{class.policy}
volumeBindingMode: WaitForFirstConsumer
allowVolumeExpansion: true
@end
`;
}

function service(addon: string): string {
  return `apiVersion: v1
kind: Service
${META(addon, addon)}
spec:
  selector:
    app: ${addon}
  ports:
    - name: metrics
      port: 8080
      targetPort: metrics
      protocol: TCP
`;
}

function budget(addon: string): string {
  return `---
apiVersion: policy/v1
kind: PodDisruptionBudget
${META(addon, addon)}
spec:
  maxUnavailable: 1
  selector:
    matchLabels:
      app: ${addon}
`;
}
