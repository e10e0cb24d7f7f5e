import { textAt, type Json } from "../../json/index.ts";
import type { Danger, DangerLevel, ObjectRef } from "../model.ts";

interface Endangered {
  readonly level: DangerLevel;
  /** What goes with it; after "deletes it: ". */
  readonly what: (object: Json) => string;
}

const always =
  (what: string): Endangered["what"] =>
  () =>
    what;

/** What goes with an object of a kind, by `group/kind`. */
const ENDANGERED: Readonly<Record<string, Endangered>> = {
  "/PersistentVolume": { level: "critical", what: volume },
  "/PersistentVolumeClaim": {
    level: "critical",
    what: (object) => {
      const storageClass = textAt(object, "spec", "storageClassName");
      return `with a volume whose reclaim policy is Delete${storageClass === undefined ? "" : ` (storage class ${storageClass})`} its data go too`;
    },
  },
  "/Namespace": {
    level: "critical",
    what: always("everything in it goes too, whoever made it: pods, secrets, and the claims with their data"),
  },
  "apiextensions.k8s.io/CustomResourceDefinition": {
    level: "critical",
    what: (object) => `every ${textAt(object, "spec", "names", "kind") ?? "custom resource"} of the cluster goes too, whoever made it`,
  },
  "snapshot.storage.k8s.io/VolumeSnapshot": {
    level: "critical",
    what: always("with the deletion policy Delete the snapshot itself goes too"),
  },
  "snapshot.storage.k8s.io/VolumeSnapshotContent": {
    level: "critical",
    what: always("with the deletion policy Delete the snapshot itself goes too"),
  },
  "storage.k8s.io/StorageClass": { level: "high", what: always("volumes that are there stay; claims that name it wait for ever") },
  "snapshot.storage.k8s.io/VolumeSnapshotClass": {
    level: "high",
    what: always("snapshots that are there stay; new ones that name it are not taken"),
  },
  "storage.k8s.io/VolumeAttributesClass": { level: "high", what: always("claims that name it can't be changed to it any more") },
  "storage.k8s.io/CSIDriver": { level: "high", what: always("pods with volumes of this driver don't start on any node until it is back") },
  "/Secret": { level: "high", what: always("pods that mount it don't start any more, and drivers that read it lose their credentials") },
  "/ConfigMap": { level: "medium", what: always("pods that mount it don't start any more") },
  "/ServiceAccount": { level: "high", what: always("its pods can't be made any more, and their tokens are refused") },
  "/Service": { level: "high", what: always("its address goes; whoever connects to it can't") },
  "apps/DaemonSet": { level: "high", what: always("its pods stop on every node") },
  "apps/Deployment": { level: "high", what: always("its pods stop") },
  "apps/StatefulSet": {
    level: "high",
    what: always("its pods stop; their claims stay unless persistentVolumeClaimRetentionPolicy says Delete"),
  },
  "batch/CronJob": { level: "medium", what: always("it runs no more") },
  "batch/Job": { level: "low", what: always("its pods and their logs go") },
  "networking.k8s.io/NetworkPolicy": { level: "high", what: always("traffic that it kept out gets in") },
  "policy/PodDisruptionBudget": { level: "medium", what: always("a drain may stop all its pods at once") },
  "scheduling.k8s.io/PriorityClass": { level: "high", what: always("pods that name it can't be made any more") },
  "node.k8s.io/RuntimeClass": { level: "high", what: always("pods that name it can't be made any more") },
  "admissionregistration.k8s.io/ValidatingWebhookConfiguration": { level: "high", what: always("what it refused is let in") },
  "admissionregistration.k8s.io/ValidatingAdmissionPolicy": { level: "high", what: always("what it refused is let in") },
  "admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding": { level: "high", what: always("what it refused is let in") },
  "admissionregistration.k8s.io/MutatingWebhookConfiguration": { level: "high", what: always("objects are no longer changed by it") },
  "rbac.authorization.k8s.io/ClusterRole": { level: "medium", what: always("whoever is bound to it loses these rights") },
  "rbac.authorization.k8s.io/Role": { level: "medium", what: always("whoever is bound to it loses these rights") },
  "rbac.authorization.k8s.io/ClusterRoleBinding": { level: "medium", what: always("its subjects lose their rights") },
  "rbac.authorization.k8s.io/RoleBinding": { level: "medium", what: always("its subjects lose their rights") },
};

function volume(object: Json): string {
  return textAt(object, "spec", "persistentVolumeReclaimPolicy") === "Delete"
    ? "its reclaim policy is Delete, so the driver may delete the data behind it"
    : "the data stay where they are, but the claim that is bound to it is lost and nothing leads to them any more";
}

/** What the deletion of an object endangers. `custom`: whether its kind is a custom resource's. */
export function deletionDanger(ref: ObjectRef, object: Json, custom: boolean): Danger {
  if (ref.mode === "EnsureExists")
    return {
      level: "low",
      code: "leaves-behind",
      message: "its mode is EnsureExists: it stays in clusters that have it, and is only not made any more",
    };
  const known = ENDANGERED[`${groupOf(ref.apiVersion)}/${ref.kind}`];
  const { level, what } = known ?? (custom ? CUSTOM : OTHER);
  return { level, code: level === "critical" ? "delete-data" : "delete", message: `deletes it: ${what(object)}` };
}

const CUSTOM: Endangered = { level: "high", what: always("its controller takes away what it made for it") };
const OTHER: Endangered = { level: "medium", what: always("whatever uses it finds nothing") };

export function groupOf(apiVersion: string): string {
  return apiVersion.includes("/") ? apiVersion.slice(0, apiVersion.indexOf("/")) : "";
}
