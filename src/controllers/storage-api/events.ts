/** Reasons of the events that storage controllers tell; whoever watches for them goes by these names. */
export const EVENTS = {
  // about a node's disks, at the ComputeNode
  diskProvisioned: "DiskProvisioned",
  diskRefused: "DiskRefused",
  diskWiped: "DiskWiped",
  diskMissing: "DiskMissing",
  diskUnexpected: "DiskUnexpected",
  diskSwapped: "DiskSwapped",
  diskWrongSize: "DiskWrongSize",
  diskFailing: "DiskFailing",
  diskHealthy: "DiskHealthy",
  provisioningFailed: "ProvisioningFailed",
  volumeGroupCreated: "VolumeGroupCreated",
  volumeGroupMissing: "VolumeGroupMissing",
  // about a volume, at the PersistentVolume or its claim
  volumeDiscovered: "VolumeDiscovered",
  volumeNotMounted: "VolumeNotMounted",
  volumeCleaning: "VolumeCleaning",
  volumeCleaned: "VolumeCleaned",
  volumeCleanFailed: "VolumeCleanFailed",
  volumeQuarantined: "VolumeQuarantined",
  volumeReleasedFromQuarantine: "VolumeReleasedFromQuarantine",
  volumeTainted: "VolumeTainted",
  volumeUntainted: "VolumeUntainted",
  // about scheduling, at the Pod or its claim
  volumeReserved: "VolumeReserved",
  volumeRefused: "VolumeRefused",
} as const;
export type EventReason = (typeof EVENTS)[keyof typeof EVENTS];
