import { pointsOf } from "../text.ts";
import { PyError } from "../../../python/index.ts";

/** The codecs that templates use; others are refused by name. */
function codecOf(name: string): "utf-8" | "ascii" | "latin-1" | "utf-16" | "utf-16-le" {
  const plain = name.toLowerCase().replaceAll(/[_ ]/g, "-");
  switch (plain) {
    case "utf-8":
    case "utf8":
    case "u8":
    case "cp65001":
      return "utf-8";
    case "ascii":
    case "us-ascii":
    case "646":
      return "ascii";
    case "latin-1":
    case "latin1":
    case "iso-8859-1":
    case "iso8859-1":
    case "l1":
      return "latin-1";
    case "utf-16":
    case "utf16":
      return "utf-16";
    case "utf-16-le":
    case "utf-16le":
      return "utf-16-le";
    default:
      throw new PyError("LookupError", `unknown encoding: ${name}`);
  }
}

/** `text.encode(encoding, errors)`. @throws PyError UnicodeEncodeError, LookupError */
export function encodeText(text: string, encoding = "utf-8", errors = "strict"): Uint8Array {
  const codec = codecOf(encoding);
  switch (codec) {
    case "utf-8":
      return Buffer.from(text, "utf8");
    case "utf-16":
      return Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, "utf16le")]);
    case "utf-16-le":
      return Buffer.from(text, "utf16le");
    default: {
      const most = codec === "ascii" ? 0x7f : 0xff;
      const out: number[] = [];
      pointsOf(text).forEach((point, index) => {
        const code = point.codePointAt(0) ?? 0;
        if (code <= most) out.push(code);
        else out.push(...Buffer.from(unencodable(point, codec, errors, index, most), "latin1"));
      });
      return Uint8Array.from(out);
    }
  }
}

function unencodable(point: string, codec: string, errors: string, index: number, most: number): string {
  const code = point.codePointAt(0) ?? 0;
  switch (errors) {
    case "ignore":
      return "";
    case "replace":
      return "?";
    case "xmlcharrefreplace":
      return `&#${code};`;
    case "backslashreplace":
      return code <= 0xff ? `\\x${hex(code, 2)}` : code <= 0xffff ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
    case "strict": {
      const shown = code <= 0xff ? `\\x${hex(code, 2)}` : code <= 0xffff ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
      throw new PyError(
        "UnicodeEncodeError",
        `'${codec}' codec can't encode character '${shown}' in position ${index}: ordinal not in range(${most + 1})`,
      );
    }
    default:
      throw new PyError("LookupError", `unknown error handler name '${errors}'`);
  }
}

function hex(code: number, width: number): string {
  return code.toString(16).padStart(width, "0");
}

/** `bytes.decode(encoding, errors)`. @throws PyError UnicodeDecodeError, LookupError */
export function decodeBytes(bytes: Uint8Array, encoding = "utf-8", errors = "strict"): string {
  const codec = codecOf(encoding);
  if (codec === "latin-1") return Buffer.from(bytes).toString("latin1");
  if (codec === "utf-16" || codec === "utf-16-le") {
    const text = Buffer.from(bytes).toString("utf16le");
    return codec === "utf-16" ? text.replace(/^\ufeff/, "") : text;
  }
  if (!["strict", "ignore", "replace", "surrogateescape", "backslashreplace"].includes(errors)) {
    throw new PyError("LookupError", `unknown error handler name '${errors}'`);
  }
  return codec === "ascii" ? decodeAscii(bytes, errors) : decodeUtf8(bytes, errors);
}

function decodeAscii(bytes: Uint8Array, errors: string): string {
  let out = "";
  bytes.forEach((byte, index) => {
    if (byte < 0x80) out += String.fromCharCode(byte);
    else if (errors === "strict") {
      throw new PyError(
        "UnicodeDecodeError",
        `'ascii' codec can't decode byte 0x${hex(byte, 2)} in position ${index}: ordinal not in range(128)`,
      );
    } else if (errors === "replace") out += "\ufffd";
    else if (errors === "backslashreplace") out += `\\x${hex(byte, 2)}`;
  });
  return out;
}

function decodeUtf8(bytes: Uint8Array, errors: string): string {
  const buffer = Buffer.from(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(buffer);
  } catch {
    // Worked through below, byte by byte.
  }
  let out = "";
  let at = 0;
  while (at < bytes.length) {
    const { length, reason } = sequenceAt(bytes, at);
    if (reason === undefined) out += buffer.subarray(at, at + length).toString("utf8");
    else if (errors === "strict") {
      const place = length > 1 ? `bytes in position ${at}-${at + length - 1}` : `byte 0x${hex(bytes[at] ?? 0, 2)} in position ${at}`;
      throw new PyError("UnicodeDecodeError", `'utf-8' codec can't decode ${place}: ${reason}`);
    } else if (errors === "replace") out += "\ufffd";
    else if (errors === "backslashreplace") for (const byte of bytes.subarray(at, at + length)) out += `\\x${hex(byte, 2)}`;
    at += length;
  }
  return out;
}

/** The UTF-8 sequence at a place: its length, or the length and reason of what is wrong (CPython, stringlib/codecs.h). */
function sequenceAt(bytes: Uint8Array, at: number): { readonly length: number; readonly reason?: string } {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return { length: 1 };
  if (first < 0xc2 || first > 0xf4) return { length: 1, reason: "invalid start byte" };
  const wanted = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  for (let index = 1; index < wanted; index++) {
    const next = bytes[at + index];
    if (next === undefined) return { length: index, reason: "unexpected end of data" };
    const least = index === 1 ? (first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80) : 0x80;
    const most = index === 1 ? (first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf) : 0xbf;
    if (next < least || next > most) return { length: index, reason: "invalid continuation byte" };
  }
  return { length: wanted };
}
