import { Agent, request } from "node:https";

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** How to reach an API server. */
export interface Address {
  readonly url: string;
  readonly token: string;
  /** PEM. */
  readonly ca: string;
}

/** Milliseconds that an answer may take. */
const PATIENCE = 60_000;
/** Milliseconds after which a connection that nobody uses is closed: the server does it after a minute and a half, maybe just as it is used again. */
const IDLE = 30_000;

/** A client over kept-alive connections; it says what the server answered and throws only when there is no answer. */
export class Client {
  readonly #address: Address;
  readonly #agent: Agent;

  constructor(address: Address) {
    this.#address = address;
    this.#agent = new Agent({ keepAlive: true, maxSockets: 4, timeout: IDLE, ca: address.ca });
  }

  call(method: string, path: string, body?: unknown, type = "application/json"): Promise<Answer> {
    const payload = body === undefined ? undefined : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const headers: Record<string, string | number> = { authorization: `Bearer ${this.#address.token}`, accept: "application/json" };
      if (payload !== undefined) {
        headers["content-type"] = type;
        headers["content-length"] = Buffer.byteLength(payload);
      }
      const call = request(`${this.#address.url}${path}`, { method, headers, agent: this.#agent, timeout: PATIENCE }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          resolve({ status: response.statusCode ?? 0, body: parse(text) });
        });
      });
      call.on("timeout", () => call.destroy(new Error(`${method} ${path}: no answer in ${PATIENCE / 1000} s`)));
      call.on("error", reject);
      call.end(payload);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
