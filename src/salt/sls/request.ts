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
}

/**
 * Renders an SLS. The data is the caller's own, to change as it likes.
 *
 * @throws FindingError with the first line of Salt's SaltRenderError
 */
export type RenderSls = (request: SlsRequest) => RenderedSls;
