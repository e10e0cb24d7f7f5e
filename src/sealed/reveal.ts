import { createHash } from "node:crypto";
import { FindingError, type Finding } from "../finding/index.ts";
import { base64Bytes, JsonBytes, jsonString, type Json } from "./json-bytes.ts";
import { findReferences, formatReference, referenceName, type FoundReference, type Reference } from "./reference.ts";
import { SecretValue } from "./secret-value.ts";
import { OpenedValues, type OpenContext, type SealedSource } from "./source.ts";

/** A Kubernetes object as JSON. */
export type KubernetesObject = { readonly [key: string]: Json };

export interface RevealContext extends OpenContext {
  /** Where values are kept that several objects refer to; without it each object opens its own, and they are overwritten at the end. */
  readonly values?: OpenedValues;
}

/**
 * An object with every reference in it opened. It can only be sent: its body is JSON in bytes, and nothing else of it holds a value.
 */
export class RevealedObject {
  readonly #body: SecretValue;
  /** How many references were opened. */
  readonly opened: number;

  constructor(body: SecretValue, opened: number) {
    this.#body = body;
    this.opened = opened;
  }

  /** The object as JSON, to be sent to the API server and overwritten (`fill(0)`) then. */
  body(): Uint8Array {
    return this.#body.reveal("apply");
  }

  wipe(): void {
    this.#body.wipe();
  }
}

/** The digest that stands in compiled output: SHA-256 of the sealed text, in hexadecimal. */
export function sealedDigest(sealedText: string): string {
  return createHash("sha256").update(sealedText, "utf8").digest("hex");
}

/**
 * Opens every reference of an object of a release, in memory, just before it is applied.
 *
 * In `data` of a Secret a text with references stands un-encoded: the values are put into it and the whole is then base64. Everywhere else the
 * text with its values is a string, and the values have to be UTF-8. `|base64` puts a value in as base64, `|json` as a JSON string with its
 * quotes; of several the first is applied first.
 *
 * Each digest is checked against the sealed text that is opened. It is all or nothing: one reference that can't be opened, and the object is
 * not applied.
 *
 * @throws FindingError with one finding for each reference that can't be opened: `sealed-reference-malformed`, `sealed-digest-missing`,
 * `sealed-digest-mismatch`, `sealed-no-source`, `sealed-not-text`, and what the sources throw. They name object, field and reference, and
 * never a value.
 */
export async function revealObject(
  object: KubernetesObject,
  sources: readonly SealedSource[],
  context: RevealContext = {},
): Promise<RevealedObject> {
  const own = context.values === undefined ? new OpenedValues() : undefined;
  const revealer = new Revealer(object, sources, context, own ?? context.values ?? new OpenedValues());
  try {
    return await revealer.run();
  } finally {
    await own?.wipe();
  }
}

class Revealer {
  readonly #object: KubernetesObject;
  readonly #sources: readonly SealedSource[];
  readonly #context: RevealContext;
  readonly #values: OpenedValues;
  readonly #findings: Finding[] = [];
  readonly #json = new JsonBytes();
  #opened = 0;

  constructor(object: KubernetesObject, sources: readonly SealedSource[], context: RevealContext, values: OpenedValues) {
    this.#object = object;
    this.#sources = sources;
    this.#context = context;
    this.#values = values;
  }

