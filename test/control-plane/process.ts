import { spawn, type ChildProcess } from "node:child_process";
import { setTimeout as wait } from "node:timers/promises";

/** A program that runs until it is stopped, with the last of what it wrote. */
export class Program {
  readonly #child: ChildProcess;
  readonly #name: string;
  readonly #ended: Promise<void>;
  #output = "";

  constructor(name: string, path: string, args: readonly string[], folder: string, env: NodeJS.ProcessEnv = process.env) {
    this.#name = name;
    this.#child = spawn(path, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"], env });
    const keep = (chunk: Buffer): void => {
      this.#output = (this.#output + chunk.toString("utf8")).slice(-4000);
    };
    this.#child.stdout?.on("data", keep);
    this.#child.stderr?.on("data", keep);
    this.#ended = new Promise((resolve) => {
      this.#child.once("exit", () => resolve());
      this.#child.once("error", (error) => {
        this.#output += String(error);
        resolve();
      });
    });
    process.once("exit", this.#kill);
  }

  /** The last of what it wrote. */
  get said(): string {
    return `${this.#name}:\n${this.#output}`;
  }

  get #running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null && this.#child.pid !== undefined;
  }

  readonly #kill = (): void => {
    if (this.#running) this.#child.kill("SIGKILL");
  };

  /**
   * Waits until `ready` says so, asking every 50 ms.
   *
   * @throws an Error with the program's last output when it ends or the deadline (in ms) passes first
   */
  async ready(ready: () => Promise<boolean>, deadline = 180_000): Promise<void> {
    const until = performance.now() + deadline;
    while (performance.now() < until) {
      if (!this.#running) throw new Error(`${this.#name} ended:\n${this.#output}`);
      if (await ready()) return;
      await wait(50);
    }
    throw new Error(`${this.#name} was not ready after ${deadline} ms:\n${this.#output}`);
  }

  /** Ends it as a crash would. */
  async kill(): Promise<void> {
    process.off("exit", this.#kill);
    this.#kill();
    await this.#ended;
  }

  /** Asks it to end, and after ten seconds makes it. */
  async stop(): Promise<void> {
    process.off("exit", this.#kill);
    if (!this.#running) return;
    this.#child.kill("SIGTERM");
    const giveUp = new AbortController();
    await Promise.race([this.#ended, wait(10_000, undefined, { signal: giveUp.signal }).catch(() => undefined)]);
    giveUp.abort();
    if (this.#running) this.#child.kill("SIGKILL");
    await this.#ended;
  }
}
