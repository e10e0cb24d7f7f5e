import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { endpointOf } from "../cluster/index.ts";
import { jsonLog, systemClock } from "../controllers/runtime/index.ts";
import { loadConfig, type SyncConfig } from "../fleet/index.ts";
import { parseRemote, type ReportSetting, type TrustedSigners } from "../git/index.ts";
import { ApiClient, inClusterEndpoint } from "../kubernetes/index.ts";
import { accessTo, lockFolder, serveZone, shardName, Zone, type Shard, type ZoneOptions } from "../sync/index.ts";
import { MOST_SHARDS, numberIn } from "./shard-number.ts";
import { EnvironmentError, UsageError, type Command, type CommandContext, type ExitCode } from "./command.ts";
import { endSoon } from "./end-soon.ts";
import { tuneForZone } from "./engine.ts";
import { revealerOf } from "./reveal.ts";
import { configPath } from "./open-roster.ts";
import { zoneText } from "./zone-text.ts";

/** `halite sync`. */
export const command: Command = {
  run: async (context) => {
    const { arguments: args, terminal, env } = context;
    if (args.positional.length > 0) throw new UsageError("name the zone with --az");
    const setting = zoneSetting(context);
    const { folder, sync } = setting;
    tuneForZone();
    const log = jsonLog({
      clock: systemClock,
      write: (line) => terminal.err(line),
      level: args.flag("verbose") ? "debug" : args.flag("once") ? "warn" : "info",
      fields: { az: setting.git.az },
    });
    const stop = new AbortController();
    const places = { path: setting.kubeconfigs, variable: env["KUBECONFIG"], home: env["HOME"] };
    const shards = shardsAsked(context, sync.lease !== null);
    const optionsOf = (shard: Shard | null) => ({
      ...endedBy(stop.signal, placesOf(setting, shard)),
      reports: { sign: sync.reports.sign, trusted: signers(sync.reports.trusted, folder), without: sync.reports.without },
      access: (cluster: string) => accessTo(cluster, places),
      reveal: (client: ApiClient, files: ReadonlyMap<string, Uint8Array>) => revealerOf(context, client, files),
      interval: sync.interval * 1000,
      resync: sync.resync * 1000,
      workers: sync.workers,
      version: context.version,
    });
    const [only = null] = shards;
    const own = sync.lease === null || args.flag("once") ? undefined : ownCluster(context);
    const unlock = await lockFolder(shards.length > 1 ? setting.state : placesOf(setting, only).folder);
    // The Lease is given back, but not to an API server that gives no answer.
    const end = (): void => endSoon(stop, own);
    // Not once: what runs meanwhile (git) ends with a signal too, and has the process end at once where nobody listens any more.
    process.on("SIGINT", end);
    process.on("SIGTERM", end);
    try {
      if (args.flag("once"))
        return await once(context, { ...optionsOf(only), shard: only, clock: systemClock, random: Math.random, log }, stop.signal);
      const listen = listenAddress(args.value("listen") ?? sync.listen);
      await serveZone(
        {
          shards,
          zone: optionsOf,
          az: setting.git.az,
          clock: systemClock,
          random: Math.random,
          log,
          listen,
          lease:
            sync.lease === null || own === undefined
              ? null
              : { ...sync.lease, api: own, identity: `${env["POD_NAME"] ?? hostname()}-${process.pid}` },
          onListen: (port) => log.info("listening", { port }),
        },
        stop.signal,
      );
      log.info("stopped");
      return 0;
    } finally {
      process.off("SIGINT", end);
      process.off("SIGTERM", end);
      // An API server keeps an idle connection for a minute and a half, and that keeps the process.
      own?.close();
      await unlock();
    }
  },
};

/** The same places, of which git is ended by a signal. */
function endedBy<P extends { readonly git: ReportSetting }>(signal: AbortSignal, places: P): P {
  return { ...places, git: { ...places.git, signal } };
}

/** Where a shard's things are: each has a store and a state of its own. */
function placesOf(
  { git, state }: ZoneSetting,
  shard: Shard | null,
): { readonly folder: string; readonly git: ReportSetting; readonly stateFile: string } {
  const folder = shard === null ? state : join(state, shardName("shard", shard));
  return { folder, git: { ...git, store: join(folder, "store.git") }, stateFile: join(folder, "state.json") };
}

