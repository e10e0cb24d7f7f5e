import { stripVTControlCharacters } from "node:util";

/** What may not reach a terminal: control characters but tab and line feed, and Unicode's marks that turn the order of a line round. */
const UNSAFE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;

/** A text of another machine without what could do something to a terminal. What a carriage return has overwritten is left out. */
export function cleanText(text: string): string {
  return stripVTControlCharacters(text)
    .split("\n")
    .map(
      (line) =>
        line
          .replace(/[\r ]+$/, "")
          .split("\r")
          .at(-1) ?? "",
    )
    .join("\n")
    .replace(UNSAFE, "");
}

/** A text in which secrets, and whatever stands before the @ of an http URL, are masked. */
export function maskText(text: string, secrets: readonly string[]): string {
  let masked = text;
  for (const secret of secrets) if (secret !== "") masked = masked.replaceAll(secret, "***");
  return masked
    .replace(/\b(https?:\/\/)[^/@\s'"]+@/gi, "$1***@")
    .replace(/\b([a-z][a-z0-9+.-]*:\/\/[^/@:\s'"]*):[^/@\s'"]+@/gi, "$1:***@")
    .replace(/\b(authorization:\s*\S+\s+)\S+/gi, "$1***");
}
