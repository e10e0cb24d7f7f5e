import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { FindingError } from "../finding/index.ts";
import {
  referenceName,
  OpenedValues,
  SecretValue,
  sealedError,
  type OpenContext,
  type Reference,
  type SealedSource,
} from "../sealed/index.ts";

/** How to authenticate: by Keystone, or where Barbican runs without it by the project's id alone. */
export type BarbicanAuthentication =
  | { readonly kind: "project"; readonly project: string }
  /** An application credential; the secret is asked for when a token is needed. */
  | { readonly kind: "keystone"; readonly authUrl: string; readonly credentialId: string; readonly secret: () => Promise<SecretValue> };

export interface BarbicanOptions {
  /** The service's URL, with or without `/v1`. */
  readonly endpoint: string;
  readonly authentication: BarbicanAuthentication;
  /** Milliseconds that one request may take. Default 10 s. */
  readonly timeout?: number;
  /** PEM of the certificate authorities to trust, besides none. Default: the system's. */
  readonly ca?: string;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

interface Call {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | undefined;
}

/** What is known of a secret without its value. */
export interface BarbicanSecret {
  readonly id: string;
  readonly name: string;
  readonly created: string;
  /** The secret's expiry; null for none. */
  readonly expiration: string | null;
  readonly status: string;
  /** What its payload is stored as, the one type that it is given as. */
  readonly contentType: string;
}

/** Bytes of an answer at most. */
const LIMIT = 1024 * 1024;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * OpenStack's key service over its REST API v1: secrets are stored, found by name or id, and read. Reading is tried twice where the token has
 * expired; nothing else is tried again.
 */
export class Barbican implements SealedSource {
  readonly kind = "barbican";
  readonly #options: BarbicanOptions;
  readonly #base: URL;
  #token: Promise<SecretValue> | undefined;
  readonly #values = new OpenedValues();

  /** @throws FindingError `sealed-barbican-config` */
  constructor(options: BarbicanOptions) {
    this.#options = options;
    let base: URL;
    try {
      base = new URL(options.endpoint.replace(/\/+(?:v1\/?)?$/, ""));
    } catch {
      throw sealedError(
        "sealed-barbican-config",
        `sealed:barbican:endpoint ${JSON.stringify(options.endpoint)} is no URL`,
        "such as https://keys.example.org:9311",
      );
    }
    this.#base = base;
  }

  sealedText(reference: Reference): Promise<string> {
    return Promise.resolve(referenceName(reference));
  }

  async open(reference: Reference, context: OpenContext): Promise<SecretValue> {
    if (reference.kind !== "barbican") throw new TypeError(`a barbican source does not open ${reference.kind}`);
    const { id, contentType } = await this.find(reference.name, context.signal);
    const answer = await this.#call("GET", `/v1/secrets/${id}/payload`, { accept: contentType }, undefined, context.signal);
    if (answer.status === 200) return SecretValue.of(answer.body);
    throw this.#refused(`the payload of ${reference.name}`, answer);
  }

  /**
   * Finds a secret by its id, or by its name, which must be one secret's alone. @throws FindingError `sealed-barbican-missing`,
   * `sealed-barbican-ambiguous`, `sealed-barbican-refused`, `sealed-barbican-unreachable`
   */
  async find(name: string, signal?: AbortSignal): Promise<BarbicanSecret> {
    if (UUID.test(name)) {
      const answer = await this.#call("GET", `/v1/secrets/${name}`, { accept: "application/json" }, undefined, signal);
      if (answer.status === 200) return secretOf(json(answer));
      if (answer.status !== 404) throw this.#refused(`secret ${name}`, answer);
      throw sealedError(
        "sealed-barbican-missing",
        `Barbican at ${this.#base.host} has no secret ${name}`,
        "it may be of another project: secrets are seen in their own only",
      );
    }
    const answer = await this.#call(
      "GET",
      `/v1/secrets?name=${encodeURIComponent(name)}&limit=2`,
      { accept: "application/json" },
      undefined,
      signal,
    );
    if (answer.status !== 200) throw this.#refused(`the secrets called ${name}`, answer);
    const [first, second] = list(json(answer)["secrets"]);
    if (first === undefined)
      throw sealedError(
        "sealed-barbican-missing",
        `Barbican at ${this.#base.host} has no secret called ${name}`,
        "`halite secret seal barbican:NAME` stores one; it may also be of another project",
      );
    if (second !== undefined)
      throw sealedError(
        "sealed-barbican-ambiguous",
        `Barbican at ${this.#base.host} has several secrets called ${name}`,
        "refer to the one that is meant by its id, or delete the others",
      );
    return secretOf(first);
  }

