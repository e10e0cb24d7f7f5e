/**
 * The smallest controller that has everything: writes into each ConfigMap with the label `demo: "yes"` what it holds, backwards, and tells of it.
 */
import { ApiClient, inClusterEndpoint } from "../../../src/kubernetes/index.ts";
import {
  EventRecorder,
  Informer,
  jsonLog,
  keyOf,
  Leader,
  Metrics,
  Reconciler,
  Resource,
  runProcess,
  runProgram,
  runtimeMetrics,
  systemClock,
  type KubernetesObject,
  type ProgramValues,
} from "../../../src/controllers/runtime/index.ts";

interface ConfigMap extends KubernetesObject {
  readonly data?: Readonly<Record<string, string>>;
}

const OPTIONS = {
  account: { type: "string", value: "FOLDER", required: true, about: "of the ServiceAccount" },
  namespace: { type: "string", value: "NAME", required: true, about: "of the ConfigMaps" },
} as const;

async function main({ account, namespace }: ProgramValues<typeof OPTIONS>): Promise<number> {
  const clock = systemClock;
  const random = Math.random;
  const log = jsonLog({ clock, write: (line) => process.stdout.write(line) });
  const metrics = new Metrics();
  const counted = runtimeMetrics(metrics);
  const api = new ApiClient(inClusterEndpoint(process.env, account), { userAgent: "halite-demo" });
  const resource = new Resource<ConfigMap>(api, { group: "", version: "v1", plural: "configmaps", kind: "ConfigMap", namespaced: true });
  const events = new EventRecorder({ api, component: "demo", host: "here", clock, log });
  const informer = new Informer<ConfigMap>({
    resource,
    selection: { namespace, labelSelector: "demo=yes" },
    clock,
    random,
    log,
    count: (what) => counted.watches.inc({ resource: "configmaps", what }),
  });
  const reconcile = async (key: string): Promise<undefined> => {
    const object = informer.get(key);
    const value = object?.data?.["value"];
    if (object === undefined || value === undefined) return undefined;
    const backwards = Array.from(value).reverse().join("");
    if (object.data?.["backwards"] === backwards) return undefined;
    await resource.merge(object.metadata.name, namespace, { data: { backwards } });
    await events.tell(object, { type: "Normal", reason: "Reversed", message: `${value} is ${backwards}` });
    return undefined;
  };
  const reconciler = new Reconciler({ name: "demo", reconcile, clock, random, log, metrics: counted });
  informer.on(({ object }) => reconciler.queue.add(keyOf(object)));
  const leader = new Leader({ api, namespace, name: "demo", identity: `demo-${process.pid}`, clock, random, log });
  const status = await runProcess({
    process,
    clock,
    log,
    metrics,
    host: "127.0.0.1",
    port: 0,
    ready: { informer: () => (informer.synced ? undefined : "nothing is listed yet") },
    work: async (signal) => {
      const watching = informer.run(signal);
      await leader.run(async (leading) => {
        counted.leads.set(1);
        await reconciler.run(leading);
      }, signal);
      await watching;
    },
  });
  api.close();
  return status;
}

void runProgram({ name: "demo", about: "writes ConfigMaps backwards", options: OPTIONS }, process, main);
