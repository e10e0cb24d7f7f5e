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
const SILENT = 120_000;
const CONNECT_WAIT = 15_000;
/** Connections of HTTP/1.1 that are kept while nothing is asked; HTTP/2 has one. */
const HTTP1_KEPT = 10;

type Transport =
  | { readonly kind: "h2"; readonly session: ClientHttp2Session; readonly forget: () => void }
  | { readonly kind: "h1"; readonly agent: HttpAgent | HttpsAgent };

/**
 * One connection to an API server: HTTP/2 where the server speaks it, else one of HTTP/1.1 for each request that is under way. It is made when it is first
 * needed and anew when it was lost. Nothing is repeated here.
 */
export class Connection {
  readonly #endpoint: Endpoint;
  readonly #url: URL;
  #transport: Promise<Transport> | undefined;
  #credentials: Promise<Credentials> | undefined;
  #credentialsAge = 0;
  #fingerprint: string | undefined;
  /** Also those that take no further requests, and have watches still; with their sockets. */
  readonly #sessions = new Map<ClientHttp2Session, TLSSocket>();
  readonly #closing = new AbortController();

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint;
    this.#url = new URL(endpoint.server);
    // Each request that waits for the connection listens to it.
    setMaxListeners(0, this.#closing.signal);
  }

  get server(): string {
    return this.#endpoint.server;
  }

  /** The next request reads the credentials anew: the server did not take them. */
  forgetCredentials(): void {
    this.#credentials = undefined;
  }

  /** Ends what is under way, be it the making of the connection. */
  close(): void {
    this.#closing.abort();
    this.#drop();
    for (const [session, socket] of this.#sessions) {
      session.destroy();
      // Of one that takes no further requests Node waits until the server has closed it, too.
      socket.destroy();
    }
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
    // One signal ends all requests that are under way: Node would warn of more than ten listeners.
    if (request.signal !== undefined) setMaxListeners(0, request.signal);
    const credentials = await this.#waitFor(this.#currentCredentials(), request);
    const transport = await this.#waitFor(this.#connect(credentials), request);
    const headers = { ...request.headers, ...credentials.headers };
    return transport.kind === "h2"
      ? await this.#openHttp2(transport, request, headers)
      : await this.#openHttp1(transport.agent, request, headers);
  }

  #refuseClosed(): void {
    if (this.#closing.signal.aborted) throw new UnreachableError("the connection was closed");
  }

  /** Waits for what other requests may wait for too; no longer than this one may, and not once it is aborted or all is closed. */
  async #waitFor<T>(made: Promise<T>, { method, path, timeout, signal }: HttpRequest): Promise<T> {
    const closing = this.#closing.signal;
    return await new Promise<T>((resolve, reject) => {
      const end = (act: () => void): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", aborted);
        closing.removeEventListener("abort", closed);
        act();
      };
      const refuse = (why: string): void => end(() => reject(new UnreachableError(why)));
      const aborted = (): void => refuse("aborted");
      const closed = (): void => refuse("the connection was closed");
      const timer = setTimeout(() => refuse(`${method} ${path}: no connection in ${timeout / 1000} s`), timeout);
      signal?.addEventListener("abort", aborted, { once: true });
      closing.addEventListener("abort", closed, { once: true });
      made.then(
        (value) => end(() => resolve(value)),
        (error: unknown) => end(() => reject(error)),
      );
      // An event that was before nobody hears.
      if (signal?.aborted === true) aborted();
      if (closing.aborted) closed();
    });
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
      // A newer connection is not an older one's to forget.
      const forget = (): void => {
        if (this.#transport === made) this.#transport = undefined;
      };
      const made = this.#dial(credentials, forget);
      this.#transport = made;
      made.catch(forget);
    }
    return await this.#transport;
  }

  #drop(): void {
    const dropped = this.#transport;
    this.#transport = undefined;
    if (dropped !== undefined) void endTransport(dropped);
  }

  async #dial(credentials: Credentials, forget: () => void): Promise<Transport> {
    const kept = { keepAlive: true, maxFreeSockets: HTTP1_KEPT };
    if (this.#url.protocol === "http:") return { kind: "h1", agent: new HttpAgent(kept) };
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
    const socket = await dialTls(options, this.#closing.signal);
    if (socket.alpnProtocol !== "h2") {
      socket.destroy();
      return { kind: "h1", agent: new HttpsAgent({ ...options, ALPNProtocols: ["http/1.1"], ...kept }) };
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
    this.#sessions.set(session, socket);
    session.on("error", forget);
    session.on("goaway", forget);
    session.on("close", () => {
      this.#sessions.delete(session);
      forget();
    });
    watchOver(session, socket);
    return { kind: "h2", session, forget };
  }

  #openHttp2(
    { session, forget }: Extract<Transport, { kind: "h2" }>,
    request: HttpRequest,
    headers: Record<string, string>,
  ): Promise<HttpStream> {
    return new Promise((resolve, reject) => {
      if (request.signal?.aborted === true) {
        reject(new UnreachableError("aborted"));
        return;
      }
      let stream: ClientHttp2Stream;
      try {
        stream = session.request(
          { ":method": request.method, ":path": this.#path(request.path), ...headers },
          { endStream: request.body === undefined },
        );
      } catch (error) {
        // The session ended between two turns of the loop.
        forget();
        reject(new UnreachableError(`${this.server}: ${messageOf(error)}`));
        return;
      }
      const close = (): void => stream.close(constants.NGHTTP2_CANCEL);
      const abort = (): void => {
        close();
        reject(new UnreachableError("aborted"));
      };
      request.signal?.addEventListener("abort", abort, { once: true });
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
      const fail = (why: string): void => {
        clearTimeout(timer);
        reject(new UnreachableError(`${this.server}: ${request.method} ${request.path}: ${why}`));
      };
      call.on("error", (error) => fail(error.message));
      // An answer that is none, such as 101, ends it without an error.
      call.once("close", () => fail("the connection was closed"));
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

function dialTls(options: ConnectionOptions, closing: AbortSignal): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connectTls(options);
    const close = (): void => void socket.destroy(new Error("the connection was closed"));
    closing.addEventListener("abort", close, { once: true });
    if (closing.aborted) close();
    const timer = setTimeout(
      () => socket.destroy(new Error(`no connection to ${options.host}:${options.port} in ${CONNECT_WAIT / 1000} s`)),
      CONNECT_WAIT,
    );
    const fail = (error: Error): void => {
      clearTimeout(timer);
      closing.removeEventListener("abort", close);
      reject(new UnreachableError(`https://${options.host}:${options.port}: ${tlsWords(error)}`));
    };
    socket.once("error", fail);
    socket.once("secureConnect", () => {
      clearTimeout(timer);
      closing.removeEventListener("abort", close);
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
function watchOver(session: ClientHttp2Session, socket: TLSSocket): void {
  let [heard, silent] = [0, 0];
  const timer = setInterval(() => {
    if (session.destroyed) return;
    if (session.closed) {
      // One that takes no further requests may have watches still, and Node pings it no more. Each watch hears something every minute (bookmarks).
      silent = socket.bytesRead === heard ? silent + 1 : 0;
      heard = socket.bytesRead;
      if (silent * PING_EVERY >= SILENT) session.destroy(new Error("the server says nothing any more"));
      return;
    }
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
