import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { isList, isObject, textAt, type Json, type JsonObject, type KubernetesObject } from "../../kubernetes/index.ts";
import { endServer, listen, type Clock, type Log } from "../runtime/index.ts";
import { BindError, type Binder } from "./binder.ts";
import { filter, prepare, scores, type FilterAnswer } from "./decide.ts";
import type { Inventory } from "./inventory.ts";
import { NodeMemory } from "./memory.ts";
import { podOf, type Pod } from "./objects.ts";

export type Verb = "filter" | "prioritize" | "preempt" | "bind";
export type Outcome = "done" | "refused" | "failed";

export interface ExtenderOptions {
  readonly inventory: Inventory;
  readonly binder: Binder;
  /** Why nothing can be decided yet. */
  readonly missing: () => string | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** Is told how each request went, and how long it took, in milliseconds. */
  readonly timed?: (verb: Verb, outcome: Outcome, milliseconds: number) => void;
  /** Is told of a pod whose volumes can be on none of the nodes that were asked about. */
  readonly refused?: (pod: KubernetesObject, why: ReadonlyMap<string, string>) => void;
  /** Address and port; 0: one that is free. Default: 127.0.0.1, where only the pod's own scheduler can ask. */
  readonly host?: string;
  readonly port: number;
}

/** The longest request: a pod of the largest kind and the names of 5,000 nodes. */
const MOST_BYTES = 16 * 1024 * 1024;
/** Costs of so many pods are kept between `filter` and `prioritize`, which follows at once. */
const MOST_KEPT = 100;

type Answer = JsonObject | readonly JsonObject[];

/**
 * A kube-scheduler's extender (k8s.io/kube-scheduler/extender/v1) that knows nodes by name: `filter`, `prioritize`, `preempt` and `bind`. It takes the
 * place of the plugin VolumeBinding, whose choice it could neither learn nor change.
 */
export class Extender {
  readonly #options: ExtenderOptions;
  readonly #server: Server;
  readonly #kept = new Map<string, ReadonlyMap<string, number>>();
  readonly #memory = new NodeMemory();
  readonly #answering = new Set<AbortController>();

  private constructor(options: ExtenderOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => void this.#serve(request, response));
    // The scheduler keeps its connections: one that is closed under it is an error to it.
    this.#server.keepAliveTimeout = 120_000;
  }

