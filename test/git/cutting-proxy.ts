import { connect, createServer, type Socket } from "node:net";

export interface CuttingProxy {
  readonly port: number;
  /** How many connections were cut. */
  readonly cut: () => number;
  stop(): Promise<void>;
}

/**
 * Hands bytes on to a port of loopback and cuts connections in the middle.
 *
 * @param budget how many bytes the next connection may carry, both ways together; `undefined` for one that is left alone
 */
export async function startCuttingProxy(port: number, budget: () => number | undefined): Promise<CuttingProxy> {
  let cut = 0;
  const open = new Set<Socket>();
  const server = createServer((client) => {
    let left = budget() ?? Infinity;
    const upstream = connect(port, "127.0.0.1");
    const end = (): void => {
      client.destroy();
      upstream.destroy();
    };
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(from);
      from.on("data", (chunk: Buffer) => {
        if (chunk.length < left) {
          left -= chunk.length;
          to.write(chunk);
          return;
        }
        cut += 1;
        // The last bytes still arrive, and then nothing.
        to.write(chunk.subarray(0, left), end);
        left = 0;
      });
      from.on("end", () => to.end());
      from.on("error", end);
      from.on("close", () => open.delete(from));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    cut: () => cut,
    stop: () =>
      new Promise((resolve) => {
        for (const socket of open) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
