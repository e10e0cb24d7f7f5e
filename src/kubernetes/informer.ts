import { ApiError, statusOf } from "./client.ts";
import type { Clock, Random } from "./clock.ts";
import type { HttpStream } from "./connection.ts";
import { isObject, textAt } from "../json/index.ts";
import { linesOf } from "./lines.ts";
import type { Log } from "./log.ts";
import { keyOf, type KubernetesObject, type ObjectKey } from "./object.ts";
import type { Resource, Selection } from "./resource.ts";

/** What has happened to an object; of `resync` nothing has. */
export type Change<T> =
  | { readonly type: "added"; readonly object: T }
  | { readonly type: "updated"; readonly object: T; readonly before: T }
  | { readonly type: "deleted"; readonly object: T }
  | { readonly type: "resync"; readonly object: T };

export interface InformerOptions<T extends KubernetesObject> {
  readonly resource: Resource<T>;
  /** Default: all objects of the kind. */
  readonly selection?: Selection;
  /** Every so often handlers are told of all objects again, in milliseconds. Default: ten minutes; 0: never. */
  readonly resync?: number;
  /** Objects of one page of a list. Default: 500. */
  readonly page?: number;
  /** So long a watch is kept, in milliseconds, before another one goes on where it ended. Default: five to ten minutes. */
  readonly watch?: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Is told how often lists and watches were begun, and why. */
  readonly count?: (what: "list" | "watch" | "gone" | "failed") => void;
}

const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 30_000;
/** A watch that ends sooner than so many milliseconds and has told of nothing is none: what answers would be asked without a pause. */
const SHORTEST_WATCH = 1000;

/**
 * Holds the objects of a kind as the API server has them: lists them page by page, then follows the watch, from bookmark to bookmark. A watch
 * that ends goes on where it was; where the server has forgotten that place (410) all is listed anew, and handlers are told of the difference only.
 * While the server can't be reached what was last known stays.
 */
export class Informer<T extends KubernetesObject> {
  readonly #options: InformerOptions<T>;
  readonly #objects = new Map<ObjectKey, T>();
  readonly #handlers: ((change: Change<T>) => void)[] = [];
  readonly #indexes = new Map<string, { readonly keys: (object: T) => readonly string[]; readonly entries: Map<string, Set<ObjectKey>> }>();
  #version = "";
  #synced: (() => void) | undefined;
  readonly #whenSynced = new Promise<void>((resolve) => (this.#synced = resolve));
  #isSynced = false;

  constructor(options: InformerOptions<T>) {
    this.#options = options;
  }