  async run(): Promise<RevealedObject> {
    await this.#write(this.#object, []);
    const body = this.#json.take();
    const [first, ...more] = this.#findings;
    if (first === undefined) return new RevealedObject(SecretValue.of(body), this.#opened);
    body.fill(0);
    throw new FindingError(first, ...more);
  }

  async #write(value: Json, path: readonly string[]): Promise<void> {
    if (typeof value === "string") return this.#string(value, path);
    if (Array.isArray(value)) {
      const items: readonly Json[] = value;
      return this.#sequence("[", "]", items, async (item, index) => this.#write(item, [...path, String(index)]));
    }
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return this.#sequence("{", "}", Object.entries(value), async ([key, item]) => {
        if (findReferences(key).length > 0)
          this.#problem(path, {
            code: "sealed-reference-in-key",
            message: "a reference stands in the name of a key",
            advice: "only values can be sealed",
          });
        this.#json.text(`${JSON.stringify(key)}:`);
        await this.#write(item, [...path, key]);
      });
    }
    this.#json.text(typeof value === "bigint" ? String(value) : JSON.stringify(value));
  }

  async #sequence<Item>(
    open: string,
    close: string,
    items: readonly Item[],
    write: (item: Item, index: number) => Promise<void>,
  ): Promise<void> {
    this.#json.text(open);
    for (const [index, item] of items.entries()) {
      if (index > 0) this.#json.text(",");
      await write(item, index);
    }
    this.#json.text(close);
  }

  async #string(text: string, path: readonly string[]): Promise<void> {
    const found = text.includes("?{") ? findReferences(text) : [];
    if (found.length === 0) return this.#json.text(JSON.stringify(text));
    const parts: Uint8Array[] = [];
    let from = 0;
    for (const each of found) {
      parts.push(Buffer.from(text.slice(from, each.start), "utf8"));
      const value = await this.#open(each, text.slice(each.start, each.end), path);
      if (value !== undefined) parts.push(value);
      from = each.end;
    }
    parts.push(Buffer.from(text.slice(from), "utf8"));
    const whole = Buffer.concat(parts);
    const encode = this.#isSecretData(path);
    const out = encode ? base64Bytes(whole) : whole;
    try {
      this.#json.string(out);
    } catch {
      this.#problem(path, {
        code: "sealed-not-text",
        message: "a sealed value that is no UTF-8 stands where a text is needed",
        advice: "use it in data of a Secret, or put |base64 behind the reference",
      });
    } finally {
      for (const part of [...parts, whole, out]) part.fill(0);
    }
  }

  #isSecretData(path: readonly string[]): boolean {
    return path.length === 2 && path[0] === "data" && this.#object["kind"] === "Secret" && this.#object["apiVersion"] === "v1";
  }

  /** The bytes that take a reference's place; undefined where there are none, with a finding. */
  async #open(found: FoundReference, text: string, path: readonly string[]): Promise<Uint8Array | undefined> {
    if (found.state === "malformed") {
      const { message, advice } = found.problem;
      this.#problem(path, { code: "sealed-reference-malformed", message: `${text} is no reference to a sealed value: ${message}`, advice });
      return undefined;
    }
    const { reference } = found;
    const shown = formatReference({ ...reference, digest: null });
    const source = this.#sources.find((each) => each.kind === reference.kind);
    if (source === undefined) {
      this.#problem(path, {
        code: "sealed-no-source",
        message: `${shown} can't be opened: nothing here opens ${reference.kind}:`,
        advice: `configure sealed:${reference.kind} in halite.yaml of the one who applies`,
      });
      return undefined;
    }
    try {
      await this.#checkDigest(source, reference, shown);
      const secret = await this.#values.take(referenceName(reference), () => source.open(reference, this.#context));
      this.#opened++;
      return formed(secret, reference);
    } catch (error) {
      if (!(error instanceof FindingError)) throw error;
      for (const finding of error.findings)
        this.#problem(path, { ...finding, message: finding.message.includes(shown) ? finding.message : `${shown}: ${finding.message}` });
      return undefined;
    }
  }

  async #checkDigest(source: SealedSource, reference: Reference, shown: string): Promise<void> {
    if (reference.digest === null)
      throw sealedError(
        "sealed-digest-missing",
        `${shown} has no digest`,
        "only compiled output is applied: halite render writes each reference with its digest",
      );
    const found = sealedDigest(await source.sealedText(reference, this.#context));
    if (found !== reference.digest)
      throw sealedError(
        "sealed-digest-mismatch",
        `what is sealed behind ${shown} is not what it was compiled with`,
        "the sealed file and the compiled output are not of the same release: compile and publish again",
      );
  }

  #problem(path: readonly string[], { code, message, advice, at, trail }: Omit<Finding, "severity">): void {
    this.#findings.push({
      code,
      severity: "error",
      message: `${objectName(this.#object)}, ${path.join(".")}: ${message}`,
      ...(at === undefined ? {} : { at }),
      ...(trail === undefined ? {} : { trail }),
      ...(advice === undefined ? {} : { advice }),
    });
  }
}

function formed(secret: SecretValue, reference: Reference): Uint8Array {
  let bytes = secret.reveal("apply");
  for (const name of reference.functions) {
    const before = bytes;
    try {
      bytes = name === "base64" ? base64Bytes(bytes) : jsonString(bytes);
    } catch {
      throw sealedError("sealed-not-text", "its value is no UTF-8, so |json can't be applied", "use |base64 for values of bytes");
    } finally {
      before.fill(0);
    }
  }
  return bytes;
}

/** `Secret kube-system/ceph`. */
function objectName(object: KubernetesObject): string {
  const { kind, metadata } = object;
  const part = (name: string): string => {
    const value =
      typeof metadata === "object" && metadata !== null && name in metadata
        ? Object.entries(metadata).find(([key]) => key === name)?.[1]
        : undefined;
    return typeof value === "string" ? value : "";
  };
  const namespace = part("namespace");
  return `${typeof kind === "string" ? kind : "object"} ${namespace === "" ? "" : `${namespace}/`}${part("name")}`.trim();
}

/** An error about a sealed value. */
export function sealedError(code: string, message: string, advice: string, at?: Finding["at"]): FindingError {
  return new FindingError({ code, severity: "error", message, advice, ...(at === undefined ? {} : { at }) });
}
