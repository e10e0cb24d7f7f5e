import { resolve } from "node:path";
import { FindingError } from "../finding/index.ts";
import type { Cluster } from "../fleet/index.ts";
import { ApiClient, ApiError, UnreachableError } from "../kubernetes/index.ts";
import { isObject, listAt, objectAt, textAt, type JsonObject } from "../json/index.ts";
import { accessTo } from "../sync/index.ts";
import type { CommandContext } from "./command.ts";

/** Since when a key of a Secret holds what it holds in one cluster; RFC 3339. */
export type KeyAge =
  | { readonly cluster: string; readonly since: string; readonly why: null }
  | { readonly cluster: string; readonly since: null; readonly why: string };

/** Milliseconds that an API server which does not answer is tried again for: somebody waits, and there may be fifty. */
const PATIENCE = 3000;
/** The object without its data: no value leaves the API server. */
const METADATA_ONLY = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

/** Asks clusters how old the keys of their Secrets are, with `--kubeconfig`: a file with a context for each, or a folder with a file for each. */
export class SecretAges {
  readonly #context: CommandContext;
  readonly #clusters: ReadonlyMap<string, Cluster>;
  readonly #path: string;
  readonly #clients = new Map<string, ApiClient | string>();
  readonly #anyName: boolean;

  constructor(context: CommandContext, clusters: readonly Cluster[], path: string) {
    this.#context = context;
    this.#clusters = new Map(clusters.map((cluster) => [cluster.id, cluster]));
    this.#path = resolve(context.cwd, path);
    // Of several clusters one context can only be one, and which one nothing says.
    this.#anyName = clusters.length === 1;
  }

  async of(cluster: string, namespace: string, name: string, key: string): Promise<KeyAge> {
    const client = this.#client(cluster);
    if (typeof client === "string") return { cluster, since: null, why: client };
    const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets/${encodeURIComponent(name)}`;
    try {
      const metadata = objectAt(await client.call({ method: "GET", path, accept: METADATA_ONLY }), "metadata");
      const since = keyTime(metadata, key);
      return since === null ? { cluster, since, why: `the Secret has no key ${key} there` } : { cluster, since, why: null };
    } catch (error) {
      return { cluster, since: null, why: refusal(error) };
    }
  }

  close(): void {
    for (const client of this.#clients.values()) if (typeof client !== "string") client.close();
  }

  /** A connection, or why there is none. */
  #client(cluster: string): ApiClient | string {
    let client = this.#clients.get(cluster);
    if (client === undefined) this.#clients.set(cluster, (client = this.#connect(cluster)));
    return client;
  }

  #connect(cluster: string): ApiClient | string {
    try {
      const { endpoint } = accessTo(cluster, {
        path: this.#path,
        variable: undefined,
        home: this.#context.env["HOME"],
        host: this.#clusters.get(cluster)?.host ?? undefined,
        anyName: this.#anyName,
      });
      return new ApiClient(endpoint, { userAgent: `halite/${this.#context.version}`, patience: PATIENCE });
    } catch (error) {
      if (!(error instanceof FindingError)) throw error;
      return error.findings[0].message;
    }
  }
}

/**
 * When whoever owns the key wrote it last, by managedFields: the server moves that time on with each change of the manager's, of another key too, so
 * that the value is at least as old. Null where nobody owns the key: it is not there.
 */
function keyTime(metadata: JsonObject, key: string): string | null {
  const times = listAt(metadata, "managedFields").flatMap((entry) => {
    const owned = objectAt(entry, "fieldsV1");
    // `data: {}` and a whole `data` of an older server's migration are one field.
    const data = owned["f:data"];
    if (!isObject(data) || !(Object.hasOwn(data, `f:${key}`) || Object.keys(data).length === 0)) return [];
    return textAt(entry, "time") ?? textAt(metadata, "creationTimestamp") ?? [];
  });
  return times.sort().at(-1) ?? null;
}

function refusal(error: unknown): string {
  if (error instanceof ApiError) {
    if (error.status === 404) return "there is no such Secret there";
    if (error.status === 403) return "its credentials may not read it there";
    if (error.status === 401) return "its API server does not take the credentials of the kubeconfig";
    return `its API server answered ${error.status}${error.reason === "" ? "" : ` (${error.reason})`}`;
  }
  if (error instanceof UnreachableError) return `its API server gives no answer: ${error.message}`;
  if (error instanceof FindingError) return error.findings[0].message;
  throw error;
}
