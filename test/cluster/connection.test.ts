import { createSecureServer } from "node:http2";
import type { Server, Socket } from "node:net";
import { expect, test } from "vitest";
import { type ApiClient, UnreachableError } from "../../src/kubernetes/index.ts";
import { clientAt } from "../kubernetes/servers.ts";
import { sealingPair } from "../sealed/certificate.ts";

const WATCHES = 3;
const CALLS = 39;

function clientOf(server: Server): ApiClient {
  const address = server.address();
  return clientAt(`https://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`);
}

test("one HTTP/2 connection, at most eight requests at a time, watches aside; what is in the background waits behind all else", async () => {
  let sessions = 0;
  const begun: number[] = [];
  const order: string[] = [];
  let answered = 0;
  let open: (() => void)[] = [];
  const { privateKey: key, certificate: cert } = await sealingPair();
  const server = createSecureServer({ key, cert }, (request, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    if (request.url.startsWith("/watch")) {
      response.write("\n");
      return;
    }
    order.push(request.url);
    open.push(() => response.end("{}"));
    // Answered eight by eight: with fewer at a time it would never go on.
    if (open.length < 8 && order.length < CALLS) return;
    begun.push(client.counts.requests - WATCHES - answered);
    answered += open.length;
    for (const answer of open) answer();
    open = [];
  });
  server.on("session", () => sessions++);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const client = clientOf(server);
  try {
    const watches = await Promise.all(
      Array.from({ length: WATCHES }, (_, each) => client.stream({ method: "GET", path: `/watch/${each}` })),
    );
    const told = Array.from({ length: 8 }, (_, each) => client.call({ method: "GET", path: `/first/${each}` }));
    const behind = client.call({ method: "POST", path: "/behind", background: true, body: {} });
    const more = Array.from({ length: 30 }, (_, each) => client.call({ method: "GET", path: `/more/${each}` }));
    await Promise.all([...told, behind, ...more]);
    expect(sessions).toBe(1);
    expect(begun).toEqual([8, 8, 8, 8, 7]);
    expect(order.at(-1)).toBe("/behind");
    for (const watch of watches) watch.close();
  } finally {
    client.close();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
});

test.each(["before its credentials are read", "while it connects", "once it is connected", "while it waits for another try"])(
  "a client that is closed %s ends its calls, and nothing else",
  async (when) => {
    const { privateKey: key, certificate: cert } = await sealingPair();
    let asked = (): void => undefined;
    const server = createSecureServer({ key, cert }, (_request, response) => {
      // A status that another try may mend; without end where the call is to be under way still.
      if (when === "while it waits for another try") response.writeHead(503, { "retry-after": "50" }).end();
      asked();
    });
    const sockets = new Set<Socket>();
    server.on("connection", (socket: Socket) => sockets.add(socket));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    try {
      const client = clientOf(server);
      const at = new Promise<void>((resolve) => {
        if (when === "while it connects") server.once("connection", () => resolve());
        else asked = resolve;
      });
      const call = client.call({ method: "GET", path: "/" });
      const ended = expect(call).rejects.toThrow(UnreachableError);
      if (when !== "before its credentials are read") await at;
      client.close();
      await ended;
      expect(sockets.size).toBe(when === "before its credentials are read" ? 0 : 1);
    } finally {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    }
  },
  // It is tried again for a minute otherwise.
  30_000,
);

test("a server that ends each connection as soon as it is made is one that gives no answer", async () => {
  const { privateKey: key, certificate: cert } = await sealingPair();
  const server = createSecureServer({ key, cert });
  let sessions = 0;
  server.on("session", (session) => {
    sessions++;
    session.on("error", () => undefined);
    session.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const client = clientOf(server);
  try {
    for (let times = 0; times < 20; times++) await expect(client.stream({ method: "GET", path: "/" })).rejects.toThrow(UnreachableError);
    expect(sessions).toBe(20);
  } finally {
    client.close();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
});
