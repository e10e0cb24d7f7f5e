import type { TrailStep } from "../../finding/index.ts";
import type { Rendered } from "../../jinja/types.ts";
import type { RegularFile } from "./files.ts";
import { renderRequest } from "./template.ts";
import { decodeUtf8 } from "./text.ts";
import type { FileStateDeps, FileTrace } from "./types.ts";

/** Where the lines of a file came from; a template is rendered once more, with a record of what printed what. */
export function traceOf(file: RegularFile, deps: FileStateDeps): FileTrace {
  const { made, chunk, id, sls } = file.origin;
  const state = deps.positionOf(chunk.low);
  const stateStep: TrailStep[] = state === undefined ? [] : [{ ...state, how: `written by ${id} in SLS ${sls}` }];
  switch (made.how) {
    case "copied":
      return { at: (line) => [{ file: made.file.display, line, how: "copied from" }, ...stateStep] };
    case "rendered": {
      const rendered = renderRequest(deps, made.request, true);
      const lines = segmentLines(rendered);
      // Bytes that a later encoding changed have other offsets, but the same lines.
      return { at: (line) => [...(lines[line - 1] ?? []), ...stateStep] };
    }
    case "stated":
    case "edited": {
      const at = deps.positionOf(chunk.low, made.option) ?? state;
      const first = decodeUtf8(file.bytes)?.split("\n").length ?? 1;
      return { at: (line) => (at === undefined || line < 1 || line > first ? [] : [{ ...at, how: `from ${made.option} of ${id}` }]) };
    }
    default:
      return made;
  }
}

/** For each line of the text the trail of the segment that printed its first character that is no blank. */
function segmentLines({ text, map = [] }: Rendered): readonly (readonly TrailStep[])[] {
  const lines: (readonly TrailStep[])[] = [];
  let segment = 0;
  let offset = 0;
  for (const line of text.split("\n")) {
    const shown = offset + Math.max(0, line.search(/\S/));
    while (segment < map.length && (map[segment]?.end ?? Infinity) <= shown) segment++;
    const trail = map[segment]?.trail ?? [];
    lines.push(trail.map((step, index) => ({ ...step, how: index === 0 ? "printed by" : "called from" })));
    offset += line.length + 1;
  }
  return lines;
}
