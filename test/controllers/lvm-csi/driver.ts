import { driverParts, type DriverParts } from "../../../src/controllers/lvm-csi/driver.ts";
import { jsonLog } from "../../../src/controllers/runtime/index.ts";
import { formatSystemConfiguration, SYSTEM_CONFIGURATION, type ConfiguredVolumeGroup } from "../../../src/controllers/storage-api/index.ts";
import type { VolumeCapability } from "../../../src/controllers/csi/index.ts";
import { ManualClock } from "../runtime/manual-clock.ts";
import { SimulatedNode } from "./simulated-node.ts";

export const MIB = 2 ** 20;
export const SIZE = 320 * MIB;
export const MOUNT: VolumeCapability = {
  mount: { fsType: "xfs", mountFlags: [], volumeMountGroup: "" },
  accessMode: { mode: "SINGLE_NODE_WRITER" },
};
export const BLOCK: VolumeCapability = { block: {}, accessMode: { mode: "SINGLE_NODE_WRITER" } };
export const STAGING = "/var/lib/kubelet/plugins/kubernetes.io/csi/lvm.csi.halite.dev/abc/globalmount";

/** Where the kubelet has a pod's volume. */
export function targetOf(pod: string, claim = "pvc-1"): string {
  return `/var/lib/kubelet/pods/${pod}/volumes/kubernetes.io~csi/${claim}/mount`;
}
export const POD = "0b3a2a52-6ad0-4f0e-9a0b-0c2f5d0a7c11";

/** Says what groups the driver has, in the node's file. */
export function configure(node: SimulatedNode, groups: readonly Partial<ConfiguredVolumeGroup>[]): void {
  const volumeGroups = groups.map((group) => ({ name: "data", uuid: "", disks: [], reserve: 0, ...group }));
  node.files.set(SYSTEM_CONFIGURATION, formatSystemConfiguration({ node: "n1", flavor: "f", partitions: [], volumeGroups }));
}

/** A node with one group of two disks of 2 GiB, and a thin pool of a quarter of both. `mib`: of each disk. */
export function simulatedNode(mib = 2048): { readonly node: SimulatedNode; readonly uuid: string } {
  const node = new SimulatedNode();
  const uuid = node.addGroup("data", [mib / 4, mib / 4]);
  node.addPool(uuid, "pool", mib / 8);
  configure(node, [{ uuid, thinPool: "pool" }]);
  return { node, uuid };
}

/** A driver on it, as a process that has just begun. */
export function driverOn(node: SimulatedNode, name = "n1", clock = new ManualClock()): DriverParts & { readonly lines: string[] } {
  const lines: string[] = [];
  const log = jsonLog({ clock, write: (line) => lines.push(line) });
  return { ...driverParts({ node: name, version: "1", commands: node.process(), files: node, clock, log }), lines };
}

export function createRequest(name: string, more: Partial<Parameters<DriverParts["services"]["Controller"]["CreateVolume"]>[0]> = {}) {
  return {
    name,
    capacityRange: { requiredBytes: SIZE, limitBytes: 0 },
    volumeCapabilities: [MOUNT],
    parameters: {},
    mutableParameters: {},
    ...more,
  };
}
