import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildControlPlane, Client, startControlPlane } from "../../control-plane/index.ts";
import { freePorts } from "../../control-plane/ports.ts";
import { Program } from "../../control-plane/process.ts";
import { createLoad, untilRunning, type Figures, type Load } from "./load.ts";
import { until } from "../runtime/api.ts";
import { SchedulerStack } from "./stack.ts";
import { list } from "./world.ts";

/** 480 volumes on 120 disks; 240 pods with 304 claims. */
export const COMPARED: Load = { nodes: 20, disksPerNode: 6, volumesPerDisk: 4, apps: 30, podsPerApp: 8, twoClaims: 4 };

const VOLUMES = "/api/v1/persistentvolumes?limit=5000";

export interface Compared extends Figures {
  readonly who: "stock" | "halite-storage";
  /** From the scheduler's start, when all pods are there already, until all of them run. */
  readonly seconds: number;
}

/** The same load under a stock kube-scheduler and under the volume scheduler, with the same rates. */
export async function compareWithStock(load: Load): Promise<readonly Compared[]> {
  const compared: Compared[] = [];
  for (const who of ["stock", "halite-storage"] as const) {
    const plane = await startControlPlane({ controllers: "*", nodes: load.nodes });
    const api = new Client(plane);
    const stack = new SchedulerStack(plane, api);
    const ends: (() => Promise<unknown>)[] = [];
    try {
      if (who === "halite-storage") await stack.install();
      await createLoad(api, load, who === "stock" ? "default-scheduler" : who);
      // Neither takes a volume that Kubernetes has not called available yet.
      await until("all volumes are available", async () => (await list(api, VOLUMES)).every(({ status }) => status.phase === "Available"));
      const begun = performance.now();
      if (who === "stock") {
        const [port = 0] = await freePorts(1);
        const file = join(plane.folder, "stock.yaml");
        const clientConnection = { kubeconfig: plane.kubeconfig, qps: 500, burst: 1000 };
        const head = { apiVersion: "kubescheduler.config.k8s.io/v1", kind: "KubeSchedulerConfiguration" };
        writeFileSync(file, JSON.stringify({ ...head, clientConnection, leaderElection: { leaderElect: false } }));
        const flags = [`--config=${file}`, `--secure-port=${port}`, "--bind-address=127.0.0.1"];
        const scheduler = new Program("kube-scheduler", (await buildControlPlane()).scheduler, flags, plane.folder);
        ends.push(() => scheduler.stop());
      } else {
        const pod = await stack.start("one");
        ends.push(() => pod.kill());
      }
      const figures = await untilRunning(api, 240_000);
      compared.push({ ...figures, who, seconds: (performance.now() - begun) / 1000 });
    } finally {
      for (const end of ends) await end();
      api.close();
      await plane.stop();
      stack.remove();
    }
  }
  return compared;
}
