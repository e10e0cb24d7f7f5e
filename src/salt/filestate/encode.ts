import type { FileResult } from "../types.ts";
import { decodeUtf8 } from "./text.ts";

/** One entry of `halite show files --json`. */
export type EncodedFile =
  | {
      readonly content: string;
      /** Where the content is no UTF-8 text. */
      readonly encoding?: "base64";
      readonly mode: string | null;
      readonly id: string;
      readonly sls: string;
      readonly source: string | null;
    }
  | { readonly error: string; readonly id: string; readonly sls: string };

/** `{PATH: {content, mode, id, sls, source} | {error}}`, sorted by path. */
export function encodeFiles(files: readonly FileResult[]): Readonly<Record<string, EncodedFile>> {
  return Object.fromEntries(files.map((file) => [file.path, encodeFile(file)]));
}

function encodeFile(file: FileResult): EncodedFile {
  const { id, sls } = file;
  if (file.kind === "error") return { error: file.findings.map((finding) => finding.message).join("\n"), id, sls };
  const text = decodeUtf8(file.content);
  const content =
    text === undefined ? { content: Buffer.from(file.content).toString("base64"), encoding: "base64" as const } : { content: text };
  return { ...content, mode: file.mode, id, sls, source: file.source };
}
