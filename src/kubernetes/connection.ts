import { setMaxListeners } from "node:events";
import { constants, connect as connectHttp2, type ClientHttp2Session, type ClientHttp2Stream } from "node:http2";
import { Agent as HttpAgent, request as requestHttp, type IncomingHttpHeaders } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import { isIP } from "node:net";
import type { Readable } from "node:stream";
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from "node:tls";
import type { Credentials, Endpoint } from "./endpoint.ts";

export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | undefined;
  /** Milliseconds until the answer must be whole; of a stream, until its head must be there. */
  readonly timeout: number;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpHead {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

export interface HttpAnswer extends HttpHead {
  readonly body: string;
}

export interface HttpStream extends HttpHead {
  readonly body: Readable;
  close(): void;
}

/** No answer, or only a part of one: the connection failed, was cut or took too long. What the server did is not known. */
export class UnreachableError extends Error {
  override readonly name = "UnreachableError";
}

/** How long a silent connection with open streams is trusted, in milliseconds. */
const PING_EVERY = 30_000;
const PING_WAIT = 15_000;
const CONNECT_WAIT = 15_000;
/** Connections that HTTP/1.1 is given; HTTP/2 has one. */
const HTTP1_SOCKETS = 10;

type Transport =
  | { readonly kind: "h2"; readonly session: ClientHttp2Session }
  | { readonly kind: "h1"; readonly agent: HttpAgent | HttpsAgent };

/**
 * One connection to an API server: HTTP/2 where the server speaks it, else a few kept-alive ones of HTTP/1.1. It is made when it is first needed and
 * anew when it was lost. Nothing is repeated here.
 */
export class Connection {
  readonly #endpoint: Endpoint;
  readonly #url: URL;
  #transport: Promise<Transport> | undefined;
  #credentials: Promise<Credentials> | undefined;
  #credentialsAge = 0;
  #fingerprint: string | undefined;
  #session: ClientHttp2Session | undefined;
  #closed = false;

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint;
    this.#url = new URL(endpoint.server);
  }

  get server(): string {
    return this.#endpoint.server;
  }

  /** The next request reads the credentials anew: the server did not take them. */
  forgetCredentials(): void {
    this.#credentials = undefined;
  }

  close(): void {
    this.#closed = true;
    this.#drop();
  }

  /** @throws UnreachableError; FindingError where there are no credentials */
  async request(request: HttpRequest): Promise<HttpAnswer> {
    const stream = await this.#open(request);
    const chunks: Buffer[] = [];
    return await new Promise<HttpAnswer>((resolve, reject) => {
      const timer = setTimeout(() => {
        stream.close();
        reject(new UnreachableError(`${request.method} ${request.path}: no whole answer in ${request.timeout / 1000} s`));
      }, request.timeout);
      const done = (act: () => void): void => {
        clearTimeout(timer);
        act();
      };
      let ended = false;
      stream.body.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.body.once("end", () => {
        ended = true;
        done(() => resolve({ status: stream.status, headers: stream.headers, body: Buffer.concat(chunks).toString("utf8") }));
      });
      const cut = (why: string) => (): void => {
        if (!ended) done(() => reject(new UnreachableError(`${request.method} ${request.path}: the answer was cut off (${why})`)));
      };
      stream.body.once("aborted", cut("aborted"));
      stream.body.once("error", (error: Error) => cut(error.message)());
      stream.body.once("close", cut("closed"));
    });
  }

  /** An answer that goes on, such as a watch. @throws as `request` */
  async stream(request: HttpRequest): Promise<HttpStream> {
    return await this.#open(request);
  }

  async #open(request: HttpRequest): Promise<HttpStream> {
    this.#refuseClosed();
    request.signal?.throwIfAborted();
    const credentials = await this.#currentCredentials();
    this.#refuseClosed();
    const transport = await this.#connect(credentials);
    const headers = { ...request.headers, ...credentials.headers };
    return transport.kind === "h2"
      ? await this.#openHttp2(transport.session, request, headers)
      : await this.#openHttp1(transport.agent, request, headers);
  }

  #refuseClosed(): void {
    if (this.#closed) throw new UnreachableError("the connection was closed");
  }

  /** Read once in a minute: a token's file is rotated long before it expires. */
  async #currentCredentials(): Promise<Credentials> {
    const now = performance.now();
    if (this.#credentials === undefined || now - this.#credentialsAge > 60_000) {
      this.#credentialsAge = now;
      this.#credentials = this.#endpoint.credentials();
      this.#credentials.catch(() => (this.#credentials = undefined));
    }
    return await this.#credentials;
  }

  async #connect(credentials: Credentials): Promise<Transport> {
    if (this.#fingerprint !== credentials.fingerprint) this.#drop();
    this.#fingerprint = credentials.fingerprint;
    if (this.#transport === undefined) {
      const made = this.#dial(credentials);
      this.#transport = made;
      made.catch(() => {
        if (this.#transport === made) this.#transport = undefined;
      });
    }
    return await this.#transport;
  }

  #drop(): void {
    const dropped = this.#transport;
    this.#transport = undefined;
    if (dropped !== undefined) void endTransport(dropped);
  }

  async #dial(credentials: Credentials): Promise<Transport> {
    if (this.#url.protocol === "http:") return { kind: "h1", agent: new HttpAgent({ keepAlive: true, maxSockets: HTTP1_SOCKETS }) };
    const { ca, cert, key, rejectUnauthorized } = credentials;
    const host = this.#url.hostname.replace(/^\[|\]$/g, "");
    const servername = credentials.servername ?? (isIP(host) === 0 ? host : undefined);
    const options = {
      host,
      port: Number(this.#url.port === "" ? 443 : this.#url.port),
      rejectUnauthorized,
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(servername === undefined ? {} : { servername }),
      ALPNProtocols: ["h2", "http/1.1"],
    };
    const socket = await dialTls(options);
    if (socket.alpnProtocol !== "h2") {
      socket.destroy();
      return { kind: "h1", agent: new HttpsAgent({ ...options, ALPNProtocols: ["http/1.1"], keepAlive: true, maxSockets: HTTP1_SOCKETS }) };
    }
    const session = connectHttp2(this.#url.origin, {
      createConnection: () => socket,
      settings: { enablePush: false, initialWindowSize: 1024 * 1024 },
    });
    // Room for the lists of several kinds at a time.
    session.once("connect", () => {
      // Node says so even of a session that was destroyed a moment before, and throws at who then sets anything.
      if (!session.destroyed) session.setLocalWindowSize(4 * 1024 * 1024);
    });
    const gone = (): void => {
      // A newer connection is not this one's to forget.
      if (this.#session === session) this.#transport = undefined;
    };
    this.#session = session;
    session.on("error", gone);
    session.on("goaway", gone);
    session.on("close", gone);
    watchOver(session);
    return { kind: "h2", session };
  }

  #openHttp2(session: ClientHttp2Session, request: HttpRequest, headers: Record<string, string>): Promise<HttpStream> {
    return new Promise((resolve, reject) => {
      let stream: ClientHttp2Stream;
      try {
        stream = session.request(
          { ":method": request.method, ":path": this.#path(request.path), ...headers },
          { endStream: request.body === undefined },
        );
      } catch (error) {
        // The session ended between two turns of the loop.
        this.#drop();
        reject(new UnreachableError(`${this.server}: ${messageOf(error)}`));
        return;
      }
      const close = (): void => stream.close(constants.NGHTTP2_CANCEL);
      const abort = (): void => {
        close();
        reject(new UnreachableError("aborted"));
      };
      if (request.signal !== undefined) {
        // One signal ends all requests that are under way: Node would warn of more than ten listeners.
        setMaxListeners(0, request.signal);
        request.signal.addEventListener("abort", abort, { once: true });
      }
      const timer = setTimeout(() => {
        close();
        reject(new UnreachableError(`${request.method} ${request.path}: no answer in ${request.timeout / 1000} s`));
      }, request.timeout);
      const fail = (why: string): void => {
        clearTimeout(timer);
        reject(new UnreachableError(`${this.server}: ${request.method} ${request.path}: ${why}`));
      };
      stream.once("response", (answer) => {
        clearTimeout(timer);
        resolve({ status: Number(answer[":status"]), headers: plainHeaders(answer), body: stream, close });
      });
      // The body's reader has its own: this one hears what comes before the head.
      stream.on("error", (error: Error) => fail(error.message));
      stream.once("close", () => {
        request.signal?.removeEventListener("abort", abort);
        fail("the connection was closed");
      });
      if (request.body !== undefined) stream.end(request.body);
    });
  }

  #openHttp1(agent: HttpAgent | HttpsAgent, request: HttpRequest, headers: Record<string, string>): Promise<HttpStream> {
    return new Promise((resolve, reject) => {
      const length = request.body === undefined ? {} : { "content-length": String(Buffer.byteLength(request.body)) };
      const options = {
        protocol: this.#url.protocol,
        hostname: this.#url.hostname.replace(/^\[|\]$/g, ""),
        port: this.#url.port,
        path: this.#path(request.path),
        method: request.method,
        headers: { ...headers, ...length },
        agent,
        ...(request.signal === undefined ? {} : { signal: request.signal }),
      };
      const call = (this.#url.protocol === "http:" ? requestHttp : requestHttps)(options, (answer) => {
        clearTimeout(timer);
        resolve({
          status: answer.statusCode ?? 0,
          headers: plainHeaders(answer.headers),
          body: answer,
          close: () => void answer.destroy(),
        });
      });
      const timer = setTimeout(() => call.destroy(new Error(`no answer in ${request.timeout / 1000} s`)), request.timeout);
      call.on("error", (error) => {
        clearTimeout(timer);
        reject(new UnreachableError(`${this.server}: ${request.method} ${request.path}: ${error.message}`));
      });
      call.end(request.body);
    });
  }

  #path(path: string): string {
    return `${this.#url.pathname.replace(/\/$/, "")}${path}`;
  }
}

