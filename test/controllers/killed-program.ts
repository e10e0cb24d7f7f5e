import { setTimeout as wait } from "node:timers/promises";
import type { StorageNode } from "../node-vm/index.ts";

/** An emulated processor takes seconds to compile a controller: what a process has compiled is kept, and taken by the next one. */
export const KEPT_CODE = "NODE_COMPILE_CACHE=/tmp/compiled";

/**
 * What becomes of the commands that a killed process has begun on the node: they go on, or end with it, as where its container's runtime kills all that is
 * in the container.
 */
export type Kill = "alone" | "everything";

/** A controller's process in a node, which is killed and started again. */
export class KilledProgram {
  readonly #node: StorageNode;
  readonly #begin: () => Promise<number>;
  #process: number;
  #over: Promise<void> = Promise.resolve();
  #isOver = true;
  #running: Promise<void> = Promise.resolve();
  kills = 0;

  private constructor(node: StorageNode, begin: () => Promise<number>, process: number) {
    this.#node = node;
    this.#begin = begin;
    this.#process = process;
  }

  /** @param begin starts the process; gives its id, once it is as far as it has to be */
  static async start(node: StorageNode, begin: () => Promise<number>): Promise<KilledProgram> {
    // One that ends in order writes down what it has compiled.
    const first = await begin();
    await node.output(`kill -TERM ${first}; while kill -0 ${first} 2>/dev/null; do sleep .1; done`);
    return new KilledProgram(node, begin, await begin());
  }

  /** Once it runs; at once before a kill that is still to come. @throws what kept it from it */
  get running(): Promise<void> {
    return this.#running;
  }

  /** Once no kill is under way or to come, and it runs. @throws what kept it from it */
  get over(): Promise<void> {
    return this.#over;
  }

  /** Kills it (SIGKILL) after some milliseconds, and starts it again at once. While a kill is to come nothing is done. */
  kill(after: number, what: Kill): void {
    if (!this.#isOver) return;
    this.#isOver = false;
    this.#over = wait(after).then(() => {
      this.#running = this.#kill(what);
      return this.#running;
    });
    this.#over.catch(() => undefined);
  }

  async #kill(what: Kill): Promise<void> {
    const pid = this.#process;
    // Stopped first, so that nothing is begun between the two.
    await this.#node.output(what === "alone" ? `kill -KILL ${pid}` : `kill -STOP ${pid}; pkill -KILL --parent ${pid}; kill -KILL ${pid}`);
    this.kills += 1;
    this.#process = await this.#begin();
    this.#isOver = true;
  }
}
