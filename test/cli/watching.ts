import { spawn, type ChildProcess } from "node:child_process";
import { HALITE } from "./halite.ts";

/** `halite watch` as it runs, with both its outputs in one. */
export class Watching {
  readonly #child: ChildProcess;
  readonly #ended: Promise<number | string | null>;
  #text = "";
  /** Nothing more comes: it has ended, and all that it printed was read. */
  #closed = false;
  #waiting: (() => void) | undefined;

  constructor(cwd: string, ...args: string[]) {
    // One pipe for both, so that they have one order; exec, so that signals reach the program.
    this.#child = spawn("sh", ["-c", 'exec "$0" "$@" 2>&1', process.execPath, HALITE, "watch", ...args], {
      cwd,
      env: { PATH: process.env["PATH"] ?? "", HOME: cwd },
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
      this.#text += chunk;
      this.#waiting?.();
    });
    this.#ended = new Promise((resolve) => {
      this.#child.once("close", (status, signal) => {
        this.#closed = true;
        resolve(status ?? signal);
        this.#waiting?.();
      });
    });
  }

  /** The next block: what is printed for one save, without times and counts that are none of the fleet's. */
  async block(): Promise<string> {
    return this.#until("\n\n", (text) =>
      text.replace(/\d+(?:\.\d+)? m?s$/m, "TIME").replace(/[\d,]+ computed, [\d,]+ taken over/, "N computed, N taken over"),
    );
  }

  /** The next line. */
  async line(): Promise<string> {
    return this.#until("\n", (text) => text);
  }

  /** The next line, as JSON. */
  async json<T>(): Promise<T> {
    return this.#until("\n", (text): T => JSON.parse(text));
  }

  /** Sends a signal and gives the exit code. */
  async end(signal: "SIGINT" | "SIGTERM" = "SIGINT"): Promise<number | string | null> {
    this.#child.kill(signal);
    return this.#ended;
  }

  /** What was printed and not asked for. */
  get rest(): string {
    return this.#text;
  }

  async #until<T>(end: string, read: (text: string) => T): Promise<T> {
    for (;;) {
      const at = this.#text.indexOf(end);
      if (at >= 0) {
        const text = this.#text.slice(0, at);
        this.#text = this.#text.slice(at + end.length);
        return read(text);
      }
      if (this.#closed) throw new Error(`halite watch has ended: ${this.#text}`);
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
  }
}
