import { diffArrays } from "diff";
import { entriesOf, equalJson, isList, isObject, type Json } from "../json/index.ts";
import { jsonText } from "./json.ts";
import { matchOf, mergeKey } from "./merge-key.ts";
import { noiseOf } from "./noise.ts";
import type { FieldChange, ListEdit, Path, Sameness, Step } from "./model.ts";
import { sameQuantity } from "./quantity.ts";
import { freeShape, type FieldShape, type Shape } from "./shape.ts";

/** A value, and as it may be shown: of the same shape, with secrets masked. */
export interface Shown {
  readonly raw: Json;
  readonly shown: Json;
}

type SchemaPath = readonly (string | number)[];

/**
 * What makes one value of another, field by field: items of lists by their merge keys, values in other words told from other values.
 * Nothing for equal ones. Applied to what is shown of the first value the changes give exactly what is shown of the second.
 */
export function compareValues(before: Shown, after: Shown, shape: Shape = freeShape): readonly FieldChange[] {
  const comparison = new Comparison(shape);
  comparison.values(before, after, [], []);
  return comparison.changes;
}

class Comparison {
  readonly changes: FieldChange[] = [];
  readonly #shape: Shape;

  constructor(shape: Shape) {
    this.#shape = shape;
  }

  values(before: Shown, after: Shown, path: Path, at: SchemaPath): void {
    if (equalJson(before.raw, after.raw)) return;
    if (isObject(before.raw) && isObject(after.raw)) this.#mappings(before, after, path, at);
    else if (isList(before.raw) && isList(after.raw)) this.#lists(before, after, path, at);
    else this.#replace(before, after, path, at);
  }

