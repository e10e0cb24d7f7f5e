import { PyDict, PySet, type Value } from "../../python/index.ts";
import { fnmatchcase } from "../data/index.ts";
import { isInternal } from "./find.ts";

/** `apply_exclude`: takes excluded IDs out. A plain word or `{sls: …}` is a pattern of SLS names, `{id: …}` an ID. */
export function applyExclude(high: PyDict): void {
  const excludes = high.get("__exclude__");
  if (excludes === undefined) return;
  high.delete("__exclude__");
  const patterns: string[] = [];
  const ids = new PySet();
  for (const exclude of Array.isArray(excludes) ? excludes : []) {
    if (typeof exclude === "string") patterns.push(exclude);
    if (!(exclude instanceof PyDict) || exclude.size !== 1) continue;
    const [[key, value] = [null, null]] = exclude.entries();
    if (key === "sls" && typeof value === "string") patterns.push(value);
    else if (key === "id") ids.add(value);
  }
  for (const [id, body] of high.entries()) if (!isInternal(id) && excludedBy(body, patterns)) ids.add(id);
  for (const id of ids.values()) high.delete(id);
}

function excludedBy(body: Value, patterns: readonly string[]): boolean {
  const sls = body instanceof PyDict ? body.get("__sls__") : undefined;
  return typeof sls === "string" && sls !== "" && patterns.some((pattern) => fnmatchcase(sls, pattern));
}
