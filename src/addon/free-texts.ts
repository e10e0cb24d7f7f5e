import { PyDict, type Value } from "../python/index.ts";
import { isSuspect } from "../sealed/index.ts";
import { isPlainString } from "../yaml/index.ts";
import type { ParsedObject } from "./parse.ts";
import type { ChangedLine } from "./siblings.ts";
import type { JsonPath } from "./types.ts";

/** An annotation, a label or a text of a ConfigMap: within its syntax any text is as good as any other. */
export interface FreeText {
  readonly object: number;
  readonly pointer: JsonPath;
  readonly value: string;
}

/** Keys that Kubernetes or Halite gives a meaning; those under app.kubernetes.io are for people. */
const MEANT = /^(?!app\.kubernetes\.io\/).*(?:k8s\.io|kubernetes\.io|halite\.dev)/;

/** A key, and a text of harmless characters that begins with a letter, all on one line. */
export const LINE = /^(\s*(?:[A-Za-z][\w./-]*|"[\w./-]+"): )("?)([A-Za-z][A-Za-z0-9._-]{0,60}[A-Za-z0-9])("?)$/;

/**
 * The objects of a manifest in which some free texts are others, from those of a manifest that differs in these lines alone.
 *
 * That it is right rests on this: where a whole scalar on one line is replaced by another that is a string too and holds nothing that YAML
 * gives a meaning, all other tokens stay, and so does the tree. Anything else gives `undefined`.
 */
export function withFreeTexts(
  objects: readonly ParsedObject[],
  texts: FreeTexts,
  changes: readonly ChangedLine[],
): readonly ParsedObject[] | undefined {
  const made = [...objects];
  for (const { line, before, after } of changes) {
    const free = texts.get(line + 1);
    const [, start, open, old, close] = LINE.exec(before) ?? [];
    const [, newStart, newOpen, text = "", newClose] = LINE.exec(after) ?? [];
    const object = free === undefined ? undefined : made[free.object];
    if (free === undefined || object === undefined || free.value !== old) return undefined;
    if (start !== newStart || open !== newOpen || close !== newClose || open !== close) return undefined;
    if (open === "" && !isPlainString(text)) return undefined;
    if (isSuspect(text)) return undefined;
    made[free.object] = { ...object, value: replaced(object.value, free.pointer, text) };
  }
  return made;
}

/** Free texts by their line; where two share one, neither. */
export type FreeTexts = ReadonlyMap<number, FreeText>;

export function freeTexts(objects: readonly ParsedObject[]): FreeTexts {
  const texts = new Map<number, FreeText>();
  const shared = new Set<number>();
  for (const [object, parsed] of objects.entries()) {
    for (const pointer of freePlaces(parsed)) {
      const value = valueAt(parsed.value, pointer);
      const { line } = parsed.at(pointer);
      if (typeof value !== "string" || line === undefined) continue;
      if (texts.has(line)) shared.add(line);
      texts.set(line, { object, pointer, value });
    }
  }
  for (const line of shared) texts.delete(line);
  return texts;
}

function* freePlaces({ value, kind }: ParsedObject): Generator<JsonPath> {
  const containers: JsonPath[] = [["metadata", "annotations"]];
  // Of a Namespace labels say what may run in it.
  if (kind !== "Namespace") containers.push(["metadata", "labels"]);
  if (kind === "ConfigMap") containers.push(["data"]);
  for (const path of containers) {
    const container = valueAt(value, path);
    if (!(container instanceof PyDict)) continue;
    for (const key of container.keys()) if (typeof key === "string" && !MEANT.test(key)) yield [...path, key];
  }
}

function valueAt(value: Value, path: JsonPath): Value | undefined {
  let here: Value | undefined = value;
  for (const step of path) here = here instanceof PyDict ? here.get(step) : undefined;
  return here;
}

/** A copy with another text at a place; all that does not hold the place is shared. */
export function replaced(dict: PyDict, [key, ...rest]: JsonPath, text: string): PyDict {
  const copy = dict.emptyLike();
  for (const [own, value] of dict.entries())
    copy.set(own, own !== key ? value : rest.length === 0 ? text : value instanceof PyDict ? replaced(value, rest, text) : value);
  return copy;
}