/** Which shards this process keeps, or stands for. @throws UsageError */
function shardsAsked({ arguments: args }: CommandContext, leases: boolean): readonly (Shard | null)[] {
  const [count, given] = [args.value("shards"), args.value("shard")];
  if (count === undefined) {
    if (given !== undefined) throw new UsageError("--shard says which of how many parts: give --shards too");
    return [null];
  }
  const shards = numberIn(count, 1, MOST_SHARDS);
  if (shards === undefined) throw new UsageError(`--shards takes a number from 1 to ${MOST_SHARDS}, not ${JSON.stringify(count)}`);
  if (given !== undefined) {
    const shard = numberIn(given, 0, shards - 1);
    if (shard === undefined) throw new UsageError(`--shard takes a number from 0 to ${shards - 1}, not ${JSON.stringify(given)}`);
    return [{ shard, shards }];
  }
  if (args.flag("once") || !leases)
    throw new UsageError("--shards needs --shard, which part to keep; without it replicas share the parts by Leases (sync.lease)");
  return Array.from({ length: shards }, (_, shard) => ({ shard, shards }));
}

async function once(context: CommandContext, options: ZoneOptions, signal: AbortSignal): Promise<ExitCode> {
  const { terminal, arguments: args } = context;
  const status = await new Zone(options).once(signal);
  if (status.commit === null)
    throw new EnvironmentError(
      `zone ${status.az} has no commit to keep its clusters by: ${status.git.error ?? status.git.refused?.reason ?? "nothing was pulled"}`,
      "`halite publish` publishes the fleet; check publish in halite.yaml",
    );
  if (args.flag("json")) terminal.out(`${JSON.stringify(status, undefined, 2)}\n`);
  else terminal.out(zoneText(status, terminal, args.flag("reasons")));
  if (status.git.error !== null || status.git.refused !== null || status.stateError !== null) return 1;
  return status.clusters.every(({ synced, healthy, hold }) => (synced && healthy) || (hold !== null && hold.kind !== "stopped")) ? 0 : 1;
}

/** Where a zone's things are, by the config and the command line. */
export interface ZoneSetting {
  readonly folder: string;
  readonly sync: SyncConfig;
  readonly git: ReportSetting;
  /** The folder of the zone's state, absolute. */
  readonly state: string;
  readonly kubeconfigs: string | null;
}

/** @throws UsageError, EnvironmentError, FindingError */
export function zoneSetting(context: CommandContext, az = context.arguments.value("az")): ZoneSetting {
  const { arguments: args, cwd } = context;
  if (az === undefined) throw new UsageError("--az AZ is needed: one job keeps one availability zone");
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(az)) throw new UsageError(`${JSON.stringify(az)} is no name of a zone`);
  const { folder, config } = loadConfig(configPath(context), context.home);
  const { publish, sync } = config;
  const given = { state: args.value("state"), kubeconfigs: args.value("kubeconfigs") };
  const state = given.state === undefined ? resolve(folder, sync.state, az) : resolve(cwd, given.state);
  const kubeconfigs =
    given.kubeconfigs === undefined
      ? sync.kubeconfigs === null
        ? null
        : resolve(folder, sync.kubeconfigs)
      : resolve(cwd, given.kubeconfigs);
  return {
    folder,
    sync,
    state,
    kubeconfigs,
    git: {
      store: join(state, "store.git"),
      remote: parseRemote(publish.remote, folder),
      branch: publish.branch,
      az,
      auth: publish.auth,
      folder,
      trusted: signers(sync.trusted, folder),
      prefix: sync.reports.branch,
    },
  };
}

function signers(trusted: SyncConfig["trusted"], folder: string): TrustedSigners | null {
  if (trusted === null) return null;
  return trusted.format === "ssh"
    ? { format: "ssh", allowedSigners: resolve(folder, trusted.allowedSigners) }
    : { format: "openpgp", keyring: resolve(folder, trusted.keyring) };
}

function listenAddress(text: string | null): { readonly host: string | undefined; readonly port: number } | null {
  if (text === null) return null;
  const [, host = "", port = ""] = /^(.*):(\d{1,5})$/.exec(text) ?? [];
  if (port === "" || Number(port) > 65_535) throw new UsageError(`--listen takes HOST:PORT, not ${JSON.stringify(text)}`);
  const bare = host.replace(/^\[(.*)\]$/, "$1");
  return { host: bare === "" ? undefined : bare, port: Number(port) };
}

/** The cluster that the job itself runs in, or the one of `--lease-kubeconfig`. */
function ownCluster(context: CommandContext): ApiClient {
  const path = context.arguments.value("lease-kubeconfig");
  const endpoint = path === undefined ? inClusterEndpoint(context.env) : endpointOf({ path: resolve(context.cwd, path), cluster: "" });
  return new ApiClient(endpoint, { userAgent: `halite-sync/${context.version}`, patience: 5000, timeout: 5000 });
}
