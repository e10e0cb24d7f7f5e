import { constants, type Http2SecureServer, type ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Informer, NO_LOG, Resource, systemClock, type ApiClient } from "../../src/kubernetes/index.ts";
import { clientAt, endsSoon, http2Server, NO_PODS, podEvent, PODS, Port, until } from "./servers.ts";

const CODES = [
  constants.NGHTTP2_NO_ERROR,
  constants.NGHTTP2_PROTOCOL_ERROR,
  constants.NGHTTP2_INTERNAL_ERROR,
  constants.NGHTTP2_REFUSED_STREAM,
  constants.NGHTTP2_CANCEL,
  constants.NGHTTP2_ENHANCE_YOUR_CALM,
] as const;
const HTTP2 = [
  "answer",
  "slowly",
  "half",
  "never",
  "head",
  "refuse",
  "early",
  "rst",
  "goaway",
  "goaway-error",
  "destroy",
  "reset",
  "rubbish",
] as const;
const HTTP1 = [
  "answer",
  "half",
  "never",
  "head",
  "refuse",
  "early",
  "twice",
  "upgrade",
  "rubbish",
  "bad-chunk",
  "reset",
  "end",
  "cut-line",
] as const;
const CONNECTIONS = ["serve", "serve", "serve", "slowly", "silent", "reset", "end", "rubbish"] as const;
const CLIENT = ["call", "write", "stream", "abort", "informer", "stop"] as const;

/** What a server does with its connections and requests, in their order, and what goes on in the client meanwhile. */
interface Script {
  readonly scheme: "h2" | "h1-tls" | "h1";
  readonly connections: readonly (typeof CONNECTIONS)[number][];
  readonly http2: readonly { readonly act: (typeof HTTP2)[number]; readonly code: number; readonly after: number }[];
  readonly http1: readonly { readonly act: (typeof HTTP1)[number]; readonly after: number }[];
  readonly client: readonly { readonly act: (typeof CLIENT)[number]; readonly after: number }[];
}

const after = fc.constantFrom(0, 0, 1, 5, 20);
const scripts: fc.Arbitrary<Script> = fc.record({
  scheme: fc.constantFrom("h2", "h2", "h1-tls", "h1"),
  connections: fc.array(fc.constantFrom(...CONNECTIONS), { minLength: 1, maxLength: 4 }),
  http2: fc.array(fc.record({ act: fc.constantFrom(...HTTP2), code: fc.constantFrom(...CODES), after }), { minLength: 1, maxLength: 8 }),
  http1: fc.array(fc.record({ act: fc.constantFrom(...HTTP1), after }), { minLength: 1, maxLength: 8 }),
  client: fc.array(fc.record({ act: fc.constantFrom(...CLIENT), after }), { minLength: 1, maxLength: 12 }),
});

/** What comes round again and again. */
function round<T>(values: readonly T[]): () => T {
  let next = 0;
  return () => {
    const value = values[next++ % values.length];
    if (value === undefined) throw new Error("nothing to go round");
    return value;
  };
}

function answerOf(path: string): string {
  if (path.includes("watch=true")) return `${podEvent(2)}${podEvent(3)}`;
  return path.includes("/pods") ? NO_PODS : "{}";
}

function http2Answer(
  stream: ServerHttp2Stream,
  path: string,
  { act, code, after: wait }: Script["http2"][number],
  raw: Socket | undefined,
): void {
  const later = (what: () => void): void => void setTimeout(() => !stream.destroyed && what(), wait);
  const text = answerOf(path);
  switch (act) {
    case "answer":
      stream.respond({ ":status": 200 });
      return void stream.end(text);
    case "slowly":
      return later(() => {
        stream.respond({ ":status": 200 });
        stream.write(text.slice(0, 10));
        later(() => stream.end(text.slice(10)));
      });
    case "never":
      return;
    case "head":
      return stream.respond({ ":status": 200 });
    case "refuse":
      stream.respond({ ":status": 500 });
      return void stream.write("an error that goes on");
    case "early":
      stream.additionalHeaders({ ":status": 103 });
      return later(() => {
        stream.respond({ ":status": 200 });
        stream.end(text);
      });
    case "rst":
      stream.respond({ ":status": 200 });
      stream.write(text);
      return later(() => stream.close(code));
    case "goaway":
      stream.respond({ ":status": 200 });
      stream.end(text);
      return later(() => stream.session?.goaway(constants.NGHTTP2_NO_ERROR));
    case "goaway-error":
      stream.respond({ ":status": 200 });
      stream.write(text);
      return later(() => stream.session?.goaway(code));
    case "destroy":
      stream.respond({ ":status": 200 });
      stream.write(text);
      return later(() => stream.session?.destroy());
    case "reset":
      stream.respond({ ":status": 200 });
      stream.write(text);
      return later(() => raw && reset(raw));
    default:
      // Half a line, and what is no JSON.
      stream.respond({ ":status": 200 });
      stream.write(act === "half" ? text.slice(0, -5) : "rub\nbish\n");
      return later(() => (code % 2 === 0 ? stream.end() : stream.close(code)));
  }
}

/** TLS has no such end: it is the connection's below it. */
function reset(raw: Socket): void {
  try {
    raw.resetAndDestroy();
  } catch {
    // TLS has taken it over.
    raw.destroy();
  }
}

