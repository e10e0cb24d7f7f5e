import { spawn, type ChildProcess } from "node:child_process";
import { renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { halite, HALITE } from "../cli/halite.ts";
import { Other } from "../cluster/kube.ts";
import type { Client, ControlPlane } from "../control-plane/index.ts";
import { canHavePlane } from "../control-plane/use-plane.ts";
import { releaseOf } from "../cluster/releases.ts";
import { PublishedFleet, writeConfig, type FleetCluster } from "./zone-fleet.ts";
import { useZonePlanes } from "./zone-planes.ts";

const possible = await canHavePlane();
/** Faults in a row. */
const ROUNDS = 25;

describe.skipIf(!possible)("a zone that everything happens to", () => {
  let folder: string;
  let planes: readonly ControlPlane[];
  let clients: readonly Client[];
  useZonePlanes((started) => ({ folder, planes, clients } = started));

  const both = (value: string): FleetCluster[] => [
    { az: "az1", cluster: "a", value, rollout: "{wave: canary, order: 0, maxUnavailable: 1}" },
    { az: "az1", cluster: "b", value, rollout: "{wave: rest, order: 1, maxUnavailable: 1}" },
  ];

  test("converges when the faults end, and never has anything but a published value", async () => {
    let seed = Number(process.env["HALITE_SEED"] ?? "11") || 11;
    const random = (): number => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648;
    const fleet = new PublishedFleet(join(folder, "git"));
    const zone = join(folder, "zone");
    writeConfig(zone, `file://${fleet.remote}`, "sync: {kubeconfigs: ../kubeconfigs, interval: 1s}\n");
    const published = new Set(["v0", "drift"]);
    await fleet.publish(both("v0"));
    let job: ChildProcess | undefined;
    let away = false;
    let number = 0;
    const start = (): void => {
      job = spawn(process.execPath, [HALITE, "sync", "--az", "az1"], {
        cwd: zone,
        stdio: "ignore",
        env: { PATH: process.env["PATH"] ?? "", HOME: zone },
      });
    };
    const end = async (signal: NodeJS.Signals): Promise<void> => {
      const child = job;
      job = undefined;
      if (child === undefined || child.exitCode !== null) return;
      const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
      child.kill(signal);
      await ended;
    };
    const bring = (): void => {
      if (away) renameSync(`${fleet.remote}.away`, fleet.remote);
      away = false;
    };
    const faults: (() => Promise<void> | void)[] = [
      async () => {
        bring();
        const value = `v${++number}`;
        published.add(value);
        await fleet.publish(both(value));
      },
      async () => {
        await end("SIGKILL");
        start();
      },
      async () => {
        await end("SIGTERM");
        start();
      },
      () => {
        if (!away) renameSync(fleet.remote, `${fleet.remote}.away`);
        away = true;
      },
      bring,
      async () => {
        const client = clients[random() < 0.5 ? 0 : 1];
        if (client === undefined) return;
        const other = new Other(client, "halite-test");
        if ((await other.get("configmap", "settings")) !== undefined)
          await other.merge("configmap", "settings", { data: { value: "drift" } });
      },
      () => rmSync(join(zone, ".halite/sync/az1/state.json"), { force: true }),
      async () => {
        const plane = planes[1];
        await plane?.stopApiserver("kill");
        await plane?.startApiserver();
      },
    ];
    start();
    try {
      for (let round = 0; round < ROUNDS; round++) {
        await faults[Math.floor(random() * faults.length)]?.();
        await wait(random() * 2500);
        for (const client of clients) {
          const value = (await new Other(client, "halite-test").get("configmap", "settings"))?.data?.["value"];
          if (value !== undefined) expect(published).toContain(value);
        }
      }
    } finally {
      await end("SIGTERM");
      bring();
    }
    for (let tries = 0; tries < 5; tries++) if ((await halite(["sync", "--az", "az1", "--once"], { cwd: zone })).status === 0) break;
    for (const client of clients)
      expect((await new Other(client, "halite-test").get("configmap", "settings"))?.data).toEqual({ value: `v${number}` });
  });

  test("opens references to sealed values, and nothing of them is in logs or reports", async () => {
    const [client] = clients;
    if (client === undefined) throw new Error("no plane");
    const other = new Other(client, "default");
    await other.create("secret", {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "source", namespace: "default" },
      stringData: { password: "hunter2-hunter2" },
    });
    const reference = "?{secret:default/source#password}";
    const manifest = `apiVersion: v1\nkind: Secret\nmetadata: {name: opened, namespace: default}\nstringData: {password: "${reference}"}\n`;
    const fleet = new PublishedFleet(join(folder, "git-sealed"));
    const zone = join(folder, "zone-sealed");
    writeConfig(zone, `file://${fleet.remote}`, "sync: {kubeconfigs: ../kubeconfigs}\n");
    const files = releaseOf(
      { settings: { "a.yaml": manifest } },
      { cluster: "a", pillar: "addons: {settings: {prune: {empty: true, percent: 100, confirm: [Namespace halite-test]}}}" },
    );
    await fleet.publish([{ az: "az1", cluster: "a", value: "", files }], { message: "Change\n\nRollback-To: 0000000\n" });
    const run = await halite(["sync", "--az", "az1", "--once", "--json"], { cwd: zone });
    expect((await other.get("secret", "opened"))?.data?.["password"], run.stdout + run.stderr).toBe(
      Buffer.from("hunter2-hunter2").toString("base64"),
    );
    expect(run.stdout + run.stderr).not.toContain("hunter2");
  });
});
