import { HealthServer, type Check } from "./health.ts";
import { HURRY, type Clock, type Log } from "../../kubernetes/index.ts";
import type { Metrics } from "./metrics.ts";

/** What of Node's process the runtime uses. */
export interface HostProcess {
  on(signal: "SIGTERM" | "SIGINT", handler: () => void): unknown;
  off(signal: "SIGTERM" | "SIGINT", handler: () => void): unknown;
}

export interface ProcessOptions {
  readonly process: HostProcess;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Of /healthz, /readyz and /metrics. */
  readonly port: number;
  readonly host?: string;
  readonly live?: Readonly<Record<string, Check>>;
  readonly ready?: Readonly<Record<string, Check>>;
  /** So long the work may take to end after SIGTERM, in milliseconds. Default: 25 s, as a pod is killed after 30. */
  readonly grace?: number;
  /** Ends what the work still waits for then, such as an answer of an API server that gives none: three seconds after SIGTERM. */
  readonly hurry?: () => void;
  /** The controller: works until the signal is given and then ends in order. */
  readonly work: (signal: AbortSignal) => Promise<void>;
}

/**
 * Runs a controller as a process: with its health and metrics, until SIGTERM or SIGINT, whereupon it isn't ready any more, and has to end.
 *
 * @returns the exit status: 0 where it ended in order
 */
export async function runProcess(options: ProcessOptions): Promise<number> {
  const { process, clock, log, metrics, port, host, live = {}, ready = {}, grace = 25_000, hurry = () => undefined, work } = options;
  const stop = new AbortController();
  const stopping = (): string | undefined => (stop.signal.aborted ? "it is ending" : undefined);
  const health = await HealthServer.start({ port, metrics, live, ready: { ...ready, stopping }, ...(host !== undefined && { host }) });
  const signalled = (): void => {
    log.info("ends");
    stop.abort();
  };
  process.on("SIGTERM", signalled);
  process.on("SIGINT", signalled);
  log.info("begins", { port: health.port });
  let inTime: (() => void) | undefined;
  const late = new Promise<number>((resolve) => {
    stop.signal.addEventListener("abort", () => {
      const hurried = clock.after(HURRY, hurry);
      const given = clock.after(grace, () => {
        log.error("did not end in time", { grace });
        resolve(1);
      });
      inTime = () => {
        hurried();
        given();
      };
    });
  });
  const worked = work(stop.signal).then(
    () => 0,
    (error: unknown) => {
      log.error("has failed", { error });
      return 1;
    },
  );
  const status = await Promise.race([worked, late]);
  // Where the work has failed, what it has begun ends too.
  stop.abort();
  inTime?.();
  process.off("SIGTERM", signalled);
  process.off("SIGINT", signalled);
  await health.stop();
  return status;
}
