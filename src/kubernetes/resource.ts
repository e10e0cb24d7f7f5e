import { statusOf, type ApiClient } from "./client.ts";
import type { HttpStream } from "./connection.ts";
import { isObject, type JsonObject } from "../json/index.ts";
import { isKubernetesObject, type KubernetesObject } from "./object.ts";

/** An API server, as far as objects need it: what may be repeated is, and 429 with Retry-After obeyed, before anything is thrown. */
export type Api = Pick<ApiClient, "call" | "stream">;

/** A kind of objects as the API serves it. */
export interface ResourceType {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  /** `persistentvolumes`. */
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

/** Narrows a list or a watch. */
export interface Selection {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/** One page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly resourceVersion: string;
  /** Where the next page begins; absent on the last. */
  readonly next?: string;
}

export interface ApplyOptions {
  readonly fieldManager: string;
  /** Takes fields from other managers. Default: false, and a conflict is thrown. */
  readonly force?: boolean;
}

/** What lists and watches ask for where only metadata is wanted (KEP-2334, PartialObjectMetadata); servers that do not know it send whole objects. */
const METADATA = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";
const METADATA_LIST = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";

/**
 * The objects of a kind by their metadata alone, without managed fields: for following many objects of which one only has to know when they change. Only lists
 * and watches are cut down so.
 */
export function metadataOf(api: Api, type: ResourceType): Resource<KubernetesObject> {
  return new Resource<KubernetesObject>(api, type, "metadata");
}

/** The objects of one kind, typed. Answers are checked to be objects; what is in them is the server's word. */
export class Resource<T extends KubernetesObject> {
  readonly type: ResourceType;
  readonly #api: Api;
  readonly #only: "metadata" | undefined;

  constructor(api: Api, type: ResourceType, only?: "metadata") {
    this.#api = api;
    this.type = type;
    this.#only = only;
  }

  /** `undefined` for what is not there. */
  async find(name: string, namespace?: string): Promise<T | undefined> {
    try {
      return this.#parse(await this.#api.call({ method: "GET", path: this.#path(namespace, name) }));
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
  }

  async create(object: T): Promise<T> {
    return this.#parse(await this.#api.call({ method: "POST", path: this.#path(object.metadata.namespace), body: object }));
  }

  /** Replaces what is there. Thrown with status 409 where it is not at this `resourceVersion` any more. */
  async update(object: T, subresource?: "status"): Promise<T> {
    const { namespace, name } = object.metadata;
    return this.#parse(await this.#api.call({ method: "PUT", path: this.#path(namespace, name, subresource), body: object }));
  }

  /** A JSON merge patch (RFC 7386). */
  async merge(name: string, namespace: string | undefined, patch: JsonObject, subresource?: "status"): Promise<T> {
    return this.#parse(
      await this.#api.call({
        method: "PATCH",
        path: this.#path(namespace, name, subresource),
        contentType: "application/merge-patch+json",
        body: patch,
      }),
    );
  }

  /** Server-side apply of the fields that the object has. */
  async apply(object: T, { fieldManager, force = false }: ApplyOptions, subresource?: "status"): Promise<T> {
    const { namespace, name } = object.metadata;
    return this.#parse(
      await this.#api.call({
        method: "PATCH",
        path: this.#path(namespace, name, subresource),
        contentType: "application/apply-patch+yaml",
        query: { fieldManager, force: String(force) },
        body: object,
      }),
    );
  }

  /** Deletes this object and no other of its name. Whether it was there. */
  async delete(object: T): Promise<boolean> {
    const { namespace, name, uid } = object.metadata;
    try {
      await this.#api.call({
        method: "DELETE",
        path: this.#path(namespace, name),
        body: { kind: "DeleteOptions", apiVersion: "v1", ...(uid === undefined ? {} : { preconditions: { uid } }) },
      });
      return true;
    } catch (error) {
      if (statusOf(error) === 404) return false;
      throw error;
    }
  }

  /** One page of at most `limit` objects. Thrown with status 410 where `from` is too old. */
  async page(selection: Selection, limit: number, from?: string, signal?: AbortSignal): Promise<Page<T>> {
    const answer = await this.#api.call({
      method: "GET",
      path: this.#path(selection.namespace),
      query: { ...selectors(selection), limit: String(limit), continue: from },
      ...(this.#only === undefined ? {} : { accept: METADATA_LIST }),
      signal,
    });
    const metadata = isObject(answer["metadata"]) ? answer["metadata"] : {};
    const { continue: next, resourceVersion } = metadata;
    if (!Array.isArray(answer["items"]) || typeof resourceVersion !== "string")
      throw new Error(`${this.#path(selection.namespace)}: the answer is no list`);
    // Items of a list carry neither apiVersion nor kind.
    const { apiVersion, kind } = this.#names();
    const items = answer["items"].map((item: unknown) => this.parse(isObject(item) ? { apiVersion, kind, ...item } : {}));
    return { items, resourceVersion, ...(typeof next === "string" && next !== "" ? { next } : {}) };
  }

  /** Changes since a version, one JSON object a line, with bookmarks. `timeout`: the server ends it then, in seconds. */
  async watch(selection: Selection, resourceVersion: string, timeout: number, signal: AbortSignal): Promise<HttpStream> {
    return this.#api.stream({
      method: "GET",
      path: this.#path(selection.namespace),
      query: {
        ...selectors(selection),
        watch: "true",
        allowWatchBookmarks: "true",
        resourceVersion,
        timeoutSeconds: String(Math.max(1, Math.round(timeout))),
      },
      ...(this.#only === undefined ? {} : { accept: METADATA }),
      signal,
    });
  }

  /** An object of a list or a watch. @throws an Error for what is none */
  parse(value: unknown): T {
    const object = this.#parse(value);
    if (this.#only === undefined) return object;
    const { managedFields: _managedFields, ...metadata } = object.metadata;
    return this.#parse({ ...this.#names(), metadata });
  }

  #names(): { readonly apiVersion: string; readonly kind: string } {
    const { group, version, kind } = this.type;
    return { apiVersion: group === "" ? version : `${group}/${version}`, kind };
  }

  #parse(value: unknown): T {
    if (!isKubernetesObject(value)) throw new Error(`the API server's answer is no ${this.type.kind}`);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the server has the kind's schema; the type says what of it is used
    return value as T;
  }

  #path(namespace?: string, name?: string, subresource?: string): string {
    const { group, version, plural } = this.type;
    const parts = [
      ...(group === "" ? ["api", version] : ["apis", group, version]),
      ...(namespace === undefined ? [] : ["namespaces", namespace]),
      plural,
      ...(name === undefined ? [] : [name]),
      ...(subresource === undefined ? [] : [subresource]),
    ];
    return `/${parts.map(encodeURIComponent).join("/")}`;
  }
}

function selectors({ labelSelector, fieldSelector }: Selection): Readonly<Record<string, string | undefined>> {
  return { labelSelector, fieldSelector };
}
