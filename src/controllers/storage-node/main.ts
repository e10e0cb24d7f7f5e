/**
 * Makes a node's disks what its flavor says. Runs as a DaemonSet's pod, privileged, with the node's process namespace and /etc/halite.
 */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { ApiClient, inClusterEndpoint } from "../../kubernetes/index.ts";
import {
  countedCommands,
  EventRecorder,
  jsonLog,
  Metrics,
  Reconciler,
  runProcess,
  runProgram,
  runtimeMetrics,
  systemClock,
  UsageError,
} from "../runtime/index.ts";
import { SYSTEM_CONFIGURATION } from "../storage-api/index.ts";
import { configurationFile } from "./configuration-file.ts";
import { StorageNode, storageNodeMetrics } from "./controller.ts";
import { parseFlavor } from "./flavor.ts";

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      /** The Node's name. */
      node: { type: "string" },
      flavor: { type: "string" },
      /** The flavor as JSON. */
      "flavor-file": { type: "string" },
      configuration: { type: "string", default: SYSTEM_CONFIGURATION },
      /** Seconds between looks. */
      interval: { type: "string", default: "60" },
      port: { type: "string", default: "9465" },
      host: { type: "string" },
      /** The folder of the ServiceAccount. */
      account: { type: "string" },
    },
  });
  const { node = "", flavor: name = "", "flavor-file": path = "", configuration, interval, port, host, account } = values;
  if (node === "" || name === "" || path === "") throw new UsageError("--node, --flavor and --flavor-file are needed");
  const clock = systemClock;
  const log = jsonLog({ clock, write: (line) => process.stdout.write(line), fields: { node } });
  const flavor = parseFlavor(name, readFileSync(path, "utf8"));
  const metrics = new Metrics();
  const counted = runtimeMetrics(metrics);
  const api = new ApiClient(inClusterEndpoint(process.env, account), { userAgent: "halite-storage-node" });
  const stop = new AbortController();
  const storage = new StorageNode({
    api,
    node,
    flavor,
    commands: countedCommands(counted, { clock, signal: stop.signal }),
    file: configurationFile(configuration),
    newUuid: randomUUID,
    clock,
    log,
    events: new EventRecorder({ api, component: "storage-node", host: node, clock, log }),
    metrics: storageNodeMetrics(metrics),
  });
  let hasLooked = false;
  const reconciler = new Reconciler({
    name: "disks",
    reconcile: async (_key, signal) => {
      await storage.reconcile(signal);
      hasLooked = true;
      return { again: Number(interval) * 1000 };
    },
    clock,
    random: Math.random,
    log,
    metrics: counted,
    backoff: { first: 5000, longest: 300_000 },
  });
  const status = await runProcess({
    process,
    clock,
    log,
    metrics,
    port: Number(port),
    ...(host !== undefined && { host }),
    ready: { disks: () => (hasLooked ? undefined : "the disks are not as the flavor says yet") },
    work: async (signal) => {
      signal.addEventListener("abort", () => stop.abort());
      reconciler.queue.add(node);
      await reconciler.run(signal);
    },
  });
  api.close();
  return status;
}

void runProgram("storage-node", process, main);
