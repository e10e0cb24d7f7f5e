import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { build } from "../../scripts/build.mjs";
import { writeDemoFleet } from "../bundle/demo.ts";
import { halite, HALITE, inTemporaryFolder } from "../cli/halite.ts";
import { endsSoon, http2Server, kubeconfigOf, Port, until } from "../kubernetes/servers.ts";
import { configYaml } from "./kube.ts";

beforeAll(async () => {
  await build();
});

test("apply --watch ends in a few seconds while the cluster gives no answer", async () => {
  let asked = 0;
  const server = await http2Server(() => asked++);
  const port = await Port.listen((socket) => server.emit("connection", socket));
  try {
    await inTemporaryFolder(async (folder) => {
      writeDemoFleet(folder, { "states/demo.yaml": configYaml("default", "settings", { value: "one" }, "Reconcile") });
      expect(await halite(["render"], { cwd: folder })).toMatchObject({ status: 0 });
      writeFileSync(join(folder, "kubeconfig"), kubeconfigOf(port));
      const args = ["apply", "--watch", "--cluster", "c1", "--local", "--kubeconfig", join(folder, "kubeconfig")];
      const child = spawn(process.execPath, [HALITE, ...args], {
        cwd: folder,
        env: { PATH: process.env["PATH"] ?? "", HOME: folder },
        stdio: "ignore",
      });
      const ended = new Promise<number | string | null>((resolve) => child.once("exit", (status, signal) => resolve(status ?? signal)));
      try {
        await until("the cluster is asked", () => asked > 0 || child.exitCode !== null, 30_000);
        child.kill("SIGTERM");
        expect(await endsSoon(ended, 12_000)).toBe(true);
        expect(await ended).toBe(0);
      } finally {
        child.kill("SIGKILL");
      }
    });
  } finally {
    await port.close();
  }
});
