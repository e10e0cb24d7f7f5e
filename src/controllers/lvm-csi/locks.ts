import { CsiError } from "../csi/index.ts";

/** Who may do what at a time. Nothing of it outlives the process: what is under way when it ends stands in tags. */
export class Locks {
  readonly #held = new Set<string>();
  readonly #queues = new Map<string, Promise<unknown>>();

  /**
   * Does something for a volume that nobody else does anything for.
   *
   * @throws CsiError ABORTED where somebody does: CSI's callers try again
   */
  async alone<T>(names: readonly string[], act: () => Promise<T>): Promise<T> {
    const held = names.find((name) => this.#held.has(name));
    if (held !== undefined) throw new CsiError("ABORTED", `an operation for ${held} is under way`);
    for (const name of names) this.#held.add(name);
    try {
      return await act();
    } finally {
      for (const name of names) this.#held.delete(name);
    }
  }

  isHeld(name: string): boolean {
    return this.#held.has(name);
  }

  /** Waits until it is one's turn. What has room in a volume group is decided and taken in one turn. */
  async inTurn<T>(name: string, act: () => Promise<T>): Promise<T> {
    const before = this.#queues.get(name) ?? Promise.resolve();
    const done = before.then(act, act);
    const settled = done.then(
      () => undefined,
      () => undefined,
    );
    this.#queues.set(name, settled);
    void settled.then(() => {
      if (this.#queues.get(name) === settled) this.#queues.delete(name);
      return undefined;
    });
    return done;
  }
}
