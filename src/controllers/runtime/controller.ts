import type { Clock, Log, Random } from "../../kubernetes/index.ts";
import type { RuntimeMetrics } from "./metrics.ts";
import { WorkQueue, type WorkResult } from "./work-queue.ts";

export interface ReconcilerOptions {
  /** Names the queue in logs and metrics. */
  readonly name: string;
  /** Makes what a key stands for as it should be. May be called again at any time: it looks, decides and does. */
  readonly reconcile: (key: string, signal: AbortSignal) => Promise<WorkResult>;
  /** Keys worked on at a time. Default: 1. */
  readonly workers?: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: RuntimeMetrics;
  /** A key's first wait after a failure and its longest, in milliseconds; see `WorkQueue`. */
  readonly backoff?: { readonly first: number; readonly longest: number };
}

/** Keys, and the work on them. */
export class Reconciler {
  readonly queue: WorkQueue;
  readonly #options: ReconcilerOptions;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    const { clock, random, metrics, name, backoff } = options;
    this.queue = new WorkQueue({
      clock,
      random,
      ...backoff,
      timed: (what, milliseconds) => {
        (what === "wait" ? metrics.queueWait : metrics.queueWork).observe({ queue: name }, milliseconds / 1000);
        metrics.queueDepth.set({ queue: name }, this.queue.length);
      },
    });
  }

  /** Works until the signal is given; then what is begun is finished. */
  async run(signal: AbortSignal): Promise<void> {
    const { name, reconcile, workers = 1, log, metrics } = this.#options;
    await this.queue.run(
      workers,
      (key) => reconcile(key, signal),
      (key, error, failures, pause) => {
        metrics.failures.inc({ queue: name });
        log.warn("reconciling has failed", { queue: name, key, failures, again: `${Math.round(pause)} ms`, error });
      },
      signal,
    );
  }
}
