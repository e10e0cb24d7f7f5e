/** What a cluster's addons are set to: pillar and Helm values both come from here. */

/** The generator's addons, in the order of the top file. */
export const ADDONS: readonly string[] = [
  "storage-base",
  "rbd-plugin",
  "cephfs-plugin",
  "nfs-plugin",
  "snapshot-controller",
  "node-problem",
  "sealed-secrets",
  "local-static",
  "local-dynamic",
  "disk-monitor",
  "backup-agent",
  "storage-alerts",
  "volume-scheduler",
];

/** What the components' own defaults.yaml gives, and pillar does not repeat. */
export const DEFAULTS = { revisionHistoryLimit: 3, logLevel: "4" };

/** The addon's settings that are the variant's. */
export function variantSettings(addon: string, index: number, variant: number): Readonly<Record<string, unknown>> {
  return {
    image: { repository: `registry.example.com/storage/${addon}`, tag: `v1.${index}.${variant % 4}` },
    replicas: 1 + (variant % 3),
    resources: { cpu: `${50 + 10 * (variant % 5)}m`, memory: `${64 + 16 * (variant % 7)}Mi` },
    tolerations: [
      { key: "node-role.kubernetes.io/control-plane", effect: "NoSchedule" },
      { key: "storage.example.com/maintenance", effect: "NoExecute" },
    ],
    classes: Array.from({ length: 2 }, (_, number) => ({
      name: `${addon}-${number}`,
      pool: poolName(variant, number),
      policy: number === 0 ? "Delete" : "Retain",
    })),
    config: Array.from({ length: 8 }, (_, number) => ({
      key: `option-${number}`,
      value: `value ${number} of ${addon} in variant ${variant}`,
    })),
    metrics: variant % 2 === 0,
    priority: 100000 + index,
  };
}

export function poolName(variant: number, number: number): string {
  return `pool-${variant}-${number}`;
}

/** The settings that are a region's, by addon. */
export function regionSettings(region: number): Readonly<Record<string, Readonly<Record<string, unknown>>>> {
  return { "cephfs-plugin": { endpoint: `ceph.r${region}.example.com` } };
}

/** The settings that are an availability zone's, by addon. */
export function zoneSettings(zone: number): Readonly<Record<string, Readonly<Record<string, unknown>>>> {
  return { "local-static": { zone: `az${zone}` } };
}

/** A mapping that one addon of a hostile fleet prints whole; a region overrides one of its values. */
export const THRESHOLDS: Readonly<Record<string, number>> = { "latency-ms": 50, "queue-length": 128, "used-percent": 85 };

export function regionThresholds(region: number): Readonly<Record<string, number>> {
  return { "latency-ms": 20 + 10 * region };
}
