/** A field that cannot change once the object is there; what stands below it neither. */
type FieldName = string;

/**
 * Fields that the API server refuses to change, by `group/version/kind` (k8s.io/kubernetes v1.36, the Validate…Update functions of
 * pkg/apis). An object whose change touches one has to be deleted and made anew.
 */
const IMMUTABLE: Readonly<Record<string, readonly FieldName[]>> = {
  "/v1/PersistentVolume": ["spec.csi", "spec.fc", "spec.hostPath", "spec.iscsi", "spec.local", "spec.nfs", "spec.volumeMode"],
  "/v1/PersistentVolumeClaim": [
    "spec.accessModes",
    "spec.dataSource",
    "spec.dataSourceRef",
    "spec.selector",
    "spec.storageClassName",
    "spec.volumeMode",
    "spec.volumeName",
  ],
  "/v1/Secret": ["type"],
  "/v1/Service": ["spec.clusterIP"],
  "apiextensions.k8s.io/v1/CustomResourceDefinition": ["spec.group", "spec.names.kind", "spec.names.plural", "spec.scope"],
  "apps/v1/DaemonSet": ["spec.selector"],
  "apps/v1/Deployment": ["spec.selector"],
  "apps/v1/ReplicaSet": ["spec.selector"],
  "apps/v1/StatefulSet": ["spec.podManagementPolicy", "spec.selector", "spec.serviceName", "spec.volumeClaimTemplates"],
  "batch/v1/Job": [
    "spec.backoffLimitPerIndex",
    "spec.completionMode",
    "spec.managedBy",
    "spec.podFailurePolicy",
    "spec.selector",
    "spec.successPolicy",
    "spec.template",
  ],
  "node.k8s.io/v1/RuntimeClass": ["handler"],
  "rbac.authorization.k8s.io/v1/ClusterRoleBinding": ["roleRef"],
  "rbac.authorization.k8s.io/v1/RoleBinding": ["roleRef"],
  "scheduling.k8s.io/v1/PriorityClass": ["preemptionPolicy", "value"],
  "storage.k8s.io/v1/CSIDriver": ["spec.attachRequired", "spec.volumeLifecycleModes"],
  "storage.k8s.io/v1/StorageClass": ["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"],
  "storage.k8s.io/v1/VolumeAttributesClass": ["driverName", "parameters"],
};

/** All of it: kinds as `group/version/kind`, each with its fields. */
export function allImmutableFields(): readonly (readonly [kind: string, field: string])[] {
  return Object.entries(IMMUTABLE).flatMap(([kind, fields]) => fields.map((field) => [kind, field] as const));
}

/** The fields of a kind that cannot change, as paths of names. A ConfigMap or Secret with `immutable: true` has also its data. */
export function immutableFields(group: string, version: string, kind: string): readonly (readonly string[])[] {
  const key = `${group}/${version}/${kind}`;
  return (Object.hasOwn(IMMUTABLE, key) ? (IMMUTABLE[key] ?? []) : []).map((field) => field.split("."));
}