  #replace(before: Shown, after: Shown, path: Path, at: SchemaPath): void {
    const same: Sameness | undefined =
      this.#shape(at).quantity && sameQuantity(before.raw, after.raw) ? "quantity" : noiseAt(path, before.raw, after.raw);
    const secret = equalJson(before.shown, after.shown);
    this.changes.push({
      op: "replace",
      path,
      before: before.shown,
      value: after.shown,
      ...(same !== undefined && { same }),
      ...(secret && { secret: true }),
    });
  }

  #mappings(before: Shown, after: Shown, path: Path, at: SchemaPath): void {
    const renamed = isFree(at) ? renamedKeys(before.raw, after.raw) : new Map<string, string>();
    const names = new Set(renamed.values());
    for (const [key, to] of renamed) this.changes.push({ op: "rename", path: [...path, key], to });
    for (const key of keysOf(before.raw)) {
      if (renamed.has(key)) continue;
      const [was, is] = [memberOf(before, key), memberOf(after, key)];
      if (was === undefined) continue;
      if (is !== undefined) this.values(was, is, [...path, key], [...at, key]);
      else this.#gone(was, [...path, key], [...at, key]);
    }
    for (const key of keysOf(after.raw)) {
      const is = memberOf(after, key);
      if (is === undefined || names.has(key) || memberOf(before, key) !== undefined) continue;
      this.#come(is, [...path, key], [...at, key]);
    }
  }

  #gone(was: Shown, path: Path, at: SchemaPath, place?: number): void {
    const same = this.#isFilledIn(was.raw, at) ? "default" : noiseAt(path, was.raw, undefined);
    this.changes.push({
      op: "remove",
      path,
      before: was.shown,
      ...(place !== undefined && { at: place }),
      ...(same !== undefined && { same }),
    });
  }

  #come(is: Shown, path: Path, at: SchemaPath, place?: number): void {
    const same = this.#isFilledIn(is.raw, at) ? "default" : noiseAt(path, undefined, is.raw);
    this.changes.push({ op: "add", path, value: is.shown, ...(place !== undefined && { at: place }), ...(same !== undefined && { same }) });
  }

  /** Whether the API server would put the value there by itself. */
  #isFilledIn(value: Json, at: SchemaPath): boolean {
    const { fill } = this.#shape(at);
    if (fill !== undefined && equalJson(fill, value)) return true;
    return (
      isObject(value) && Object.keys(value).length > 0 && entriesOf(value).every(([key, item]) => this.#isFilledIn(item, [...at, key]))
    );
  }

  #lists(before: Shown, after: Shown, path: Path, at: SchemaPath): void {
    const shape = this.#shape(at);
    const [was, is] = [itemsOf(before), itemsOf(after)];
    const keys = [keysOfItems(was, shape), keysOfItems(is, shape)] as const;
    if (keys[0] !== undefined && keys[1] !== undefined) this.#keyed(was, is, keys[0], keys[1], shape, path, at);
    else this.#positional(was, is, path, at);
  }

  #keyed(
    was: readonly Shown[],
    is: readonly Shown[],
    wasKeys: readonly string[],
    isKeys: readonly string[],
    shape: FieldShape,
    path: Path,
    at: SchemaPath,
  ): void {
    const step = (item: Shown): Step => (shape.list === "set" ? { item: item.shown } : { match: matchOf(item.shown, shape.keys) });
    const interim: string[] = [];
    for (const [index, item] of was.entries()) {
      const key = wasKeys[index] ?? "";
      const other = is[isKeys.indexOf(key)];
      if (other === undefined) this.#gone(item, [...path, step(item)], [...at, 0], index);
      else {
        interim.push(key);
        this.values(item, other, [...path, step(item)], [...at, 0]);
      }
    }
    for (const [index, item] of is.entries()) {
      const key = isKeys[index] ?? "";
      if (wasKeys.includes(key)) continue;
      interim.splice(index, 0, key);
      this.#come(item, [...path, step(item)], [...at, 0], index);
    }
    const order = isKeys.map((key) => interim.indexOf(key));
    if (order.every((from, to) => from === to)) return;
    // Controllers compare a pod template with the order of its lists (apimachinery, equality.Semantic.DeepEqual).
    const matters = at.includes("template") || at.includes("jobTemplate");
    this.changes.push({ op: "order", path, order, ...(!matters && { same: "order" }) });
  }

  #positional(was: readonly Shown[], is: readonly Shown[], path: Path, at: SchemaPath): void {
    const edits: ListEdit[] = [];
    const nested: (() => void)[] = [];
    let from = 0;
    let to = 0;
    const keep = (count: number): void => {
      const last = edits.at(-1);
      if (last !== undefined && "keep" in last) edits[edits.length - 1] = { keep: last.keep + count };
      else if (count > 0) edits.push({ keep: count });
    };
    const change = (a: number, b: number): void => {
      const [own, other] = [was[a], is[b]];
      if (own !== undefined && other !== undefined) nested.push(() => this.values(own, other, [...path, { from: a, to: b }], [...at, 0]));
      keep(1);
    };
    const run = (removed: number, added: number): void => {
      const [gone, come] = [was.slice(from, from + removed), is.slice(to, to + added)];
      if (gone.length > 0) edits.push({ remove: gone.map((item) => item.shown) });
      if (come.length > 0) edits.push({ add: come.map((item) => item.shown) });
      [from, to] = [from + removed, to + added];
    };
    const replace = (removed: number, added: number): void => {
      const [lastFrom, lastTo] = [from + removed, to + added];
      for (const [a, b] of alikePairs(was.slice(from, lastFrom), is.slice(to, lastTo))) {
        run(a, b);
        change(from, to);
        [from, to] = [from + 1, to + 1];
      }
      run(lastFrom - from, lastTo - to);
    };
    const parts = diffArrays(was.map(textOf), is.map(textOf));
    for (let index = 0; index < parts.length; index++) {
      const [part, next] = [parts[index], parts[index + 1]];
      if (part === undefined) continue;
      if (!part.added && !part.removed) {
        keep(part.count);
        [from, to] = [from + part.count, to + part.count];
      } else if (part.removed && next?.added === true) {
        replace(part.count, next.count);
        index++;
      } else replace(part.removed ? part.count : 0, part.added ? part.count : 0);
    }
    if (edits.some((edit) => !("keep" in edit))) this.changes.push({ op: "items", path, edits });
    for (const each of nested) each();
  }
}

