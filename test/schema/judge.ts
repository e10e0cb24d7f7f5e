import { setTimeout as wait } from "node:timers/promises";
import { PyDict, str, type Value } from "../../src/python/index.ts";
import { toPlain } from "../../src/schema/plain.ts";
import { Client, type Address, type Answer } from "../control-plane/index.ts";
import { shippedSchemas } from "./objects.ts";

export interface Verdict {
  readonly accepted: boolean;
  /** The server's own words where it refuses. */
  readonly message: string;
}

/**
 * A real API server's opinion of objects. It accepts an object when both ways in do: a strict create and a server-side apply,
 * for the first knows nothing of list keys and the second is how Halite writes.
 */
export class Judge {
  readonly #client: Client;
  readonly #schema = shippedSchemas().forVersion("1.36");
  #custom = this.#schema;

  constructor(address: Address) {
    this.#client = new Client(address);
  }

  /** Really creates what other objects need to be judged: their namespaces and CustomResourceDefinitions. */
  async prepare(objects: readonly PyDict[]): Promise<void> {
    const namespaces = new Set(objects.map((value) => text(value, "metadata", "namespace")).filter((name) => name !== undefined));
    for (const name of namespaces) {
      const answer = await this.#client.call("POST", "/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name } });
      if (answer.status !== 201 && answer.status !== 409) throw new Error(`namespace ${name}: ${messageOf(answer)}`);
    }
    const definitions = objects.filter((value) => text(value, "kind") === "CustomResourceDefinition");
    for (const definition of definitions) {
      const path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
      const answer = await this.#client.call("POST", path, json(definition));
      if (answer.status !== 201 && answer.status !== 409) throw new Error(messageOf(answer));
      await this.#established(`${path}/${text(definition, "metadata", "name") ?? ""}`);
    }
    this.#custom = this.#schema.withCustomResources(definitions);
  }

  async #established(path: string): Promise<void> {
    for (const until = Date.now() + 20_000; Date.now() < until; await wait(50)) {
      const { body } = await this.#client.call("GET", path);
      if (
        JSON.stringify(body).includes('"type":"Established","status":"True"') ||
        /"status":"True"[^}]*"type":"Established"/.test(JSON.stringify(body))
      )
        return;
    }
    throw new Error(`${path} was not established in 20 s`);
  }

  async verdict(object: PyDict): Promise<Verdict> {
    const apiVersion = text(object, "apiVersion");
    const kind = text(object, "kind");
    const known = apiVersion === undefined || kind === undefined ? undefined : this.#custom.kind(apiVersion, kind);
    if (apiVersion === undefined || known === undefined) return { accepted: false, message: "no such kind" };
    const namespace = text(object, "metadata", "namespace");
    const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const path = `${root}${known.namespaced ? `/namespaces/${namespace || "default"}` : ""}/${known.plural}`;
    const query = "dryRun=All&fieldValidation=Strict";
    const body = json(object);
    const created = await this.#client.call("POST", `${path}?${query}`, body);
    // It is there already, really: the object itself was checked before that was found.
    const exists = created.status === 409 && messageOf(created).includes("already exists");
    // Which namespaces there are is no question of schemas: the compiler asks it of the whole release.
    const missing = /^namespaces "[a-z0-9][-a-z0-9]{0,60}[a-z0-9]" not found$/;
    if (created.status === 404 && missing.test(messageOf(created))) return { accepted: true, message: "" };
    if (created.status !== 201 && !exists) return { accepted: false, message: `${created.status} ${messageOf(created)}` };
    const name = text(object, "metadata", "name");
    if (name === undefined) return { accepted: true, message: "" };
    const applied = await this.#client.call(
      "PATCH",
      `${path}/${encodeURIComponent(name)}?fieldManager=halite&force=true&${query}`,
      body,
      "application/apply-patch+yaml",
    );
    return applied.status < 300
      ? { accepted: true, message: "" }
      : { accepted: false, message: `apply: ${applied.status} ${messageOf(applied)}` };
  }

  close(): void {
    this.#client.close();
  }
}

function text(value: PyDict, ...names: string[]): string | undefined {
  let found: Value | undefined = value;
  for (const name of names) found = found instanceof PyDict ? found.get(name) : undefined;
  return typeof found === "string" ? found : undefined;
}

/** As it would go over the wire, nulls included. */
export function json(value: Value): unknown {
  if (value instanceof PyDict) return Object.fromEntries([...value.entries()].map(([key, item]) => [str(key), json(item)]));
  if (Array.isArray(value)) return value.map(json);
  return value === null ? null : toPlain(value).json;
}

function messageOf(answer: Answer): string {
  const body = answer.body;
  if (typeof body === "object" && body !== null && "message" in body) return String(body.message);
  return `${answer.status}`;
}
