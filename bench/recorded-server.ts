import { createSecureServer, type Http2SecureServer, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import type { Readable } from "node:stream";
import { Agent, request as requestHttps } from "node:https";
import { isObject, type Json } from "../src/kubernetes/index.ts";
import type { ControlPlane } from "../test/control-plane/index.ts";

/** A key and its certificate, PEM. */
export interface ServerKeys {
  readonly key: string;
  readonly cert: string;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** What an API server answered, in its order, by what it was asked. */
export type Recording = ReadonlyMap<string, readonly Answer[]>;

/** What a request asks for: without what differs from run to run. */
function questionOf(method: string, url: string): { readonly question: string; readonly watch: boolean } {
  const { pathname, searchParams } = new URL(url, "https://server");
  const watch = searchParams.get("watch") === "true";
  for (const name of ["resourceVersion", "timeoutSeconds"]) searchParams.delete(name);
  return { question: `${method} ${pathname}?${searchParams.toString()}`, watch };
}

async function listen(
  keys: ServerKeys,
  answer: (request: Http2ServerRequest, response: Http2ServerResponse) => void,
): Promise<Http2SecureServer> {
  const server = createSecureServer(keys, answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

function portOf(server: Http2SecureServer): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

function textOf(stream: Readable): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
    stream.on("error", reject);
  });
}

/** Stands before a real API server and writes down what it answers. */
export class Recorder {
  readonly recording = new Map<string, Answer[]>();
  readonly #server: Http2SecureServer;
  readonly #agent: Agent;

  private constructor(server: Http2SecureServer, agent: Agent) {
    this.#server = server;
    this.#agent = agent;
  }

  static async start(plane: ControlPlane, keys: ServerKeys): Promise<Recorder> {
    const agent = new Agent({ keepAlive: true, ca: plane.ca });
    const own: { recorder?: Recorder } = {};
    const server = await listen(keys, (request, response) => void own.recorder?.forward(plane, request, response));
    const recorder = new Recorder(server, agent);
    own.recorder = recorder;
    return recorder;
  }

  get port(): number {
    return portOf(this.#server);
  }

  async stop(): Promise<void> {
    this.#agent.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async forward(plane: ControlPlane, request: Http2ServerRequest, response: Http2ServerResponse): Promise<void> {
    const { question, watch } = questionOf(request.method, request.url);
    const body = await textOf(request);
    const headers = {
      authorization: `Bearer ${plane.token}`,
      accept: request.headers.accept ?? "application/json",
      ...(body === ""
        ? {}
        : { "content-type": request.headers["content-type"] ?? "application/json", "content-length": Buffer.byteLength(body) }),
    };
    const call = requestHttps(`${plane.url}${request.url}`, { method: request.method, headers, agent: this.#agent }, (answer) => {
      const { statusCode: status = 500 } = answer;
      const type = answer.headers["content-type"] ?? "application/json";
      response.writeHead(status, { "content-type": type });
      if (watch) {
        answer.pipe(response);
        response.once("close", () => answer.destroy());
        return;
      }
      void this.#keep(question, { status, type }, answer, response);
    });
    call.on("error", () => response.stream.close());
    call.end(body);
  }

  async #keep(question: string, head: Pick<Answer, "status" | "type">, answer: Readable, response: Http2ServerResponse): Promise<void> {
    const body = await textOf(answer);
    this.recording.set(question, [...(this.recording.get(question) ?? []), { ...head, body }]);
    response.end(body);
  }
}

/** Bookmarks come about so often, in milliseconds. */
const BOOKMARK = 60_000;

/**
 * Any number of clusters that answer as the recorded one did, each at a path of its own: what was asked for the nth time is answered as it was then. Watches stay
 * open and say bookmarks only, as on a cluster in which nothing happens.
 */
export class RecordedServer {
  /** What was asked that nobody ever recorded. */
  readonly unknown = new Set<string>();
  readonly #server: Http2SecureServer;

  private constructor(server: Http2SecureServer, unknown: Set<string>) {
    this.#server = server;
    this.unknown = unknown;
  }

  /** @param of the recorded cluster and commit, which are replaced by the cluster that asks and the commit that is published */
  static async start(
    recording: Recording,
    of: { readonly cluster: string; readonly commit: string },
    commit: string,
    keys: ServerKeys,
  ): Promise<RecordedServer> {
    const asked = new Map<string, Map<string, number>>();
    const unknown = new Set<string>();
    const server = await listen(keys, (request, response) => {
      const [, cluster = "", path = ""] = /^\/([^/]+)(\/.*)$/.exec(request.url) ?? [];
      const { question, watch } = questionOf(request.method, path);
      request.resume();
      if (watch) {
        response.writeHead(200, { "content-type": "application/json" });
        const timer = setInterval(() => response.write(BOOKMARK_LINE), BOOKMARK * (0.9 + 0.2 * Math.random()));
        response.once("close", () => clearInterval(timer));
        return;
      }
      const counts = asked.get(cluster) ?? new Map<string, number>();
      asked.set(cluster, counts);
      const number = counts.get(question) ?? 0;
      counts.set(question, number + 1);
      const answers = recording.get(question) ?? [];
      const answer = answers[Math.min(number, answers.length - 1)];
      if (answer === undefined) unknown.add(question);
      const { status, type, body } = answer ?? { status: 404, type: "application/json", body: '{"kind":"Status","code":404}' };
      request.once("end", () => {
        response.writeHead(status, { "content-type": type });
        response.end(body.replaceAll(of.cluster, cluster).replaceAll(of.commit, commit));
      });
    });
    return new RecordedServer(server, unknown);
  }

  get url(): string {
    return `https://127.0.0.1:${portOf(this.#server)}`;
  }

  async stop(): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

const BOOKMARK_LINE = `${JSON.stringify({ type: "BOOKMARK", object: { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: { resourceVersion: "1000000" } } })}\n`;

/**
 * What two recordings differ in, besides what no two servers have in common: ids, versions, times, addresses. How often something was asked hangs on when
 * events came, and does not count.
 */
export function differences(one: Recording, two: Recording): readonly string[] {
  return [...new Set([...one.keys(), ...two.keys()])].filter((question) => {
    // What stands in an Addon on the way hangs on that too; how it ends does not.
    const from = question.startsWith("PATCH /apis/halite.dev/") ? -1 : 0;
    const [first, second] = [one, two].map(
      (recording) =>
        new Set(
          recording
            .get(question)
            ?.slice(from)
            .map(({ status, body }) => `${status} ${settled(body)}`),
        ),
    );
    return first === undefined || second === undefined || [...first].sort().join("\n") !== [...second].sort().join("\n");
  });
}

const OWN = new Set([
  "uid",
  "generation",
  "observedGeneration",
  "resourceVersion",
  "creationTimestamp",
  "time",
  "lastTransitionTime",
  "firstTimestamp",
  "lastTimestamp",
  "clusterIP",
  "clusterIPs",
  "buildDate",
]);

function settled(body: string): string {
  let parsed: Json;
  try {
    parsed = JSON.parse(body);
  } catch {
    return body;
  }
  if (isObject(parsed) && parsed["kind"] === "Event") return "an Event";
  const without = (value: Json): Json => {
    if (Array.isArray(value)) return value.map(without);
    if (!isObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, item]) => (OWN.has(key) || item === undefined ? [] : [[key, without(item)]])),
    );
  };
  return JSON.stringify(without(parsed));
}
