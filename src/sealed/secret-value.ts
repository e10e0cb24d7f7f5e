import { timingSafeEqual } from "node:crypto";
import { inspect } from "node:util";

/** What a value was revealed for. Each place that reveals one names its purpose, so that the places can be found and counted. */
export type RevealPurpose = "apply" | "seal" | "edit" | "open-key" | "authenticate" | "verify";

const MASK = "SecretValue(sealed)";

/**
 * A value that cannot be printed, interpolated, logged, serialised, cloned or compared by accident: whatever would make a text or a copy of
 * it throws a TypeError, and what only looks at it (`console.log`, `util.inspect`, a debugger's preview of an error) sees a mask.
 *
 * The bytes are in a private field, out of reach of `inspect` with `customInspect: false` too. `JSON.stringify` throws rather than print a
 * mask, which might be applied to a cluster as if it were the value.
 */
export class SecretValue {
  #bytes: Uint8Array | undefined;

  /**
   * A function of its own on every value: structured cloning (worker messages, `v8.serialize`, `structuredClone`) throws on functions,
   * which it would not on an object whose fields are private, and no two values are ever deeply equal.
   */
  readonly unclonable: () => never;

  private constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.unclonable = () => refuse("cloned");
    Object.freeze(this);
  }

  /** Takes the bytes over: the caller must not use or keep them. */
  static of(bytes: Uint8Array): SecretValue {
    return new SecretValue(bytes);
  }

  /** The bytes, as a copy that the caller should overwrite (`fill(0)`) when it is done. @throws TypeError after `wipe` */
  reveal(_purpose: RevealPurpose): Uint8Array {
    return Uint8Array.from(this.#whole());
  }

  /** Whether two values are the same, in a time that hangs on their lengths only. */
  isSame(other: SecretValue): boolean {
    const mine = this.#whole();
    const theirs = other.#whole();
    return mine.length === theirs.length && timingSafeEqual(mine, theirs);
  }

  /** Overwrites the bytes. What was made of them, a string above all, stays until it is collected. */
  wipe(): void {
    this.#bytes?.fill(0);
    this.#bytes = undefined;
  }

  #whole(): Uint8Array {
    if (this.#bytes === undefined) throw new TypeError("the secret value has been wiped");
    return this.#bytes;
  }

  toString(): never {
    return refuse("turned into text");
  }

  toLocaleString(): never {
    return refuse("turned into text");
  }

  valueOf(): never {
    return refuse("compared or calculated with");
  }

  toJSON(): never {
    return refuse("written as JSON");
  }

  [Symbol.toPrimitive](): never {
    return refuse("turned into text");
  }

  [Symbol.iterator](): never {
    return refuse("gone through");
  }

  [inspect.custom](): string {
    return MASK;
  }

  get [Symbol.toStringTag](): string {
    return MASK;
  }
}

function refuse(what: string): never {
  throw new TypeError(`a secret value can't be ${what}; reveal() it where it is used`);
}
