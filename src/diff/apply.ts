import { entriesOf, equalJson, isList, isObject, type Json } from "../json/index.ts";
import { emptyObject } from "./json.ts";
import { mergeKey } from "./merge-key.ts";
import type { FieldChange, Path, Step } from "./model.ts";

/** A difference was applied to an object that it was not made from. */
export class NotApplicable extends Error {
  override readonly name = "NotApplicable";
}

/** The object that field changes, all of one comparison, make of the object before. @throws NotApplicable */
export function applyChanges(before: Json, changes: readonly FieldChange[]): Json {
  const root = { value: copy(before) };
  // Lists first take their new length, so that places within them are those after; the shallowest first, as the others lie in them.
  const byDepth = changes.toSorted((a, b) => a.path.length - b.path.length);
  for (const change of byDepth) if (change.op === "rename" || change.op === "items") apply(root, change);
  for (const change of byDepth) if (change.op === "replace") apply(root, change);
  for (const change of byDepth.toReversed()) if (change.op === "remove") apply(root, change);
  for (const change of byDepth) if (change.op === "add") apply(root, change);
  for (const change of byDepth.toReversed()) if (change.op === "order") apply(root, change);
  return root.value;
}

type Mutable = null | boolean | number | bigint | string | Mutable[] | { [key: string]: Mutable };

function copy(value: Json): Mutable {
  if (isList(value)) return value.map(copy);
  if (!isObject(value)) return value;
  const object = mutableObject();
  for (const [key, item] of entriesOf(value)) object[key] = copy(item);
  return object;
}

function mutableObject(): { [key: string]: Mutable } {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- an empty mapping holds nothing of another type
  return emptyObject() as { [key: string]: Mutable };
}

function apply(root: { value: Mutable }, change: FieldChange): void {
  const { path } = change;
  if (path.length === 0) {
    if (change.op === "replace") root.value = copy(change.value);
    else if (change.op === "items") root.value = edited(root.value, change.edits);
    else if (change.op === "order") root.value = ordered(root.value, change.order);
    else throw new NotApplicable("only a value as a whole has no path");
    return;
  }
  const container = walk(root.value, path.slice(0, -1));
  const last = path.at(-1) ?? "";
  if (Array.isArray(container)) applyToList(container, last, change);
  else if (isMapping(container) && typeof last === "string") applyToMapping(container, last, change);
  else throw notThere(path);
}

function applyToMapping(container: { [key: string]: Mutable }, key: string, change: FieldChange): void {
  const there = Object.hasOwn(container, key);
  if (change.op === "add" ? there : !there) throw notThere(change.path);
  if (change.op === "remove") delete container[key];
  else if (change.op === "rename") {
    container[change.to] = container[key] ?? null;
    delete container[key];
  } else container[key] = changedValue(container[key] ?? null, change);
}

function applyToList(list: Mutable[], step: Step, change: FieldChange): void {
  if (change.op === "add") {
    list.splice(change.at ?? list.length, 0, copy(change.value));
    return;
  }
  const index = indexOf(list, step);
  if (index < 0) throw notThere(change.path);
  if (change.op === "remove") list.splice(index, 1);
  else list[index] = changedValue(list[index] ?? null, change);
}

function changedValue(value: Mutable, change: FieldChange): Mutable {
  if (change.op === "items") return edited(value, change.edits);
  if (change.op === "order") return ordered(value, change.order);
  if (change.op === "replace" || change.op === "add") return copy(change.value);
  throw new NotApplicable(`${change.op} makes no value of another`);
}

function edited(value: Mutable, edits: Extract<FieldChange, { op: "items" }>["edits"]): Mutable {
  if (!Array.isArray(value)) throw new NotApplicable("only a list has items");
  const items: Mutable[] = [];
  let at = 0;
  for (const edit of edits) {
    if ("keep" in edit) items.push(...value.slice(at, (at += edit.keep)));
    else if ("remove" in edit) at += edit.remove.length;
    else items.push(...edit.add.map(copy));
  }
  if (at !== value.length) throw new NotApplicable("the list has another length");
  return items;
}

function ordered(value: Mutable, order: readonly number[]): Mutable {
  if (!Array.isArray(value) || value.length !== order.length) throw new NotApplicable("the list has another length");
  return order.map((from) => value[from] ?? null);
}

function walk(root: Mutable, path: Path): Mutable {
  let value: Mutable | undefined = root;
  for (const step of path) {
    if (Array.isArray(value)) value = value[indexOf(value, step)];
    else value = isMapping(value) && typeof step === "string" && Object.hasOwn(value, step) ? value[step] : undefined;
    if (value === undefined) throw notThere(path);
  }
  return value;
}

function indexOf(list: readonly Mutable[], step: Step): number {
  if (typeof step === "string") return -1;
  if ("to" in step) return step.to;
  if ("item" in step) return list.findIndex((item) => equalJson(item, step.item));
  const entries = Object.entries(step.match);
  return list.findIndex((item) => isMapping(item) && entries.every(([key, value]) => equalJson(mergeKey(item, key), value)));
}

function isMapping(value: Mutable | undefined): value is { [key: string]: Mutable } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function notThere(path: Path): NotApplicable {
  return new NotApplicable(
    `nothing is at ${JSON.stringify(path, (_key, value: unknown) => (typeof value === "bigint" ? String(value) : value))}`,
  );
}
