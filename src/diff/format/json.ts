import { differs, type FleetDiff, type FoldedChange } from "../fleet-diff.ts";
import { jsonText } from "../json.ts";
import { summaryOf } from "./overview.ts";

/** The format's name: another number where a field goes or means something else. */
const FORMAT = "halite.dev/diff/v1";

/** The difference as JSON, by schemas/diff.json. It is complete: the changes, applied to the objects of base, give those of head. */
export function diffJson(diff: FleetDiff): string {
  const { base, head, clusters, failures, clusterChanges, addonChanges, changes } = diff;
  const all = {
    format: FORMAT,
    differs: differs(diff),
    summary: summaryOf(diff),
    base,
    head,
    clusters,
    failures,
    clusterChanges,
    addonChanges,
  };
  return `${jsonText({ ...all, changes: changes.map(changeJson) }, { indent: "  " })}\n`;
}

/** What happens to the object is told beside what follows from it. */
function changeJson({ id, change, ...rest }: FoldedChange): object {
  return { id, ...change, ...rest };
}