  /** Is told of each change from now on; first of what is there already. Handlers return soon: they put keys into queues. */
  on(handler: (change: Change<T>) => void): void {
    this.#handlers.push(handler);
    for (const object of this.#objects.values()) handler({ type: "added", object });
  }

  /** Keeps objects findable by words that are made from them. Before `run`. */
  index(name: string, keys: (object: T) => readonly string[]): void {
    this.#indexes.set(name, { keys, entries: new Map() });
  }

  get(key: ObjectKey): T | undefined {
    return this.#objects.get(key);
  }

  all(): readonly T[] {
    return [...this.#objects.values()];
  }

  /** Objects with a word in an index. */
  by(index: string, word: string): readonly T[] {
    const keys = this.#indexes.get(index)?.entries.get(word) ?? [];
    return [...keys].flatMap((key) => this.#objects.get(key) ?? []);
  }

  /** Whether everything was listed once. */
  get synced(): boolean {
    return this.#isSynced;
  }

  /** Once everything was listed. */
  get whenSynced(): Promise<void> {
    return this.#whenSynced;
  }

  /** Follows the API server until the signal is given. */
  async run(signal: AbortSignal): Promise<void> {
    const { resync = 600_000 } = this.#options;
    await Promise.all([this.#follow(signal), ...(resync > 0 ? [this.#resync(resync, signal)] : [])]);
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { clock, random, log, count = () => undefined } = this.#options;
    let failures = 0;
    while (!signal.aborted) {
      try {
        if (this.#version === "") {
          count("list");
          await this.#list(signal);
        }
        count("watch");
        await this.#watch(signal);
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        if (statusOf(error) === 410) {
          count("gone");
          this.#version = "";
          if (failures === 0) {
            failures++;
            continue;
          }
        } else {
          count("failed");
          log.warn("the watch has failed", { resource: this.#options.resource.type.plural, error });
        }
        const pause = Math.min(FIRST_PAUSE * 2 ** failures++, LONGEST_PAUSE);
        await clock.sleep(pause / 2 + (random() * pause) / 2, signal);
      }
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { resource, selection = {}, page: limit = 500 } = this.#options;
    const found = new Map<ObjectKey, T>();
    let page = await resource.page(selection, limit, undefined, signal);
    for (;;) {
      for (const item of page.items) found.set(keyOf(item), item);
      if (page.next === undefined) break;
      page = await resource.page(selection, limit, page.next, signal);
    }
    // Only a whole list says what is gone.
    for (const object of this.#objects.values()) if (!found.has(keyOf(object))) this.#take("DELETED", object);
    for (const object of found.values()) this.#take("ADDED", object);
    this.#version = page.resourceVersion;
    this.#isSynced = true;
    this.#synced?.();
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { resource, selection = {}, clock, random, watch = 300_000 * (1 + random()) } = this.#options;
    const begun = clock.monotonic();
    const stream = await resource.watch(selection, this.#version, watch / 1000, signal);
    const close = (): void => stream.close();
    signal.addEventListener("abort", close, { once: true });
    try {
      const events = await this.#events(stream);
      if (events === 0 && clock.monotonic() - begun < SHORTEST_WATCH) throw new Error("the watch ended as soon as it began");
    } finally {
      signal.removeEventListener("abort", close);
      stream.close();
    }
  }

  /** @returns how many there were. @throws with status 410 where the server says so in the stream; an Error where a line is cut off */
  async #events({ body }: HttpStream): Promise<number> {
    let events = 0;
    // A stream that is cut off ends the loop, or throws in it; the next watch goes on from the last version that was taken.
    for await (const line of linesOf(body)) {
      if (line.trim() === "") continue;
      const event: unknown = JSON.parse(line);
      if (!isObject(event) || !isObject(event["object"])) throw new Error("the watch sent no event");
      const { type, object } = event;
      if (type === "ERROR") throw new ApiError(Number(object["code"]), textAt(object, "reason") ?? "", textAt(object, "message") ?? "", []);
      const metadata = object["metadata"];
      const version = isObject(metadata) ? metadata["resourceVersion"] : undefined;
      if (type !== "BOOKMARK") this.#take(type === "DELETED" ? "DELETED" : "ADDED", this.#options.resource.parse(object));
      if (typeof version === "string") this.#version = version;
      events += 1;
    }
    return events;
  }

  #take(type: "ADDED" | "DELETED", object: T): void {
    const key = keyOf(object);
    const before = this.#objects.get(key);
    if (before !== undefined) this.#unindex(key, before);
    if (type === "DELETED") {
      this.#objects.delete(key);
      if (before !== undefined) this.#tell({ type: "deleted", object });
      return;
    }
    this.#objects.set(key, object);
    this.#reindex(key, object);
    if (before === undefined) this.#tell({ type: "added", object });
    else if (before.metadata.uid !== object.metadata.uid) {
      // Deleted and made anew while nobody watched.
      this.#tell({ type: "deleted", object: before });
      this.#tell({ type: "added", object });
    } else if (before.metadata.resourceVersion !== object.metadata.resourceVersion) this.#tell({ type: "updated", object, before });
  }

  #unindex(key: ObjectKey, object: T): void {
    for (const { keys, entries } of this.#indexes.values()) {
      for (const word of keys(object)) {
        const set = entries.get(word);
        set?.delete(key);
        if (set?.size === 0) entries.delete(word);
      }
    }
  }

  #reindex(key: ObjectKey, object: T): void {
    for (const { keys, entries } of this.#indexes.values()) {
      for (const word of keys(object)) {
        const set = entries.get(word) ?? new Set();
        set.add(key);
        entries.set(word, set);
      }
    }
  }

  #tell(change: Change<T>): void {
    for (const handler of this.#handlers) {
      try {
        handler(change);
      } catch (error) {
        this.#options.log.error("a handler has failed", { resource: this.#options.resource.type.plural, key: keyOf(change.object), error });
      }
    }
  }

  async #resync(every: number, signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options;
    while (!signal.aborted) {
      await clock.sleep(every * (0.9 + 0.2 * random()), signal);
      if (signal.aborted) return;
      for (const object of this.#objects.values()) this.#tell({ type: "resync", object });
    }
  }
}
