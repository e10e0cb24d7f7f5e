import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { CommandContext } from "./command.ts";
import type { InputChange } from "./input-tree.ts";

/** What the compiling thread gets at its start: all of a command's context that goes from thread to thread. */
export interface RecompilerSetting extends Pick<CommandContext, "cwd" | "env" | "home" | "version" | "build"> {
  /** The fleet's folder. */
  readonly folder: string;
  /** Options that were given, by name; a switch is `true`. */
  readonly options: ReadonlyMap<string, string | true>;
  readonly width: number;
  readonly paintsOut: boolean;
  readonly paintsErr: boolean;
}

/** What the compiling thread says. */
export type RecompilerMessage =
  | { readonly kind: "out" | "err" | "progress"; readonly text: string }
  | { readonly kind: "progress-done" }
  | { readonly kind: "done" };

/** Recompiles a fleet, and prints what came of it, in a thread of its own: this one stays free for signals and changes. */
export class Recompiler {
  readonly #worker: Worker;
  readonly #terminal: CommandContext["terminal"];
  #waiting: { readonly resolve: () => void; readonly reject: (error: unknown) => void } | undefined;
  /** Why the thread is no more. */
  #ended: Error | undefined;

  constructor({ terminal, cwd, env, home, version, build }: CommandContext, folder: string, options: RecompilerSetting["options"]) {
    this.#terminal = terminal;
    const [paintsOut, paintsErr] = [terminal.paint, terminal.paintErr].map((paint) => paint("dim", "") !== "");
    const setting = { cwd, env, home, version, build, folder, options, width: terminal.width, paintsOut, paintsErr };
    this.#worker = new Worker(join(home, "dist/watch-worker.mjs"), { workerData: setting });
    this.#worker.on("message", (message: RecompilerMessage) => this.#said(message));
    const ended = (error: Error): void => {
      this.#ended ??= error;
      this.#waiting?.reject(this.#ended);
    };
    this.#worker.on("error", ended);
    this.#worker.on("exit", (code) => ended(new Error(`the compiling thread ended with ${code}`)));
  }

  /** @throws whatever the thread throws: a bug, since what is wrong with the fleet is printed */
  recompile(inputs: readonly InputChange[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      if (this.#ended !== undefined) reject(this.#ended);
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
      this.#worker.postMessage(inputs);
    });
  }

  /** Ends the thread, whatever it is at. */
  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #said(message: RecompilerMessage): void {
    const terminal = this.#terminal;
    if (message.kind === "done") this.#waiting?.resolve();
    else if (message.kind === "progress-done") terminal.progressDone();
    else terminal[message.kind](message.text);
  }
}
