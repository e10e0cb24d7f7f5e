import { isUtf8 } from "node:buffer";

/** Data as JSON holds it. */
export type Json = null | boolean | number | bigint | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * Writes JSON into bytes that can be overwritten afterwards: a string, once made, stays in memory until it is collected, and secret values
 * never become one here.
 */
export class JsonBytes {
  readonly #parts: Uint8Array[] = [];

  /** JSON text that holds nothing secret. */
  text(text: string): void {
    this.#parts.push(Buffer.from(text, "utf8"));
  }

  /** A JSON string of these bytes, which must be UTF-8. @throws RangeError where they are not */
  string(bytes: Uint8Array): void {
    this.#parts.push(jsonString(bytes));
  }

  /** All of it in one piece; the parts are overwritten. */
  take(): Uint8Array {
    const whole = Buffer.concat(this.#parts);
    for (const part of this.#parts) part.fill(0);
    this.#parts.length = 0;
    return whole;
  }
}

const HEX = Buffer.from("0123456789abcdef");

/** Bytes of UTF-8 as a JSON string with its quotes. @throws RangeError where they are no UTF-8 */
export function jsonString(bytes: Uint8Array): Uint8Array {
  if (!isUtf8(bytes)) throw new RangeError("the bytes are no UTF-8");
  const out = new Uint8Array(bytes.length * 6 + 2);
  let length = 0;
  out[length++] = 0x22;
  for (const byte of bytes) {
    if (byte === 0x22 || byte === 0x5c) {
      out[length++] = 0x5c;
      out[length++] = byte;
    } else if (byte < 0x20 || byte === 0x7f) {
      out.set([0x5c, 0x75, 0x30, 0x30, HEX[byte >> 4] ?? 0, HEX[byte & 15] ?? 0], length);
      length += 6;
    } else out[length++] = byte;
  }
  out[length++] = 0x22;
  return cut(out, length);
}

const ALPHABET = Buffer.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");

/** Bytes as base64 (RFC 4648, padded), as bytes again. */
export function base64Bytes(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(Math.ceil(bytes.length / 3) * 4).fill(0x3d);
  for (let from = 0, to = 0; from < bytes.length; from += 3, to += 4) {
    const left = bytes.length - from;
    const three = ((bytes[from] ?? 0) << 16) | ((bytes[from + 1] ?? 0) << 8) | (bytes[from + 2] ?? 0);
    for (let digit = 0; digit <= Math.min(left, 3); digit++) out[to + digit] = ALPHABET[(three >> (18 - 6 * digit)) & 63] ?? 0;
  }
  return out;
}

function cut(bytes: Uint8Array, length: number): Uint8Array {
  const exact = bytes.slice(0, length);
  bytes.fill(0);
  return exact;
}
