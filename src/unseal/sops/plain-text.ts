import { isUtf8 } from "node:buffer";
import { PyDict } from "../../python/index.ts";
import { emit } from "../../yaml/index.ts";
import type { Leaf, SopsDocument, SopsFormat } from "./document.ts";
import type { SopsValue } from "./value.ts";

/** One change of a text. */
export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Applies changes that don't overlap. */
export function splice(text: string, changes: readonly Splice[]): string {
  let out = "";
  let from = 0;
  for (const change of [...changes].sort((a, b) => a.start - b.start)) {
    out += text.slice(from, change.start) + change.text;
    from = change.end;
  }
  return out + text.slice(from);
}

/** Puts an encrypted text in a leaf's place. Line ends that a block scalar took up stay. */
export function encryptedText(document: SopsDocument, leaf: Leaf, encrypted: string): Splice {
  const old = document.text.slice(leaf.start, leaf.end);
  const tail = /^[|>]/.test(old) ? (/\n+$/.exec(old)?.[0] ?? "") : "";
  const inQuotes = leaf.flow || document.format !== "yaml" || encrypted === "";
  return { start: leaf.start, end: leaf.end, text: `${inQuotes ? `"${encrypted}"` : encrypted}${tail}` };
}

/** A value in the clear in a leaf's place, written so that SOPS reads the same value and type. */
export function plainText(document: SopsDocument, leaf: Leaf, value: SopsValue): Splice {
  if (value.type === "comment") return commentItem(document, leaf, value);
  return { start: leaf.start, end: leaf.end, text: valueText(value, document.format, leaf.flow, leaf.indent) };
}

/** A comment that SOPS wrote as an item of a list becomes one again. */
function commentItem({ text, format }: SopsDocument, leaf: Leaf, value: SopsValue): Splice {
  const dash = text.lastIndexOf("-", leaf.start);
  const plain = Buffer.from(value.bytes).toString("utf8");
  if (format !== "yaml" || leaf.flow || text.slice(dash + 1, leaf.start).trim() !== "")
    return { start: leaf.start, end: leaf.end, text: JSON.stringify(plain) };
  return { start: dash, end: leaf.end, text: `#${plain}` };
}

function valueText(value: SopsValue, format: SopsFormat, flow: boolean, indent: number): string {
  const bytes = Buffer.from(value.bytes);
  switch (value.type) {
    case "int":
      return bytes.toString("latin1");
    case "bool":
      return bytes.toString("latin1") === "True" ? "true" : "false";
    case "float":
      return floatForm(bytes.toString("latin1"));
    case "time":
      return format === "yaml" ? bytes.toString("latin1") : JSON.stringify(bytes.toString("latin1"));
    default:
      if (format === "yaml" && !isUtf8(bytes)) return `!!binary ${bytes.toString("base64")}`;
      return format === "yaml" && !flow ? blockText(bytes.toString("utf8"), indent) : doubleQuoted(bytes.toString("utf8"));
  }
}

function floatForm(text: string): string {
  if (text === "NaN") return ".nan";
  if (text === "+Inf" || text === "-Inf") return text === "+Inf" ? ".inf" : "-.inf";
  return text.includes(".") ? text : `${text}.0`;
}

/** A string in block context: without quotes where that is safe, as a literal block where it has lines. */
function blockText(text: string, indent: number): string {
  const [header = "", ...lines] = emit([PyDict.of([["k", text]])])
    .slice("k: ".length)
    .replace(/\n$/, "")
    .split("\n");
  if (lines.length === 0) return header;
  // An indentation that is told counts from the container's, which differs here; with `+` empty lines that follow would be part of it.
  if (!/^\|-?$/.test(header)) return doubleQuoted(text);
  const pad = " ".repeat(4 * Math.floor((Math.max(indent, 0) + 4) / 4));
  return [header, ...lines.map((line) => (line === "" ? "" : `${pad}${line.slice(2)}`))].join("\n");
}

/** A double-quoted string, for JSON and for YAML alike. */
function doubleQuoted(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
