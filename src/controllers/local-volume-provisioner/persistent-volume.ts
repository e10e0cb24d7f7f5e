import type { JsonObject, KubernetesObject } from "../../kubernetes/index.ts";
import type { ResourceType } from "../runtime/index.ts";
import { ANNOTATIONS, LABELS, labelValue, QUARANTINE, type ConfiguredPartition } from "../storage-api/index.ts";
import type { VolumeClass } from "./config.ts";

export const PERSISTENT_VOLUMES: ResourceType = {
  group: "",
  version: "v1",
  plural: "persistentvolumes",
  kind: "PersistentVolume",
  namespaced: false,
};

/** A core/v1 PersistentVolume, as far as it is looked at here. */
export interface PersistentVolume extends KubernetesObject {
  readonly spec?: JsonObject & {
    readonly claimRef?: JsonObject & { readonly namespace?: string; readonly name?: string; readonly uid?: string };
    readonly persistentVolumeReclaimPolicy?: string;
    readonly capacity?: { readonly storage?: string };
  };
  readonly status?: JsonObject & { readonly phase?: string };
}

/** Of PersistentVolumes that this program reclaims: without it Kubernetes' own controller tries, and can't. */
export const PROVISIONER = "storage.halite.dev/local-volume-provisioner";

/** What of a node its volumes name. */
export interface NodeIdentity {
  /** The Node's name. */
  readonly name: string;
  readonly uid: string;
  /** Its label kubernetes.io/hostname. */
  readonly hostname: string;
  /** The uid of the cluster's namespace kube-system. */
  readonly cluster: string;
}

/**
 * The name of a partition's volume: a partition has one UUID for as long as it is there, no two have the same, and another one at its place has another.
 */
export function volumeName(partition: string): string {
  return `local-${partition}`;
}

/** What is given out: not the root of the file system, so that a pod finds nothing in its place where it is not mounted. */
export function dataPath(mountPath: string): string {
  return `${mountPath}/data`;
}

/** @param size in bytes, of the mounted file system or the device */
export function persistentVolume(
  partition: ConfiguredPartition,
  size: number,
  flavor: string,
  node: NodeIdentity,
  { reclaim }: VolumeClass,
): PersistentVolume {
  const { disk, uuid, device, filesystem, storageClass, labels } = partition;
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: {
      name: volumeName(uuid),
      labels: {
        ...labels,
        [LABELS.node]: labelValue(node.name),
        [LABELS.disk]: labelValue(disk.serial),
        [LABELS.media]: disk.media,
        [LABELS.flavor]: labelValue(flavor),
      },
      annotations: {
        [ANNOTATIONS.serial]: disk.serial,
        [ANNOTATIONS.nodeUid]: node.uid,
        "pv.kubernetes.io/provisioned-by": PROVISIONER,
      },
    },
    spec: {
      capacity: { storage: String(size) },
      accessModes: ["ReadWriteOnce"],
      volumeMode: filesystem === undefined ? "Block" : "Filesystem",
      persistentVolumeReclaimPolicy: reclaim,
      storageClassName: storageClass,
      local: { path: filesystem === undefined ? device : dataPath(filesystem.mountPath) },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: [node.hostname] }] }],
        },
      },
    },
  };
}

/** `free`: nobody's; `quarantined`: reserved for nobody, by us; `claimed`: a claim has it, or is to have it; `released`: its claim is gone. */
export type VolumePhase = "free" | "quarantined" | "claimed" | "released";

export function phaseOf({ spec, status }: PersistentVolume): VolumePhase {
  const claim = spec?.claimRef;
  if (claim?.namespace === QUARANTINE.namespace && claim.name === QUARANTINE.name) return "quarantined";
  // Failed: somebody else has tried to reclaim it.
  if (status?.phase === "Released" || status?.phase === "Failed") return "released";
  return claim === undefined ? "free" : "claimed";
}

/** The same volume, reserved for nobody or for anybody. */
export function withQuarantine(volume: PersistentVolume, reason: string | undefined): PersistentVolume {
  const { [ANNOTATIONS.quarantine]: _reason, ...annotations } = volume.metadata.annotations ?? {};
  const { claimRef: _claim, ...spec } = volume.spec ?? {};
  return {
    ...volume,
    metadata: { ...volume.metadata, annotations: { ...annotations, ...(reason !== undefined && { [ANNOTATIONS.quarantine]: reason }) } },
    spec: { ...spec, ...(reason !== undefined && { claimRef: { kind: "PersistentVolumeClaim", apiVersion: "v1", ...QUARANTINE } }) },
  };
}
