import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, test } from "vitest";
import { endpointOf } from "../../src/cluster/index.ts";
import { jsonLog, systemClock, type Clock } from "../../src/controllers/runtime/index.ts";
import { parseRemote } from "../../src/git/index.ts";
import { ApiClient } from "../../src/kubernetes/index.ts";
import { accessTo, serveZone, Zone, type ZoneOptions } from "../../src/sync/index.ts";
import { halite, HALITE, PROJECT } from "../cli/halite.ts";
import { FaultProxy } from "../cluster/fault-proxy.ts";
import { Other } from "../cluster/kube.ts";
import type { Client, ControlPlane } from "../control-plane/index.ts";
import { canHavePlane } from "../control-plane/use-plane.ts";
import { gitIn } from "../git/fleet-repository.ts";
import { gitSteps } from "../git/git-steps.ts";
import { PublishedFleet, writeConfig, type FleetCluster } from "./zone-fleet.ts";
import { useZonePlanes } from "./zone-planes.ts";

const possible = await canHavePlane();

/** So many steps, and requests to API servers, a round of `halite sync --once` takes at least that has something new to apply. */
const STEPS = 100;

/** Looks until it is so. */
async function until(what: () => boolean | Promise<boolean>, name: string): Promise<void> {
  const end = performance.now() + 100_000;
  while (!(await what())) {
    if (performance.now() > end) throw new Error(`never came to: ${name}`);
    await wait(50);
  }
}

