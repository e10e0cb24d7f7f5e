import { At } from "../../schema/index.ts";
import { anyMatches } from "../glob.ts";
import type { Policy } from "../types.ts";

/** The mark of what nobody may lose: a label or an annotation with the value "true". */
export const PRECIOUS = "halite.dev/precious";

/** The annotations that make a class the default one. */
export const DEFAULT_CLASS: readonly string[] = [
  "storageclass.kubernetes.io/is-default-class",
  "storageclass.beta.kubernetes.io/is-default-class",
  "snapshot.storage.kubernetes.io/is-default-class",
];

/** Where each kind says what becomes of the data. */
const POLICY_FIELD: Readonly<Record<string, readonly string[]>> = {
  StorageClass: ["reclaimPolicy"],
  VolumeSnapshotClass: ["deletionPolicy"],
  VolumeGroupSnapshotClass: ["deletionPolicy"],
  PersistentVolume: ["spec", "persistentVolumeReclaimPolicy"],
};

/** Policies of classes and volumes. */
export const CLASS_POLICIES: readonly Policy[] = [
  {
    code: "policy-precious-delete",
    title: "reclaimPolicy Delete on a precious class",
    severity: "error",
    reason: "With Delete the data are gone the moment somebody deletes the claim, by hand, with a namespace or by a mistaken prune.",
    advice: "write Retain",
    looksAt:
      '`reclaimPolicy` of StorageClasses, `deletionPolicy` of VolumeSnapshotClasses and `persistentVolumeReclaimPolicy` of PersistentVolumes that are marked precious: by a label or annotation `halite.dev/precious: "true"`, or by their name in `precious` of the settings. A StorageClass without the field is `Delete`. `halite.dev/precious: "false"` takes an object out of `precious` of the settings.',
    kinds: new Set(Object.keys(POLICY_FIELD)),
    *check(object, { limits }) {
      const field = Object.hasOwn(POLICY_FIELD, object.kind) ? POLICY_FIELD[object.kind] : undefined;
      if (field === undefined) return;
      const root = new At(object.json);
      const mark = root.at("metadata", "annotations", PRECIOUS).text ?? root.at("metadata", "labels", PRECIOUS).text;
      if (mark === undefined ? !anyMatches(limits.precious, object.name) : mark !== "true") return;
      const place = root.at(...field);
      const policy = place.text ?? (object.kind === "StorageClass" ? "Delete" : undefined);
      if (policy !== "Delete") return;
      const said = place.present ? `${field.at(-1) ?? ""}: Delete` : `no ${field.at(-1) ?? ""}, which means Delete`;
      yield { message: `${object.kind} ${object.name} is marked precious and has ${said}`, pointer: place.path };
    },
  },
  {
    code: "policy-default-classes",
    title: "Two default classes",
    severity: "error",
    reason:
      "Of two default StorageClasses a claim without a class gets the newest one: which that is hangs on when each was created, and differs between clusters. Two default VolumeSnapshotClasses of a driver make every snapshot without a class fail.",
    advice: 'set is-default-class: "true" on one of them',
    looksAt:
      "The default annotations of all StorageClasses of a cluster, and of its VolumeSnapshotClasses by driver, over all of its addons.",
    variesByCluster: true,
  },
];
