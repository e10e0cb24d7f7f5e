import { PyDict, PySet, PyTuple, str, truthy, type Value } from "../../python/index.ts";
import { normalizePath } from "../fileroots/index.ts";
import type { LowChunk } from "../types.ts";
import { chunkOf, type Chunk } from "./chunk.ts";
import { ADDONS } from "./files.ts";
import { requisitesOf } from "./requisites.ts";

/** Functions of the file module that touch nothing but the paths that their options name in full. */
const LOCAL: ReadonlySet<string> = new Set(
  "managed directory recurse serialize accumulated append prepend blockreplace comment uncomment replace line keyvalue touch".split(" "),
);

/** Requisites by which the order of running, and not only whether a state runs, can hang on others. */
const REORDERING: readonly string[] = ["prereq", "prerequired", "listen", "listen_in"];

/**
 * The states of a minion in groups, each of which can be run without the others and comes to the same: no requisite leads from one group
 * to another, and they touch different folders of `/etc/kubernetes/addons`; all else of the node is one place. Where that can't be told
 * there is one group. Groups and the states in them keep the order given.
 */
export function componentsOf(low: readonly LowChunk[], failhard: boolean): readonly (readonly LowChunk[])[] {
  const chunks = low.map(chunkOf);
  if (failhard || chunks.some(inseparable)) return [low];
  const groups = new Groups(chunks.length);
  const byPlace = new Map<string, number>();
  chunks.forEach((chunk, index) => {
    const first = byPlace.get(chunk.tag) ?? index;
    byPlace.set(chunk.tag, first);
    groups.join(first, index);
    for (const place of placesOf(chunk)) {
      const other = byPlace.get(place) ?? index;
      byPlace.set(place, other);
      groups.join(other, index);
    }
  });
  const position = new Map(chunks.map((chunk, index) => [chunk, index]));
  chunks.forEach((chunk, index) => {
    for (const required of [...requisitesOf(chunk, chunks, true).found.values()].flat())
      groups.join(index, position.get(required) ?? index);
  });
  return groups.lists().map((list) => list.flatMap((index) => low[index] ?? []));
}

/** Whether a state may be what makes the file at a path; for states in groups of their own (`componentsOf`). */
export function writesAt(low: LowChunk, path: string): boolean {
  const chunk = chunkOf(low);
  if (chunk.state !== "file") return false;
  const place = normalizePath(chunk.name);
  return place === path || path.startsWith(place === "/" ? "/" : `${place}/`) || inseparable(chunk);
}

function inseparable({ low, state, fun, name }: Chunk): boolean {
  // What a path with steps upwards or none means is not told by its text.
  for (const text of textsIn(low)) if (text.startsWith("/") && /\/\.\.?(?:\/|$)/.test(text)) return true;
  if (low.get("failhard") !== undefined || REORDERING.some((kind) => low.get(kind) !== undefined)) return true;
  if (state !== "file") return false;
  if (!LOCAL.has(fun)) return true;
  const path = normalizePath(name);
  // A folder above the addons' own: to empty it takes from all of them.
  return (
    (ADDONS === path || ADDONS.startsWith(`${path === "/" ? "" : path}/`)) && (fun !== "directory" || truthy(low.get("clean") ?? false))
  );
}

/** The places that a state may touch or ask about. */
function placesOf(chunk: Chunk): ReadonlySet<string> {
  const places = new Set<string>();
  const { low } = chunk;
  const path = normalizePath(chunk.name);
  if (chunk.state === "file" && !path.startsWith(`${ADDONS}/`)) places.add("node");
  if (["onlyif", "unless", "creates"].some((key) => low.get(key) !== undefined)) places.add("node");
  for (const text of textsIn(low)) {
    for (const [, addon = ""] of text.matchAll(MENTION)) places.add(`addon ${addon}`);
  }
  return places;
}

const MENTION = /\/etc\/+kubernetes\/+addons\/+([^/\s"']*)/g;

function* textsIn(value: Value): Generator<string> {
  if (typeof value === "string") yield value;
  else if (value instanceof PyDict) {
    for (const [key, item] of value.entries()) {
      yield str(key);
      yield* textsIn(item);
    }
  } else if (Array.isArray(value)) for (const item of value) yield* textsIn(item);
  else if (value instanceof PyTuple) for (const item of value.items) yield* textsIn(item);
  else if (value instanceof PySet) for (const item of value.values()) yield* textsIn(item);
}

/** Which numbers belong together. */
class Groups {
  readonly #above: number[];

  constructor(count: number) {
    this.#above = Array.from({ length: count }, (_, index) => index);
  }

  #top(index: number): number {
    let top = index;
    for (let above = this.#above[top] ?? top; above !== top; above = this.#above[top] ?? top) top = above;
    this.#above[index] = top;
    return top;
  }
  join(a: number, b: number): void {
    const [first, second] = [this.#top(a), this.#top(b)];
    this.#above[Math.max(first, second)] = Math.min(first, second);
  }
  lists(): readonly (readonly number[])[] {
    const lists = new Map<number, number[]>();
    this.#above.forEach((_, index) => {
      const top = this.#top(index);
      lists.set(top, [...(lists.get(top) ?? []), index]);
    });
    return [...lists.values()];
  }
}
