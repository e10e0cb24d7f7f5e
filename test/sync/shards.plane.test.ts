import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, onTestFailed, test } from "vitest";
import { halite, HALITE } from "../cli/halite.ts";
import { Other } from "../cluster/kube.ts";
import type { Client, ControlPlane } from "../control-plane/index.ts";
import { canHavePlane } from "../control-plane/use-plane.ts";
import { gitIn } from "../git/fleet-repository.ts";
import { PublishedFleet, writeConfig, type FleetCluster } from "./zone-fleet.ts";
import { useZonePlanes } from "./zone-planes.ts";

const possible = await canHavePlane();
/** Of three shards cluster a is in the third, b in the first. */
const SHARDS = "3";
const POLL = { timeout: 110_000, interval: 100 };

describe.skipIf(!possible)("several processes for one zone", () => {
  let folder: string;
  let planes: readonly ControlPlane[];
  let clients: readonly Client[];
  useZonePlanes((started) => ({ folder, planes, clients } = started));
  const running: ChildProcess[] = [];
  afterEach(async () => {
    await Promise.all(running.splice(0).map((child) => endOf(child, "SIGTERM")));
  });

  const both = (value: string): FleetCluster[] => ["a", "b"].map((cluster) => ({ az: "az1", cluster, value }));
  const settings = async (): Promise<(string | undefined)[]> =>
    await Promise.all(
      clients.map(async (client) => (await new Other(client, "halite-test").get("configmap", "settings"))?.data?.["value"]),
    );

  /** A process as on a machine of its own. */
  function machine(fleet: PublishedFleet, name: string, sync: string, ...args: readonly string[]): ChildProcess {
    const zone = join(fleet.folder, name);
    mkdirSync(zone, { recursive: true });
    writeConfig(zone, `file://${fleet.remote}`, `sync: {kubeconfigs: ../../kubeconfigs, interval: 1s${sync}}\n`);
    const child = spawn(process.execPath, [HALITE, "sync", "--az", "az1", ...args], {
      cwd: zone,
      stdio: ["ignore", "ignore", "pipe"],
      env: { PATH: process.env["PATH"] ?? "", HOME: zone, POD_NAME: name },
    });
    child.stderr?.on("data", (chunk: Buffer) => logs.set(name, (logs.get(name) ?? "") + chunk.toString("utf8")));
    running.push(child);
    return child;
  }
  const logs = new Map<string, string>();

  /** Who has the Lease of each shard; empty for nobody. */
  async function holdersOf(lease: string, shards: number): Promise<string[]> {
    return await Promise.all(
      Array.from({ length: shards }, async (_, shard) => {
        const path = `/apis/coordination.k8s.io/v1/namespaces/default/leases/${lease}.${shard}-of-${shards}`;
        const { body } = (await clients[0]?.call("GET", path)) ?? {};
        // A Lease, or a Status.
        return (body as { readonly spec?: { readonly holderIdentity?: string } }).spec?.holderIdentity?.split("-")[0] ?? "";
      }),
    );
  }

  test("shards are shared by Leases: each by one replica; of one that is killed others take over", async () => {
    onTestFailed(() => console.log(...[...logs].flat()));
    const fleet = new PublishedFleet(join(folder, "sharded"));
    await fleet.publish(both("s1"), { message: "Change\n\nRollback-To: 0000000\n" });
    const lease = ", lease: {namespace: default, name: sharded}";
    const args = ["--shards", SHARDS, "--lease-kubeconfig", planes[0]?.kubeconfig ?? ""];
    const children = new Map(["one", "two"].map((name) => [name, machine(fleet, name, lease, ...args)]));
    const holders = (): Promise<string[]> => holdersOf("sharded", 3);
    await expect.poll(settings, POLL).toEqual(["s1", "s1"]);
    await expect.poll(async () => new Set((await holders()).filter((holder) => holder !== "")), POLL).toEqual(new Set(["one", "two"]));
    await expect.poll(async () => (await holders()).every((holder) => holder !== ""), POLL).toBe(true);
    const clustersOf = (shard: number): unknown =>
      (
        JSON.parse(gitIn(fleet.remote, "show", `reports/az1.${shard}-of-3:report.json`)) as {
          readonly clusters: { readonly cluster: string }[];
        }
      ).clusters.map(({ cluster }) => cluster);
    await expect.poll(() => [0, 1, 2].map((shard) => clustersOf(shard)), POLL).toEqual([["b"], [], ["a"]]);
    const status = await halite(["status", "--az", "az1"], { cwd: join(fleet.folder, "one") });
    expect(status.stdout).toContain("zone az1, shard 2 of 3, commit ");
    // Who has cluster a is killed, and gives nothing back.
    const [, , holder = ""] = await holders();
    const killed = children.get(holder);
    if (killed === undefined) throw new Error(`nobody is called ${holder}`);
    await endOf(killed, "SIGKILL");
    await fleet.publish(both("s2"));
    await expect.poll(settings, POLL).toEqual(["s2", "s2"]);
    // Its shard without a cluster is taken over too, maybe later than the one that the clusters waited for.
    await expect.poll(async () => new Set(await holders()).has(holder), POLL).toBe(false);
  }, 900_000);

  test("a replica that comes later gets its part: who has more gives one back, and the clusters are kept all the while", async () => {
    onTestFailed(() => console.log(...[...logs].flat()));
    const fleet = new PublishedFleet(join(folder, "given-back"));
    await fleet.publish(both("g0"), { message: "Change\n\nRollback-To: 0000000\n" });
    const lease = ", lease: {namespace: default, name: given}";
    const args = ["--shards", "2", "--lease-kubeconfig", planes[0]?.kubeconfig ?? ""];
    const first = machine(fleet, "five", lease, ...args);
    await expect.poll(settings, POLL).toEqual(["g0", "g0"]);
    await expect.poll(() => holdersOf("given", 2), POLL).toEqual(["five", "five"]);
    const second = machine(fleet, "six", lease, ...args);
    await expect.poll(async () => (await holdersOf("given", 2)).sort(), POLL).toEqual(["five", "six"]);
    // It was asked for, and once it is taken the question is gone.
    await expect.poll(() => logs.get("five"), POLL).toContain("leaves the Lease to who has asked for it");
    expect([first.exitCode, second.exitCode]).toEqual([null, null]);
    await fleet.publish(both("g1"));
    await expect.poll(settings, POLL).toEqual(["g1", "g1"]);
    // Who ends in order gives its shard back at once, and the other one has both.
    first.kill("SIGTERM");
    // A pod that has not ended after 30 s is killed.
    await expect.poll(() => first.exitCode, { ...POLL, timeout: 30_000 }).toBe(0);
    await expect.poll(() => holdersOf("given", 2), POLL).toEqual(["six", "six"]);
    await fleet.publish(both("g2"));
    await expect.poll(settings, POLL).toEqual(["g2", "g2"]);
  }, 900_000);

  test("two machines without a Lease work on the same clusters at once: nothing is lost, made anew or left behind, and it is said", async () => {
    onTestFailed(() => console.log(...[...logs].flat()));
    const fleet = new PublishedFleet(join(folder, "twice"));
    await fleet.publish(both("t0"), { message: "Change\n\nRollback-To: 0000000\n" });
    for (const name of ["three", "four"]) machine(fleet, name, "");
    await expect.poll(settings, POLL).toEqual(["t0", "t0"]);
    const other = new Other(clients[0] as Client, "halite-test");
    const { uid } = (await other.get("configmap", "settings"))?.metadata ?? {};
    // It is told as soon as both report about the same, one after the other has looked: which round that is in is chance.
    const isSaid = (): boolean => `${logs.get("three") ?? ""}${logs.get("four") ?? ""}`.includes("another halite sync may run for it");
    let round = 0;
    while (round < 5 || !isSaid()) {
      round++;
      await fleet.publish(both(`t${round}`));
      await other.merge("configmap", "settings", { data: { value: "drift" } });
      await expect.poll(settings, POLL).toEqual([`t${round}`, `t${round}`]);
    }
    await other.delete("configmap", "settings");
    await expect.poll(async () => (await settings())[0], POLL).toBe(`t${round}`);
    expect((await other.get("configmap", "settings"))?.metadata.uid).not.toBe(uid);
    for (const name of ["three", "four"]) {
      const zone = join(fleet.folder, name);
      await Promise.all(running.splice(0).map((child) => endOf(child, "SIGTERM")));
      const once = await halite(["sync", "--az", "az1", "--once"], { cwd: zone });
      expect(once.status, once.stdout + once.stderr).toBe(0);
    }
  }, 900_000);
});

async function endOf(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill(signal);
  await ended;
}
