/** The addons' manifests, in the notation of template.ts. */

/** Which addon of a hostile fleet does what is hard to memoise. */
export const HOSTILE = {
  /** Its map.jinja walks a whole mapping of pillar. */
  iterates: "storage-alerts",
  /** Its config.yaml writes into pillar … */
  mutates: "disk-monitor",
  /** … which the map.jinja of this addon, rendered later, reads. */
  readsMutated: "backup-agent",
  /** Its map.jinja merges pillar into its defaults in place. */
  mergesInPlace: "volume-scheduler",
} as const;

/** The addon's templates by name: three or four each, 48 in all. In a hostile fleet a tenth of them print the cluster's id. */
export function manifests(addon: string, index: number, hostile: boolean): ReadonlyMap<string, string> {
  const found = new Map<string, string>([
    ["rbac.yaml", rbac(addon)],
    ["config.yaml", config(addon, hostile)],
    ["workload.yaml", index % 2 === 0 ? daemonSet(addon) : deployment(addon)],
  ]);
  if (index < 9)
    found.set("extra.yaml", index % 3 === 0 ? storageClasses(addon) : index === 1 ? service(addon) : service(addon) + budget(addon));
  if (!hostile) return found;
  return new Map([...found].map(([name, text], position) => [name, (index + position) % 10 === 0 ? withClusterId(text) : text]));
}

/** The manifest with the cluster's id in an annotation of every object. */
function withClusterId(text: string): string {
  return text.replaceAll("\n  labels:\n", '\n  annotations:\n    storage.example.com/cluster: "@{grains.id}"\n  labels:\n');
}

function metadata(addon: string, name: string): string {
  return `metadata:
  name: ${name}
  namespace: kube-system
  labels:
    addonmanager.kubernetes.io/mode: Reconcile
    app.kubernetes.io/name: ${addon}
    app.kubernetes.io/version: "@{image.tag}"`;
}

function rbac(addon: string): string {
  return `apiVersion: v1
kind: ServiceAccount
${metadata(addon, addon)}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
${metadata(addon, addon)}
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
${metadata(addon, addon)}
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

function config(addon: string, hostile: boolean): string {
  const more = [
    addon === "cephfs-plugin" ? '  endpoint: "@{endpoint}"\n' : "",
    addon === "local-static" ? '  zone: "@{zone}"\n' : "",
    hostile && addon === HOSTILE.readsMutated ? '  scanned: "@{scanned}"\n' : "",
    hostile && addon === HOSTILE.iterates
      ? '@each thresholds as threshold\n  threshold-@{threshold.key}: "@{threshold.value}"\n@end\n'
      : "",
  ].join("");
  return `apiVersion: v1
kind: ConfigMap
${metadata(addon, `${addon}-config`)}
data:
${more}@each config as option
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
${metadata(addon, addon)}
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
${metadata(addon, addon)}
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
${metadata(addon, addon)}
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
${metadata(addon, addon)}
spec:
  maxUnavailable: 1
  selector:
    matchLabels:
      app: ${addon}
`;
}
