const STR_BREAK = /\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/g;
const BYTES_BREAK = /\r\n|[\n\r]/g;

/** Python's `str.splitlines(keepends)`. */
export function splitLines(text: string, keepEnds: boolean): string[] {
  return split(text, STR_BREAK, keepEnds);
}

/** Python's `bytes.splitlines(True)`, and how a text file opened with `newline=""` gives its lines. */
export function splitByteLines(text: string): string[] {
  return split(text, BYTES_BREAK, true);
}

function split(text: string, pattern: RegExp, keepEnds: boolean): string[] {
  const lines: string[] = [];
  let from = 0;
  for (const match of text.matchAll(pattern)) {
    const end = match.index + match[0].length;
    lines.push(text.slice(from, keepEnds ? end : match.index));
    from = end;
  }
  if (from < text.length) lines.push(text.slice(from));
  return lines;
}

/** The lines of a text file as `readlines` of Python's text mode gives them: every line end a `\n`. */
export function readLines(text: string): string[] {
  return (text.replace(/\r\n?/g, "\n").match(/[^\n]*\n|[^\n]+$/g) ?? []).slice();
}

/** Bytes as UTF-8 text, or undefined where they are none. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

export function encodeUtf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Bytes one to one as characters, for patterns on bytes. */
export function toLatin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}
export function fromLatin1(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "latin1"));
}

/** `salt.utils.files.is_text`: UTF-8, or at most 30 % of the first 512 bytes not printable ASCII; never with a NUL. */
export function isText(bytes: Uint8Array): boolean {
  const block = bytes.subarray(0, 512);
  if (block.includes(0)) return false;
  return block.length === 0 || decodeUtf8(block) !== undefined || unprintable(block) <= 0.3;
}

/** `salt.utils.files.is_binary`: the first 2048 bytes are no UTF-8, or hold a NUL or too much that is not printable. */
export function isBinary(bytes: Uint8Array): boolean {
  const block = bytes.subarray(0, 2048);
  if (block.length === 0) return false;
  return decodeUtf8(block) === undefined || block.includes(0) || unprintable(block) > 0.3;
}

function unprintable(block: Uint8Array): number {
  let count = 0;
  for (const byte of block) if (!((byte >= 0x20 && byte < 0x7f) || (byte >= 0x08 && byte <= 0x0d && byte !== 0x0b))) count++;
  return count / block.length;
}

/** Code points that a Python codec can write: `contents.encode(encoding)`. `undefined` for an encoding not known here. */
export function encodeAs(text: string, encoding: string): Uint8Array | undefined | { readonly bad: string } {
  switch (encoding.toLowerCase().replaceAll("_", "-")) {
    case "utf-8":
    case "utf8":
      return encodeUtf8(text);
    case "utf-8-sig":
      return encodeUtf8(`\ufeff${text}`);
    case "ascii":
    case "us-ascii":
      return limited(text, 0x80);
    case "latin-1":
    case "latin1":
    case "iso-8859-1":
    case "iso8859-1":
      return limited(text, 0x100);
    case "utf-16":
      return new Uint8Array(Buffer.from(`\ufeff${text}`, "utf16le"));
    case "utf-16-le":
    case "utf-16le":
      return new Uint8Array(Buffer.from(text, "utf16le"));
    case "utf-16-be":
    case "utf-16be":
      return new Uint8Array(Buffer.from(text, "utf16le").swap16());
    default:
      return undefined;
  }
}

function limited(text: string, below: number): Uint8Array | { readonly bad: string } {
  for (const character of text) if ((character.codePointAt(0) ?? 0) >= below) return { bad: character };
  return fromLatin1(text);
}
