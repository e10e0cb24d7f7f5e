import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { halite } from "../cli/halite.ts";
import { Other } from "../cluster/kube.ts";
import { canBuild, Client, isBuilt, LEAN, startControlPlane, type ControlPlane } from "../control-plane/index.ts";
import { gitIn } from "../git/fleet-repository.ts";
import { PublishedFleet, writeConfig } from "./zone-fleet.ts";

const possible = (await isBuilt()) || (await canBuild());

describe.skipIf(!possible)("a zone of several clusters", () => {
  const planes: ControlPlane[] = [];
  const clients: Client[] = [];
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "halite-zone-"));
    mkdirSync(join(folder, "kubeconfigs"));
    for (const name of ["a", "b"]) {
      const [first] = planes;
      const plane = await startControlPlane({ apiserver: LEAN, ...(first === undefined ? {} : { beside: first }) });
      planes.push(plane);
      clients.push(new Client(plane));
      cpSync(plane.kubeconfig, join(folder, "kubeconfigs", name));
    }
  });
  afterAll(async () => {
    for (const client of clients) client.close();
    for (const plane of planes.reverse()) await plane.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test("sync --once pulls, applies to every cluster and reports", async () => {
    const fleet = new PublishedFleet(join(folder, "git"));
    const commit = await fleet.publish([
      { az: "az1", cluster: "a", value: "one" },
      { az: "az1", cluster: "b", value: "one" },
    ]);
    const zone = join(folder, "zone");
    writeConfig(zone, `file://${fleet.remote}`, "sync: {kubeconfigs: ../kubeconfigs}\n");
    const run = await halite(["sync", "--az", "az1", "--once"], { cwd: zone });
    expect(run.stdout + run.stderr).toContain("2 of 2 clusters have this release, synced and healthy");
    expect(run.status).toBe(0);
    for (const client of clients)
      expect((await new Other(client, "halite-test").get("configmap", "settings"))?.data).toEqual({ value: "one" });
    const report: unknown = JSON.parse(gitIn(fleet.remote, "show", "reports/az1:report.json"));
    expect(report).toMatchObject({
      az: "az1",
      commit,
      clusters: [
        { cluster: "a", done: true },
        { cluster: "b", done: true },
      ],
    });
  });
});
