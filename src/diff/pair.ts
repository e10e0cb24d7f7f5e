import { entriesOf, isList, isObject, type Json } from "../json/index.ts";
import { jsonText } from "./json.ts";
import { withoutDigest } from "./noise.ts";
import type { SideObject } from "./side.ts";

/** An object of one side with what it is on the other. */
export type ObjectPair =
  | { readonly kind: "same"; readonly before: SideObject; readonly after: SideObject }
  /** `digest`: the names differ in nothing but the digest at their end. */
  | { readonly kind: "renamed"; readonly before: SideObject; readonly after: SideObject; readonly by: "digest" | "content" }
  | { readonly kind: "added"; readonly after: SideObject }
  | { readonly kind: "removed"; readonly before: SideObject };

/** So much of two objects must be equal for one to be the other under another name: in one addon, and in two. */
const ALIKE = 0.7;
const ALIKE_ELSEWHERE = 0.95;
/** So many objects of one kind at most are held against each other, each against each. */
const MOST = 40;

/** Pairs the objects of one cluster: by what the API server takes for one, and what is left over by name and by content. */
export function pairObjects(before: readonly SideObject[], after: readonly SideObject[]): ObjectPair[] {
  const is = new Map(after.map((object) => [object.identity, object]));
  const was = new Map(before.map((object) => [object.identity, object]));
  const pairs: ObjectPair[] = [];
  const gone: SideObject[] = [];
  for (const object of before) {
    const same = is.get(object.identity);
    if (same === undefined) gone.push(object);
    else if (same.digest !== object.digest || same.ref.addon !== object.ref.addon || same.ref.file !== object.ref.file)
      pairs.push({ kind: "same", before: object, after: same });
  }
  const come = after.filter((object) => !was.has(object.identity));
  const renamed = [...byDigest(gone, come)];
  const taken = new Set(renamed.flatMap((pair) => [pair.before, pair.after]));
  const left = (objects: readonly SideObject[]): SideObject[] => objects.filter((object) => !taken.has(object));
  for (const pair of byContent(left(gone), left(come))) {
    renamed.push(pair);
    taken.add(pair.before).add(pair.after);
  }
  return [
    ...pairs,
    ...renamed,
    ...left(gone).map((object): ObjectPair => ({ kind: "removed", before: object })),
    ...left(come).map((object): ObjectPair => ({ kind: "added", after: object })),
  ];
}

type Renamed = Extract<ObjectPair, { kind: "renamed" }>;

function* byDigest(gone: readonly SideObject[], come: readonly SideObject[]): Generator<Renamed> {
  for (const before of gone) {
    const own = stemOf(before);
    if (own === undefined || gone.some((other) => other !== before && stemOf(other) === own)) continue;
    const [after, ...more] = come.filter((object) => stemOf(object) === own);
    if (after !== undefined && more.length === 0) yield { kind: "renamed", before, after, by: "digest" };
  }
}

function stemOf({ ref }: SideObject): string | undefined {
  const name = withoutDigest(ref.name);
  return name === undefined ? undefined : jsonText([ref.apiVersion, ref.kind, ref.namespace, name]);
}

function* byContent(gone: readonly SideObject[], come: readonly SideObject[]): Generator<Renamed> {
  const candidates: { readonly before: SideObject; readonly after: SideObject; readonly score: number }[] = [];
  for (const before of gone.slice(0, MOST)) {
    for (const after of come.slice(0, MOST)) {
      if (before.ref.kind !== after.ref.kind || groupOf(before) !== groupOf(after)) continue;
      const score = likeness(before, after);
      if (score >= (before.ref.addon === after.ref.addon ? ALIKE : ALIKE_ELSEWHERE)) candidates.push({ before, after, score });
    }
  }
  candidates.sort((a, b) => b.score - a.score || compare(a.before, b.before) || compare(a.after, b.after));
  const taken = new Set<SideObject>();
  for (const { before, after } of candidates) {
    if (taken.has(before) || taken.has(after)) continue;
    taken.add(before).add(after);
    yield { kind: "renamed", before, after, by: "content" };
  }
}

function groupOf({ ref }: SideObject): string {
  return ref.apiVersion.includes("/") ? ref.apiVersion.slice(0, ref.apiVersion.indexOf("/")) : "";
}

function compare(a: SideObject, b: SideObject): number {
  return a.identity < b.identity ? -1 : a.identity > b.identity ? 1 : 0;
}

/** A shorter name stands in texts by chance. */
const TELLING = 3;

/** How much two objects have in common beside their names: 1 is all. Objects that say nothing of their own are unlike any other. */
function likeness(before: SideObject, after: SideObject): number {
  const [a, b] = [leavesOf(before.value.raw, before.ref.name), leavesOf(after.value.raw, after.ref.name)];
  if (a.size === 0 || b.size === 0) return 0;
  let common = 0;
  for (const leaf of a) if (b.has(leaf)) common++;
  return (2 * common) / (a.size + b.size);
}

/** What is in an object, leaf by leaf; where its own name stands in a text, the same stands for any name. */
function leavesOf(object: Json, name: string): Set<string> {
  const leaves = new Set<string>();
  const walk = (value: Json, path: string): void => {
    if (isList(value)) for (const item of value) walk(item, `${path}/*`);
    else if (isObject(value)) for (const [key, item] of entriesOf(value)) walk(item, `${path}/${key}`);
    else leaves.add(`${path}=${jsonText(typeof value === "string" && name.length >= TELLING ? value.replaceAll(name, "\0") : value)}`);
  };
  if (!isObject(object)) return leaves;
  for (const [key, value] of entriesOf(object)) if (!["apiVersion", "kind", "metadata"].includes(key)) walk(value, key);
  return leaves;
}
