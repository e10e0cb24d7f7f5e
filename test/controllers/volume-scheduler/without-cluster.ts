import type { KubernetesObject } from "../../../src/kubernetes/index.ts";
import { jsonLog, Resource, systemClock } from "../../../src/controllers/runtime/index.ts";
import { Binder } from "../../../src/controllers/volume-scheduler/binder.ts";
import { Extender } from "../../../src/controllers/volume-scheduler/extender.ts";
import type { Inventory } from "../../../src/controllers/volume-scheduler/index.ts";
import { CLAIMS, PODS, VOLUMES } from "../../../src/controllers/volume-scheduler/watch.ts";

/** An extender on a port of its own that decides by an inventory; whatever it would write or read fails, as there is no API server. */
export function extenderWithoutCluster(
  inventory: Inventory,
  more: Partial<Pick<Parameters<typeof Extender.start>[0], "missing" | "timed" | "refused">> = {},
  nobody = (): Promise<never> => Promise.reject(new Error("no API server")),
): Promise<Extender> {
  const api = { call: nobody, stream: nobody };
  const clock = systemClock;
  const log = jsonLog({ clock, write: () => undefined });
  const of = (type: typeof PODS): Resource<KubernetesObject> => new Resource<KubernetesObject>(api, type);
  const binder = new Binder({ inventory, api, volumes: of(VOLUMES), claims: of(CLAIMS), pods: of(PODS), clock, log });
  return Extender.start({ inventory, binder, missing: () => undefined, clock, log, port: 0, ...more });
}