/** Pairs of items that are one item, changed, as places relative to the pair before; in the order of both lists. */
function alikePairs(was: readonly Shown[], is: readonly Shown[]): (readonly [number, number])[] {
  const pairs: (readonly [number, number])[] = [];
  let [lastWas, lastIs] = [0, 0];
  for (const [a, item] of was.entries()) {
    const b = is.findIndex((other, index) => index >= lastIs && alike(item.raw, other.raw));
    if (b < 0) continue;
    pairs.push([a - lastWas, b - lastIs]);
    [lastWas, lastIs] = [a + 1, b + 1];
  }
  return pairs;
}

/** Fields by which authors tell the items of a list apart where the API does not. */
const NAMES = ["name", "key", "id", "alert", "record", "path", "mountPath", "host", "topologyKey", "source"];

function alike(a: Json, b: Json): boolean {
  if (!isObject(a) || !isObject(b)) return isList(a) && isList(b);
  for (const name of NAMES) if (name in a || name in b) return name in a && name in b && equalJson(a[name], b[name]);
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  const equal = [...keys].filter((key) => equalJson(a[key], b[key])).length;
  return equal * 2 >= keys.size;
}

function textOf({ raw }: Shown): string {
  return jsonText(raw, { sorted: true });
}

function itemsOf({ raw, shown }: Shown): readonly Shown[] {
  return isList(raw) ? raw.map((item, index) => ({ raw: item, shown: isList(shown) ? (shown[index] ?? null) : null })) : [];
}

/** A text for each item that no other has; `undefined` where they are told apart by nothing. */
function keysOfItems(items: readonly Shown[], { list, keys }: FieldShape): readonly string[] | undefined {
  if (list === "atomic") return undefined;
  const texts = items.map((item) => (list === "set" ? textOf(item) : keyOf(item.raw, keys)));
  const known = texts.filter((text) => text !== undefined);
  return new Set(known).size === items.length ? known : undefined;
}

/** `undefined` for an item that has none of the keys. */
function keyOf(item: Json, keys: readonly string[]): string | undefined {
  if (!isObject(item) || keys.every((key) => item[key] === undefined)) return undefined;
  return jsonText(keys.map((key) => mergeKey(item, key)));
}

/** Mappings whose keys are their author's. */
const FREE_MAPS = ["data", "binaryData", "stringData", "labels", "annotations", "nodeSelector", "matchLabels", "parameters"];

function isFree(at: SchemaPath): boolean {
  const last = at.at(-1);
  return typeof last === "string" && FREE_MAPS.includes(last);
}

/** Keys that went while others came with their very value, where there is only one such. */
function renamedKeys(before: Json, after: Json): Map<string, string> {
  const renamed = new Map<string, string>();
  if (!isObject(before) || !isObject(after)) return renamed;
  const come = Object.keys(after).filter((key) => !(key in before));
  const gone = Object.keys(before).filter((key) => !(key in after));
  for (const key of gone) {
    const text = jsonText(before[key]);
    if (text.length < MEANINGFUL || gone.some((other) => other !== key && equalJson(before[other], before[key]))) continue;
    const [to, ...more] = come.filter((name) => equalJson(after[name], before[key]));
    if (to !== undefined && more.length === 0) renamed.set(key, to);
  }
  return renamed;
}

/** Shorter values are equal by chance. */
const MEANINGFUL = 8;

function keysOf(value: Json): readonly string[] {
  return isObject(value) ? Object.keys(value) : [];
}

function memberOf({ raw, shown }: Shown, key: string): Shown | undefined {
  const own = ownMember(raw, key);
  return own === undefined ? undefined : { raw: own, shown: ownMember(shown, key) ?? null };
}

function ownMember(value: Json, key: string): Json | undefined {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

function noiseAt(path: Path, before: Json | undefined, after: Json | undefined): Sameness | undefined {
  const [map, key] = path.slice(-2);
  return (map === "labels" || map === "annotations") && typeof key === "string" ? noiseOf(key, before, after) : undefined;
}
