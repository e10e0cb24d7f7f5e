import { ApiClient, inClusterEndpoint } from "../../kubernetes/index.ts";
import { CsiServer } from "../csi/index.ts";
import { countedCommands, EventRecorder, runtimeMetrics, type Clock, type Log, type Metrics, type NodeCommands } from "../runtime/index.ts";
import { usableGroups } from "./capacity.ts";
import { ClassFollower } from "./class-follower.ts";
import { Cluster } from "./cluster.ts";
import { configuredGroups } from "./configuration.ts";
import { controllerService } from "./controller-service.ts";
import { Filesystems } from "./filesystem.ts";
import { identityService } from "./identity-service.ts";
import { Janitor } from "./janitor.ts";
import { LimitsKeeper } from "./limits-keeper.ts";
import { driverMetrics } from "./metrics.ts";
import { HostFiles, type NodeFiles } from "./node-files.ts";
import { NodeService } from "./node-service.ts";
import { reportOf, StatusWriter } from "./status.ts";
import { Volumes, type OwnedVolume } from "./volumes.ts";

export interface DriverOptions {
  readonly node: string;
  readonly socket: string;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Where the API server is, as pods are told; absent: there is none. */
  readonly environment: Readonly<Record<string, string | undefined>> | undefined;
  /** The folder of the ServiceAccount. Default: a pod's. */
  readonly account?: string | undefined;
}

/** The parts of a driver, put together. Nothing has begun yet. */
export interface DriverParts {
  readonly volumes: Volumes;
  readonly limits: LimitsKeeper;
  readonly services: {
    readonly Identity: ReturnType<typeof identityService>;
    readonly Controller: ReturnType<typeof controllerService>;
    readonly Node: NodeService["handlers"];
  };
}

/** Puts a driver together from what it stands on. */
export function driverParts(on: {
  readonly node: string;
  readonly version: string;
  readonly commands: NodeCommands;
  readonly files: NodeFiles;
  readonly clock: Clock;
  readonly log: Log;
  readonly registered?: (groups: readonly string[]) => void;
}): DriverParts {
  const { node, version, commands, files, clock, log, registered = () => undefined } = on;
  const volumes = new Volumes({ node, commands, configured: () => configuredGroups(files), clock, log });
  const limits = new LimitsKeeper({ volumes, commands, files, log });
  const keepLimits = async (): Promise<void> => {
    await limits.keep();
  };
  const filesystems = new Filesystems(commands, files);
  return {
    volumes,
    limits,
    services: {
      Identity: identityService(version),
      Controller: controllerService({ volumes, limitsChanged: keepLimits }),
      Node: new NodeService({ volumes, filesystems, files, log, published: keepLimits, registered }).handlers,
    },
  };
}

/** The driver as a process has it. */
export interface Driver {
  readonly live: Readonly<Record<string, () => string | undefined>>;
  readonly ready: Readonly<Record<string, () => string | undefined>>;
  /** Ends what is still asked of the API server. */
  readonly hurry: () => void;
  readonly work: (signal: AbortSignal) => Promise<void>;
}

/** Between two looks at limits, classes and what is reported, in milliseconds. */
const LOOK = 30_000;
/** Every so many looks what nobody looks after is looked for. */
const CLEAR_EVERY = 10;

export function startDriver(options: DriverOptions): Driver {
  const { node, socket, version, clock, log, metrics, environment, account } = options;
  const counted = runtimeMetrics(metrics);
  const own = driverMetrics(metrics);
  const files = new HostFiles();
  const commands = countedCommands(counted, { clock });
  let registered: string | undefined;
  const parts = driverParts({
    node,
    version,
    commands,
    files,
    clock,
    log,
    registered: (groups) => {
      registered = groups.join(",");
    },
  });
  const { volumes, limits } = parts;
  const api =
    environment === undefined ? undefined : new ApiClient(inClusterEndpoint(environment, account), { userAgent: "halite-lvm-csi" });
  const cluster = api === undefined ? undefined : new Cluster(api);
  const janitor = new Janitor({ volumes, cluster, log });
  const follower = cluster === undefined ? undefined : new ClassFollower({ volumes, cluster, log });
  const events = api === undefined ? undefined : new EventRecorder({ api, component: "lvm-csi", host: node, clock, log });
  const status = api === undefined || events === undefined ? undefined : new StatusWriter({ api, node, clock, events });
  let serving = false;
  let present: string | undefined;
  let orphans: readonly OwnedVolume[] = [];
  const look = async (round: number): Promise<void> => {
    if (round % CLEAR_EVERY === 0) orphans = await janitor.round();
    await follower?.follow();
    await limits.keep();
    const [observed, configured] = [await volumes.observe(), await volumes.configured()];
    present = usableGroups(observed, configured)
      .map(({ group }) => group.name)
      .sort()
      .join(",");
    const report = reportOf(observed, configured, orphans);
    own.report(report, orphans.length);
    await status?.write(report);
    own.success.set(clock.date().getTime() / 1000);
  };
  return {
    live: {},
    ready: {
      csi: () => (serving ? undefined : "CSI is not served yet"),
      // The registrar's liveness probe asks for this: begun anew, it registers the driver with the groups that there are now.
      topology: () =>
        registered === undefined || present === undefined || registered === present
          ? undefined
          : `the kubelet knows volume groups ${registered}, and there are ${present}`,
    },
    hurry: () => api?.close(),
    work: async (signal) => {
      const server = await CsiServer.start({
        socket,
        services: parts.services,
        clock,
        log,
        called: (method, code, milliseconds) => own.calls.observe({ method, code }, milliseconds / 1000),
      });
      serving = true;
      for (let round = 0; !signal.aborted; round++) {
        try {
          await look(round);
        } catch (error) {
          log.warn("the node's volumes could not be looked at", { error });
        }
        await clock.sleep(LOOK, signal);
      }
      serving = false;
      await server.stop();
      await events?.idle;
      api?.close();
    },
  };
}
