import { ApiError, isKubernetesObject, UnreachableError, type ApiClient, type KubernetesObject } from "../kubernetes/index.ts";
import { pathOf, type ApiResource, type Discovery } from "./discovery.ts";
import { MODE_LABEL } from "./labels.ts";
import { listAll, namesOf } from "./list.ts";
import { keyOf, refOf, type ObjectKey, type ObjectRef } from "./types.ts";

/** So many requests for objects are cheaper than a list of everybody's. */
const FEW = 2;
/** A namespace with more objects of a kind is not listed to learn whether a few are there. */
const MOST_NAMES = 250;

/** Reads objects of a cluster with few requests: those that Halite applied by one list for each kind, what is not there by names, the others one by one. */
export class Reader {
  readonly live = new Map<ObjectKey, KubernetesObject>();
  readonly unread = new Map<ObjectKey, string>();
  readonly #client: ApiClient;
  readonly #discovery: Discovery;
  readonly #known: (key: ObjectKey) => boolean;

  /** @param known whether an object is one that Halite has applied before */
  constructor(client: ApiClient, discovery: Discovery, known: (key: ObjectKey) => boolean) {
    this.#client = client;
    this.#discovery = discovery;
    this.#known = known;
  }

  /** @param lists whether all are wanted, so that lists pay */
  async read(refs: ReadonlyMap<ObjectKey, ObjectRef>, lists: boolean): Promise<void> {
    const kinds = new Map<string, { readonly resource: ApiResource; readonly refs: Map<ObjectKey, ObjectRef> }>();
    for (const [key, ref] of refs) {
      const resource = this.#discovery.served(ref) ?? (ref.version === "" ? this.#discovery.anyVersion(ref) : undefined);
      if (resource === undefined) {
        if (this.#discovery.unreachable.has(ref.group)) this.unread.set(key, `the API group ${ref.group} does not answer`);
        continue;
      }
      const name = `${resource.group}/${resource.version}/${resource.kind}`;
      const entry = kinds.get(name) ?? { resource, refs: new Map<ObjectKey, ObjectRef>() };
      kinds.set(name, entry);
      entry.refs.set(key, ref);
    }
    await Promise.all([...kinds.values()].map((kind) => this.#kind(kind.resource, kind.refs, lists)));
  }

  async #kind(resource: ApiResource, refs: ReadonlyMap<ObjectKey, ObjectRef>, lists: boolean): Promise<void> {
    let open = refs;
    if (lists) {
      const applied = [...refs.keys()].some(this.#known);
      if (applied) open = await this.#labelled(resource, open);
      // What was never applied is mostly not there. Where much of it is, an addon manager may have applied it, with the label.
      open = await this.#present(resource, open);
      if (!applied) open = await this.#labelled(resource, open);
    }
    await Promise.all([...open].map(([key, ref]) => this.#one(resource, key, ref)));
  }

  /** Reads those that carry the mode's label; gives the others. */
  async #labelled(resource: ApiResource, refs: ReadonlyMap<ObjectKey, ObjectRef>): Promise<ReadonlyMap<ObjectKey, ObjectRef>> {
    if (refs.size <= FEW) return refs;
    try {
      for (const object of await listAll(this.#client, resource, { labelSelector: MODE_LABEL })) {
        const key = keyOf(refOf(object));
        if (refs.has(key)) this.live.set(key, object);
      }
    } catch (error) {
      // Without the right to list, or with a list cut off, each object is asked for by itself.
      if (!(error instanceof ApiError || error instanceof UnreachableError)) throw error;
    }
    return new Map([...refs].filter(([key]) => !this.live.has(key)));
  }

  /** Without those that are not there, as far as names tell. */
  async #present(resource: ApiResource, refs: ReadonlyMap<ObjectKey, ObjectRef>): Promise<ReadonlyMap<ObjectKey, ObjectRef>> {
    const namespaces = new Map<string | null, Map<ObjectKey, ObjectRef>>();
    for (const [key, ref] of refs) {
      const group = namespaces.get(ref.namespace) ?? new Map<ObjectKey, ObjectRef>();
      namespaces.set(ref.namespace, group.set(key, ref));
    }
    const present = await Promise.all(
      [...namespaces].map(async ([namespace, group]) => {
        if (group.size <= FEW) return [...group];
        try {
          const names = await namesOf(this.#client, resource, namespace, MOST_NAMES);
          return names === undefined ? [...group] : [...group].filter(([, { name }]) => names.has(name));
        } catch (error) {
          if (!(error instanceof ApiError || error instanceof UnreachableError)) throw error;
          return [...group];
        }
      }),
    );
    return new Map(present.flat());
  }

  async #one(resource: ApiResource, key: ObjectKey, ref: ObjectRef): Promise<void> {
    try {
      const object = await this.#client.find({ method: "GET", path: pathOf(resource, ref.namespace, ref.name) });
      if (object === undefined) return;
      if (isKubernetesObject(object)) this.live.set(key, object);
      else this.unread.set(key, "the server's answer is no object");
    } catch (error) {
      if (!(error instanceof ApiError || error instanceof UnreachableError)) throw error;
      this.unread.set(key, error.message);
    }
  }
}
