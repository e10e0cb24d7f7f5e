import { createHash } from "node:crypto";
import { FindingError } from "../../finding/index.ts";
import type { FileStamp, SourceFile } from "../types.ts";

/** A file's bytes; text and digest are made when first asked for, and once. */
export class FileContent implements SourceFile {
  readonly path: string;
  readonly display: string;
  readonly bytes: Uint8Array;
  readonly mode: number;
  readonly stamp: FileStamp | undefined;
  #text: string | undefined;
  #digest: string | undefined;

  constructor(path: string, display: string, bytes: Uint8Array, mode = 0o644, stamp?: FileStamp) {
    this.path = path;
    this.display = display;
    this.bytes = bytes;
    this.mode = mode;
    this.stamp = stamp;
  }

  /** @throws FindingError `not-utf8` */
  get text(): string {
    return (this.#text ??= this.#decode());
  }

  get digest(): string {
    return (this.#digest ??= createHash("sha256").update(this.bytes).digest("hex"));
  }

  #decode(): string {
    try {
      // A byte order mark stays, as Python's utf-8 codec leaves it.
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.bytes);
    } catch {
      throw new FindingError({
        code: "not-utf8",
        severity: "error",
        message: `${this.display} is not UTF-8 text: ${describeBadByte(this.bytes)}`,
        at: { file: this.display },
        advice: "Save it as UTF-8. A binary file can be delivered by file.managed without `template`.",
      });
    }
  }
}

/** Names the first byte that breaks UTF-8. */
function describeBadByte(bytes: Uint8Array): string {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let line = 1;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index] ?? 0;
    try {
      decoder.decode(bytes.subarray(index, index + 1), { stream: true });
    } catch {
      return `the byte 0x${byte.toString(16).padStart(2, "0")} at offset ${index} (line ${line})`;
    }
    if (byte === 0x0a) line++;
  }
  return "it ends within a character";
}
