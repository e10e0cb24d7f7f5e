import { compareText } from "../addon/index.ts";
import { releaseLines } from "./release-objects.ts";

/** A cluster's release.yaml in which some addons are as in another one: taken over, or taken out where the other has none. */
export function splicedRelease(now: string, then: string, names: readonly string[]): string {
  const [current, former] = [releaseLines(now), releaseLines(then)];
  const addons = new Map(current.addons);
  for (const name of names) {
    const lines = former.addons.get(name);
    if (lines === undefined) addons.delete(name);
    else addons.set(name, lines);
  }
  const failed = [...addons.values()].some((lines) => lines.includes("    state: failed"));
  const head = current.head.map((line) =>
    /^state: (?:complete|partial)$/.test(line) ? `state: ${failed ? "partial" : "complete"}` : line,
  );
  const entries = [...addons].sort(([a], [b]) => compareText(a, b)).flatMap(([, lines]) => lines);
  return `${[...head.filter((line) => line !== "addons: {}"), ...(entries.length === 0 ? ["addons: {}"] : ["addons:", ...entries]), ...current.tail].join("\n")}\n`;
}
