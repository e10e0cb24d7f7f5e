import type { SourceFile } from "../types.ts";
import type { TemplateRequest } from "./types.ts";
import type { Chunk } from "./chunk.ts";

/** How the bytes of a file came to be: who made it, and what can be asked for where a line came from. */
export interface Origin {
  readonly id: string;
  readonly sls: string;
  /** `salt://…` as the state has it, or null where the content stands in the state. */
  readonly source: string | null;
  readonly chunk: Chunk;
  readonly made:
    | { readonly how: "copied"; readonly file: SourceFile }
    | { readonly how: "rendered"; readonly request: TemplateRequest }
    /** The option of the state that holds the text or data: `contents`, `dataset`, `contents_pillar` … */
    | { readonly how: "stated"; readonly option: string }
    /** A later state changed the text, so that its lines can't be told from each other. */
    | { readonly how: "edited"; readonly option: string };
}
