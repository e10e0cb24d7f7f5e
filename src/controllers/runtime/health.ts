import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { endServer, listen } from "./http-server.ts";
import type { Metrics } from "./metrics.ts";

/** Something that has to be so; gives why it is not. */
export type Check = () => string | undefined;

export interface HealthOptions {
  /** Default: all addresses. */
  readonly host?: string;
  /** 0: one that is free. */
  readonly port: number;
  readonly metrics: Pick<Metrics, "text">;
  /** Why the process had better be started anew, by name. */
  readonly live?: Readonly<Record<string, Check>>;
  /** Why it can't do its work now, by name. */
  readonly ready?: Readonly<Record<string, Check>>;
  /** Other pages, by path. */
  readonly pages?: Readonly<Record<string, () => { readonly type: string; readonly text: string }>>;
}

/** Serves /healthz, /readyz (503 and the reasons where something is wrong) and /metrics. */
export class HealthServer {
  readonly #server: Server;
  readonly port: number;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  /** @throws the system's error where the port can't be had */
  static async start({ host, port, metrics, live = {}, ready = {}, pages = {} }: HealthOptions): Promise<HealthServer> {
    const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      const path = (request.url ?? "").split("?")[0];
      if (request.method !== "GET" && request.method !== "HEAD") respond(response, 405, "only GET\n");
      else if (path === "/healthz") check(response, live);
      else if (path === "/readyz") check(response, ready);
      else if (path === "/metrics") respond(response, 200, await metrics.text(), "text/plain; version=0.0.4; charset=utf-8");
      else {
        const page = path === undefined || !Object.hasOwn(pages, path) ? undefined : pages[path]?.();
        if (page !== undefined) respond(response, 200, page.text, page.type);
        else respond(response, 404, `${["/healthz", "/readyz", "/metrics", ...Object.keys(pages)].join(", ")}\n`);
      }
    };
    const server = createServer((request, response) => {
      // What can't be told ends nothing but the telling.
      answer(request, response).catch((error: unknown) => respond(response, 500, `${String(error)}\n`));
    });
    server.keepAliveTimeout = 5000;
    await listen(server, port, host);
    const address = server.address();
    return new HealthServer(server, typeof address === "object" && address !== null ? address.port : port);
  }

  /** Finishes what is being answered. */
  async stop(): Promise<void> {
    await endServer(this.#server);
  }
}

function check(response: ServerResponse, checks: Readonly<Record<string, Check>>): void {
  const wrong = Object.entries(checks).flatMap(([name, each]) => {
    const why = each();
    return why === undefined ? [] : [`${name}: ${why}`];
  });
  if (wrong.length === 0) respond(response, 200, "ok\n");
  else respond(response, 503, `${wrong.join("\n")}\n`);
}

function respond(response: ServerResponse, status: number, text: string, type = "text/plain; charset=utf-8"): void {
  if (response.headersSent) return;
  response.writeHead(status, { "content-type": type, connection: "close" });
  response.end(text);
}
