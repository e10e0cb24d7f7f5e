import type { PrintedText } from "../../jinja/index.ts";
import type { PyDict, Value } from "../../python/index.ts";
import type { Minion, RenderedSls, SourceFile } from "../types.ts";

/** One SLS or top file to render for one minion. */
export interface SlsRequest {
  readonly minion: Minion;
  /** What the SLS sees as pillar: empty while pillar itself is compiled for the first time. */
  readonly pillar: PyDict;
  readonly saltenv: string;
  /** Name of the SLS; empty for a top file. */
  readonly sls: string;
  readonly file: SourceFile;
  readonly role: "state" | "pillar";
  /** `defaults` of a pillar include: variables of the template. */
  readonly variables?: ReadonlyMap<string, Value>;
  /** Whether the file is the minion's own, so that nothing of it is kept for others. Default false. */
  readonly isOwn?: boolean;
  /** See `StandIns`. Default: a minion's own texts stand where they are printed. */
  readonly standIns?: StandIns;
}

/**
 * Puts other texts where a render that is kept for many minions has texts of one minion's own, so that what is read is the same for all.
 * `undefined`: the minion's own are to stand there, and count as read.
 */
export type StandIns = (render: { readonly text: string; readonly printed: readonly PrintedText[] }) => string | undefined;

/**
 * Renders an SLS. The data is the caller's own, to change as it likes.
 *
 * @throws FindingError with the first line of Salt's SaltRenderError
 */
export type RenderSls = (request: SlsRequest) => RenderedSls;
