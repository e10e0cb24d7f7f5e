import { ANNOTATIONS, parseTaints, type SystemConfiguration } from "../storage-api/index.ts";
import type { ProvisionerConfig, VolumeClass } from "./config.ts";
import type { ObservedVolume } from "./look.ts";
import { phaseOf, volumeName, type NodeIdentity, type PersistentVolume } from "./persistent-volume.ts";

/** What is to become of a volume now. */
export type Decision =
  /** All is as it is to be. */
  | { readonly action: "none"; readonly state: VolumeState; readonly warning?: string }
  /** The disk is to say first that it was given out. */
  | { readonly action: "create"; readonly volume: ObservedVolume; readonly class: VolumeClass }
  | { readonly action: "clean"; readonly volume: ObservedVolume; readonly class: VolumeClass; readonly existing?: PersistentVolume }
  | { readonly action: "delete"; readonly existing: PersistentVolume }
  | { readonly action: "quarantine"; readonly existing: PersistentVolume; readonly reason: string; readonly message: string }
  | { readonly action: "release"; readonly existing: PersistentVolume }
  /** What the disk or the PersistentVolume say of each other is put right. */
  | { readonly action: "record"; readonly existing: PersistentVolume; readonly volume: ObservedVolume }
  | { readonly action: "annotate"; readonly existing: PersistentVolume };

/** For metrics, and for people. */
export type VolumeState = "available" | "bound" | "released" | "cleaning" | "quarantined" | "refused" | "lost" | "waiting";

export interface Circumstances {
  readonly node: NodeIdentity;
  readonly config: ProvisionerConfig;
  /** Serials of disks that are failing. */
  readonly failing: ReadonlySet<string>;
}

/** What is to be done about a partition, and the PersistentVolume that is its. */
export function decide(volume: ObservedVolume, existing: PersistentVolume | undefined, circumstances: Circumstances): Decision {
  if (existing === undefined) return decideNew(volume, circumstances);
  const { node, config } = circumstances;
  const { partition, record } = volume;
  if (existing.metadata.deletionTimestamp !== undefined) return { action: "none", state: "released" };
  const phase = phaseOf(existing);
  if (phase === "released") return decideReleased(volume, existing, config);
  const problem = problemOf(volume);
  const taints = parseTaints(existing.metadata.annotations?.[ANNOTATIONS.taints]);
  if (phase === "claimed") {
    if (problem !== undefined) return { action: "none", state: volume.lost === undefined ? "bound" : "lost", warning: problem.message };
  } else {
    const [taint] = taints;
    const cause =
      problem ?? (taint === undefined ? undefined : { reason: taint.reason, message: `it is tainted: ${taint.key} (${taint.reason})` });
    if (cause !== undefined)
      return phase === "quarantined" && existing.metadata.annotations?.[ANNOTATIONS.quarantine] === cause.reason
        ? {
            action: "none",
            state: volume.lost === undefined ? "quarantined" : "lost",
            ...(problem !== undefined && { warning: cause.message }),
          }
        : { action: "quarantine", existing, ...cause };
  }
  if (
    record === "unreadable" ||
    record?.state !== "used" ||
    record.cluster !== node.cluster ||
    record.volume !== volumeName(partition.uuid)
  )
    return record === "unreadable"
      ? { action: "none", state: phase === "claimed" ? "bound" : "quarantined", warning: "its disk can't be read" }
      : { action: "record", existing, volume };
  // Only what the disk says is given out may be taken.
  if (phase === "quarantined") return { action: "release", existing };
  if (existing.metadata.annotations?.[ANNOTATIONS.nodeUid] !== node.uid) return { action: "annotate", existing };
  return { action: "none", state: phase === "claimed" ? "bound" : "available" };
}

