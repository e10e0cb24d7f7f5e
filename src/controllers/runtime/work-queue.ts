import type { Clock, Random } from "../../kubernetes/index.ts";

export interface WorkQueueOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** After a key's first failure it waits so long, in milliseconds, then twice as long each time. Default: 100 ms. */
  readonly first?: number;
  /** Default: five minutes. */
  readonly longest?: number;
  /** Is told how long a key waited until it was begun with, and how long its work took, in milliseconds. */
  readonly timed?: (what: "wait" | "work", milliseconds: number) => void;
}

/** What became of a key: done, to be done again later, or failed. */
export type WorkResult = { readonly again?: number } | undefined;

/**
 * Keys to be worked on. A key stands in the queue once, however often it is added; while it is worked on by one worker it is given to no other,
 * and what is added meanwhile is done afterwards. A key that fails waits longer each time, by itself: others pass it.
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  /** Keys in the order in which they came, with the moment. */
  readonly #ready = new Map<string, number>();
  readonly #working = new Set<string>();
  /** Added while they were worked on. */
  readonly #again = new Set<string>();
  readonly #failures = new Map<string, number>();
  /** Keys that wait, until when, and what ends their wait. */
  readonly #delayed = new Map<string, { readonly at: number; readonly stop: () => void }>();
  #wake: (() => void)[] = [];
  #closed = false;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
  }

  /** Keys that wait to be worked on, those that wait for a time apart. */
  get length(): number {
    return this.#ready.size;
  }

  get delayed(): number {
    return this.#delayed.size;
  }

  get working(): number {
    return this.#working.size;
  }

  /** How often a key has failed in a row. */
  failuresOf(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  add(key: string): void {
    if (this.#closed) return;
    // News of a key that waits may be what it needs. If it fails again it waits longer still.
    this.#undelay(key);
    this.#enter(key);
  }

  /** Adds a key after a time, in milliseconds; of several times the soonest counts. */
  addAfter(key: string, milliseconds: number): void {
    if (this.#closed) return;
    const { clock } = this.#options;
    const at = clock.monotonic() + milliseconds;
    const known = this.#delayed.get(key);
    if (known !== undefined && known.at <= at) return;
    this.#undelay(key);
    const stop = clock.after(milliseconds, () => {
      this.#delayed.delete(key);
      if (!this.#closed) this.#enter(key);
    });
    this.#delayed.set(key, { at, stop });
  }

  /**
   * Works on keys, `workers` at a time, until the signal is given; then what is begun is finished. An error that `work` throws is told to
   * `failed`, with how often the key has failed in a row and when it is tried again.
   */
  async run(
    workers: number,
    work: (key: string) => Promise<WorkResult>,
    failed: (key: string, error: unknown, failures: number, pause: number) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const close = (): void => {
      this.#closed = true;
      for (const key of this.#delayed.keys()) this.#undelay(key);
      for (const wake of this.#wake.splice(0)) wake();
    };
    if (signal.aborted) close();
    signal.addEventListener("abort", close, { once: true });
    await Promise.all(Array.from({ length: workers }, () => this.#worker(work, failed)));
    signal.removeEventListener("abort", close);
  }

  async #worker(
    work: (key: string) => Promise<WorkResult>,
    failed: (key: string, error: unknown, failures: number, pause: number) => void,
  ): Promise<void> {
    const { clock, timed = () => undefined } = this.#options;
    while (!this.#closed) {
      const next = this.#ready.entries().next();
      if (next.done === true) {
        await new Promise<void>((resolve) => this.#wake.push(resolve));
        continue;
      }
      const [key, since] = next.value;
      this.#ready.delete(key);
      this.#working.add(key);
      const begun = clock.monotonic();
      timed("wait", begun - since);
      try {
        const result = await work(key);
        this.#failures.delete(key);
        if (result?.again !== undefined) this.addAfter(key, result.again);
      } catch (error) {
        const failures = this.failuresOf(key) + 1;
        this.#failures.set(key, failures);
        const pause = this.#pause(failures);
        this.addAfter(key, pause);
        failed(key, error, failures, pause);
      }
      timed("work", clock.monotonic() - begun);
      this.#working.delete(key);
      if (this.#again.delete(key)) this.add(key);
    }
  }

  #pause(failures: number): number {
    const { first = 100, longest = 300_000, random } = this.#options;
    const whole = Math.min(first * 2 ** (failures - 1), longest);
    return whole * (0.75 + 0.5 * random());
  }

  #enter(key: string): void {
    if (this.#working.has(key)) {
      this.#again.add(key);
      return;
    }
    if (!this.#ready.has(key)) this.#ready.set(key, this.#options.clock.monotonic());
    this.#wake.shift()?.();
  }

  #undelay(key: string): void {
    this.#delayed.get(key)?.stop();
    this.#delayed.delete(key);
  }
}
