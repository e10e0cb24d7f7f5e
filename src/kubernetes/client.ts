import { sleepUntil, systemClock } from "./clock.ts";
import { Connection, UnreachableError, type HttpAnswer, type HttpStream } from "./connection.ts";
import { isObject, listAt, numberAt, textAt, type Json, type JsonObject } from "../json/index.ts";
import type { Endpoint } from "./endpoint.ts";

export interface ApiRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  /** Bytes are sent as they are: they may hold what must not become a text. */
  readonly body?: JsonObject | readonly JsonObject[] | Uint8Array;
  /** Default `application/json`. */
  readonly contentType?: string;
  readonly accept?: string;
  /** Whether a second try can do no harm; default: GET, PATCH and DELETE can't. */
  readonly repeatable?: boolean;
  /** It waits until nobody else does: what is told of work stands behind the work. Default: false. */
  readonly background?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Why a request was refused for one field. */
export interface StatusCause {
  readonly reason: string;
  readonly message: string;
  readonly field: string;
}

/** The server answered, and what it said is no. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  /** Kubernetes' own word: `NotFound`, `Conflict`, `Invalid` … */
  readonly reason: string;
  readonly causes: readonly StatusCause[];
  constructor(status: number, reason: string, message: string, causes: readonly StatusCause[]) {
    super(message);
    this.status = status;
    this.reason = reason;
    this.causes = causes;
  }
}

/** The HTTP status of what the API threw; `undefined` where there was no answer. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof ApiError ? error.status : undefined;
}

export interface ClientOptions {
  /** Requests that are under way at a time; default 8. Watches do not count. */
  readonly concurrency?: number;
  /** Milliseconds that one try may take; default 30 s. */
  readonly timeout?: number;
  /** Milliseconds that a request is tried again for; default 60 s. */
  readonly patience?: number;
  /** `halite/0.1.0`. */
  readonly userAgent?: string;
}

/** Counts for metrics and benches. */
export interface ClientCounts {
  readonly requests: number;
  /** Requests that could have changed something: no GET, no dry run. */
  readonly writes: number;
  readonly retries: number;
  /** How often the server asked for patience (429). */
  readonly throttled: number;
}

/** When all is to end, an answer that is under way is waited for so long, in milliseconds: longer than an API server that works takes. */
export const HURRY = 3000;

const FIRST_BACKOFF = 200;
const LONGEST_BACKOFF = 10_000;
/** An error of the server that another try mends only if it passes by itself; that many tries it is given. */
const TRIES_OF_SERVER_ERRORS = 4;
/** Of the refusal of a stream: milliseconds that are waited for it, and bytes that are read. */
const REFUSAL_WAIT = 5000;
const REFUSAL_MOST = 64 * 1024;

/**
 * Speaks JSON with one API server over one connection: bounded in concurrency, patient where the server asks for patience (429, Retry-After), and
 * trying again what may be repeated.
 */
export class ApiClient {
  readonly #connection: Connection;
  readonly #options: Required<ClientOptions>;
  readonly #waiting: (() => void)[] = [];
  readonly #waitingBehind: (() => void)[] = [];
  #free: number;
  #counts = { requests: 0, writes: 0, retries: 0, throttled: 0 };
  /** Nothing is sent before that moment: a 429 is for the client, not for the one request. */
  #notBefore = 0;
  readonly #closing = new AbortController();

  constructor(endpoint: Endpoint, options: ClientOptions = {}) {
    this.#connection = new Connection(endpoint);
    this.#options = { concurrency: 8, timeout: 30_000, patience: 60_000, userAgent: "halite", ...options };
    this.#free = this.#options.concurrency;
  }

  get server(): string {
    return this.#connection.server;
  }