  /**
   * Who may read a secret, by its access list: whoever has a role in its project, and users by their ids (Barbican's API v1, `GET
   * /v1/secrets/ID/acl`). @throws FindingError as `find`
   */
  async readers(id: string, signal?: AbortSignal): Promise<{ readonly project: boolean; readonly users: readonly string[] }> {
    const answer = await this.#call("GET", `/v1/secrets/${id}/acl`, { accept: "application/json" }, undefined, signal);
    if (answer.status !== 200) throw this.#refused(`the access list of ${id}`, answer);
    const [read] = list([json(answer)["read"]]);
    const users = read?.["users"];
    return {
      project: read?.["project-access"] !== false,
      users: Array.isArray(users) ? users.filter((user) => typeof user === "string") : [],
    };
  }

  /** Stores a value and gives its id. Barbican keeps several secrets of a name apart: the caller looks first. */
  async store(name: string, value: SecretValue, signal?: AbortSignal): Promise<string> {
    const payload = value.reveal("seal");
    // A payload that is base64 in JSON: bytes of any kind.
    const head = Buffer.from(
      `{"name":${JSON.stringify(name)},"payload_content_type":"application/octet-stream","payload_content_encoding":"base64","payload":"`,
    );
    const encoded = Buffer.from(Buffer.from(payload).toString("base64"), "latin1");
    payload.fill(0);
    const body = Buffer.concat([head, encoded, Buffer.from('"}')]);
    encoded.fill(0);
    try {
      const answer = await this.#call(
        "POST",
        "/v1/secrets",
        { "content-type": "application/json", accept: "application/json" },
        body,
        signal,
      );
      if (answer.status !== 201) throw this.#refused(`storing ${name}`, answer);
      const { id } = secretOf(json(answer));
      if (UUID.test(id)) return id;
      throw this.#refused(`storing ${name}`, answer);
    } finally {
      body.fill(0);
    }
  }

  /** Deletes a secret by its id. */
  async remove(id: string): Promise<void> {
    const answer = await this.#call("DELETE", `/v1/secrets/${id}`, { accept: "application/json" });
    if (answer.status !== 204) throw this.#refused(`deleting ${id}`, answer);
  }

  /** Forgets the token. */
  async wipe(): Promise<void> {
    await this.#values.wipe();
    this.#token = undefined;
  }

  async #call(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body?: Uint8Array,
    signal?: AbortSignal,
  ): Promise<Answer> {
    const url = new URL(this.#base.pathname.replace(/\/$/, "") + path, this.#base);
    const answer = await this.#send({ method, url, headers: { ...headers, ...(await this.#identity(signal)) }, body }, signal);
    // A token that has expired, or was revoked.
    if (answer.status !== 401 || this.#options.authentication.kind !== "keystone") return answer;
    await this.wipe();
    return this.#send({ method, url, headers: { ...headers, ...(await this.#identity(signal)) }, body }, signal);
  }

  async #identity(signal?: AbortSignal): Promise<Readonly<Record<string, string>>> {
    const { authentication } = this.#options;
    if (authentication.kind === "project") return { "x-project-id": authentication.project };
    this.#token ??= this.#values.take("token", () => this.#newToken(authentication, signal));
    const token = await this.#token;
    return { "x-auth-token": Buffer.from(token.reveal("authenticate")).toString("latin1") };
  }

  /** A token of Keystone v3 for an application credential. */
  async #newToken(
    { authUrl, credentialId, secret }: Extract<BarbicanAuthentication, { kind: "keystone" }>,
    signal?: AbortSignal,
  ): Promise<SecretValue> {
    let url: URL;
    try {
      url = new URL(`${authUrl.replace(/\/+$/, "")}/auth/tokens`);
    } catch {
      throw sealedError(
        "sealed-barbican-config",
        `sealed:barbican:auth_url ${JSON.stringify(authUrl)} is no URL`,
        "such as https://identity.example.org/v3",
      );
    }
    const bytes = (await secret()).reveal("authenticate");
    const text = Buffer.from(bytes).toString("utf8").trimEnd();
    bytes.fill(0);
    const identity = { methods: ["application_credential"], application_credential: { id: credentialId, secret: text } };
    const body = Buffer.from(JSON.stringify({ auth: { identity } }), "utf8");
    const answer = await this.#send(
      { method: "POST", url, headers: { "content-type": "application/json", accept: "application/json" }, body },
      signal,
    );
    body.fill(0);
    const token = answer.headers["x-subject-token"];
    if (answer.status === 201 && typeof token === "string") return SecretValue.of(Buffer.from(token, "latin1"));
    throw sealedError(
      "sealed-barbican-refused",
      `Keystone at ${url.host} refuses the application credential ${credentialId}: ${answer.status}`,
      "it may have expired or been deleted, or its secret is another: openstack application credential create",
    );
  }

  #send({ method, url, headers, body }: Call, signal?: AbortSignal): Promise<Answer> {
    const { timeout = 10_000, ca } = this.#options;
    const unreachable = (why: string): FindingError =>
      sealedError(
        "sealed-barbican-unreachable",
        `${url.host} can't be reached: ${why}`,
        "check sealed:barbican:endpoint and auth_url of halite.yaml and the network from here; trying again is safe",
      );
    return new Promise((resolve, reject) => {
      const send = url.protocol === "https:" ? httpsRequest : httpRequest;
      const call = send(
        url,
        {
          method,
          headers: { ...headers, ...(body === undefined ? {} : { "content-length": String(body.length) }) },
          // One connection a request: none is left open when the command ends.
          agent: url.protocol === "https:" ? undefined : new HttpAgent({ keepAlive: false }),
          ...(ca === undefined ? {} : { ca }),
          ...(signal === undefined ? {} : { signal }),
        },
        (response) => {
          const parts: Buffer[] = [];
          let size = 0;
          response.on("data", (part: Buffer) => {
            size += part.length;
            if (size > LIMIT) call.destroy(unreachable(`it answers with more than ${LIMIT} bytes`));
            else parts.push(part);
          });
          response.on("error", () => {
            clearTimeout(timer);
            reject(unreachable("the connection was cut within the answer"));
          });
          response.on("end", () => {
            clearTimeout(timer);
            resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) });
          });
        },
      );
      // Of the whole exchange: a server that trickles is as late as one that is silent.
      const timer = setTimeout(() => call.destroy(unreachable(`no answer within ${timeout / 1000} s`)), timeout);
      call.on("error", (error: NodeJS.ErrnoException) => {
        clearTimeout(timer);
        reject(
          error instanceof FindingError || signal?.aborted === true
            ? signal?.aborted === true
              ? signal.reason
              : error
            : unreachable(reasonOf(error)),
        );
      });
      call.end(body);
    });
  }

  #refused(what: string, answer: Answer): FindingError {
    const said = /"(?:description|message)":\s*"([^"]{1,200})"/.exec(
      answer.headers["content-type"]?.includes("json") === true ? answer.body.toString("utf8") : "",
    )?.[1];
    const reason = said === undefined ? "" : ` (${said})`;
    const advice =
      answer.status === 401
        ? "Barbican takes no such identity: with Keystone set auth_url and application_credential"
        : answer.status === 403
          ? "the project or its role may not read it: grant `creator` or `observer`, or put the user on the secret's access list"
          : answer.status >= 500
            ? "that is the service's own trouble; trying again is safe"
            : "see Barbican's log";
    return sealedError("sealed-barbican-refused", `Barbican at ${this.#base.host} refuses ${what}: ${answer.status}${reason}`, advice);
  }
}

