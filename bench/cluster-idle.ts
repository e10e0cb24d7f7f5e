import { spawn } from "node:child_process";
import { setTimeout as wait } from "node:timers/promises";
import { ClusterKeeper, endpointOf } from "../src/cluster/index.ts";
import { ApiClient } from "../src/kubernetes/index.ts";
import { Client, type ControlPlane } from "../test/control-plane/index.ts";
import { applyCommand, desiredOf, type BenchRelease } from "./cluster.ts";
import { ENVIRONMENT } from "./measure.ts";
import { cpuSeconds, memoryOf, quantile } from "./running.ts";
import { heading, remark } from "./table.ts";

const DRIFTS = 200;
/** An hour has so many full passes that no event asked for (keeper.ts, resync). */
const PASSES_AN_HOUR = 6;
/** So many of them are measured, twenty seconds apart. */
const LOOKS = 3;
const CONFIG = "/api/v1/namespaces/kube-system/configmaps/storage-base-config";

/** What keeping a cluster costs while nothing happens, and how soon drift is undone. */
export async function measureIdle(plane: ControlPlane, release: BenchRelease): Promise<void> {
  const [program = "", ...args] = applyCommand(release, plane.kubeconfig, "--watch");
  const child = spawn(program, args, { env: ENVIRONMENT, stdio: ["ignore", "pipe", "inherit"] });
  const api = new Client(plane);
  try {
    const pid = child.pid ?? 0;
    await new Promise<void>((resolve, reject) => {
      let output = "";
      child.stdout.on("data", (chunk: Buffer) => {
        output += chunk.toString("utf8");
        if (/addons synced, looked at/.test(output)) resolve();
      });
      child.once("exit", () => reject(new Error(`halite apply --watch ended:\n${output}`)));
    });
    heading("Keeping the cluster: halite apply --watch");
    const times: number[] = [];
    for (let round = 0; round < DRIFTS; round++) times.push(await drift(api, round));
    const [p50, p99] = [quantile(times, 0.5), quantile(times, 0.99)];
    remark(
      `drift undone, ${DRIFTS} times, from the answer to the change to the value back: p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms, most ${Math.max(...times).toFixed(0)} ms  wanted: p99 2000 ms: ${p99 <= 2000 ? "met" : "NOT MET"}`,
    );
    // The last events, and V8's collections after what has just run.
    await wait(45_000);
    const before = cpuSeconds(pid);
    await wait(60_000);
    const minute = cpuSeconds(pid) - before;
    const passes = await fullLook(plane, release);
    const hour = 60 * minute + PASSES_AN_HOUR * passes;
    remark(
      `an idle minute: ${(1000 * minute).toFixed(1)} CPU ms; a full look: ${(1000 * passes).toFixed(0)} CPU ms; MiB now and at most: ${memoryOf(pid).now.toFixed(0)}, ${memoryOf(pid).peak.toFixed(0)}`,
    );
    remark(
      `an idle hour (60 such minutes and ${PASSES_AN_HOUR} full looks): ${hour.toFixed(2)} CPU s  wanted: 1 CPU s: ${hour <= 1 ? "met" : "NOT MET"}; the real addon manager: 60 passes`,
    );
  } finally {
    child.removeAllListeners("exit");
    const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    child.kill("SIGTERM");
    await ended;
    api.close();
  }
}

/** CPU seconds of a full look at a cluster in which nothing has changed, by a keeper that knows it already, with V8's collections after it. */
async function fullLook(plane: ControlPlane, release: BenchRelease): Promise<number> {
  const client = new ApiClient(endpointOf({ path: plane.kubeconfig, cluster: release.cluster }), {});
  const stop = new AbortController();
  let passes = 0;
  let begun = process.cpuUsage();
  let used = 0;
  const keeper = new ClusterKeeper(client, desiredOf(release), {
    apply: { tooling: "halite/bench", now: () => new Date(), timeout: 5000 },
    resync: 20_000,
    onPass: ({ kind }) => {
      if (kind !== "full") return;
      if (passes === 0) begun = process.cpuUsage();
      else if (passes === LOOKS) {
        const { user, system } = process.cpuUsage(begun);
        used = (user + system) / 1e6;
        stop.abort();
      }
      passes += 1;
    },
  });
  await keeper.run(stop.signal);
  client.close();
  return used / LOOKS;
}

/** Milliseconds until a changed value is back. */
async function drift(api: Client, round: number): Promise<number> {
  const value = async (): Promise<string | undefined> => {
    const { body } = await api.call("GET", CONFIG);
    // The server's own ConfigMap.
    return (body as { readonly data?: Readonly<Record<string, string>> }).data?.["option-0"];
  };
  const wanted = await value();
  const drifted = `drift ${round}`;
  const answer = await api.call("PATCH", CONFIG, { data: { "option-0": drifted } }, "application/merge-patch+json");
  if (answer.status !== 200 || wanted === undefined) throw new Error(`${CONFIG}: ${JSON.stringify(answer.body)}`);
  const begun = performance.now();
  while ((await value()) !== wanted) {
    if (performance.now() - begun > 60_000) throw new Error("the drift was not undone within a minute");
    await wait(2);
  }
  const took = performance.now() - begun;
  await wait(Math.random() * 100);
  return took;
}
