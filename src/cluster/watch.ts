import { setTimeout as wait } from "node:timers/promises";
import {
  ApiError,
  isObject,
  listAt,
  numberAt,
  textAt,
  UnreachableError,
  isKubernetesObject,
  type ApiClient,
  type Json,
  type ObjectMeta,
} from "../kubernetes/index.ts";
import { pathOf, type ApiResource } from "./discovery.ts";
import { keyOf, refOf, type ObjectKey } from "./types.ts";

/** What a watch tells. Only metadata: that is all that is kept of a cluster between two passes. */
export interface WatchListener {
  /** Everything of the kind that the selector picks, at the beginning and whenever events may have been missed. */
  onList(objects: ReadonlyMap<ObjectKey, ObjectMeta>): void;
  /** An object was made, changed or deleted (null). */
  onChange(key: ObjectKey, metadata: ObjectMeta | null): void;
  /** Events may be missed from now on, until the next list. */
  onTrouble?(error: unknown): void;
}

const METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";
const METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";
/** The server ends a watch after about that many seconds, so that watches spread over its replicas. */
const WATCH_SECONDS = 540;
const FIRST_BACKOFF = 250;
const LONGEST_BACKOFF = 30_000;

/**
 * Watches one kind until the signal comes: a list, then the events since, with bookmarks so that going on after a cut costs nothing. A version that
 * the server no longer has (410) begins again with a list.
 */
export async function watchKind(
  client: ApiClient,
  resource: ApiResource,
  labelSelector: string,
  listener: WatchListener,
  signal: AbortSignal,
): Promise<void> {
  const watcher = new KindWatcher(client, resource, labelSelector, listener, signal);
  await watcher.run();
}

class KindWatcher {
  readonly #client: ApiClient;
  readonly #resource: ApiResource;
  readonly #selector: string;
  readonly #listener: WatchListener;
  readonly #signal: AbortSignal;
  #version: string | undefined;
  #failures = 0;

  constructor(client: ApiClient, resource: ApiResource, selector: string, listener: WatchListener, signal: AbortSignal) {
    this.#client = client;
    this.#resource = resource;
    this.#selector = selector;
    this.#listener = listener;
    this.#signal = signal;
  }

  async run(): Promise<void> {
    while (!this.#signal.aborted) {
      try {
        this.#version ??= await this.#list();
        await this.#watch(this.#version);
      } catch (error) {
        if (this.#signal.aborted) return;
        if (!(error instanceof ApiError) && !(error instanceof UnreachableError)) throw error;
        if (error instanceof ApiError && error.status === 410) {
          this.#version = undefined;
          continue;
        }
        this.#failures += 1;
        this.#listener.onTrouble?.(error);
        await this.#rest();
      }
    }
  }

  async #rest(): Promise<void> {
    const whole = Math.min(FIRST_BACKOFF * 2 ** Math.min(this.#failures, 10), LONGEST_BACKOFF);
    try {
      await wait(whole / 2 + (Math.random() * whole) / 2, undefined, { signal: this.#signal });
    } catch {
      // It is to end.
    }
  }

  async #list(): Promise<string> {
    const objects = new Map<ObjectKey, ObjectMeta>();
    let token: string | undefined;
    let version = "";
    do {
      const page = await this.#client.call({
        method: "GET",
        path: pathOf(this.#resource, null),
        query: { labelSelector: this.#selector, limit: "500", continue: token },
        accept: METADATA_LIST,
        signal: this.#signal,
      });
      for (const item of listAt(page, "items")) {
        const found = this.#metadata(item);
        if (found !== undefined) objects.set(...found);
      }
      version = textAt(page, "metadata", "resourceVersion") ?? version;
      token = textAt(page, "metadata", "continue");
    } while (token !== undefined && token !== "");
    this.#listener.onList(objects);
    this.#failures = 0;
    return version;
  }

  #metadata(item: Json): [ObjectKey, ObjectMeta] | undefined {
    if (!isObject(item)) return undefined;
    const { group, version, kind } = this.#resource;
    const object = { ...item, apiVersion: group === "" ? version : `${group}/${version}`, kind };
    if (!isKubernetesObject(object)) return undefined;
    const { managedFields: _managedFields, ...metadata } = object.metadata;
    return [keyOf(refOf(object)), { ...metadata, name: object.metadata.name }];
  }

  async #watch(from: string): Promise<void> {
    const stream = await this.#client.stream({
      method: "GET",
      path: pathOf(this.#resource, null),
      query: {
        watch: "true",
        labelSelector: this.#selector,
        resourceVersion: from,
        allowWatchBookmarks: "true",
        timeoutSeconds: String(WATCH_SECONDS + Math.floor(Math.random() * 60)),
      },
      accept: METADATA,
      signal: this.#signal,
    });
    const end = (): void => stream.close();
    this.#signal.addEventListener("abort", end, { once: true });
    let rest = "";
    const decoder = new TextDecoder();
    try {
      for await (const chunk of stream.body) {
        rest += typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true });
        let at: number;
        while ((at = rest.indexOf("\n")) >= 0) {
          const line = rest.slice(0, at);
          rest = rest.slice(at + 1);
          if (line.trim() !== "") this.#event(line);
        }
      }
    } catch (error) {
      if (error instanceof ApiError) throw error;
      throw new UnreachableError(
        `the watch of ${this.#resource.plural} was cut off: ${error instanceof Error ? error.message : String(error)}`,
      );
    } finally {
      this.#signal.removeEventListener("abort", end);
      stream.close();
    }
  }

  #event(line: string): void {
    let event: Json;
    try {
      event = JSON.parse(line);
    } catch {
      throw new UnreachableError(`the watch of ${this.#resource.plural} sent half an event`);
    }
    const type = textAt(event, "type");
    const item = isObject(event) ? (event["object"] ?? null) : null;
    if (type === "ERROR")
      throw new ApiError(numberAt(item, "code") ?? 500, textAt(item, "reason") ?? "", textAt(item, "message") ?? "the watch failed", []);
    this.#version = textAt(item, "metadata", "resourceVersion") ?? this.#version;
    this.#failures = 0;
    if (type === "BOOKMARK") return;
    const found = this.#metadata(item);
    if (found !== undefined) this.#listener.onChange(found[0], type === "DELETED" ? null : found[1]);
  }
}
