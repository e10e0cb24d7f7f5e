import { FindingError } from "../../src/finding/index.ts";
import { formatReference, SecretValue, type OpenContext, type Reference, type SealedSource } from "../../src/sealed/index.ts";

/** A source as somebody else might write one: values in a map, by location. */
export class MapSource implements SealedSource {
  readonly kind: Reference["kind"];
  readonly #values: ReadonlyMap<string, Uint8Array>;
  opened = 0;

  constructor(kind: Reference["kind"], values: Readonly<Record<string, string | Uint8Array>>) {
    this.kind = kind;
    this.#values = new Map(Object.entries(values).map(([name, value]) => [name, Buffer.from(value)]));
  }

  sealedText(reference: Reference): Promise<string> {
    return Promise.resolve(`sealed ${this.#name(reference)}`);
  }

  open(reference: Reference, context: OpenContext): Promise<SecretValue> {
    context.signal?.throwIfAborted();
    this.opened++;
    const value = this.#values.get(this.#name(reference));
    if (value === undefined)
      return Promise.reject(
        new FindingError({ code: "sealed-missing", severity: "error", message: "there is no such value", advice: "add it" }),
      );
    return Promise.resolve(SecretValue.of(Uint8Array.from(value)));
  }

  #name(reference: Reference): string {
    return formatReference({ ...reference, functions: [], digest: null }).slice(3 + reference.kind.length, -1);
  }
}
