/**
 * Makes a node's disks what its flavor says. Runs as a DaemonSet's pod, privileged, with the node's process namespace and /etc/halite.
 */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { ApiClient, inClusterEndpoint } from "../../kubernetes/index.ts";
import {
  countedCommands,
  EventRecorder,
  jsonLog,
  Metrics,
  POD_OPTIONS,
  Reconciler,
  runProcess,
  runProgram,
  runtimeMetrics,
  systemClock,
  type ProgramValues,
} from "../runtime/index.ts";
import { SYSTEM_CONFIGURATION } from "../storage-api/index.ts";
import { configurationFile } from "./configuration-file.ts";
import { StorageNode, storageNodeMetrics } from "./controller.ts";
import { parseFlavor } from "./flavor.ts";

const OPTIONS = {
  node: { type: "string", value: "NAME", required: true, about: "the Node's name" },
  flavor: { type: "string", value: "NAME", required: true, about: "the node's flavor" },
  "flavor-file": { type: "string", value: "FILE", required: true, about: "the flavor, as JSON" },
  configuration: { type: "string", value: "FILE", default: SYSTEM_CONFIGURATION, about: "where what was made of the disks is written" },
  interval: { type: "number", value: "SECONDS", default: 60, about: "between two looks" },
  port: { type: "number", default: 9465, about: "of /healthz, /readyz and /metrics" },
  ...POD_OPTIONS,
} as const;

async function main(values: ProgramValues<typeof OPTIONS>): Promise<number> {
  const { node, flavor: name, "flavor-file": path, configuration, interval, port, host, account } = values;
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
      return { again: interval * 1000 };
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
    port,
    ...(host !== undefined && { host }),
    ready: { disks: () => (hasLooked ? undefined : "the disks are not as the flavor says yet") },
    hurry: () => api.close(),
    work: async (signal) => {
      signal.addEventListener("abort", () => stop.abort());
      reconciler.queue.add(node);
      await reconciler.run(signal);
    },
  });
  api.close();
  return status;
}

const PROGRAM = {
  name: "storage-node",
  about: "makes a node's disks what its flavor says",
  options: OPTIONS,
} as const;

void runProgram(PROGRAM, process, main);
