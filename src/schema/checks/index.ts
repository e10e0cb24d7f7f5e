/**
 * The rules that the API server checks in code and no schema states, by kind: k8s.io/kubernetes v1.36, pkg/apis/…/validation.
 */
import type { Place } from "../place.ts";
import { checkBatch } from "./batch.ts";
import { checkLease, checkNamespace, checkQuota, checkRuntimeClass } from "./cluster.ts";
import { checkConfigMap, checkSecret } from "./config.ts";
import { checkCustomResourceDefinition } from "./crd.ts";
import { checkMetadata } from "./metadata.ts";
import { checkNetworkPolicy, checkService } from "./network.ts";
import { checkPod, checkPodTemplate } from "./pod.ts";
import { checkDisruptionBudget, checkPriorityClass } from "./policy.ts";
import { checkBinding, checkRole } from "./rbac.ts";
import { checkClaim, checkCsiDriver, checkStorageClass, checkVolume, checkVolumeAttributesClass } from "./storage.ts";
import type { Subject } from "./subject.ts";
import { checkWebhooks } from "./webhook.ts";
import { checkWorkload } from "./workload.ts";

type Check = (root: Place, subject: Subject) => void;

const CHECKS: Readonly<Record<string, Check>> = {
  "/ConfigMap": checkConfigMap,
  "/Secret": checkSecret,
  "/Namespace": checkNamespace,
  "/ResourceQuota": checkQuota,
  "coordination.k8s.io/Lease": checkLease,
  "node.k8s.io/RuntimeClass": checkRuntimeClass,
  "/Service": checkService,
  "/Pod": (root, subject) => checkPod(root.at("spec"), subject),
  "/PodTemplate": (root, subject) => checkPodTemplate(root.at("template"), subject),
  "/PersistentVolume": checkVolume,
  "/PersistentVolumeClaim": (root) => checkClaim(root.at("spec")),
  "apps/DaemonSet": checkWorkload,
  "apps/Deployment": checkWorkload,
  "apps/ReplicaSet": checkWorkload,
  "apps/StatefulSet": checkWorkload,
  "batch/Job": checkBatch,
  "batch/CronJob": checkBatch,
  "rbac.authorization.k8s.io/Role": checkRole,
  "rbac.authorization.k8s.io/ClusterRole": checkRole,
  "rbac.authorization.k8s.io/RoleBinding": checkBinding,
  "rbac.authorization.k8s.io/ClusterRoleBinding": checkBinding,
  "storage.k8s.io/StorageClass": checkStorageClass,
  "storage.k8s.io/CSIDriver": checkCsiDriver,
  "storage.k8s.io/VolumeAttributesClass": checkVolumeAttributesClass,
  "policy/PodDisruptionBudget": checkDisruptionBudget,
  "scheduling.k8s.io/PriorityClass": checkPriorityClass,
  "networking.k8s.io/NetworkPolicy": checkNetworkPolicy,
  "admissionregistration.k8s.io/ValidatingWebhookConfiguration": checkWebhooks,
  "admissionregistration.k8s.io/MutatingWebhookConfiguration": checkWebhooks,
  "apiextensions.k8s.io/CustomResourceDefinition": checkCustomResourceDefinition,
};

/** Checks an object's metadata and what its kind asks for beyond its schema. */
export function checkObject(root: Place, subject: Subject): void {
  checkMetadata(root.at("metadata"), subject);
  const key = `${subject.group}/${subject.kind}`;
  if (subject.custom !== true && Object.hasOwn(CHECKS, key)) CHECKS[key]?.(root, subject);
}
