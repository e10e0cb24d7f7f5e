import type { Clock } from "../controllers/runtime/index.ts";

/**
 * Turns for work on clusters: so many at a time, in the order in which they were asked for. Work that takes longer than a turn goes on without one, and the
 * next begins: a cluster that answers slowly, or not at all, does not delay the others.
 */
export class Turns {
  readonly #clock: Clock;
  readonly #length: number;
  readonly #waiting: (() => void)[] = [];
  #free: number;

  /** @param length milliseconds that a turn is */
  constructor(workers: number, length: number, clock: Clock) {
    this.#free = workers;
    this.#length = length;
    this.#clock = clock;
  }

  /** How many wait for a turn. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Does the work when it is its turn. When the signal is given while it waits, the work is begun at once, and is to see that itself. */
  async take<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const has = await this.#enter(signal);
    let over = !has;
    const end = (): void => {
      if (over) return;
      over = true;
      this.#leave();
    };
    const stop = this.#clock.after(this.#length, end);
    try {
      return await work();
    } finally {
      stop();
      end();
    }
  }

  /** Whether a turn was had. */
  async #enter(signal: AbortSignal): Promise<boolean> {
    if (this.#free > 0) {
      this.#free -= 1;
      return true;
    }
    return await new Promise<boolean>((resolve) => {
      const go = (): void => {
        signal.removeEventListener("abort", givenUp);
        resolve(true);
      };
      const givenUp = (): void => {
        const at = this.#waiting.indexOf(go);
        if (at >= 0) this.#waiting.splice(at, 1);
        resolve(false);
      };
      this.#waiting.push(go);
      if (signal.aborted) givenUp();
      else signal.addEventListener("abort", givenUp, { once: true });
    });
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}
