import { readFile } from "node:fs/promises";
import { createSecureServer, type Http2SecureServer, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import { Agent, request as requestHttps } from "node:https";
import type { Socket } from "node:net";
import { join } from "node:path";
import type { Endpoint } from "../../src/cluster/index.ts";
import type { ControlPlane } from "../control-plane/index.ts";

/** What goes wrong with a request. */
export type Fault =
  /** The server refuses it; the API server never sees it. */
  | { readonly kind: "status"; readonly status: number; readonly reason?: string; readonly message?: string; readonly retryAfter?: number }
  /** The API server answers, and the answer is cut after so many bytes. */
  | { readonly kind: "cut"; readonly after: number }
  /** The API server does what it is asked, and the connection goes before its answer. */
  | { readonly kind: "lost" }
  /** The answer comes late, in milliseconds. */
  | { readonly kind: "slow"; readonly milliseconds: number }
  /** The answer is another one. */
  | { readonly kind: "changed"; readonly change: (body: string) => string };

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
}

/** A proxy in front of an API server, over HTTP/2 as the API server itself, that does what `fault` says to each request. */
export class FaultProxy {
  readonly #plane: ControlPlane;
  readonly #agent: Agent;
  #server: Http2SecureServer | undefined;
  readonly #sockets = new Set<Socket>();
  #port = 0;
  fault: (request: SeenRequest) => Fault | undefined = () => undefined;
  /** Every request that came in. */
  readonly seen: SeenRequest[] = [];

  constructor(plane: ControlPlane) {
    this.#plane = plane;
    this.#agent = new Agent({ keepAlive: true, maxSockets: 50, ca: plane.ca });
  }

  async start(): Promise<void> {
    // The API server's own certificate: it is for 127.0.0.1 too.
    const folder = join(this.#plane.folder, "certificates");
    const [key, cert] = await Promise.all([readFile(join(folder, "apiserver.key")), readFile(join(folder, "apiserver.crt"))]);
    const server = createSecureServer({ key, cert, allowHTTP1: true }, (request, response) => this.#answer(request, response));
    // Connections, not sessions: of a client that was killed before its handshake there never is a session, and to be closed the server waits for it.
    server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.#port, "127.0.0.1", resolve));
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    this.#port = address.port;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server?.close(resolve));
    this.cutAll();
    await closed;
    this.#agent.destroy();
  }

  /** Ends every connection at once. */
  cutAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  endpoint(token: () => string = () => this.#plane.token): Endpoint {
    return {
      server: `https://127.0.0.1:${this.#port}`,
      from: "the proxy",
      credentials: async () => ({
        ca: this.#plane.ca,
        cert: undefined,
        key: undefined,
        rejectUnauthorized: true,
        servername: undefined,
        headers: { authorization: `Bearer ${token()}` },
        fingerprint: "proxy",
      }),
    };
  }

  #answer(request: Http2ServerRequest, response: Http2ServerResponse): void {
    const url = new URL(request.url, "https://proxy");
    const seen = { method: request.method, path: url.pathname, query: url.searchParams };
    this.seen.push(seen);
    const fault = this.fault(seen);
    if (fault?.kind === "status") {
      const headers = fault.retryAfter === undefined ? {} : { "retry-after": String(fault.retryAfter) };
      response.writeHead(fault.status, { "content-type": "application/json", ...headers });
      response.end(
        JSON.stringify({
          kind: "Status",
          apiVersion: "v1",
          status: "Failure",
          reason: fault.reason ?? "",
          message: fault.message ?? `a fault: ${fault.status}`,
          code: fault.status,
        }),
      );
      request.resume();
      return;
    }
    const headers = Object.fromEntries(
      Object.entries(request.headers).filter(
        ([name]) => !name.startsWith(":") && name !== "host" && name !== "connection" && name !== "content-length",
      ),
    );
    const call = requestHttps(`${this.#plane.url}${request.url}`, { method: request.method, headers, agent: this.#agent }, (answer) => {
      const begin = (): void => {
        const kept = Object.fromEntries(
          Object.entries(answer.headers).filter(
            ([name]) => !["connection", "transfer-encoding", "content-length", "keep-alive"].includes(name),
          ),
        );
        if (fault?.kind === "changed") {
          let body = "";
          answer.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
          answer.once("end", () => {
            response.writeHead(answer.statusCode ?? 500, kept);
            response.end(fault.change(body));
          });
          return;
        }
        if (fault?.kind === "lost") {
          answer.resume();
          answer.once("end", () => request.stream.session?.destroy());
          return;
        }
        response.writeHead(answer.statusCode ?? 500, kept);
        let left = fault?.kind === "cut" ? fault.after : Infinity;
        answer.on("data", (chunk: Buffer) => {
          if (left <= 0) return;
          response.write(chunk.subarray(0, Math.min(chunk.length, left)));
          left -= chunk.length;
          if (left <= 0) {
            // What was written must be on its way before the stream is reset.
            setTimeout(() => request.stream.close(2), 5);
            call.destroy();
          }
        });
        answer.once("end", () => {
          if (left > 0 && fault?.kind === "cut") request.stream.close(2);
          else response.end();
        });
        answer.once("error", () => request.stream.close(2));
      };
      if (fault?.kind === "slow") setTimeout(begin, fault.milliseconds);
      else begin();
    });
    call.on("error", () => request.stream.close(2));
    request.stream.once("close", () => call.destroy());
    // As a whole: a DELETE with a body of unknown length is no request of HTTP/1.1.
    const parts: Buffer[] = [];
    request.on("data", (chunk: Buffer) => parts.push(chunk));
    request.once("end", () => {
      const body = Buffer.concat(parts);
      if (body.length > 0) call.setHeader("content-length", body.length);
      call.end(body);
    });
  }
}
