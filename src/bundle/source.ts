import { createHash } from "node:crypto";
import { deflateSync } from "fflate";

/** A controller bundled into one file: a CommonJS module that needs nothing but Node. */
export class Bundle {
  /** The controller's name, a DNS label. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** SHA-256 of the bytes, in hexadecimal. */
  readonly digest: string;
  #packed: Uint8Array | undefined;

  constructor(name: string, bytes: Uint8Array) {
    this.name = name;
    this.bytes = bytes;
    this.digest = createHash("sha256").update(bytes).digest("hex");
  }

  /** Raw deflate (RFC 1951), in JavaScript: what node:zlib gives differs between versions of Node. */
  get packed(): Uint8Array {
    return (this.#packed ??= deflateSync(this.bytes, { level: 9 }));
  }
}

/** The bundles that a compile can take from. The same name always gives the same object. */
export interface BundleSource {
  /** Sorted. */
  readonly names: readonly string[];
  bundle(name: string): Bundle | undefined;
}

/** A source without any. */
export const NO_BUNDLES: BundleSource = { names: [], bundle: () => undefined };
