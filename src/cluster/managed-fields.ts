import { PART_OF } from "./applyset.ts";
import {
  isList,
  isObject,
  sameJson,
  type Json,
  type JsonObject,
  type KubernetesObject,
  type ManagedFieldsEntry,
} from "../kubernetes/index.ts";

/** The field manager that Halite applies with, always the same one. */
export const FIELD_MANAGER = "halite";
/** What kubectl keeps of the manifest that it applied; of a Secret the whole of it. */
export const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

/**
 * Managers whose fields become Halite's when it takes an object over: those of `kubectl apply` and `kubectl create` on the client side, which the addon
 * manager runs, of the time before there were managers, and Halite's own where it only created (k8s.io/client-go, util/csaupgrade).
 */
const HANDED_OVER = new Set(["kubectl-client-side-apply", "kubectl-create", "kubectl", "before-first-apply", FIELD_MANAGER]);

/** Halite's own entry, or undefined where it has never applied the object. */
export function ownEntry(object: KubernetesObject): ManagedFieldsEntry | undefined {
  return object.metadata.managedFields?.find(isOwn);
}

function isOwn(entry: ManagedFieldsEntry): boolean {
  return entry.manager === FIELD_MANAGER && entry.operation === "Apply" && (entry.subresource ?? "") === "";
}

/**
 * The first field in which a live object is not what an apply of the manifest would leave, or undefined where it is the same: each field of the manifest
 * is Halite's and has its value, and no other field is Halite's. No schema is needed: the server has written down what is one field.
 *
 * It may name a field that is the same to the server (`1000m` and `1`); it never misses one that differs.
 */
export function firstDifference(manifest: KubernetesObject, live: KubernetesObject): string | undefined {
  const entry = ownEntry(live);
  if (entry?.fieldsV1 === undefined) return "metadata.managedFields";
  if (entry.apiVersion !== manifest.apiVersion) return "apiVersion";
  const { apiVersion: _apiVersion, kind: _kind, metadata, ...rest } = manifest;
  const { name: _name, namespace: _namespace, ...meta } = metadata;
  const wanted: JsonObject = Object.keys(meta).length === 0 ? rest : { ...rest, metadata: meta };
  return differenceIn(entry.fieldsV1, wanted, live, "");
}

