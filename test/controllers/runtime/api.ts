import { connect, createServer, type Server, type Socket } from "node:net";
import { ApiClient, type Endpoint } from "../../../src/kubernetes/index.ts";
import { jsonLog, systemClock, type Log } from "../../../src/controllers/runtime/index.ts";
import type { Address } from "../../control-plane/index.ts";

/** A test's API server as an endpoint of the client. */
export function endpointAt({ url, token, ca }: Address, server = url): Endpoint {
  return {
    server,
    from: "the test",
    credentials: () =>
      Promise.resolve({
        ca,
        cert: undefined,
        key: undefined,
        rejectUnauthorized: true,
        servername: undefined,
        headers: { authorization: `Bearer ${token}` },
        fingerprint: ca,
      }),
  };
}

export function clientAt(address: Address, server?: string): ApiClient {
  return new ApiClient(endpointAt(address, server), { userAgent: "halite-test", patience: 2000 });
}

/** A log whose lines are kept. */
export function keptLog(): { readonly log: Log; readonly lines: string[] } {
  const lines: string[] = [];
  return { log: jsonLog({ clock: systemClock, write: (line) => lines.push(line), level: "debug" }), lines };
}

/** Waits until something is so, looking every 20 ms. @throws an Error after `deadline` milliseconds, which only what is broken takes */
export async function until(what: string, holds: () => boolean | Promise<boolean>, deadline = 90_000): Promise<void> {
  // Not by the time of day, which jumps where a machine is set.
  const end = performance.now() + deadline;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not so after ${deadline} ms: ${what}`);
    await systemClock.sleep(20, new AbortController().signal);
  }
}

/** A wire to a server that can be cut. */
export class Wire {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isCut = false;
  #port = 0;

  private constructor(target: URL) {
    this.#server = createServer();
    this.#server.on("connection", (socket: Socket) => {
      if (this.#isCut) {
        socket.destroy();
        return;
      }
      const other = connect(Number(target.port), target.hostname);
      for (const each of [socket, other]) {
        this.#sockets.add(each);
        each.on("error", () => undefined);
        each.on("close", () => {
          this.#sockets.delete(each);
          socket.destroy();
          other.destroy();
        });
      }
      socket.pipe(other);
      other.pipe(socket);
    });
  }

  static async to(url: string): Promise<Wire> {
    const wire = new Wire(new URL(url));
    await new Promise<void>((resolve) => {
      wire.#server.listen(0, "127.0.0.1", resolve);
    });
    const address = wire.#server.address();
    wire.#port = typeof address === "object" && address !== null ? address.port : 0;
    return wire;
  }

  get url(): string {
    return `https://127.0.0.1:${this.#port}`;
  }

  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#isCut = false;
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => {
      this.#server.close(resolve);
    });
  }
}
