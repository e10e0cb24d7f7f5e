import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { bundleControllers } from "../../scripts/bundle.mjs";
import { daemonSet, writeDemoFleet } from "../bundle/demo.ts";
import { halite, inTemporaryFolder, PROJECT } from "../cli/halite.ts";
import type { Client, ControlPlane } from "../control-plane/index.ts";
import { canHavePlane, usePlane } from "../control-plane/use-plane.ts";
import { until } from "./runtime/api.ts";

const possible = await canHavePlane();
const MAPS = "/api/v1/namespaces/kube-system/configmaps";

describe.skipIf(!possible)("a controller's way into a cluster", () => {
  let plane: ControlPlane;
  let api: Client;
  usePlane({}, (started) => ({ plane, api } = started));

  test("from its sources through render and apply; what the cluster holds then runs, leads, follows, acts, and ends in order", async () => {
    await inTemporaryFolder(async (folder) => {
      await bundleControllers({
        root: PROJECT,
        entries: { demo: fileURLToPath(new URL("./demo/main.ts", import.meta.url)) },
        outdir: join(folder, "bundles"),
        version: "1.2.3",
      });
      writeDemoFleet(folder, {
        "roster.yaml": `c1: {host: "${plane.url}", minion_opts: {grains: {az: z1}}}\n`,
        "states/demo.yaml": daemonSet(),
      });
      expect(await halite(["render"], { cwd: folder })).toMatchObject({ status: 0 });
      const applied = await halite(["apply", "--cluster", "c1", "--local", "--kubeconfig", plane.kubeconfig], { cwd: folder });
      expect(applied.stdout + applied.stderr).toContain("ConfigMap kube-system/demo-");

      const workload = await get(`/apis/apps/v1/namespaces/kube-system/daemonsets/demo`);
      const { containers, volumes } = workload.spec.template.spec;
      expect(containers[0]).toMatchObject({ command: ["node", "/halite/demo/start.cjs"] });
      const held = await get(`${MAPS}/${volumes[0].configMap.name}`);
      expect(held).toMatchObject({ immutable: true });
      const mounted = join(folder, "halite/demo");
      mkdirSync(mounted, { recursive: true });
      for (const [name, text] of Object.entries<string>(held.data)) writeFileSync(join(mounted, name), text);
      for (const [name, text] of Object.entries<string>(held.binaryData)) writeFileSync(join(mounted, name), Buffer.from(text, "base64"));

      const account = join(folder, "account");
      mkdirSync(account);
      writeFileSync(join(account, "token"), plane.token);
      writeFileSync(join(account, "ca.crt"), plane.ca);
      await api.call("POST", MAPS, map("before", "abc"));
      const { hostname, port: server } = new URL(plane.url);
      const pod = spawn(process.execPath, [join(mounted, "start.cjs"), `--account=${account}`, "--namespace=kube-system"], {
        env: { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: server },
        stdio: ["ignore", "pipe", "pipe"],
      });
      const output = outputOf(pod);
      try {
        await until("it has done what was there before", async () => (await get(`${MAPS}/before`)).data.backwards === "cba");
        await api.call("POST", MAPS, map("after", "grüße"));
        await until("it follows", async () => (await get(`${MAPS}/after`)).data.backwards === "eßürg");
        const port = (): string | undefined => /"message":"begins","port":(\d+)/.exec(output.stdout)?.[1];
        await until("it has said its port", () => port() !== undefined);
        const begins = port() ?? "";
        expect(await (await fetch(`http://127.0.0.1:${begins}/readyz`)).text()).toBe("ok\n");
        const metrics = await (await fetch(`http://127.0.0.1:${begins}/metrics`)).text();
        expect(metrics).toMatch(/^halite_leader 1$/m);
        expect(metrics).toMatch(/^halite_watches_total\{resource="configmaps",what="list"\} 1$/m);
        expect((await fetch(`http://127.0.0.1:${begins}/other`)).status).toBe(404);
        const lease = await get("/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/demo");
        expect(lease.spec.holderIdentity).toBe(`demo-${pod.pid}`);
        await until("its events are told", async () =>
          (await get("/api/v1/namespaces/kube-system/events")).items.some(
            (event: { readonly reason: string }) => event.reason === "Reversed",
          ),
        );
      } finally {
        pod.kill("SIGTERM");
        await output.ended;
      }
      expect(output.stderr).toBe("");
      expect(pod.exitCode).toBe(0);
      expect((await get("/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/demo")).spec.holderIdentity).toBe("");
    });
  });

  /** An object of the cluster; tests read of it what they expect. */
  // oxlint-disable-next-line typescript/no-explicit-any -- what a server answers, read field by field by expectations
  async function get(path: string): Promise<any> {
    return (await api.call("GET", path)).body;
  }

  const map = (name: string, value: string): unknown => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace: "kube-system", labels: { demo: "yes" } },
    data: { value },
  });
});

function outputOf(child: ChildProcess): { stdout: string; stderr: string; readonly ended: Promise<void> } {
  const output = {
    stdout: "",
    stderr: "",
    ended: new Promise<void>((resolve) => {
      child.once("close", () => resolve());
    }),
  };
  child.stdout?.on("data", (chunk: Buffer) => (output.stdout += chunk.toString("utf8")));
  child.stderr?.on("data", (chunk: Buffer) => (output.stderr += chunk.toString("utf8")));
  return output;
}
