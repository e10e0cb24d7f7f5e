import { API_GROUP } from "../storage-api/index.ts";

/**
 * Annotations of a PersistentVolumeClaim that say where its volume may be. A StorageClass may carry them too: then they hold for its claims that
 * don't say otherwise.
 */
export const RULES = {
  /** Required: terms, separated by commas, each a label's key or several joined by `+`. Not on a disk of a claim that has the same values. */
  antiAffinity: `${API_GROUP}/anti-affinity`,
  /** The same, where it can be had. */
  preferredAntiAffinity: `${API_GROUP}/anti-affinity-preferred`,
  /** `namespace` (default): claims of one's own namespace count; `cluster`: all do. */
  scope: `${API_GROUP}/anti-affinity-scope`,
  /** `spread` (default): disks with few claims first; `pack`: those that are used already first. */
  placement: `${API_GROUP}/placement`,
  /** `ssd`, `hdd`, `nvme`; several, separated by commas: any of them. */
  media: `${API_GROUP}/required-media`,
} as const;

/** Labels of a claim that are rules by themselves: claims of one value are not put on one disk. */
export const GROUPS = {
  required: `${API_GROUP}/anti-affinity-group`,
  preferred: `${API_GROUP}/anti-affinity-group-preferred`,
} as const;

/** Of a PersistentVolume or a claim: for whom it was chosen, see `Reservation`. */
export const RESERVATION = `${API_GROUP}/reservation`;

/**
 * The namespace of the claims that held volumes are reserved for. There is none of the name, so that no claim is ever bound by it: a volume whose
 * claimRef is somebody else's is left alone by every binder.
 */
export const HELD = "halite-reserved";

/** Kubernetes' own, of claims and volumes (k8s.io/component-helpers/storage/volume). */
export const KUBERNETES = {
  selectedNode: "volume.kubernetes.io/selected-node",
  bindCompleted: "pv.kubernetes.io/bind-completed",
  boundByController: "pv.kubernetes.io/bound-by-controller",
  classAnnotation: "volume.beta.kubernetes.io/storage-class",
  hostname: "kubernetes.io/hostname",
  noProvisioner: "kubernetes.io/no-provisioner",
} as const;

/** Of the LVM driver: what its volumes' node affinity and its classes' parameters are called. */
export const LVM = {
  driver: "lvm.csi.halite.dev",
  nodeTopology: "topology.lvm.halite.dev/node",
  groupTopology: "topology.lvm.halite.dev/vg-",
  groupParameter: "volumeGroup",
  typeParameter: "type",
  thin: "thin",
  striped: "striped",
} as const;
