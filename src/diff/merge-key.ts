import { isObject, type Json, type JsonObject } from "../json/index.ts";
import { emptyObject } from "./json.ts";

/**
 * What counts as an item's merge key. Of the API's only a port's protocol has a default (x-kubernetes-list-map-keys of v1.28 to v1.36); null
 * stands for a key that is not there.
 */
export function mergeKey(item: JsonObject, key: string): Json {
  const value = Object.hasOwn(item, key) ? item[key] : undefined;
  return value ?? (key === "protocol" ? "TCP" : null);
}

/** What tells an item of a list from the others. */
export function matchOf(item: Json, keys: readonly string[]): Readonly<Record<string, Json>> {
  const match = emptyObject();
  if (isObject(item)) for (const key of keys) match[key] = mergeKey(item, key);
  return match;
}
