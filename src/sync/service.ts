import { HealthServer, Leader, Metrics, type Api, type Clock, type Log, type Random } from "../controllers/runtime/index.ts";
import { Zone, type ZoneOptions } from "./zone.ts";
import { ZoneMetrics } from "./zone-metrics.ts";

export interface ServiceOptions {
  readonly zone: Omit<ZoneOptions, "clock" | "random" | "log" | "listener">;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Where health, metrics and status are served; null: nowhere. */
  readonly listen: { readonly host: string | undefined; readonly port: number } | null;
  /** By what one of several replicas works; null: there is only one. */
  readonly lease: { readonly api: Api; readonly namespace: string; readonly name: string; readonly identity: string } | null;
  /** Told at which port it listens, once it does. */
  readonly onListen?: (port: number) => void;
}

/** A loop that has not come round for so long, in milliseconds, hangs. */
const STALLED = 900_000;

/** Keeps a zone until the signal comes: one replica at a time, with health, metrics and status beside it. */
export async function serveZone(options: ServiceOptions, signal: AbortSignal): Promise<void> {
  const { clock, random, log, listen, lease } = options;
  const metrics = new Metrics();
  const listener = new ZoneMetrics(metrics, clock);
  let zone: Zone | null = null;
  const leader = lease === null ? undefined : new Leader({ ...lease, clock, random, log });
  const work = async (ended: AbortSignal): Promise<void> => {
    const own = new Zone({ ...options.zone, clock, random, log, listener });
    zone = own;
    try {
      await own.run(ended);
    } finally {
      zone = null;
    }
  };
  const current = (): Zone | null => zone;
  const server =
    listen === null
      ? undefined
      : await HealthServer.start({
          ...(listen.host === undefined ? {} : { host: listen.host }),
          port: listen.port,
          metrics: { text: () => listener.text(current()?.status() ?? null) },
          live: { loop: () => ((current()?.idle() ?? 0) > STALLED ? "the loop has not come round for a quarter of an hour" : undefined) },
          // A replica that waits for its turn is as ready as it can be.
          ready: { git: () => (current() === null || current()?.hasCommit() === true ? undefined : "no commit was taken over yet") },
          pages: {
            "/status": () => ({
              type: "application/json",
              text: `${JSON.stringify(current()?.status() ?? { apiVersion: "halite.dev/v1alpha1", kind: "ZoneStandby", az: options.zone.git.az, leader: leader?.holder ?? null }, undefined, 1)}\n`,
            }),
          },
        });
  if (server !== undefined) options.onListen?.(server.port);
  try {
    if (leader === undefined) await work(signal);
    // Who has lost the Lease stands for election again.
    else while (!signal.aborted) await leader.run(work, signal);
  } finally {
    await server?.stop();
  }
}
