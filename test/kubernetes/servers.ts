import { createSecureServer, type Http2SecureServer, type ServerHttp2Stream } from "node:http2";
import { createServer, type Server, type Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { ApiClient, type ClientOptions } from "../../src/kubernetes/index.ts";
import { sealingPair, type SealingPair } from "../sealed/certificate.ts";

/** Two kinds of objects, a pod of a version, and the list of none. */
export const PODS = { group: "", version: "v1", plural: "pods", kind: "Pod", namespaced: true } as const;
export const NO_PODS = JSON.stringify({ kind: "PodList", apiVersion: "v1", metadata: { resourceVersion: "1" }, items: [] });
export function podEvent(version: number): string {
  const metadata = { name: `pod-${version}`, resourceVersion: String(version) };
  return `${JSON.stringify({ type: "ADDED", object: { apiVersion: "v1", kind: "Pod", metadata } })}\n`;
}

/** @param fingerprint of the credentials each time that they are read */
export function clientAt(server: string, options: ClientOptions = {}, fingerprint = (): string => ""): ApiClient {
  const credentials = {
    ca: undefined,
    cert: undefined,
    key: undefined,
    rejectUnauthorized: false,
    servername: undefined,
    headers: {},
  };
  return new ApiClient({ server, from: "test", credentials: async () => ({ ...credentials, fingerprint: fingerprint() }) }, options);
}

/** A port on which something goes on with each connection. It knows which are open. */
export class Port {
  readonly #server: Server;
  readonly open = new Set<Socket>();
  connections = 0;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async listen(connected: (socket: Socket, number: number) => void): Promise<Port> {
    const server = createServer();
    const port = new Port(server);
    server.on("connection", (socket: Socket) => {
      port.open.add(socket);
      socket.on("error", () => undefined);
      socket.once("close", () => port.open.delete(socket));
      connected(socket, port.connections++);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
    return port;
  }

  get authority(): string {
    const address = this.#server.address();
    return `127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  }

  async close(): Promise<void> {
    for (const socket of this.open) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

/** A kubeconfig, whose context is `c1`, of an API server at a port. */
export function kubeconfigOf({ authority }: Port): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "c", cluster: { server: `https://${authority}`, "insecure-skip-tls-verify": true } }],
    users: [{ name: "u", user: { token: "t" } }],
    contexts: [{ name: "c1", context: { cluster: "c", user: "u" } }],
    "current-context": "c1",
  });
}

let pair: Promise<SealingPair> | undefined;

/** HTTP/2 over TLS for connections that are handed to it: it listens nowhere. */
export async function http2Server(answer: (stream: ServerHttp2Stream, path: string) => void, alpn?: string[]): Promise<Http2SecureServer> {
  pair ??= sealingPair();
  const { privateKey: key, certificate: cert } = await pair;
  const server = createSecureServer({ key, cert, ...(alpn === undefined ? {} : { ALPNProtocols: alpn }) });
  server.on("session", (session) => session.on("error", () => undefined));
  server.on("stream", (stream, headers) => {
    stream.on("error", () => undefined);
    answer(stream, String(headers[":path"]));
  });
  server.on("tlsClientError", () => undefined);
  server.on("secureConnection", (socket: TLSSocket) => socket.on("error", () => undefined));
  return server;
}

/** Waits until something is so. @throws an Error after some seconds */
export async function until(what: string, holds: () => boolean, deadline = 60_000): Promise<void> {
  const end = performance.now() + deadline;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`not so after ${deadline} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Whether something ends before a client gives up on it by itself (15 s and more, src/kubernetes/connection.ts). */
export async function endsSoon(what: Promise<unknown>, deadline = 10_000): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), deadline);
  });
  const settled = what.then(
    () => true as const,
    () => true as const,
  );
  const ended = await Promise.race([settled, late]);
  clearTimeout(timer);
  return ended;
}
