import { setMaxListeners } from "node:events";
import { setTimeout as wait } from "node:timers/promises";

/** Time, as controllers see it. Handed in, so that tests say what time it is. */
export interface Clock {
  /** Milliseconds that only ever grow, from any beginning. */
  monotonic(): number;
  /** The date, for what others read. */
  date(): Date;
  /** Waits; ends early, without an error, when the signal is given. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
  /** Does something after a time, unless it is stopped before by what is given back. */
  after(milliseconds: number, act: () => void): () => void;
}

/**
 * Sleeps until the first of some signals. A signal that `AbortSignal.any` makes leaves a trace in each of those that it is made of (Node 20 frees it with
 * them), and one that lives as long as the process is slept on millions of times.
 */
export async function sleepUntil(clock: Clock, milliseconds: number, signals: readonly AbortSignal[]): Promise<void> {
  const first = new AbortController();
  const wake = (): void => first.abort();
  for (const signal of signals) {
    setMaxListeners(0, signal);
    signal.addEventListener("abort", wake, { once: true });
    if (signal.aborted) wake();
  }
  try {
    await clock.sleep(milliseconds, first.signal);
  } finally {
    for (const signal of signals) signal.removeEventListener("abort", wake);
  }
}

/** A number from 0 to below 1. Handed in, so that tests know it. */
export type Random = () => number;

/** The machine's own time. */
export const systemClock: Clock = {
  monotonic: () => performance.now(),
  date: () => new Date(),
  sleep: async (milliseconds, signal) => {
    // As many may wait as there is work: Node would warn of more than ten listeners.
    setMaxListeners(0, signal);
    try {
      await wait(milliseconds, undefined, { signal });
    } catch {
      // The signal was given.
    }
  },
  after: (milliseconds, act) => {
    const timer = setTimeout(act, milliseconds);
    return () => clearTimeout(timer);
  },
};