  /** @throws the system's error where the port can't be had */
  static async start(options: ExtenderOptions): Promise<Extender> {
    const extender = new Extender(options);
    const { port, host = "127.0.0.1" } = options;
    await listen(extender.#server, port, host);
    return extender;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  /** Finishes what is being answered; of pods that are being bound no further step is begun, and the scheduler tries them again. */
  async stop(): Promise<void> {
    for (const gone of this.#answering) gone.abort(new BindError("the volume scheduler is ending; the pod is tried again"));
    await endServer(this.#server);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { clock, log, timed, missing } = this.#options;
    const verb = verbOf(request.url);
    if (verb === undefined || request.method !== "POST") {
      send(response, verb === undefined ? 404 : 405, { Error: "POST to /filter, /prioritize, /preempt or /bind" });
      return;
    }
    const begun = clock.monotonic();
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    this.#answering.add(gone);
    let outcome: Outcome = "failed";
    try {
      const body = await read(request);
      const why = missing();
      if (why !== undefined) throw new BindError(why);
      const answered = verb === "bind" ? await this.#bind(body, gone.signal) : this.#decide(verb, body);
      ({ outcome } = answered);
      send(response, 200, answered.answer);
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      outcome = error instanceof BindError ? "refused" : "failed";
      if (!gone.signal.aborted || outcome === "failed") log.warn("a request has failed", { verb, error: text });
      // What `filter` and `bind` answer has a place for errors; for the others the status is all that the scheduler looks at.
      send(response, verb === "filter" || verb === "bind" ? 200 : 503, { Error: text });
    } finally {
      this.#answering.delete(gone);
      timed?.(verb, outcome, clock.monotonic() - begun);
    }
  }

  #decide(verb: Exclude<Verb, "bind">, body: JsonObject): { readonly outcome: Outcome; readonly answer: Answer } {
    const object = body["Pod"];
    if (!isPod(object)) throw new Error("the request has no Pod");
    const pod = podOf(object);
    if (verb === "preempt") return { outcome: "done", answer: this.#preempt(pod, body) };
    const names = namesOf(body["NodeNames"]);
    if (verb === "prioritize") return { outcome: "done", answer: this.#prioritize(pod, names) };
    this.#options.binder.remember(pod);
    const { fits, refused, costs } = this.#filter(pod, names);
    this.#keep(pod.uid, new Map(fits.map((name, index) => [name, costs[index] ?? 0])));
    if (fits.length === 0 && refused.size > 0) this.#options.refused?.(object, refused);
    return {
      outcome: fits.length === 0 ? "refused" : "done",
      // That other pods go away would give this one no volume: nobody is to be preempted for it.
      answer: { NodeNames: fits, FailedNodes: {}, FailedAndUnresolvableNodes: Object.fromEntries(refused), Error: "" },
    };
  }

  #filter(pod: Pod, names: readonly string[]): FilterAnswer {
    const { inventory } = this.#options;
    if (pod.claims.length === 0 && pod.inline.length === 0) return { fits: names, refused: new Map(), costs: names.map(() => 0) };
    const prepared = prepare(inventory, pod);
    if (prepared.kind === "ready") return filter(inventory, prepared.request, names, this.#memory);
    return { fits: [], refused: new Map(names.map((name) => [name, prepared.why])), costs: [] };
  }

  #prioritize(pod: Pod, names: readonly string[]): Answer {
    const kept = this.#kept.get(pod.uid);
    this.#kept.delete(pod.uid);
    const known = kept ?? new Map(Object.entries(this.#costs(pod, names)));
    const found = scores(names.map((name) => known.get(name) ?? 0));
    return names.map((Host, index) => ({ Host, Score: found[index] ?? 0 }));
  }

  #costs(pod: Pod, names: readonly string[]): Record<string, number> {
    const { fits, costs } = this.#filter(pod, names);
    return Object.fromEntries(fits.map((name, index) => [name, costs[index] ?? 0]));
  }

  /** Nodes on which nothing is won by preempting pods are left out. */
  #preempt(pod: Pod, body: JsonObject): Answer {
    const victims = isObject(body["NodeNameToMetaVictims"]) ? body["NodeNameToMetaVictims"] : {};
    const { fits } = this.#filter(pod, Object.keys(victims));
    return { NodeNameToMetaVictims: Object.fromEntries(fits.map((name) => [name, victims[name] ?? {}])) };
  }

  async #bind(body: JsonObject, signal: AbortSignal): Promise<{ readonly outcome: Outcome; readonly answer: Answer }> {
    const [name, namespace, uid, node] = ["PodName", "PodNamespace", "PodUID", "Node"].map((key) => textAt(body, key));
    if (name === undefined || namespace === undefined || uid === undefined || node === undefined)
      throw new Error("the request names no pod or no node");
    await this.#options.binder.bind({ name, namespace, uid, node }, signal);
    return { outcome: "done", answer: { Error: "" } };
  }

  #keep(uid: string, costs: ReadonlyMap<string, number>): void {
    const [oldest] = this.#kept.keys();
    if (oldest !== undefined && this.#kept.size >= MOST_KEPT) this.#kept.delete(oldest);
    this.#kept.set(uid, costs);
  }
}

function verbOf(url: string | undefined): Verb | undefined {
  return (["filter", "prioritize", "preempt", "bind"] as const).find((verb) => url === `/${verb}`);
}

function namesOf(value: Json | undefined): readonly string[] {
  if (!isList(value)) throw new Error("the request has no NodeNames: nodeCacheCapable must be true in the scheduler's configuration");
  return value.filter((each) => typeof each === "string");
}

function isPod(value: Json | undefined): value is KubernetesObject {
  return isObject(value) && isObject(value["metadata"]) && typeof value["metadata"]["name"] === "string";
}

async function read(request: IncomingMessage): Promise<JsonObject> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    if (!(chunk instanceof Buffer)) continue;
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new Error(`the request has more than ${MOST_BYTES} bytes`);
    chunks.push(chunk);
  }
  const value: unknown = JSON.parse(Buffer.concat(chunks).toString("utf8"));
  if (!isObject(value)) throw new Error("the request is no object");
  return value;
}

function send(response: ServerResponse, status: number, answer: Answer): void {
  if (response.destroyed) return;
  const text = JSON.stringify(answer);
  response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
  response.end(text);
}