/** Node's code of a failed request in the user's words. */
function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  if (code?.startsWith("HPE_") === true) return "what answers there does not speak HTTP";
  return code === "ECONNRESET" ? "the connection was closed without an answer" : (code ?? message);
}

/** @throws FindingError `sealed-barbican-refused` for what is no answer of Barbican */
function json({ body }: Answer): Readonly<Record<string, unknown>> {
  try {
    const data: unknown = JSON.parse(body.toString("utf8"));
    if (typeof data === "object" && data !== null && !Array.isArray(data)) return Object.fromEntries(Object.entries(data));
  } catch {
    // Node's message quotes the text.
  }
  throw sealedError(
    "sealed-barbican-refused",
    "what answers there is not Barbican: its answer is no JSON",
    "check sealed:barbican:endpoint of halite.yaml: it is the service's own URL",
  );
}

function list(value: unknown): Readonly<Record<string, unknown>>[] {
  return Array.isArray(value)
    ? value.filter((item) => typeof item === "object" && item !== null).map((item) => Object.fromEntries(Object.entries(item)))
    : [];
}

function secretOf(data: Readonly<Record<string, unknown>>): BarbicanSecret {
  const text = (name: string): string => (typeof data[name] === "string" ? data[name] : "");
  const types = data["content_types"];
  const type =
    typeof types === "object" && types !== null && "default" in types && typeof types.default === "string"
      ? types.default
      : "application/octet-stream";
  return {
    id: text("secret_ref").split("/").at(-1) ?? "",
    name: text("name"),
    created: text("created"),
    expiration: text("expiration") || null,
    status: text("status"),
    contentType: type.replace(/;.*/, ""),
  };
}