  get counts(): ClientCounts {
    return { ...this.#counts };
  }

  /** Calls that are under way, or wait for another try, end with an UnreachableError. */
  close(): void {
    this.#closing.abort();
    this.#connection.close();
  }

  /** @throws ApiError for what the server refuses; UnreachableError where it gives no answer for as long as the patience lasts */
  async call(request: ApiRequest): Promise<JsonObject> {
    await this.#enter(request.background === true);
    try {
      return await this.#try(request);
    } finally {
      this.#leave();
    }
  }

  /** As `call`; undefined for what is not there. */
  async find(request: ApiRequest): Promise<JsonObject | undefined> {
    try {
      return await this.call(request);
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  }

  /** An answer that goes on. @throws as `call`, without another try */
  async stream(request: ApiRequest): Promise<HttpStream> {
    this.#counts.requests += 1;
    const stream = await this.#connection.stream(this.#http(request));
    if (stream.status < 400) return stream;
    if (stream.status === 401) this.#connection.forgetCredentials();
    throw apiError({ status: stream.status, headers: stream.headers, body: await beginningOf(stream) });
  }

  async #enter(background: boolean): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    await new Promise<void>((resolve) => (background ? this.#waitingBehind : this.#waiting).push(resolve));
  }

  #leave(): void {
    const next = this.#waiting.shift() ?? this.#waitingBehind.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }

  #http(request: ApiRequest): Parameters<Connection["request"]>[0] {
    const query = Object.entries(request.query ?? {}).flatMap(([name, value]) =>
      value === undefined ? [] : [`${encodeURIComponent(name)}=${encodeURIComponent(value)}`],
    );
    const headers: Record<string, string> = { accept: request.accept ?? "application/json", "user-agent": this.#options.userAgent };
    if (request.body !== undefined) headers["content-type"] = request.contentType ?? "application/json";
    return {
      method: request.method,
      path: `${request.path}${query.length === 0 ? "" : `?${query.join("&")}`}`,
      headers,
      ...(request.body === undefined ? {} : { body: request.body instanceof Uint8Array ? request.body : JSON.stringify(request.body) }),
      timeout: this.#options.timeout,
      signal: request.signal,
    };
  }

  async #try(request: ApiRequest): Promise<JsonObject> {
    const repeatable = request.repeatable ?? (request.method !== "POST" && request.method !== "PUT");
    const dry = request.query?.["dryRun"] !== undefined;
    const until = performance.now() + this.#options.patience;
    const http = this.#http(request);
    let serverErrors = 0;
    let authorised = false;
    for (let attempt = 0; ; attempt++) {
      const pause = this.#notBefore - performance.now();
      if (pause > 0) await this.#pause(pause, request.signal);
      this.#counts.requests += 1;
      if (request.method !== "GET" && !dry) this.#counts.writes += 1;
      if (attempt > 0) this.#counts.retries += 1;
      let answer: HttpAnswer;
      try {
        answer = await this.#connection.request(http);
        if (answer.status < 400) return parseBody(request, answer.body);
      } catch (error) {
        request.signal?.throwIfAborted();
        if (!(error instanceof UnreachableError) || !(repeatable || dry) || this.#closing.signal.aborted) throw error;
        const delay = backoff(attempt);
        if (performance.now() + delay > until) throw error;
        await this.#pause(delay, request.signal);
        continue;
      }
      const refused = apiError(answer);
      let delay: number | undefined;
      if (answer.status === 429) {
        this.#counts.throttled += 1;
        delay = retryAfter(answer) ?? Math.max(1000, backoff(attempt));
        this.#notBefore = Math.max(this.#notBefore, performance.now() + delay);
      } else if (answer.status === 401 && !authorised) {
        // A token may have expired since it was read.
        authorised = true;
        this.#connection.forgetCredentials();
        delay = 0;
      } else if (mayPass(refused) && (repeatable || dry || retryAfter(answer) !== undefined)) {
        serverErrors += 1;
        if (serverErrors < TRIES_OF_SERVER_ERRORS) delay = retryAfter(answer) ?? backoff(attempt);
      }
      if (delay === undefined || performance.now() + delay > until) throw refused;
      if (delay > 0) await this.#pause(delay, request.signal);
    }
  }

  async #pause(delay: number, signal: AbortSignal | undefined): Promise<void> {
    const closing = this.#closing.signal;
    await sleepUntil(systemClock, delay, signal === undefined ? [closing] : [signal, closing]);
    signal?.throwIfAborted();
    if (closing.aborted) throw new UnreachableError("the connection was closed");
  }
}

/** What a refused stream says. Its status says enough where that does not come soon, or never ends. */
async function beginningOf(stream: HttpStream): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  const late = setTimeout(() => stream.close(), REFUSAL_WAIT);
  try {
    for await (const chunk of stream.body) {
      if (!(chunk instanceof Buffer)) continue;
      chunks.push(chunk);
      size += chunk.length;
      if (size > REFUSAL_MOST) break;
    }
  } catch {
    // It was cut off.
  } finally {
    clearTimeout(late);
    stream.close();
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** With jitter, so that many clusters do not come back at once. */
function backoff(attempt: number): number {
  const whole = Math.min(FIRST_BACKOFF * 2 ** attempt, LONGEST_BACKOFF);
  return whole / 2 + (Math.random() * whole) / 2;
}

/** `Retry-After` in milliseconds; seconds are the only form that API servers send. */
function retryAfter(answer: HttpAnswer): number | undefined {
  const seconds = Number(answer.headers["retry-after"]);
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, 60) * 1000 : undefined;
}

/** Whether a refusal may be over soon. An unknown field comes as a 500 too (structured-merge-diff), and stays. */
function mayPass(error: ApiError): boolean {
  if (error.status === 502 || error.status === 503 || error.status === 504) return true;
  if (error.status !== 500) return false;
  return !/not declared in schema|failed to create typed (?:patch|live) object|failed calling webhook/.test(error.message);
}

function parseBody(request: ApiRequest, body: string): JsonObject {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    throw new UnreachableError(`${request.method} ${request.path}: the answer is no JSON, or only a part of one`);
  }
  if (!isObject(parsed)) throw new UnreachableError(`${request.method} ${request.path}: the answer is no object`);
  return parsed;
}

function apiError(answer: HttpAnswer): ApiError {
  let status: Json | undefined;
  try {
    const parsed: unknown = JSON.parse(answer.body);
    if (isObject(parsed)) status = parsed;
  } catch {
    // A proxy's own page.
  }
  const causes = listAt(status, "details", "causes").map((cause) => ({
    reason: textAt(cause, "reason") ?? "",
    message: textAt(cause, "message") ?? "",
    field: textAt(cause, "field") ?? "",
  }));
  const message = textAt(status, "message") ?? `the server answered ${answer.status}: ${answer.body.trim().slice(0, 200)}`;
  return new ApiError(numberAt(status, "code") ?? answer.status, textAt(status, "reason") ?? "", message, causes);
}
