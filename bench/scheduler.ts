import { request } from "node:http";
import {
  filter,
  Inventory,
  NodeMemory,
  nodeOf,
  podOf,
  prepare,
  claimOf,
  classOf,
  volumeOf,
} from "../src/controllers/volume-scheduler/index.ts";
import type { KubernetesObject } from "../src/kubernetes/index.ts";
import { COMPARED, compareWithStock } from "../test/controllers/volume-scheduler/compare.ts";
import { canHavePlane } from "../test/control-plane/use-plane.ts";
import { extenderWithoutCluster } from "../test/controllers/volume-scheduler/without-cluster.ts";
import { claim, pod, storageClass, volume } from "../test/controllers/volume-scheduler/world.ts";
import { remark } from "./table.ts";

const NODES = 5000;
const DISKS = 24;
const APPS = 500;
const DECISIONS = 300;

/** Decisions over 5,000 nodes with 24 volumes each, and the real scheduler beside the stock one. */
export async function measureScheduler(): Promise<void> {
  remark(
    `\nvolume scheduler: ${NODES} nodes, ${DISKS} volumes each, half of them taken, ${APPS} apps with rules; ${DECISIONS} pods each; what is asked the first time apart`,
  );
  const before = process.memoryUsage().rss;
  const inventory = cluster();
  remark(`the inventory takes ${Math.round((process.memoryUsage().rss - before) / 2 ** 20)} MiB`);
  for (const [what, claims] of [
    ["one claim, apart from its app's", 1],
    ["three claims, apart from each other and their app's", 3],
    ["six claims, apart from each other and their app's", 6],
  ] as const) {
    const pods = Array.from({ length: DECISIONS }, (_, index) => asking(inventory, index, claims));
    const names = Array.from({ length: NODES }, (_, node) => `node-${node}`);
    const memory = new NodeMemory();
    const cpu: number[] = [];
    const pure = pods.map((each) => {
      const spent = process.cpuUsage();
      const begun = performance.now();
      const prepared = prepare(inventory, podOf(each));
      if (prepared.kind === "ready") filter(inventory, prepared.request, names, memory);
      const wall = performance.now() - begun;
      const { user, system } = process.cpuUsage(spent);
      cpu.push((user + system) / 1000);
      return wall;
    });
    row(`${what}: decision, wall`, pure);
    row(`${what}: decision, CPU, V8's own threads included`, cpu);
    row(`${what}: filter over HTTP`, await overHttp(inventory, pods, names));
  }
  if (!(await canHavePlane())) {
    remark("absent: a control plane to compare with stock volume scheduling");
    return;
  }
  for (const { who, seconds, pods, running, violations, disksByClaims } of await compareWithStock(COMPARED)) {
    const spread = disksByClaims.flatMap((disks, claims) => (disks === 0 ? [] : [`${claims}: ${disks}`])).join(", ");
    remark(
      `${who.padEnd(15)} ${running} of ${pods} pods run after ${seconds.toFixed(1)} s; ${violations} pairs of one app on one disk; disks by claims: ${spread}`,
    );
  }
}

function row(what: string, milliseconds: readonly number[]): void {
  const [first = 0, ...others] = milliseconds;
  const sorted = others.sort((a, b) => a - b);
  const at = (share: number): string =>
    (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1).padStart(7);
  remark(`${what.padEnd(72)} p50 ${at(0.5)} ms  p99 ${at(0.99)} ms  most ${at(1)} ms  first ${first.toFixed(0)} ms`);
}

function cluster(): Inventory {
  const inventory = new Inventory();
  let version = 0;
  const as = (object: object): KubernetesObject => {
    const { metadata, ...rest } = object as KubernetesObject;
    version += 1;
    return { ...rest, metadata: { uid: `uid-${metadata.name}`, ...metadata, resourceVersion: String(version) } };
  };
  inventory.putClass(classOf(as(storageClass())));
  for (let node = 0; node < NODES; node++) {
    const name = `node-${node}`;
    inventory.putNode(nodeOf(as({ apiVersion: "v1", kind: "Node", metadata: { name, labels: { "kubernetes.io/hostname": name } } })));
    for (let disk = 0; disk < DISKS; disk++) {
      const id = `${node}-${disk}`;
      const taken = (node * 7 + disk * 13) % 2 === 0;
      if (taken) {
        const app = (node * DISKS + disk) % APPS;
        const made = as(claim({ name: `c-${id}`, labels: { app: `app-${app}` }, annotations: RULE }));
        const annotations = { ...made.metadata.annotations, "pv.kubernetes.io/bind-completed": "yes" };
        inventory.putClaim(
          claimOf({ ...made, metadata: { ...made.metadata, annotations }, spec: { ...(made["spec"] as object), volumeName: `v-${id}` } }),
        );
      }
      const claimRef = taken ? { claimRef: { namespace: "default", name: `c-${id}`, uid: `uid-c-${id}` } } : {};
      const made = volume({ name: `v-${id}`, node: name, disk: `D${id}`, size: `${10 + (disk % 4) * 10}Gi`, ...claimRef });
      inventory.putVolume(volumeOf(as({ ...made, status: { phase: taken ? "Bound" : "Available" } })));
    }
  }
  return inventory;
}

const RULE = { "storage.halite.dev/anti-affinity": "app" };

/** A pod that asks, its claims known. */
function asking(inventory: Inventory, index: number, count: number): KubernetesObject {
  const names = Array.from({ length: count }, (_, number) => `ask-${count}-${index}-${number}`);
  for (const name of names) {
    const made = claim({ name, size: "15Gi", labels: { app: `app-${index % APPS}` }, annotations: RULE }) as KubernetesObject;
    inventory.putClaim(claimOf({ ...made, metadata: { ...made.metadata, uid: `uid-${name}` } }));
  }
  const made = pod(`pod-${count}-${index}`, names) as KubernetesObject;
  return { ...made, metadata: { ...made.metadata, uid: `uid-pod-${count}-${index}` } };
}

async function overHttp(inventory: Inventory, pods: readonly KubernetesObject[], names: readonly string[]): Promise<readonly number[]> {
  const extender = await extenderWithoutCluster(inventory);
  const times: number[] = [];
  for (const Pod of pods) {
    const body = JSON.stringify({ Pod, NodeNames: names });
    const begun = performance.now();
    await post(extender.port, body);
    times.push(performance.now() - begun);
  }
  await extender.stop();
  return times;
}

function post(port: number, body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = request(
      { host: "127.0.0.1", port, path: "/filter", method: "POST", headers: { "content-length": Buffer.byteLength(body) } },
      (answer) => {
        answer.resume();
        answer.once("end", () => resolve());
      },
    );
    call.once("error", reject);
    call.end(body);
  });
}