/** A partition that no PersistentVolume stands for. */
function decideNew(volume: ObservedVolume, { node, config, failing }: Circumstances): Decision {
  const { partition, record, lost } = volume;
  const { serial } = partition.disk;
  if (lost !== undefined) return { action: "none", state: "lost", warning: lost };
  const settings = config.classes.get(partition.storageClass);
  if (settings === undefined)
    return {
      action: "none",
      state: "refused",
      warning: `nobody says how volumes of class ${partition.storageClass} are cleaned: localvolume-provisioner:classes does not have it`,
    };
  const mayErase = config.erase.includes(serial);
  if (record === "unreadable") return { action: "none", state: "refused", warning: `disk ${serial} can't be read` };
  if (record === undefined && !mayErase)
    return {
      action: "none",
      state: "refused",
      warning: `disk ${serial} does not say whose its partition ${partition.uuid} was; list the serial in erase if its contents may go`,
    };
  if (record?.cluster !== undefined && record.cluster !== node.cluster && !mayErase)
    return {
      action: "none",
      state: "refused",
      warning: `partition ${partition.uuid} of disk ${serial} is ${record.volume ?? "a volume"} of another cluster (${record.cluster}); list the serial in erase if its contents may go`,
    };
  // What lay on the disk before can be read from a device, and not from a file system.
  const isReady = record?.state === "clean" || (record?.state === "new" && partition.filesystem !== undefined);
  if (!isReady) return decideClean(volume, settings, undefined);
  if (failing.has(serial)) return { action: "none", state: "quarantined", warning: `disk ${serial} is failing: no volume is made on it` };
  const problem = problemOf(volume);
  if (problem !== undefined) return { action: "none", state: "waiting", warning: problem.message };
  return { action: "create", volume, class: settings };
}

function decideReleased(volume: ObservedVolume, existing: PersistentVolume, config: ProvisionerConfig): Decision {
  if (existing.spec?.persistentVolumeReclaimPolicy !== "Delete") return { action: "none", state: "released" };
  const { partition, record, lost } = volume;
  if (lost !== undefined) return { action: "none", state: "lost", warning: `it can't be cleaned: ${lost}` };
  if (record === "unreadable") return { action: "none", state: "lost", warning: "it can't be cleaned: its disk can't be read" };
  // Clean since this very volume was released: what the disk says is believed, and nothing else.
  if (record?.state === "clean" && record.volume === existing.metadata.name) return { action: "delete", existing };
  const settings = config.classes.get(partition.storageClass);
  if (settings === undefined)
    return { action: "none", state: "refused", warning: `nobody says how volumes of class ${partition.storageClass} are cleaned` };
  return decideClean(volume, settings, existing);
}

function decideClean(volume: ObservedVolume, settings: VolumeClass, existing: PersistentVolume | undefined): Decision {
  if (volume.uses.length > 0)
    return { action: "none", state: "released", warning: `it can't be cleaned, as it is still in use: ${volume.uses.join("; ")}` };
  // Its files can only be removed where they are. Others make the file system anew.
  if (settings.clean === "clear" && !volume.mounted)
    return { action: "none", state: "waiting", warning: "it can't be cleaned: its file system is not mounted" };
  return { action: "clean", volume, class: settings, ...(existing !== undefined && { existing }) };
}

function problemOf({ lost, mounted, partition }: ObservedVolume): { readonly reason: string; readonly message: string } | undefined {
  if (lost !== undefined) return { reason: "DeviceLost", message: lost };
  if (!mounted) return { reason: "NotMounted", message: `its file system is not mounted at ${partition.filesystem?.mountPath ?? ""}` };
  return undefined;
}

/** A PersistentVolume of this node whose partition the system configuration does not have. */
export function decideUnconfigured(existing: PersistentVolume): Decision {
  const message = "the node's system configuration does not have its partition";
  if (existing.metadata.deletionTimestamp !== undefined) return { action: "none", state: "released" };
  switch (phaseOf(existing)) {
    case "claimed":
      return { action: "none", state: "lost", warning: message };
    case "released":
      return { action: "none", state: "lost", warning: `it can't be cleaned: ${message}` };
    case "quarantined":
      return { action: "none", state: "lost" };
    default:
      return { action: "quarantine", existing, reason: "DeviceLost", message };
  }
}

/** The partition whose volume it is by its name. */
export function partitionOf({ metadata }: PersistentVolume, { partitions }: SystemConfiguration): string | undefined {
  return partitions.find(({ uuid }) => volumeName(uuid) === metadata.name)?.uuid;
}
