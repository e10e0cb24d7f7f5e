import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { freemem } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { ClusterKeeper, endpointOf, readRelease, type ReleaseFiles } from "../src/cluster/index.ts";
import { ApiClient } from "../src/kubernetes/index.ts";
import { kubeconfigText, LEAN, startControlPlane, type ControlPlane } from "../test/control-plane/index.ts";
import { PublishedFleet } from "../test/sync/zone-fleet.ts";
import type { BenchRelease } from "./cluster.ts";
import { ENVIRONMENT } from "./measure.ts";
import { filePaths } from "./prove.ts";
import { NODE, PROGRAM } from "./program.ts";
import { differences, RecordedServer, Recorder, type Recording, type ServerKeys } from "./recorded-server.ts";
import { cpuSeconds, memoryOf } from "./running.ts";
import { heading, remark } from "./table.ts";

const OBJECTS = 82;
/** MiB of memory that an API server takes with what it makes others take, and what is left to everybody else. */
const PLANE = 400;
const SPARE = 4096;
const MOST_PLANES = 20;
/** The commit that is applied while answers are recorded. */
const RECORDED = "0".repeat(40);

/** Zones of many clusters: real API servers as many as fit, the others answer what a real one has answered. */
export async function measureZones(work: string, release: BenchRelease): Promise<void> {
  const folder = join(work, "zones");
  mkdirSync(folder, { recursive: true });
  const files: ReleaseFiles = new Map([...filePaths(release.out)].map((path) => [path, readFileSync(join(release.out, path))]));
  const planes: ControlPlane[] = [];
  // Each server that was started is killed at this process's exit, whatever happens.
  process.setMaxListeners(10 + 2 * (MOST_PLANES + 2));
  try {
    const first = await startControlPlane({ apiserver: LEAN });
    planes.push(first);
    const certificates = join(first.folder, "certificates");
    const keys = {
      key: readFileSync(join(certificates, "apiserver.key"), "utf8"),
      cert: readFileSync(join(certificates, "apiserver.crt"), "utf8"),
    };
    const recording = await record(first, keys, release.cluster, files);
    const second = await startControlPlane({ apiserver: LEAN, beside: first });
    planes.push(second);
    const again = await record(second, keys, release.cluster, files);
    const differ = differences(recording, again);
    if (differ.length > 0) throw new Error(`two real API servers answered differently: ${differ.slice(0, 5).join(", ")}`);
    remark(
      `\nproven: two real API servers gave the same ${[...recording.values()].flat().length} answers; that is what recorded ones answer with`,
    );
    const fit = Math.max(1, Math.min(MOST_PLANES, Math.floor((freemem() / 2 ** 20 - SPARE) / PLANE)));
    const real: ControlPlane[] = [];
    while (real.length < fit) {
      const plane = await startControlPlane({ apiserver: LEAN, beside: first });
      planes.push(plane);
      real.push(plane);
    }
    for (const count of [50, 500]) {
      const of = count === 50 ? real : [];
      await measureZone(join(folder, String(count)), { count, real: of, keys, recording, cluster: release.cluster, files });
    }
  } finally {
    for (const plane of planes.reverse()) await plane.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What a real API server answers to a keeper's first look, its apply, its watches, and a full look after that. */
async function record(plane: ControlPlane, keys: ServerKeys, cluster: string, files: ReleaseFiles): Promise<Recording> {
  const recorder = await Recorder.start(plane, keys);
  const kubeconfig = join(plane.folder, "recorded-kubeconfig");
  writeFileSync(kubeconfig, kubeconfigText({ url: `https://127.0.0.1:${recorder.port}`, token: plane.token, ca: keys.cert }), {
    mode: 0o600,
  });
  const client = new ApiClient(endpointOf({ path: kubeconfig, cluster }), {});
  const stop = new AbortController();
  let passes = 0;
  const keeper = new ClusterKeeper(client, readRelease(files, cluster, RECORDED), {
    apply: { tooling: "halite/v0.1.0", now: () => new Date(), timeout: 5000 },
    resync: 3000,
    onPass: ({ kind }) => {
      if (kind === "full" && ++passes === 3) stop.abort();
    },
  });
  await keeper.run(stop.signal);
  client.close();
  await recorder.stop();
  return recorder.recording;
}

interface ZoneShape {
  readonly count: number;
  readonly real: readonly ControlPlane[];
  readonly keys: ServerKeys;
  readonly recording: Recording;
  readonly cluster: string;
  readonly files: ReleaseFiles;
}

async function measureZone(folder: string, { count, real, keys, recording, cluster, files }: ZoneShape): Promise<void> {
  const fleet = new PublishedFleet(folder);
  const ids = Array.from({ length: count }, (_, index) => `cluster-${String(index).padStart(5, "0")}`);
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  const commit = await fleet.publish(
    ids.map((id) => {
      const own = new Map(files);
      const text = decoder
        .decode(files.get("release.yaml"))
        .replaceAll(cluster, id)
        .replace(/^az: .*$/m, "az: az1");
      own.set("release.yaml", encoder.encode(text));
      return { az: "az1", cluster: id, value: "", files: own };
    }),
  );
  const fake = await RecordedServer.start(recording, { cluster, commit: RECORDED }, commit, keys);
  const zone = join(folder, "zone");
  mkdirSync(join(zone, "kubeconfigs"), { recursive: true });
  for (const [index, id] of ids.entries()) {
    const plane = real[index];
    const text =
      plane === undefined ? kubeconfigText({ url: `${fake.url}/${id}`, token: "recorded", ca: keys.cert }) : kubeconfigText(plane);
    writeFileSync(join(zone, "kubeconfigs", id), text, { mode: 0o600 });
  }
  writeFileSync(
    join(zone, "halite.yaml"),
    `publish: {remote: "file://${fleet.remote}", branch: addons}\nsync: {kubeconfigs: kubeconfigs, interval: 30s, listen: "127.0.0.1:0"}\n`,
  );
  heading(
    `A zone of ${count} clusters × ${OBJECTS} objects in one process: ${real.length} real API servers, ${count - real.length} recorded`,
  );
  const begun = performance.now();
  const child = spawn(NODE, [PROGRAM, "sync", "--az", "az1"], {
    cwd: zone,
    env: { ...ENVIRONMENT, HOME: zone },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let log = "";
  child.stderr.on("data", (chunk: Buffer) => (log = (log + chunk.toString("utf8")).slice(-1_000_000)));
  let ended = false;
  const end = new Promise<void>((resolve) =>
    child.once("exit", () => {
      ended = true;
      resolve();
    }),
  );
  try {
    const pid = child.pid ?? 0;
    let port: string | undefined;
    let synced = 0;
    while (synced < count) {
      if (ended || performance.now() - begun > 900_000)
        throw new Error(`the zone came no further than ${synced} of ${count} clusters:\n${log.slice(-3000)}`);
      // Asking makes work of its own: of many clusters seldom.
      await wait(count > 100 ? 5000 : 200);
      port ??= /"port":(\d+)/.exec(log)?.[1];
      if (port !== undefined) synced = await syncedClusters(port);
    }
    const applied = { wall: (performance.now() - begun) / 1000, cpu: cpuSeconds(pid), peak: memoryOf(pid).peak };
    const wanted = count === 500 ? `wanted: 1024 MiB: ${applied.peak <= 1024 ? "met" : "NOT MET"}` : "";
    remark(`${"halite sync: everything applied, from the start".padEnd(68)} ${figures(applied)}  ${wanted}`.trimEnd());
    await wait(10_000);
    const before = cpuSeconds(pid);
    await wait(60_000);
    const minute = cpuSeconds(pid) - before;
    const { peak } = memoryOf(pid);
    remark(
      `${"an idle minute after that, git pulled every half minute".padEnd(68)} ${figures({ wall: 60, cpu: minute, peak })}  ${((60 * minute) / count).toFixed(2)} CPU s an hour and cluster${count === 500 ? `; 1024 MiB: ${peak <= 1024 ? "met" : "NOT MET"}` : ""}`,
    );
    if (fake.unknown.size > 0) remark(`asked, and never recorded: ${[...fake.unknown].slice(0, 5).join(", ")}`);
  } finally {
    child.kill("SIGTERM");
    await end;
    await fake.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function figures({ wall, cpu, peak }: { readonly wall: number; readonly cpu: number; readonly peak: number }): string {
  return `${wall.toFixed(3).padStart(8)} ${cpu.toFixed(3).padStart(8)} ${peak.toFixed(0).padStart(9)}`;
}

async function syncedClusters(port: string): Promise<number> {
  try {
    const status: { readonly clusters?: readonly { readonly synced: boolean }[] } = JSON.parse(
      await (await fetch(`http://127.0.0.1:${port}/status`)).text(),
    );
    return (status.clusters ?? []).filter(({ synced }) => synced).length;
  } catch {
    return 0;
  }
}
