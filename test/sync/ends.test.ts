import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { build } from "../../scripts/build.mjs";
import { jsonLog, systemClock } from "../../src/controllers/runtime/index.ts";
import { parseRemote } from "../../src/git/index.ts";
import { accessTo, serveZone, Zone, type Shard, type ZoneOptions } from "../../src/sync/index.ts";
import { PROJECT } from "../cli/halite.ts";
import { endsSoon, http2Server, kubeconfigOf, Port, until } from "../kubernetes/servers.ts";
import { PublishedFleet, writeConfig } from "./zone-fleet.ts";

let folder: string;
let fleet: PublishedFleet;
let lines: string[];
let port: Port;
let asked: number;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "halite-sync-"));
  fleet = new PublishedFleet(folder);
  lines = [];
  asked = 0;
  // An API server that takes every request, and answers none.
  const server = await http2Server(() => asked++);
  port = await Port.listen((socket) => server.emit("connection", socket));
  mkdirSync(join(folder, "kubeconfigs"));
  writeFileSync(join(folder, "kubeconfigs/c1"), kubeconfigOf(port));
});
afterEach(async () => {
  await port.close();
  rmSync(folder, { recursive: true, force: true });
});

function options(remote = `file://${fleet.remote}`): Omit<ZoneOptions, "shard"> {
  return {
    git: {
      store: join(folder, "zone/store.git"),
      remote: parseRemote(remote, folder),
      branch: "addons",
      az: "az1",
      auth: {},
      folder,
      trusted: null,
      prefix: "reports",
    },
    reports: { sign: null, trusted: null, without: [] },
    stateFile: join(folder, "zone/state.json"),
    access: (cluster) => accessTo(cluster, { path: join(folder, "kubeconfigs"), variable: undefined, home: folder }),
    interval: 1000,
    resync: 600_000,
    workers: 2,
    clock: systemClock,
    random: () => 0.5,
    log: jsonLog({ clock: systemClock, write: (line) => lines.push(line), level: "debug" }),
    version: "0.0.0",
  };
}

describe("a zone that is to end", () => {
  test("while a cluster gives no answer", async () => {
    await fleet.publish([{ az: "az1", cluster: "c1", value: "one" }]);
    const stop = new AbortController();
    const running = new Zone({ ...options(), shard: null }).run(stop.signal);
    await until("the cluster is asked", () => asked > 0, 30_000);
    stop.abort();
    expect(await endsSoon(running, 12_000)).toBe(true);
    await running;
  });

  test("while git gets no answer", async () => {
    const silent = await Port.listen((socket) => socket.resume());
    try {
      const stop = new AbortController();
      const given = options(`http://${silent.authority}/fleet.git`);
      const running = new Zone({ ...given, git: { ...given.git, signal: stop.signal }, shard: null }).run(stop.signal);
      await until("git has asked", () => silent.connections > 0, 30_000);
      stop.abort();
      expect(await endsSoon(running, 10_000)).toBe(true);
      await running;
      await until("git is gone", () => silent.open.size === 0);
    } finally {
      await silent.close();
    }
  });

  test("as a part of it has failed: the other parts end too, and it is said", async () => {
    await fleet.publish([{ az: "az1", cluster: "c1", value: "one" }]);
    const shards: readonly Shard[] = [
      { shard: 0, shards: 2 },
      { shard: 1, shards: 2 },
    ];
    const running = serveZone(
      {
        shards,
        az: "az1",
        zone: (shard) => {
          if (shard?.shard === 1) throw new Error("a bug");
          return options();
        },
        clock: systemClock,
        random: () => 0.5,
        log: jsonLog({ clock: systemClock, write: (line) => lines.push(line) }),
        listen: { host: "127.0.0.1", port: 0 },
        lease: null,
      },
      new AbortController().signal,
    );
    const failed = expect(running).rejects.toThrow("a bug");
    expect(await endsSoon(running, 15_000)).toBe(true);
    await failed;
  });
});

describe("halite sync as a pod runs it", () => {
  beforeAll(async () => {
    await build();
  });

  test("goes on when nobody reads its log any more, and ends in a few seconds while a cluster gives no answer", async () => {
    await fleet.publish([{ az: "az1", cluster: "c1", value: "one" }]);
    writeConfig(join(folder, "fleet"), fleet.remote, `sync: {kubeconfigs: "${join(folder, "kubeconfigs")}", interval: 1s}\n`);
    const args = [
      join(PROJECT, "dist/bundles/halite-sync.cjs"),
      "sync",
      "--az",
      "az1",
      "--verbose",
      "--config",
      join(folder, "fleet/halite.yaml"),
    ];
    const child = spawn(process.execPath, args, {
      env: { PATH: process.env["PATH"] ?? "", HOME: folder },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => (said += chunk.toString()));
    const ended = new Promise<number | string | null>((resolve) => child.once("exit", (status, signal) => resolve(status ?? signal)));
    try {
      await until("the cluster is asked", () => asked > 0 || child.exitCode !== null, 30_000);
      expect([child.exitCode, said]).toEqual([null, expect.not.stringContaining('"level":"error"')]);
      child.stdout.destroy();
      child.stderr.destroy();
      // Each look at git says something.
      expect(await endsSoon(ended, 3000)).toBe(false);
      child.kill("SIGTERM");
      expect(await endsSoon(ended, 12_000)).toBe(true);
      expect(await ended).toBe(0);
    } finally {
      child.kill("SIGKILL");
    }
  });
});
