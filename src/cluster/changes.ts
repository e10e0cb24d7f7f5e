import { isList, isObject, sameJson, type Json, type JsonObject, type KubernetesObject } from "../kubernetes/index.ts";

/** One field that an apply changes. Values of Secrets, and where sealed values were opened, are left out. */
export interface FieldChange {
  readonly path: string;
  readonly from?: Json;
  readonly to?: Json;
}

/** More are counted, not listed. */
const SHOWN = 40;
/** Metadata that the server keeps by itself. */
const KEPT_BY_SERVER = new Set(["managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink"]);

/** In which fields two states of an object differ; the status does not count. `secret`: without values. */
export function fieldChanges(before: KubernetesObject, after: KubernetesObject, secret: boolean): readonly FieldChange[] {
  const changes: FieldChange[] = [];
  walk(comparable(before), comparable(after), "", changes);
  const hidden = secret ? changes.map(({ path }) => ({ path })) : changes;
  if (hidden.length <= SHOWN) return hidden;
  return [...hidden.slice(0, SHOWN), { path: `and ${hidden.length - SHOWN} more` }];
}

function comparable(object: KubernetesObject): JsonObject {
  const { status: _status, metadata, ...rest } = object;
  return { ...rest, metadata: Object.fromEntries(Object.entries(metadata).filter(([key]) => !KEPT_BY_SERVER.has(key))) };
}

function walk(before: Json | undefined, after: Json | undefined, path: string, changes: FieldChange[]): void {
  if (sameJson(before, after)) return;
  if (isObject(before) && isObject(after)) {
    for (const key of [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()) {
      walk(before[key], after[key], path === "" ? key : `${path}.${/[./]/.test(key) ? `[${key}]` : key}`, changes);
    }
    return;
  }
  if (isList(before) && isList(after) && isNamed(before) && isNamed(after)) {
    const names = [...new Set([...before, ...after].map(nameOf))];
    for (const name of names) {
      walk(
        before.find((item) => nameOf(item) === name),
        after.find((item) => nameOf(item) === name),
        `${path}[${name}]`,
        changes,
      );
    }
    if (!changes.some((change) => change.path.startsWith(`${path}[`))) changes.push({ path: `${path} (order)` });
    return;
  }
  changes.push({ path, ...(before === undefined ? {} : { from: before }), ...(after === undefined ? {} : { to: after }) });
}

function isNamed(list: readonly Json[]): boolean {
  const names = list.map(nameOf);
  return list.length > 0 && names.every((name) => name !== "") && new Set(names).size === names.length;
}

function nameOf(item: Json): string {
  return isObject(item) && typeof item["name"] === "string" ? item["name"] : "";
}

/** Where a live object is not as a manifest says; what the manifest does not name does not count. */
export function departures(manifest: Json | undefined, live: Json | undefined, path = ""): readonly string[] {
  if (isObject(manifest) && isObject(live)) {
    return Object.entries(manifest).flatMap(([key, value]) => departures(value, live[key], path === "" ? key : `${path}.${key}`));
  }
  if (isList(manifest) && isList(live) && manifest.length === live.length)
    return manifest.flatMap((item, index) => departures(item, live[index], `${path}[${index}]`));
  return sameJson(manifest, live) ? [] : [path];
}
