import { HealthServer, Leader, Metrics, type Api, type Clock, type Log, type Random } from "../controllers/runtime/index.ts";
import { Balance } from "./balance.ts";
import { shardName, shardWords, type Shard } from "./shard.ts";
import type { ZoneStatus } from "./status.ts";
import { Zone, type ZoneOptions } from "./zone.ts";
import { ZoneMetrics } from "./zone-metrics.ts";

export interface ServiceOptions {
  /** What is kept: the zone, or one or more of its shards. With several, whatever Leases are to be had say which. */
  readonly shards: readonly (Shard | null)[];
  readonly zone: (shard: Shard | null) => Omit<ZoneOptions, "clock" | "random" | "log" | "listener" | "shard">;
  readonly az: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Where health, metrics and status are served; null: nowhere. */
  readonly listen: { readonly host: string | undefined; readonly port: number } | null;
  /** By what one of several replicas works; null: there is only one. Each shard has a Lease of its own. */
  readonly lease: LeaseOptions | null;
  /** Told at which port it listens, once it does. */
  readonly onListen?: (port: number) => void;
}

export interface LeaseOptions {
  readonly api: Api;
  readonly namespace: string;
  readonly name: string;
  readonly identity: string;
}

/** A loop that has not come round for so long, in milliseconds, hangs. */
const STALLED = 900_000;
/** Twice so long, in milliseconds, a replica leaves a shard to others for each that it holds already; once, if another is to be its first. */
const HESITATE = 3_000;

/** Keeps a zone, or shards of it, until the signal comes: each by one replica at a time, with health, metrics and status beside it. */
export async function serveZone(options: ServiceOptions, signal: AbortSignal): Promise<void> {
  const { clock, random, log, listen, lease, shards } = options;
  const metrics = new Metrics();
  const listener = new ZoneMetrics(metrics, clock);
  const ending = new AbortController();
  const end = (): void => ending.abort();
  signal.addEventListener("abort", end, { once: true });
  if (signal.aborted) end();
  const kept = new Map<Shard | null, Zone>();
  const leaders = new Map<Shard | null, Leader>();
  const keep = async (shard: Shard | null, ended: AbortSignal): Promise<void> => {
    const own = shard === null ? log : log.with({ shard: shardWords(shard) });
    const zone = new Zone({ ...options.zone(shard), shard, clock, random, log: own, listener });
    kept.set(shard, zone);
    try {
      await zone.run(ended);
    } finally {
      kept.delete(shard);
    }
  };
  // Each replica begins with another shard, so that those that start together do not all want the same.
  const first = Math.floor(random() * shards.length);
  const balance = new Balance<Shard | null>(kept, leaders);
  const stand = async (shard: Shard | null, leases: LeaseOptions): Promise<void> => {
    const preferred = shards.indexOf(shard) === first;
    const leader = new Leader({
      ...leases,
      name: shardName(leases.name, shard),
      clock,
      random,
      log,
      hesitate: () => HESITATE * (kept.size > 0 ? 2 * kept.size : preferred ? 0 : 1),
      wants: () => balance.wants(shard),
      yields: () => balance.yields(shard),
    });
    leaders.set(shard, leader);
    // Who has lost the Lease, or left it to another, stands for election again.
    while (!ending.signal.aborted) await leader.run((ended) => keep(shard, ended), ending.signal);
  };
  const server =
    listen === null
      ? undefined
      : await HealthServer.start({
          ...(listen.host === undefined ? {} : { host: listen.host }),
          port: listen.port,
          metrics: { text: () => listener.text(statusOf(kept)) },
          live: {
            loop: () =>
              [...kept.values()].some((zone) => zone.idle() > STALLED) ? "the loop has not come round for a quarter of an hour" : undefined,
          },
          // A replica that waits for its turn is as ready as it can be.
          ready: { git: () => ([...kept.values()].every((zone) => zone.hasCommit()) ? undefined : "no commit was taken over yet") },
          pages: {
            "/status": () => ({
              type: "application/json",
              text: `${JSON.stringify(statusOf(kept) ?? standby(options.az, [...leaders.values()][0]), undefined, 1)}\n`,
            }),
          },
        });
  if (server !== undefined) options.onListen?.(server.port);
  const results = await Promise.allSettled(
    shards.map(async (shard) => {
      try {
        await (lease === null ? keep(shard, ending.signal) : stand(shard, lease));
      } catch (error) {
        // The others end, too: half a service is none that anybody begins anew.
        end();
        throw error;
      }
    }),
  );
  signal.removeEventListener("abort", end);
  await server?.stop();
  for (const result of results) if (result.status === "rejected") throw result.reason;
}

function standby(az: string, leader: Leader | undefined): Readonly<Record<string, unknown>> {
  return { apiVersion: "halite.dev/v1alpha1", kind: "ZoneStandby", az, leader: leader?.holder ?? null };
}

/** How the shards of one process are together; null where it keeps none. */
function statusOf(kept: ReadonlyMap<Shard | null, Zone>): ZoneStatus | null {
  const all = [...kept.values()].map((zone) => zone.status());
  const [first] = all;
  if (first === undefined || all.length === 1) return first ?? null;
  return {
    ...first,
    shard: all.flatMap(({ shard }) => shard ?? []).join(", "),
    clusters: all.flatMap(({ clusters }) => clusters).sort((a, b) => (a.cluster < b.cluster ? -1 : 1)),
    git: all.map(({ git }) => git).find(({ error, refused }) => error !== null || refused !== null) ?? first.git,
    stateError: all.map(({ stateError }) => stateError).find((error) => error !== null) ?? null,
    waiting: all.reduce((sum, { waiting }) => sum + waiting, 0),
    zones: [...new Map(all.flatMap(({ zones }) => zones).map((zone) => [zone.az, zone])).values()],
  };
}
