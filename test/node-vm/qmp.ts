import type { Socket } from "node:net";
import { createInterface } from "node:readline";

type Message = Readonly<Record<string, unknown>>;

/** QEMU's monitor (QMP): commands, and events that are waited for. */
export class Monitor {
  readonly #socket: Socket;
  readonly #answers: { resolve(message: Message): void; reject(error: Error): void }[] = [];
  readonly #events: Message[] = [];
  readonly #waiting = new Set<() => void>();
  #hasEnded = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    createInterface({ input: socket }).on("line", (line) => this.#take(line));
    socket.on("close", () => {
      this.#hasEnded = true;
      for (const waiting of this.#answers.splice(0)) waiting.reject(new Error("QEMU has ended"));
    });
    socket.on("error", () => undefined);
  }

  static async open(socket: Socket): Promise<Monitor> {
    const monitor = new Monitor(socket);
    await monitor.execute("qmp_capabilities");
    return monitor;
  }

  /** @throws an Error with what QEMU says */
  async execute(command: string, args: Message = {}): Promise<unknown> {
    if (this.#hasEnded) throw new Error("QEMU has ended");
    const answer = new Promise<Message>((resolve, reject) => this.#answers.push({ resolve, reject }));
    this.#socket.write(`${JSON.stringify({ execute: command, arguments: args })}\n`);
    const message = await answer;
    if ("error" in message) throw new Error(`${command}: ${JSON.stringify(message["error"])}`);
    return message["return"];
  }

  /** Waits for an event that has come since the monitor was opened, or is to come. */
  async event(name: string, fits: (data: Message) => boolean, deadline: number): Promise<void> {
    const until = performance.now() + deadline;
    const come = (): boolean => this.#events.some((event) => event["event"] === name && fits(dataOf(event)));
    while (!come()) {
      if (performance.now() > until) throw new Error(`no event ${name} in ${deadline} ms`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(done, Math.max(1, until - performance.now()));
        const waiting = this.#waiting;
        function done(): void {
          clearTimeout(timer);
          waiting.delete(done);
          resolve();
        }
        waiting.add(done);
      });
    }
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(line: string): void {
    // QMP sends one object a line.
    const message = JSON.parse(line) as Message;
    if ("QMP" in message) return;
    if ("event" in message) {
      this.#events.push(message);
      for (const wake of this.#waiting) wake();
    } else this.#answers.shift()?.resolve(message);
  }
}

function dataOf(event: Message): Message {
  const data = event["data"];
  // Of an event `data` is an object or absent.
  return typeof data === "object" && data !== null ? (data as Message) : {};
}
