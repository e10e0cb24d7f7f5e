import { CsiServer } from "../csi/index.ts";
import { HostCommands, runtimeMetrics, type Clock, type Log, type Metrics, type NodeCommands, type Random } from "../runtime/index.ts";
import { configuredGroups } from "./configuration.ts";
import { controllerService } from "./controller-service.ts";
import { Filesystems } from "./filesystem.ts";
import { identityService } from "./identity-service.ts";
import { LimitsKeeper } from "./limits-keeper.ts";
import { HostFiles, type NodeFiles } from "./node-files.ts";
import { NodeService } from "./node-service.ts";
import { Volumes } from "./volumes.ts";

export interface DriverOptions {
  readonly node: string;
  readonly socket: string;
  readonly version: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Where the API server is, as pods are told; absent: there is none. */
  readonly environment: Readonly<Record<string, string | undefined>> | undefined;
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
  readonly work: (signal: AbortSignal) => Promise<void>;
}

const SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 1800];

export function startDriver(options: DriverOptions): Driver {
  const { node, socket, version, clock, log, metrics } = options;
  const counted = runtimeMetrics(metrics);
  const calls = metrics.histogram("halite_csi_call_seconds", "Calls of CSI.", SECONDS, ["method", "code"]);
  const files = new HostFiles();
  const commands = new HostCommands({
    clock,
    timed: (command, result, milliseconds) => counted.commands.observe({ tool: command.tool, result }, milliseconds / 1000),
  });
  const parts = driverParts({ node, version, commands, files, clock, log });
  let serving = false;
  return {
    live: {},
    ready: { csi: () => (serving ? undefined : "CSI is not served yet") },
    work: async (signal) => {
      const server = await CsiServer.start({
        socket,
        services: parts.services,
        clock,
        log,
        called: (method, code, milliseconds) => calls.observe({ method, code }, milliseconds / 1000),
      });
      serving = true;
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        else signal.addEventListener("abort", () => resolve(), { once: true });
      });
      serving = false;
      await server.stop();
    },
  };
}
