import { ApiError, isList, isObject, textAt, type ApiClient, type Json, type JsonObject } from "../../src/kubernetes/index.ts";
import type { Api } from "../../src/controllers/runtime/index.ts";

type Request = Parameters<ApiClient["call"]>[0];

/**
 * Objects in memory, with as much of an API server as a node's controllers need where the point is the node: names, versions, conflicts, finalizers.
 * What they need of a real one is tested against a real one.
 */
export class MemoryApi implements Api {
  readonly objects = new Map<string, JsonObject>();
  readonly events: { readonly reason: string; readonly message: string }[] = [];
  /** Throws where nobody is there to call any more. */
  guard: () => void = () => undefined;
  #version = 0;
  #uid = 0;

  put(path: string, object: JsonObject): JsonObject {
    const metadata = isObject(object["metadata"]) ? object["metadata"] : {};
    const before = this.objects.get(path)?.["metadata"];
    const uid = isObject(before) ? before["uid"] : (metadata["uid"] ?? `uid-${++this.#uid}`);
    const whole = { ...object, metadata: { ...metadata, uid, resourceVersion: String(++this.#version) } };
    this.objects.set(path, whole);
    return whole;
  }

  call(request: Request): Promise<JsonObject> {
    try {
      this.guard();
      return Promise.resolve(structuredClone(this.#call(request)));
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }

  stream(): never {
    throw new Error("nothing is watched here");
  }

  /** Objects below a path. */
  list(prefix: string): readonly JsonObject[] {
    return [...this.objects].filter(([path]) => path.startsWith(`${prefix}/`)).map(([, object]) => object);
  }

  #call({ method, path, body, query }: Request): JsonObject {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what controllers send is JSON
    const sent = (body ?? {}) as JsonObject;
    if (path.endsWith("/events")) {
      this.events.push({ reason: textAt(sent, "reason") ?? "", message: textAt(sent, "message") ?? "" });
      return { ...sent, metadata: { name: `event-${this.events.length}` } };
    }
    const isStatus = path.endsWith("/status");
    const at = path.replace(/\/status$/, "");
    const found = this.objects.get(at);
    switch (method) {
      case "GET":
        if (found !== undefined) return found;
        if (query === undefined || !("limit" in query)) throw missing(at);
        return { metadata: { resourceVersion: String(this.#version) }, items: [...this.list(at)] };
      case "POST": {
        const name = `${at}/${nameOf(sent)}`;
        if (this.objects.has(name)) throw new ApiError(409, "AlreadyExists", `${name} is there`, []);
        return this.put(name, sent);
      }
      case "PUT":
        if (found === undefined) throw missing(at);
        if (versionOf(sent) !== versionOf(found)) throw new ApiError(409, "Conflict", `${at} was changed`, []);
        return this.put(at, isStatus ? { ...found, status: sent["status"] ?? {} } : { ...sent, status: found["status"] ?? {} });
      case "PATCH":
        // Server-side apply by one manager: what it does not name any more is gone.
        if (isStatus) return this.put(at, { ...(found ?? sent), status: sent["status"] ?? {} });
        return this.put(at, { ...sent, ...(found?.["status"] !== undefined && { status: found["status"] }) });
      default:
        if (found === undefined) throw missing(at);
        this.objects.delete(at);
        return found;
    }
  }
}

function missing(path: string): ApiError {
  return new ApiError(404, "NotFound", `${path} is not there`, []);
}

function nameOf(object: JsonObject): string {
  return textAt(object, "metadata", "name") ?? "";
}

function versionOf(object: JsonObject): Json | undefined {
  const metadata = object["metadata"];
  return isObject(metadata) && !isList(metadata) ? metadata["resourceVersion"] : undefined;
}
