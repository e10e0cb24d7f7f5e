/** The volume scheduler: the extender beside a kube-scheduler. */
import { setMaxListeners } from "node:events";
import { ApiClient, inClusterEndpoint } from "../../kubernetes/index.ts";
import {
  EventRecorder,
  jsonLog,
  Leader,
  Metrics,
  POD_OPTIONS,
  Resource,
  runProcess,
  runProgram,
  runtimeMetrics,
  systemClock,
  type KubernetesObject,
  type ProgramValues,
} from "../runtime/index.ts";
import { Binder } from "./binder.ts";
import { Extender } from "./extender.ts";
import { Inventory } from "./inventory.ts";
import { schedulerMetrics } from "./metrics.ts";
import { Sweeper } from "./sweeper.ts";
import { tellChosen, tellRefused } from "./tell.ts";
import { CLAIMS, ClusterWatch, PODS, VOLUMES } from "./watch.ts";

const NAME = "volume-scheduler";

const OPTIONS = {
  namespace: { type: "string", value: "NAME", default: "storage-system", about: "of the Lease" },
  identity: { type: "string", value: "NAME", about: "whose Lease it is; without it one of this process" },
  port: { type: "number", default: 9470, about: "of the extender, on the loopback alone" },
  "health-port": { type: "number", default: 9471, about: "of /healthz, /readyz and /metrics" },
  "health-host": POD_OPTIONS.host,
  "bind-timeout": { type: "number", value: "SECONDS", default: 600, about: "that a pod waits on its node for a volume that is being made" },
  "hold-ttl": { type: "number", value: "SECONDS", default: 60, about: "that a promise is kept which nobody takes" },
  account: POD_OPTIONS.account,
} as const;

async function main(values: ProgramValues<typeof OPTIONS>): Promise<number> {
  const { namespace, identity = `${NAME}-${process.pid}` } = values;
  const clock = systemClock;
  const random = Math.random;
  const log = jsonLog({ clock, write: (line) => process.stdout.write(line) });
  const metrics = new Metrics();
  const counted = runtimeMetrics(metrics);
  // Pods are bound many at a time; what is told of them must not wait for it.
  const api = new ApiClient(inClusterEndpoint(process.env, values.account), { userAgent: `halite-${NAME}`, concurrency: 32 });
  const eventApi = new ApiClient(inClusterEndpoint(process.env, values.account), { userAgent: `halite-${NAME}` });
  const events = new EventRecorder({ api: eventApi, component: NAME, host: identity, clock, log });
  const inventory = new Inventory();
  const volumes = new Resource<KubernetesObject>(api, VOLUMES);
  const claims = new Resource<KubernetesObject>(api, CLAIMS);
  const own = schedulerMetrics(metrics);
  const binder = new Binder({
    inventory,
    api,
    volumes,
    claims,
    pods: new Resource<KubernetesObject>(api, PODS),
    clock,
    log,
    // Sooner than the scheduler gives up on the request.
    patience: values["bind-timeout"] * 1000 - 10_000,
    chosen: (pod, node, places) => tellChosen(events, pod, node, places),
    conflicted: () => own.conflicts.inc(),
  });
  const busy = (claim: string): boolean => binder.isBusy(claim);
  const ttl = values["hold-ttl"] * 1000;
  const sweeper = new Sweeper({ inventory, volumes, claims, busy, clock, log, ttl, freed: (why) => own.freed.inc({ why }) });
  const holds = (): void => own.holds.set(sweeper.holds);
  const watch = new ClusterWatch({
    api,
    inventory,
    clock,
    random,
    log,
    count: (resource, what) => counted.watches.inc({ resource, what }),
    onVolume: (volume, name) => {
      if (volume === undefined) sweeper.forgetVolume(name);
      else sweeper.noteVolume(volume);
      holds();
    },
    onClaim: (claim, key) => {
      if (claim === undefined) sweeper.forgetClaim(key);
      else sweeper.noteClaim(claim);
      holds();
    },
    changed: () => binder.changed(),
  });
  const leader = new Leader({ api, namespace, name: `${NAME}-sweeper`, identity, clock, random, log });
  const status = await runProcess({
    process,
    clock,
    log,
    metrics,
    port: values["health-port"],
    ...(values["health-host"] !== undefined && { host: values["health-host"] }),
    ready: { inventory: () => watch.missing },
    hurry: () => {
      api.close();
      eventApi.close();
    },
    work: async (signal) => {
      // Each watch and each bind listens to it.
      setMaxListeners(0, signal);
      const extender = await Extender.start({
        inventory,
        binder,
        missing: () => watch.missing,
        clock,
        log,
        port: values.port,
        timed: (verb, outcome, milliseconds) => own.requests.observe({ verb, outcome }, milliseconds / 1000),
        refused: (pod, why) => tellRefused(events, pod, why),
      });
      log.info("answers the scheduler", { port: extender.port });
      const watching = watch.run(signal);
      while (!signal.aborted) {
        const ended = await leader.run(async (leading) => {
          counted.leads.set(1);
          await sweeper.run(leading);
          counted.leads.set(0);
        }, signal);
        if (ended !== "lost") break;
      }
      await extender.stop();
      await watching;
      await events.idle;
    },
  });
  api.close();
  eventApi.close();
  return status;
}

const PROGRAM = {
  name: NAME,
  about: "the extender that knows disks, beside a kube-scheduler",
  options: OPTIONS,
} as const;

void runProgram(PROGRAM, process, main);
