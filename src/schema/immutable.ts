/** A field that cannot change once the object is there; what stands below it neither. */
type FieldName = string;

/**
 * Fields that the API server refuses to change, by `group/version/kind` (k8s.io/kubernetes v1.36, the Validate…Update functions of
 * pkg/apis). An object whose change touches one has to be deleted and made anew.
 */
const IMMUTABLE: Readonly<Record<string, readonly FieldName[]>> = {
  "/v1/PersistentVolume": [
    "spec.csi",
    "spec.fc",
    "spec.hostPath",
    "spec.iscsi",
    "spec.local",
    "spec.nfs",
    "spec.nodeAffinity",
    "spec.volumeMode",
  ],
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

/** Of these only a value that is there cannot change: to give one where none was is taken. */
const SET_ONCE: readonly string[] = ["/v1/PersistentVolume spec.nodeAffinity", "/v1/PersistentVolumeClaim spec.volumeName"];

/** Feature gates, off by default, with which an API server takes a change all the same. */
const GATES: Readonly<Record<string, string>> = {
  // Alpha since 1.35 (KEP-5381).
  "/v1/PersistentVolume spec.nodeAffinity": "MutablePVNodeAffinity",
};

/** A field that the API server refuses to change. */
export interface ImmutableField {
  /** Names that lead to it; what stands below it cannot change either. */
  readonly path: readonly string[];
  /** Whether a value may be given where none was. */
  readonly once: boolean;
  /** The feature gate with which an API server takes a change all the same. */
  readonly gate?: string;
}

/** All of it: kinds as `group/version/kind`, each with its fields. */
export function allImmutableFields(): readonly (readonly [kind: string, field: string])[] {
  return Object.entries(IMMUTABLE).flatMap(([kind, fields]) => fields.map((field) => [kind, field] as const));
}

/** The fields of a kind that cannot change. A ConfigMap or Secret with `immutable: true` has also its data. */
export function immutableFields(group: string, version: string, kind: string): readonly ImmutableField[] {
  const key = `${group}/${version}/${kind}`;
  return (Object.hasOwn(IMMUTABLE, key) ? (IMMUTABLE[key] ?? []) : []).map((field) => {
    const gate = GATES[`${key} ${field}`];
    return { path: field.split("."), once: SET_ONCE.includes(`${key} ${field}`), ...(gate !== undefined && { gate }) };
  });
}