function http1Answer(socket: Socket, path: string, { act, after: wait }: Script["http1"][number], raw: Socket | undefined): void {
  const text = answerOf(path);
  const head = (length: number): string => `HTTP/1.1 200 OK\r\ncontent-length: ${length}\r\n\r\n`;
  const chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
  const whole = `${head(text.length)}${text}`;
  const chunk = `${chunked}${text.length.toString(16)}\r\n${text}\r\n`;
  const sent = {
    answer: whole,
    half: whole.slice(0, -5),
    never: "",
    head: chunked,
    refuse: "HTTP/1.1 500 No\r\ntransfer-encoding: chunked\r\n\r\n5\r\nwords\r\n",
    early: `HTTP/1.1 103 Early Hints\r\n\r\n${whole}`,
    twice: `${whole}${whole}`,
    upgrade: "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
    rubbish: "rubbish\r\n\r\n",
    "bad-chunk": `${chunk}ZZ\r\n`,
    reset: chunk,
    end: chunk,
    "cut-line": chunk.slice(0, -9),
  }[act];
  socket.write(sent);
  setTimeout(() => {
    if (act === "reset") reset(raw ?? socket);
    else if (act === "end" || act === "half" || act === "cut-line") socket.end();
  }, wait);
}

let servers: { readonly h2: Http2SecureServer; readonly h1: Http2SecureServer };
let on: { http2: (stream: ServerHttp2Stream, path: string) => void; http1: (socket: Socket) => void };
const uncaught: unknown[] = [];
const note = (error: unknown): void => void uncaught.push(error);

beforeAll(async () => {
  const h1 = await http2Server(() => undefined, ["http/1.1"]);
  // It is for its TLS alone: what is said in it the script says.
  h1.removeAllListeners("secureConnection");
  h1.on("secureConnection", (socket) => on.http1(socket));
  servers = { h2: await http2Server((stream, path) => on.http2(stream, path)), h1 };
  process.on("uncaughtException", note);
  process.on("unhandledRejection", note);
});
afterAll(() => {
  process.off("uncaughtException", note);
  process.off("unhandledRejection", note);
});

/** Serves a script on a port. */
async function serve({ scheme, connections, http1, http2 }: Script): Promise<Port> {
  const [nextConnection, nextHttp1, nextHttp2] = [round(connections), round(http1), round(http2)];
  let last: Socket | undefined;
  on = {
    http2: (stream, path) => http2Answer(stream, path, nextHttp2(), last),
    http1: (socket) => {
      socket.on("error", () => undefined);
      socket.on("data", (text: Buffer) => {
        const [, path] = /^[A-Z]+ (\S+)/.exec(text.toString("latin1")) ?? [];
        if (path !== undefined) http1Answer(socket, path, nextHttp1(), last);
      });
    },
  };
  return await Port.listen((socket) => {
    last = socket;
    const begin = (): void => {
      if (scheme === "h1") on.http1(socket);
      else servers[scheme === "h2" ? "h2" : "h1"].emit("connection", socket);
    };
    const act = nextConnection();
    if (act === "serve") begin();
    else if (act === "slowly") {
      socket.pause();
      setTimeout(() => {
        begin();
        socket.resume();
      }, 20);
    } else {
      socket.resume();
      if (act === "reset") socket.resetAndDestroy();
      else if (act === "end") socket.end();
      else if (act === "rubbish") socket.write("HTTP/1.1 400 rubbish\r\n\r\n");
    }
  });
}

async function readAll(client: ApiClient, signal: AbortSignal): Promise<void> {
  const { body } = await client.stream({ method: "GET", path: "/pods?watch=true", signal });
  for await (const chunk of body) expect(chunk).toBeInstanceOf(Buffer);
}

/** What the client of a script does. @returns what it has begun, each of which is to settle */
async function perform(client: ApiClient, script: Script["client"]): Promise<readonly Promise<unknown>[]> {
  const begun: Promise<unknown>[] = [];
  let stop = new AbortController();
  for (const each of script) {
    const { signal } = stop;
    if (each.act === "call") begun.push(client.call({ method: "GET", path: "/", signal }));
    else if (each.act === "write") begun.push(client.call({ method: "PATCH", path: "/", body: { a: "x".repeat(100_000) }, signal }));
    else if (each.act === "stream") begun.push(readAll(client, signal));
    else if (each.act === "informer") {
      const resource = new Resource(client, PODS);
      begun.push(new Informer({ resource, clock: systemClock, random: Math.random, log: NO_LOG, resync: 0 }).run(signal));
    } else if (each.act === "abort") {
      stop.abort();
      stop = new AbortController();
    } else break;
    // Heard from here on: what fails while others are begun is no unhandled rejection of the test's own.
    begun.at(-1)?.catch(() => undefined);
    if (each.after > 0) await new Promise((resolve) => setTimeout(resolve, each.after));
  }
  // Informers end with their signal.
  const last = stop;
  setTimeout(() => last.abort(), 30);
  return begun;
}

test("whatever a server does: nothing is thrown past the client, all that was begun settles, and a closed client keeps nothing open", async () => {
  await fc.assert(
    fc.asyncProperty(scripts, async (script) => {
      const port = await serve(script);
      const client = clientAt(`${script.scheme === "h1" ? "http" : "https"}://${port.authority}`, { timeout: 150, patience: 300 });
      try {
        const begun = await perform(client, script.client);
        expect(await endsSoon(Promise.allSettled(begun), 5000)).toBe(true);
      } finally {
        client.close();
      }
      const sockets = (): number => process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;
      await until("no socket but the server's is left", () => sockets() <= port.open.size);
      await port.close();
      expect(uncaught.splice(0)).toEqual([]);
    }),
    { numRuns: 60 },
  );
});
