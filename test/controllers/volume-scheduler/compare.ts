import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildControlPlane, Client, startControlPlane } from "../../control-plane/index.ts";
import { canHavePlane } from "../../control-plane/use-plane.ts";
import { freePorts } from "../../control-plane/ports.ts";
import { Program } from "../../control-plane/process.ts";
import { createLoad, untilRunning, type Load } from "./load.ts";
import { SchedulerStack } from "./stack.ts";

/** 360 volumes on 120 disks; 240 pods with 304 claims. */
export const COMPARED: Load = { nodes: 20, disksPerNode: 6, volumesPerDisk: 3, apps: 30, podsPerApp: 8, twoClaims: 4 };

/** The same load under the volume scheduler, and under a stock kube-scheduler with the same rates: a line each. */
export async function compareWithStock(): Promise<readonly string[]> {
  if (!(await canHavePlane())) return ["absent: a control plane to compare with stock volume scheduling"];
  const lines: string[] = [];
  for (const who of ["stock", "halite-storage"] as const) {
    const plane = await startControlPlane({ controllers: "*", nodes: COMPARED.nodes });
    const api = new Client(plane);
    const stack = new SchedulerStack(plane, api);
    const ends: (() => Promise<unknown>)[] = [];
    try {
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
        await stack.install();
        const pod = await stack.start("one");
        ends.push(() => pod.kill());
      }
      const begun = performance.now();
      await createLoad(api, COMPARED, who === "stock" ? "default-scheduler" : who);
      const found = await untilRunning(api, 120_000);
      const seconds = ((performance.now() - begun) / 1000).toFixed(1);
      lines.push(
        `${who.padEnd(15)} ${found.running} of ${found.pods} pods run after ${seconds} s; ${found.violations} pairs of one app on one disk; ` +
          `${found.fewest} to ${found.most} claims on a disk`,
      );
    } finally {
      for (const end of ends) await end();
      api.close();
      await plane.stop();
      stack.remove();
    }
  }
  return lines;
}
