import type { KubernetesObject } from "../../kubernetes/index.ts";
import type { EventRecorder } from "../runtime/index.ts";
import { EVENTS } from "../storage-api/index.ts";
import type { Place } from "./decide.ts";
import type { Pod } from "./objects.ts";

/** So many different reasons stand in one event, each with an example of its nodes. */
const MOST_REASONS = 5;

/** Why no node does, most frequent reason first. */
export function refusalText(refused: ReadonlyMap<string, string>): string {
  const nodes = new Map<string, string[]>();
  for (const [node, why] of refused) {
    const known = nodes.get(why);
    if (known === undefined) nodes.set(why, [node]);
    else known.push(node);
  }
  const sorted = [...nodes].sort(([a, some], [b, others]) => others.length - some.length || (a < b ? -1 : 1));
  const told = sorted.slice(0, MOST_REASONS).map(([why, [first = "", ...others]]) => {
    return `${others.length === 0 ? first : `${first} and ${others.length} more`}: ${why}`;
  });
  const rest = sorted.length - told.length;
  return `no node's volumes do. ${told.join("; ")}${rest > 0 ? `; and ${rest} more reasons` : ""}`;
}

/** What was chosen, for people. */
export function chosenText(node: string, places: readonly Place[]): string {
  const texts = places.map((place) => {
    const claim = `claim ${place.wanted.claim.name}`;
    if (place.kind === "volume")
      return `${claim}: volume ${place.volume.name}${place.volume.disk === undefined ? "" : ` on disk ${place.volume.disk}`}`;
    return `${claim}: a new volume${place.group === undefined ? "" : ` in volume group ${place.group}`}`;
  });
  return `on node ${node}, ${texts.join("; ")}`;
}

export function tellRefused(events: EventRecorder, pod: KubernetesObject, refused: ReadonlyMap<string, string>): void {
  void events.tell(
    { ...pod, apiVersion: "v1", kind: "Pod" },
    { type: "Warning", reason: EVENTS.volumeRefused, message: refusalText(refused) },
  );
}

export function tellChosen(events: EventRecorder, { namespace, name, uid }: Pod, node: string, places: readonly Place[]): void {
  const pod = { apiVersion: "v1", kind: "Pod", metadata: { namespace, name, uid } };
  void events.tell(pod, { type: "Normal", reason: EVENTS.volumeReserved, message: chosenText(node, places) });
}
