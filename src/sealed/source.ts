import type { Reference } from "./reference.ts";
import type { SecretValue } from "./secret-value.ts";

/** What opening a reference may hang on besides the reference. */
export interface OpenContext {
  /** Ends the work early. */
  readonly signal?: AbortSignal;
}

/**
 * Where secret values come from. Halite ships `sops`, `pgp`, `barbican` and `secret`; another one (Vault, a cloud's KMS) is a class with
 * these three members.
 */
export interface SealedSource {
  readonly kind: Reference["kind"];
  /**
   * The sealed text that a reference's digest is over: a SOPS leaf, an armoured PGP message; for external sources the reference itself,
   * without its functions and its digest.
   *
   * @throws FindingError `sealed-*` where there is none
   */
  sealedText(reference: Reference, context: OpenContext): Promise<string>;
  /** The value. @throws FindingError `sealed-*`, never with the value or a part of it */
  open(reference: Reference, context: OpenContext): Promise<SecretValue>;
}

/** The values behind the references of one kind, each opened at most once; `wipe` ends their life. */
export class OpenedValues {
  readonly #values = new Map<string, Promise<SecretValue>>();

  /** Takes the value that was opened under a name before, or opens it. */
  take(name: string, open: () => Promise<SecretValue>): Promise<SecretValue> {
    let value = this.#values.get(name);
    if (value === undefined) {
      value = open();
      this.#values.set(name, value);
    }
    return value;
  }

  /** Overwrites every value that was opened. */
  async wipe(): Promise<void> {
    for (const value of this.#values.values()) {
      try {
        (await value).wipe();
      } catch {
        // What could not be opened needs no wiping.
      }
    }
    this.#values.clear();
  }
}
