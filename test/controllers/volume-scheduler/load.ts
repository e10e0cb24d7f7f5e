import type { Client } from "../../control-plane/index.ts";
import { systemClock } from "../../../src/controllers/runtime/index.ts";
import { claim, create, list, pod, storageClass, volume } from "./world.ts";

/** Pods with volumes, as databases and queues that replicate themselves have them. */
export interface Load {
  readonly nodes: number;
  readonly disksPerNode: number;
  readonly volumesPerDisk: number;
  readonly apps: number;
  readonly podsPerApp: number;
  /** Every so manieth app's pods have two claims each, data and log. */
  readonly twoClaims: number;
}

export function volumesOf({ nodes, disksPerNode, volumesPerDisk }: Load): readonly object[] {
  const sizes = ["10Gi", "20Gi", "40Gi"];
  return Array.from({ length: nodes }, (_, node) =>
    Array.from({ length: disksPerNode }, (_disk, disk) =>
      Array.from({ length: volumesPerDisk }, (_volume, index) =>
        volume({
          name: `v-${node}-${disk}-${index}`,
          node: `node-${node}`,
          disk: `D${node}-${disk}`,
          size: sizes[(node + disk) % 3] ?? "10Gi",
        }),
      ),
    ).flat(),
  ).flat();
}

/** The claims and the pod number `index` of an app. */
function member(load: Load, app: number, index: number, schedulerName: string): readonly object[] {
  const labels = { app: `app-${app}` };
  const annotations = { "storage.halite.dev/anti-affinity": "app" };
  const names = app % load.twoClaims === 0 ? ["data", "log"] : ["data"];
  const claims = names.map((name) => `${name}-app-${app}-${index}`);
  return [
    ...claims.map((name) => claim({ name, size: app % 2 === 0 ? "8Gi" : "15Gi", labels, annotations })),
    pod(`app-${app}-${index}`, claims, { schedulerName }),
  ];
}

/** Creates everything: scale-ups of all apps at a time, in waves. `between` is awaited after each wave. */
export async function createLoad(
  api: Client,
  load: Load,
  schedulerName: string,
  between: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  await create(api, [storageClass(), ...volumesOf(load)]);
  for (let index = 0; index < load.podsPerApp; index++) {
    await create(api, Array.from({ length: load.apps }, (_, app) => member(load, app, index, schedulerName)).flat());
    await between();
  }
}

export interface Figures {
  readonly pods: number;
  readonly running: number;
  /** Pairs of claims of one app on one disk. */
  readonly violations: number;
  /** Claims that two volumes name, volumes whose claim is bound to another one, volumes that are still held. */
  readonly doubles: number;
  readonly held: number;
  /** How many disks have no claim, one, two, … */
  readonly disksByClaims: readonly number[];
}

/** What has become of the load. */
export async function figuresOf(api: Client): Promise<Figures> {
  // Pods before all else: what those that run have was written before.
  const pods = await list(api, "/api/v1/namespaces/default/pods?limit=5000");
  const [claims, volumes] = await Promise.all([
    list(api, "/api/v1/namespaces/default/persistentvolumeclaims?limit=5000"),
    list(api, "/api/v1/persistentvolumes?limit=5000"),
  ]);
  const byName = new Map(claims.map((each) => [each.metadata.name, each]));
  const disks = new Map<string, string[]>();
  const seen = new Set<string>();
  let doubles = 0;
  let held = 0;
  for (const { metadata, spec } of volumes) {
    const disk = metadata.labels["storage.halite.dev/disk"];
    const there = disks.get(disk) ?? [];
    disks.set(disk, there);
    if (spec.claimRef === undefined) continue;
    if (spec.claimRef.namespace === "halite-reserved") held += 1;
    else {
      const of = byName.get(spec.claimRef.name);
      if (of === undefined) continue;
      if (seen.has(spec.claimRef.name) || of.spec.volumeName !== metadata.name) doubles += 1;
      seen.add(spec.claimRef.name);
      there.push(of.metadata.labels.app);
    }
  }
  const violations = [...disks.values()].reduce((sum, apps) => sum + apps.length - new Set(apps).size, 0);
  const counts = [...disks.values()].map((apps) => apps.length);
  return {
    pods: pods.length,
    running: pods.filter(({ status }) => status.phase === "Running").length,
    violations,
    doubles,
    held,
    disksByClaims: Array.from({ length: Math.max(...counts) + 1 }, (_, many) => counts.filter((each) => each === many).length),
  };
}

/** Waits until all pods run; gives the seconds, and the figures as they are then or at the deadline (in milliseconds). */
export async function untilRunning(api: Client, deadline: number): Promise<Figures & { readonly seconds: number }> {
  const begun = performance.now();
  for (;;) {
    const figures = await figuresOf(api);
    const lasted = performance.now() - begun;
    if (figures.running === figures.pods || lasted > deadline) return { ...figures, seconds: lasted / 1000 };
    await systemClock.sleep(250, new AbortController().signal);
  }
}