describe.skipIf(!possible)("a zone of several clusters", () => {
  let folder: string;
  let planes: readonly ControlPlane[];
  let clients: readonly Client[];
  let number = 0;
  useZonePlanes((started) => ({ folder, planes, clients } = started));

  /** A remote and a zone's folder of their own; the clusters stay, so that each test begins with a history that says it goes on from the last. */
  function place(kubeconfigs = "kubeconfigs"): { readonly fleet: PublishedFleet; readonly zone: string } {
    const own = join(folder, `place-${number++}`);
    const fleet = new PublishedFleet(own);
    const zone = join(own, "zone");
    writeConfig(zone, `file://${fleet.remote}`, `sync: {kubeconfigs: ../../${kubeconfigs}, interval: 1s}\n`);
    return { fleet, zone };
  }

  const both = (value: string, rollout?: readonly [string, string]): FleetCluster[] =>
    ["a", "b"].map((cluster, index) => ({
      az: "az1",
      cluster,
      value,
      ...(rollout === undefined ? {} : { rollout: rollout[index] ?? "" }),
    }));
  /** Each test has a history of its own, and says that going over to it is meant. */
  const stated = { message: "Change\n\nRollback-To: 0000000\n" };
  const values = async (): Promise<(string | undefined)[]> =>
    await Promise.all(
      clients.map(async (client) => (await new Other(client, "halite-test").get("configmap", "settings"))?.data?.["value"]),
    );

  /** One round of the command, which has to go well. */
  async function once(zone: string): Promise<void> {
    const run = await halite(["sync", "--az", "az1", "--once"], { cwd: zone });
    expect({ ...run, stderr: "" }, run.stderr).toMatchObject({ status: 0 });
  }

  function options(fleet: PublishedFleet, zone: string, more: Partial<ZoneOptions> = {}): ZoneOptions {
    return {
      git: {
        store: join(zone, "store.git"),
        remote: parseRemote(`file://${fleet.remote}`, zone),
        branch: "addons",
        az: "az1",
        auth: {},
        folder: zone,
        trusted: null,
        prefix: "reports",
      },
      reports: { sign: null, trusted: null, without: [] },
      shard: null,
      stateFile: join(zone, "state.json"),
      access: (cluster) => accessTo(cluster, { path: join(folder, "kubeconfigs"), variable: undefined, home: folder }),
      interval: 300,
      resync: 600_000,
      workers: 2,
      clock: systemClock,
      random: Math.random,
      log: jsonLog({ clock: systemClock, write: () => undefined }),
      version: "0.0.0",
      ...more,
    };
  }

  /** Runs the job beside `act`, and ends it. */
  async function keeping(setting: ZoneOptions, act: (zone: Zone) => Promise<void>): Promise<void> {
    const stop = new AbortController();
    const zone = new Zone(setting);
    const ended = zone.run(stop.signal);
    try {
      await act(zone);
    } finally {
      stop.abort();
      await ended;
    }
  }

  const allDone = (job: Zone): boolean => job.status().clusters.length === 2 && job.status().clusters.every(({ done }) => done);

  test("sync --once pulls, applies to every cluster and reports; status --az tells it", async () => {
    const { fleet, zone } = place();
    const commit = await fleet.publish(both("one"), stated);
    const run = await halite(["sync", "--az", "az1", "--once"], { cwd: zone });
    expect(run.stdout + run.stderr).toContain("2 of 2 clusters have this release, synced and healthy");
    expect(run.status).toBe(0);
    expect(await values()).toEqual(["one", "one"]);
    const report: unknown = JSON.parse(gitIn(fleet.remote, "show", "reports/az1:report.json"));
    expect(report).toMatchObject({
      az: "az1",
      commit,
      clusters: [
        { cluster: "a", done: true },
        { cluster: "b", done: true },
      ],
    });
    const status = await halite(["status", "--az", "az1"], { cwd: zone });
    expect(status.stdout).toMatch(/zone az1, commit [0-9a-f]{12}, reported /);
    expect(status.stdout).toMatch(/^a +- +Synced +Healthy +[0-9a-f]{12} +1\/1$/m);
    expect(status.status).toBe(0);
  });

  test("OpenGitOps 1: Declarative", async () => {
    const { fleet, zone } = place();
    await fleet.publish(both("declared"), stated);
    // Nothing but the tree says what there is to be, and the same tree again changes nothing.
    await once(zone);
    const versions = async (): Promise<unknown> =>
      (await new Other(clients[0] as Client, "halite-test").get("configmap", "settings"))?.metadata.resourceVersion;
    const before = await versions();
    await once(zone);
    expect(await versions()).toBe(before);
  });

  test("OpenGitOps 2: Versioned and Immutable", async () => {
    const { fleet, zone } = place();
    const first = await fleet.publish(both("v1"), stated);
    await fleet.publish(both("v2"));
    await once(zone);
    expect(await values()).toEqual(["v2", "v2"]);
    // History that was rewritten is not applied.
    gitIn(fleet.remote, "update-ref", "refs/heads/addons", first);
    const refused = await halite(["sync", "--az", "az1", "--once"], { cwd: zone });
    expect(refused.stdout).toContain(`commit ${first.slice(0, 12)} is refused: the branch was rewritten`);
    expect(refused.status).toBe(1);
    expect(await values()).toEqual(["v2", "v2"]);
  });

  test("OpenGitOps 3: Pulled Automatically", async () => {
    const { fleet, zone } = place();
    await fleet.publish(both("p1"), stated);
    await keeping(options(fleet, zone), async () => {
      await until(async () => (await values()).every((value) => value === "p1"), "the first commit everywhere");
      await fleet.publish(both("p2"));
      await until(async () => (await values()).every((value) => value === "p2"), "the next commit everywhere");
    });
  });

  test("OpenGitOps 4: Continuously Reconciled", async () => {
    const { fleet, zone } = place();
    await fleet.publish(both("kept"), stated);
    await keeping(options(fleet, zone), async (job) => {
      await until(() => allDone(job), "all are done");
      // Git is gone meanwhile: what was taken over last is kept.
      renameSync(fleet.remote, `${fleet.remote}.away`);
      await until(() => job.status().git.error !== null, "git is missed");
      await new Other(clients[1] as Client, "halite-test").merge("configmap", "settings", { data: { value: "drift" } });
      await until(async () => (await values())[1] === "kept", "the drift is undone");
      expect(job.status().git.secondsSincePull).not.toBeNull();
      renameSync(`${fleet.remote}.away`, fleet.remote);
      await until(() => job.status().git.error === null, "git is there again");
    });
  });

  test("a canary first: the next wave waits for its health and soak", async () => {
    const { fleet, zone } = place();
    const waves = ["{wave: canary, order: 1, soakSeconds: 3600, maxUnavailable: 1}", "{wave: rest, order: 2, maxUnavailable: 1}"] as const;
    let hours = 0;
    const clock: Clock = { ...systemClock, monotonic: () => systemClock.monotonic() + hours * 3_600_000 };
    /** The rest waits for the soak, in which the canary was seen to be well; and then it is over. */
    const soaked = async (job: Zone): Promise<void> => {
      await until(() => /it is watched for/.test(job.status().clusters[1]?.hold?.reason ?? ""), "the rest waits for the soak");
      hours += 1;
    };
    await fleet.publish(both("w1", waves), stated);
    await keeping(options(fleet, zone, { clock }), async (job) => {
      await soaked(job);
      await until(() => allDone(job), "all are done");
      await fleet.publish(both("w2", waves));
      await until(async () => (await values())[0] === "w2", "the canary has it");
      expect((await values())[1]).toBe("w1");
      await soaked(job);
      await until(async () => (await values())[1] === "w2", "the rest has it");
    });
  });

  test("a dead cluster and one that never answers delay nobody", async () => {
    const { fleet, zone } = place();
    const sockets: import("node:net").Socket[] = [];
    const silent = createServer((socket) => {
      sockets.push(socket);
      // Who gives up on it may do so with a reset.
      socket.on("error", () => undefined);
    });
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const address = silent.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const text = readFileSync(planes[0]?.kubeconfig ?? "", "utf8");
    for (const [name, server] of [
      ["dead", "https://127.0.0.1:1"],
      ["silent", `https://127.0.0.1:${port}`],
    ] as const)
      writeFileSync(join(folder, "kubeconfigs", name), text.replace(/https:\/\/127\.0\.0\.1:\d+/, server));
    try {
      const ill = ["dead", "silent"].map((cluster) => ({ az: "az1", cluster, value: "d1" }));
      await fleet.publish([...both("d1"), ...ill], stated);
      await keeping(options(fleet, zone, { workers: 4 }), async (job) => {
        await until(async () => (await values()).every((value) => value === "d1"), "the others have it");
        await until(
          () => /gives no answer/.test(job.status().clusters.find(({ cluster }) => cluster === "dead")?.reason ?? ""),
          "the dead one is told",
        );
        await fleet.publish([...both("d2"), ...ill]);
        await until(async () => (await values()).every((value) => value === "d2"), "the others have the next");
      });
    } finally {
      for (const socket of sockets) socket.destroy();
      silent.close();
    }
  });

  test("of two replicas one works; when it ends the other goes on; health, metrics and status are served", async () => {
    const { fleet, zone } = place();
    await fleet.publish(both("l1"), stated);
    const ports = new Map<string, number>();
    const api = new ApiClient(endpointOf({ path: planes[0]?.kubeconfig, cluster: "" }), {});
    const start = (identity: string): { readonly stop: AbortController; readonly ended: Promise<void> } => {
      const stop = new AbortController();
      const { clock, random, log, shard: _shard, ...rest } = options(fleet, join(zone, identity));
      const lease = { api, namespace: "default", name: "halite-sync-az1", identity };
      const listen = { host: "127.0.0.1", port: 0 };
      return {
        stop,
        ended: serveZone(
          { shards: [null], zone: () => rest, az: "az1", clock, random, log, listen, lease, onListen: (port) => ports.set(identity, port) },
          stop.signal,
        ),
      };
    };
    const page = async (identity: string, path: string): Promise<{ readonly status: number; readonly text: string }> => {
      const answer = await fetch(`http://127.0.0.1:${ports.get(identity) ?? 0}${path}`);
      return { status: answer.status, text: await answer.text() };
    };
    const kind = async (identity: string): Promise<string> => (JSON.parse((await page(identity, "/status")).text) as { kind: string }).kind;
    const one = start("one");
    await until(() => ports.size === 1, "it listens");
    // One that waits for its turn would be ready too.
    await until(async () => (await kind("one")) === "ZoneStatus", "it leads");
    await until(async () => (await page("one", "/readyz")).status === 200, "it is ready");
    const two = start("two");
    await until(() => ports.size === 2, "both listen");
    try {
      await until(async () => (await values()).every((value) => value === "l1"), "applied");
      expect([await kind("one"), await kind("two")]).toEqual(["ZoneStatus", "ZoneStandby"]);
      for (const identity of ["one", "two"]) expect((await page(identity, "/healthz")).status).toBe(200);
      const validate = new Ajv2020({ strict: false }).compile(
        JSON.parse(readFileSync(join(PROJECT, "schemas/zone-status.schema.json"), "utf8")),
      );
      validate(JSON.parse((await page("one", "/status")).text));
      expect(validate.errors).toBeNull();
      // A pass is counted once it has ended, which is after its last write.
      const counted = ["pass_seconds_bucket", "objects", "git_age_seconds", "queue_depth", "pull_seconds_count"];
      let metrics = "";
      await until(async () => {
        metrics = (await page("one", "/metrics")).text;
        return counted.every((name) => metrics.includes(`halite_sync_${name}`));
      }, "everything is counted");
      for (const line of metrics.split("\n").filter((each) => each !== ""))
        expect(line).toMatch(/^(?:# (?:HELP|TYPE) [a-z_]+ .+|[a-z_]+(?:\{[^}]*\})? [-+0-9.eEInfNa]+)$/);
      one.stop.abort();
      await one.ended;
      ports.delete("one");
      await until(async () => /"ZoneStatus"/.test((await page("two", "/status")).text), "the other leads");
      await fleet.publish(both("l2"));
      await until(async () => (await values()).every((value) => value === "l2"), "and works");
    } finally {
      one.stop.abort();
      two.stop.abort();
      await Promise.all([one.ended, two.ended]);
      api.close();
    }
  });

  test("killed at random moments, it always goes on from where it was", async () => {
    const { fleet, zone } = place("kubeconfigs-killed");
    const proxies = planes.map((plane) => new FaultProxy(plane));
    mkdirSync(join(folder, "kubeconfigs-killed"));
    for (const [index, name] of ["a", "b"].entries()) {
      await proxies[index]?.start();
      const text = readFileSync(planes[index]?.kubeconfig ?? "", "utf8");
      writeFileSync(
        join(folder, "kubeconfigs-killed", name),
        text.replace(planes[index]?.url ?? "", proxies[index]?.endpoint().server ?? ""),
      );
    }
    let killed = 0;
    let seed = Number(process.env["HALITE_SEED"] ?? "7") || 7;
    const random = (): number => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648;
    await fleet.publish(both("k0"), stated);
    for (let round = 1; round <= 6; round++) {
      await fleet.publish(both(`k${round}`));
      // By what it has done, not by a clock: steps of its git, and what it has asked of the API servers.
      let left = 1 + Math.floor(random() * STEPS);
      const step = (): void => {
        if (--left === 0 && child.kill("SIGKILL")) killed += 1;
      };
      const steps = gitSteps(zone, step);
      const child = spawn(process.execPath, [HALITE, "sync", "--az", "az1", "--once"], {
        cwd: zone,
        stdio: "ignore",
        env: { PATH: process.env["PATH"] ?? "", HOME: zone, ...steps.env },
      });
      for (const proxy of proxies) {
        proxy.fault = () => {
          step();
          return undefined;
        };
      }
      await new Promise<void>((resolve) => child.once("exit", () => resolve()));
      steps.stop();
      // What there is is whole: one of the commits' values, and a state that can be read.
      for (const value of await values()) expect(value).toMatch(/^(?:k\d|l2|d2)$/);
      const state = join(zone, ".halite/sync/az1/state.json");
      if (existsSync(state)) expect(() => JSON.parse(readFileSync(state, "utf8")) as unknown).not.toThrow();
    }
    expect(killed).toBeGreaterThan(3);
    const run = await halite(["sync", "--az", "az1", "--once"], { cwd: zone });
    expect(run.stdout + run.stderr).toContain("2 of 2 clusters have this release, synced and healthy");
    expect(await values()).toEqual(["k6", "k6"]);
    for (const proxy of proxies) await proxy.stop();
  });
});