async function endTransport(made: Promise<Transport>): Promise<void> {
  try {
    const transport = await made;
    if (transport.kind === "h2") transport.session.destroy();
    else transport.agent.destroy();
  } catch {
    // It was never made.
  }
}

function dialTls(options: ConnectionOptions): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connectTls(options);
    const timer = setTimeout(
      () => socket.destroy(new Error(`no connection to ${options.host}:${options.port} in ${CONNECT_WAIT / 1000} s`)),
      CONNECT_WAIT,
    );
    const fail = (error: Error): void => {
      clearTimeout(timer);
      reject(new UnreachableError(`https://${options.host}:${options.port}: ${tlsWords(error)}`));
    };
    socket.once("error", fail);
    socket.once("secureConnect", () => {
      clearTimeout(timer);
      socket.off("error", fail);
      socket.setKeepAlive(true, 30_000);
      socket.setNoDelay(true);
      resolve(socket);
    });
  });
}

/** What the errors of TLS and sockets mean to somebody who set up a kubeconfig. */
function tlsWords(error: Error): string {
  const code = "code" in error ? String(error.code) : "";
  if (code === "ECONNREFUSED") return "nothing listens there (connection refused)";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "the name can't be resolved";
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") return `its certificate is for another name: ${error.message}`;
  if (/SELF_SIGNED|UNABLE_TO_|CERT_/.test(code))
    return `its certificate is not trusted: ${error.message} (${code}); see certificate-authority in the kubeconfig`;
  return error.message === "" ? code : error.message;
}

/** Ends a session that does not answer: a network that is gone sends no end of a connection. */
function watchOver(session: ClientHttp2Session): void {
  const timer = setInterval(() => {
    if (session.destroyed || session.closed) return;
    const giveUp = setTimeout(() => session.destroy(new Error("the server does not answer")), PING_WAIT);
    giveUp.unref();
    session.ping((_error) => clearTimeout(giveUp));
  }, PING_EVERY);
  timer.unref();
  session.once("close", () => clearInterval(timer));
}

function plainHeaders(
  headers: IncomingHttpHeaders | Readonly<Record<string, string | string[] | number | undefined>>,
): HttpHead["headers"] {
  const plain: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(headers)) plain[name] = Array.isArray(value) ? value[0] : value?.toString();
  return plain;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
