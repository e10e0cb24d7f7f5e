import type { Finding } from "../../finding/index.ts";
import type { FileResult, LowChunk } from "../types.ts";
import { runFileStates, type FileRunParts } from "./apply.ts";
import { traceOf } from "./trace.ts";
import { decodeUtf8, encodeUtf8 } from "./text.ts";
import type { FileStateDeps, TemplateRequest } from "./types.ts";

/**
 * What some states come to, but for the texts of the templates they render. It holds for every minion that has the same states and for
 * which the renders succeed.
 */
export interface FilePlan {
  /** With a stand-in for the content of each rendered file. */
  readonly parts: FileRunParts;
  /** In the order of the run. Each must succeed, also where its text is in no file in the end. */
  readonly renders: readonly TemplateRequest[];
  /** Path of a rendered file to its number among the renders. */
  readonly rendered: ReadonlyMap<string, number>;
  /** Warnings of conditions that call functions. */
  readonly warnings: readonly Finding[];
}

export type WrittenResult = Extract<FileResult, { kind: "file" }>;

/**
 * Runs states without rendering their templates.
 *
 * @returns `undefined` where what they come to may hang on what the templates print: where a file is opened again, or a text is
 * encoded or changed on the way
 */
export function planFileStates(low: readonly LowChunk[], deps: FileStateDeps, warnings: readonly Finding[]): FilePlan | undefined {
  const renders: TemplateRequest[] = [];
  const parts = runFileStates(low, {
    ...deps,
    renderTemplate: (request) => {
      renders.push(request);
      return { text: standIn(renders.length - 1) };
    },
  });
  if (parts.contentMattered) return undefined;
  const rendered = new Map<string, number>();
  for (const [path, file] of parts.made) {
    const number = numberOf(file.bytes);
    if (file.origin.made.how === "rendered") {
      if (number === undefined || renders[number] === undefined) return undefined;
      rendered.set(path, number);
    } else if (number !== undefined || decodeUtf8(file.bytes)?.includes(MARK) === true) return undefined;
  }
  return { parts, renders, rendered, warnings };
}

/**
 * The plan's parts with the texts of this minion's renders. `once` gives the same file again where the text is the same; it is told the
 * number of the render.
 */
export function carryOut(
  { parts, rendered }: FilePlan,
  texts: readonly string[],
  once: (file: WrittenResult, render: number, make: (text: string) => WrittenResult) => FileResult,
): FileRunParts {
  const files = new Map(parts.files);
  for (const [path, number] of rendered) {
    const file = files.get(path);
    if (file?.kind === "file") files.set(path, once(file, number, remade(file)));
  }
  return {
    ...parts,
    files,
    trace: (path, deps) => {
      const file = parts.made.get(path);
      const number = rendered.get(path);
      if (file === undefined) return undefined;
      return traceOf(number === undefined ? file : { ...file, bytes: encodeUtf8(texts[number] ?? "") }, deps);
    },
  };
}

/** A file with another text. */
export function remade(file: WrittenResult): (text: string) => WrittenResult {
  return (text) => ({ ...file, content: encodeUtf8(text) });
}

const MARK = "\u0001halite render ";

function standIn(number: number): string {
  return `${MARK}${number}\u0001`;
}

function numberOf(bytes: Uint8Array): number | undefined {
  const number = /^\u0001halite render (\d+)\u0001$/.exec(decodeUtf8(bytes) ?? "")?.[1];
  return number === undefined ? undefined : Number(number);
}