function differenceIn(owned: JsonObject, want: Json | undefined, have: Json | undefined, path: string): string | undefined {
  const children = Object.keys(owned).filter((key) => key !== ".");
  if (children.length === 0) return sameJson(want, have) ? undefined : path;
  if (isObject(want)) {
    for (const key of Object.keys(want)) if (owned[`f:${key}`] === undefined) return joined(path, key);
    for (const child of children) {
      const key = child.slice(2);
      if (!child.startsWith("f:") || !Object.hasOwn(want, key)) return joined(path, key);
      const node = owned[child];
      const found = differenceIn(isObject(node) ? node : {}, want[key], isObject(have) ? have[key] : undefined, joined(path, key));
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (!isList(want) || !isList(have) || children.length !== want.length) return path;
  // Items of others may stand between ours; ours stand in our order.
  const order: { readonly want: number; readonly have: number }[] = [];
  for (const child of children) {
    const matches = itemMatcher(child);
    const wanted = want.findIndex(matches);
    const there = have.findIndex(matches);
    if (wanted < 0 || there < 0) return path;
    order.push({ want: wanted, have: there });
    const node = owned[child];
    if (child.startsWith("v:")) continue;
    const found = differenceIn(isObject(node) ? node : {}, want[wanted], have[there], `${path}[${itemName(child)}]`);
    if (found !== undefined) return found;
  }
  order.sort((a, b) => a.want - b.want);
  return order.some((each, index) => index > 0 && each.have <= (order[index - 1]?.have ?? -1)) ? path : undefined;
}

function joined(path: string, key: string): string {
  return path === "" ? key : `${path}.${/[.[\]]/.test(key) ? `[${key}]` : key}`;
}

/** Finds the item of a list that a path element means: `k:{"name":"x"}` by its keys, `v:"x"` by its value. */
function itemMatcher(element: string): (item: Json) => boolean {
  let value: Json;
  try {
    value = JSON.parse(element.slice(2));
  } catch {
    return () => false;
  }
  if (element.startsWith("v:")) return (item) => sameJson(item, value);
  if (!element.startsWith("k:") || !isObject(value)) return () => false;
  const keys = Object.entries(value);
  return (item) => isObject(item) && keys.every(([key, wanted]) => sameJson(item[key], wanted));
}

/** `name=x` of `k:{"name":"x"}`. */
function itemName(element: string): string {
  const value: unknown = JSON.parse(element.slice(2));
  if (!isObject(value)) return String(value);
  return Object.entries(value)
    .map(([key, each]) => `${key}=${typeof each === "string" ? each : JSON.stringify(each)}`)
    .join(",");
}

/** Whether fields of the object are still held by the managers of client-side apply, so that what the manifest drops later would stay. */
export function needsHandover(live: KubernetesObject): boolean {
  if (ownEntry(live) !== undefined) return false;
  return live.metadata.annotations?.[LAST_APPLIED] !== undefined || (live.metadata.managedFields ?? []).some(isHandedOver);
}

function isHandedOver(entry: ManagedFieldsEntry): boolean {
  return entry.operation === "Update" && (entry.subresource ?? "") === "" && HANDED_OVER.has(entry.manager ?? "");
}

/**
 * The managed fields after the handover: what client-side apply holds of the fields that the manifest has becomes Halite's, the rest stays with whom it was.
 * Nothing of the object is dropped by it, now or by the apply that follows.
 *
 * @param applied the managed fields that the server gave for a dry run of the apply: what the manifest's fields are
 */
export function handedOver(live: KubernetesObject, applied: readonly ManagedFieldsEntry[]): readonly ManagedFieldsEntry[] {
  const own = applied.find(isOwn);
  const fields = own?.fieldsV1 ?? {};
  const kept: ManagedFieldsEntry[] = [];
  let taken: JsonObject | undefined;
  let time: string | undefined;
  for (const entry of live.metadata.managedFields ?? []) {
    if (!isHandedOver(entry)) {
      kept.push(entry);
      continue;
    }
    const held = entry.fieldsV1 ?? {};
    const both = intersection(held, fields);
    if (both !== undefined) taken = taken === undefined ? both : union(taken, both);
    time ??= entry.time;
    const rest = difference(withoutLastApplied(held), fields);
    if (rest !== undefined) kept.push({ ...entry, fieldsV1: rest });
  }
  const entry: ManagedFieldsEntry = {
    manager: FIELD_MANAGER,
    operation: "Apply",
    apiVersion: own?.apiVersion ?? live.apiVersion,
    ...(time === undefined ? {} : { time }),
    fieldsType: "FieldsV1",
    fieldsV1: taken ?? fields,
  };
  return [...kept, entry];
}

/** The managed fields after the object was handed back: what Halite applied is client-side apply's. */
export function handedBack(live: KubernetesObject): readonly ManagedFieldsEntry[] {
  return (live.metadata.managedFields ?? []).map((entry) => {
    if (!isOwn(entry)) return entry;
    const label = { "f:metadata": { "f:labels": { [`f:${PART_OF}`]: {} } } };
    return { ...entry, manager: "kubectl-client-side-apply", operation: "Update", fieldsV1: difference(entry.fieldsV1 ?? {}, label) ?? {} };
  });
}

/** Fields that somebody gave to client-side apply and the manifest does not have: they stay. What the server filled in by itself does not count. */
export function keptByOthers(live: KubernetesObject, applied: readonly ManagedFieldsEntry[]): readonly string[] {
  const fields = applied.find(isOwn)?.fieldsV1 ?? {};
  const given = givenTo(live);
  return (live.metadata.managedFields ?? [])
    .filter(isHandedOver)
    .flatMap((entry) => leaves(difference(withoutLastApplied(entry.fieldsV1 ?? {}), fields) ?? {}, "", given));
}

/** What client-side apply was given, as it keeps it; undefined where it keeps nothing. */
function givenTo(live: KubernetesObject): Json | undefined {
  try {
    const value: Json = JSON.parse(live.metadata.annotations?.[LAST_APPLIED] ?? "");
    return value;
  } catch {
    return undefined;
  }
}

function withoutLastApplied(fields: JsonObject): JsonObject {
  return difference(fields, { "f:metadata": { "f:annotations": { ".": {}, [`f:${LAST_APPLIED}`]: {} } } }) ?? {};
}

/** Whether a field of a managed set is in an entry: path of names, such as `spec`, `replicas`. */
export function holds(entry: ManagedFieldsEntry | undefined, ...path: readonly string[]): boolean {
  let node: Json | undefined = entry?.fieldsV1;
  for (const name of path) node = isObject(node) ? node[`f:${name}`] : undefined;
  return node !== undefined;
}

/** Whether the set has the node's path itself, not only what is below it. */
function isMember(node: JsonObject): boolean {
  return Object.keys(node).length === 0 || node["."] !== undefined;
}

function childrenOf(node: JsonObject): readonly (readonly [string, JsonObject])[] {
  return Object.entries(node).flatMap(([key, value]) => (key === "." || !isObject(value) ? [] : [[key, value] as const]));
}

function nodeOf(member: boolean, children: readonly (readonly [string, JsonObject])[]): JsonObject | undefined {
  if (children.length === 0) return member ? {} : undefined;
  return Object.fromEntries([...(member ? [[".", {}] as const] : []), ...children]);
}

function difference(a: JsonObject, b: JsonObject): JsonObject | undefined {
  const children = childrenOf(a).flatMap(([key, value]) => {
    const other = b[key];
    const rest = isObject(other) ? difference(value, other) : value;
    return rest === undefined ? [] : [[key, rest] as const];
  });
  // Client-side apply also holds that a map is there; who has a field in it has that too.
  return nodeOf(false, children);
}

function intersection(a: JsonObject, b: JsonObject): JsonObject | undefined {
  const children = childrenOf(a).flatMap(([key, value]) => {
    const other = b[key];
    const both = isObject(other) ? intersection(value, other) : undefined;
    return both === undefined ? [] : [[key, both] as const];
  });
  return nodeOf(isMember(a) && isMember(b), children);
}

function union(a: JsonObject, b: JsonObject): JsonObject {
  const children = new Map(childrenOf(a));
  for (const [key, value] of childrenOf(b)) {
    const other = children.get(key);
    children.set(key, other === undefined ? value : union(other, value));
  }
  return nodeOf(isMember(a) || isMember(b), [...children]) ?? {};
}

/** The paths of a set's fields that have a value in `given`, or all where nothing is known of that. */
function leaves(node: JsonObject, path: string, given: Json | undefined): string[] {
  const children = childrenOf(node);
  if (children.length === 0) return path === "" ? [] : [path];
  return children.flatMap(([key, value]) => {
    const isField = key.startsWith("f:");
    let within: Json | undefined;
    if (isField && isObject(given)) within = given[key.slice(2)];
    else if (!isField && isList(given)) within = given.find(itemMatcher(key));
    if (given !== undefined && within === undefined) return [];
    return leaves(value, isField ? joined(path, key.slice(2)) : `${path}[${itemName(key)}]`, within);
  });
}
