/**
 * Makes PersistentVolumes of the partitions that storage-node has made on this node, and cleans them. Runs as a DaemonSet's pod, privileged, with the
 * node's process namespace and /etc/halite.
 */
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { ApiClient, inClusterEndpoint } from "../../kubernetes/index.ts";
import {
  countedCommands,
  EventRecorder,
  Informer,
  jsonLog,
  Metrics,
  POD_OPTIONS,
  Reconciler,
  Resource,
  runProcess,
  runProgram,
  runtimeMetrics,
  systemClock,
  type Api,
  type KubernetesObject,
  type ProgramValues,
} from "../runtime/index.ts";
import { LABELS, labelValue, parseSystemConfiguration, SYSTEM_CONFIGURATION, type SystemConfiguration } from "../storage-api/index.ts";
import { parseConfig } from "./config.ts";
import { LocalVolumeProvisioner, provisionerMetrics } from "./controller.ts";
import { PERSISTENT_VOLUMES, type NodeIdentity, type PersistentVolume } from "./persistent-volume.ts";

const OPTIONS = {
  node: { type: "string", value: "NAME", required: true, about: "the Node's name" },
  config: { type: "string", value: "FILE", required: true, about: "classes and serials, as JSON" },
  configuration: { type: "string", value: "FILE", default: SYSTEM_CONFIGURATION, about: "what storage-node has made of the node's disks" },
  interval: { type: "number", value: "SECONDS", default: 30, about: "between two looks" },
  port: { type: "number", default: 9466, about: "of /healthz, /readyz and /metrics" },
  ...POD_OPTIONS,
} as const;

async function main(values: ProgramValues<typeof OPTIONS>): Promise<number> {
  const { node, config: path, configuration, interval, port, host, account } = values;
  const clock = systemClock;
  const random = Math.random;
  const log = jsonLog({ clock, write: (line) => process.stdout.write(line), fields: { node } });
  const config = parseConfig(readFileSync(path, "utf8"));
  const metrics = new Metrics();
  const counted = runtimeMetrics(metrics);
  const api = new ApiClient(inClusterEndpoint(process.env, account), { userAgent: "halite-local-volume-provisioner" });
  const stop = new AbortController();
  const commands = countedCommands(counted, { clock, signal: stop.signal });
  const informer = new Informer<PersistentVolume>({
    resource: new Resource<PersistentVolume>(api, PERSISTENT_VOLUMES),
    selection: { labelSelector: `${LABELS.node}=${labelValue(node)}` },
    clock,
    random,
    log,
    count: (what) => counted.watches.inc({ resource: "persistentvolumes", what }),
  });
  let provisioner: LocalVolumeProvisioner | undefined;
  let hasLooked = false;
  const reconciler = new Reconciler({
    name: "volumes",
    reconcile: async () => {
      // A node that was made anew has another uid.
      provisioner ??= new LocalVolumeProvisioner({
        api,
        node: await identity(api, node),
        config,
        configuration: () => systemConfiguration(configuration),
        volumes: () => informer.all(),
        commands,
        clock,
        log,
        events: new EventRecorder({ api, component: "local-volume-provisioner", host: node, clock, log }),
        metrics: provisionerMetrics(metrics),
        changed: () => reconciler.queue.add(node),
      });
      await provisioner.pass();
      hasLooked = true;
      return { again: interval * 1000 };
    },
    clock,
    random,
    log,
    metrics: counted,
    backoff: { first: 1000, longest: 60_000 },
  });
  const status = await runProcess({
    process,
    clock,
    log,
    metrics,
    port,
    ...(host !== undefined && { host }),
    ready: { volumes: () => (hasLooked ? undefined : "the volumes were not looked at yet") },
    hurry: () => api.close(),
    work: async (signal) => {
      signal.addEventListener("abort", () => stop.abort());
      const watching = informer.run(signal);
      await Promise.race([informer.whenSynced, new Promise((resolve) => signal.addEventListener("abort", resolve))]);
      informer.on(() => reconciler.queue.add(node));
      reconciler.queue.add(node);
      await reconciler.run(signal);
      await provisioner?.idle();
      await watching;
    },
  });
  api.close();
  return status;
}

async function identity(api: Api, name: string): Promise<NodeIdentity> {
  const nodes = new Resource<KubernetesObject>(api, { group: "", version: "v1", plural: "nodes", kind: "Node", namespaced: false });
  const namespaces = new Resource<KubernetesObject>(api, {
    group: "",
    version: "v1",
    plural: "namespaces",
    kind: "Namespace",
    namespaced: false,
  });
  const [node, system] = [await nodes.find(name), await namespaces.find("kube-system")];
  if (node === undefined) throw new Error(`there is no Node ${name}`);
  const cluster = system?.metadata.uid ?? "";
  if (cluster === "") throw new Error("the namespace kube-system has no uid");
  return { name, uid: node.metadata.uid ?? "", hostname: node.metadata.labels?.["kubernetes.io/hostname"] ?? name, cluster };
}

async function systemConfiguration(path: string): Promise<SystemConfiguration | undefined> {
  try {
    return parseSystemConfiguration(await readFile(path, "utf8"));
  } catch (error) {
    // storage-node has not been here yet.
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

const PROGRAM = {
  name: "local-volume-provisioner",
  about: "makes PersistentVolumes of the partitions of this node, and cleans them between claims",
  options: OPTIONS,
} as const;

void runProgram(PROGRAM, process, main);
