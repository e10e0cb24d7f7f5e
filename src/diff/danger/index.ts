import type { ClusterSchema } from "../../schema/index.ts";
import { equalJson, valueAt, type Json } from "../../json/index.ts";
import { DANGER_LEVELS, type Danger, type DangerLevel, type FieldChange, type ObjectRef } from "../model.ts";
import type { ObjectPair } from "../pair.ts";
import { deletionDanger, groupOf } from "./deletion.ts";
import { immutableDangers } from "./immutable.ts";
import { widenedBinding, widenedRole } from "./rbac.ts";
import { storageDangers } from "./storage.ts";
import { workloadDangers } from "./workload.ts";

export { rolloutOf, type Rollout } from "./workload.ts";

type Api = Pick<ClusterSchema, "immutable" | "kind">;

/** Everything dangerous about what happens to one object, worst first. */
export function dangersOf(pair: ObjectPair, fields: readonly FieldChange[], api: Api): readonly Danger[] {
  const dangers = found(pair, fields, api);
  return dangers.toSorted((a, b) => rank(a.level) - rank(b.level) || (a.code < b.code ? -1 : a.code > b.code ? 1 : 0));
}

export function rank(level: DangerLevel): number {
  return DANGER_LEVELS.indexOf(level);
}

function found(pair: ObjectPair, fields: readonly FieldChange[], api: Api): Danger[] {
  if (pair.kind === "removed") return [deletion(pair.before, api)];
  const ref = pair.after.ref;
  const after = pair.after.value.raw;
  if (pair.kind === "added") return [...widened(ref, undefined, after), ...workloadDangers(ref, undefined, after, [])];
  const before = pair.before.value.raw;
  const own = [
    ...modeDangers(pair.before.ref, ref, fields),
    ...(pair.kind === "renamed" ? [] : immutableDangers(ref, before, after, fields, api)),
    ...widened(ref, before, after),
    ...storageDangers(ref, before, after),
    ...workloadDangers(ref, before, after, fields),
  ];
  if (pair.kind === "same" || pair.by === "digest") return own;
  const { message, ...danger } = deletion(pair.before, api);
  return [{ ...danger, message: `a rename makes a new object and ${message}` }, ...own];
}

function deletion({ ref, value }: { readonly ref: ObjectRef; readonly value: { readonly raw: Json } }, api: Api): Danger {
  return deletionDanger(ref, value.raw, api.kind(ref.apiVersion, ref.kind)?.from !== "kubernetes");
}

function modeDangers(before: ObjectRef, after: ObjectRef, fields: readonly FieldChange[]): Danger[] {
  if (before.mode === after.mode) {
    if (after.mode !== "EnsureExists" || fields.every(({ same }) => same !== undefined)) return [];
    return [{ level: "low", code: "ensure-exists", message: "reaches only clusters that don't have the object yet (mode EnsureExists)" }];
  }
  const message =
    after.mode === "EnsureExists"
      ? "Reconcile → EnsureExists: from now on the object is neither updated nor taken away by a release"
      : "EnsureExists → Reconcile: what was changed in the clusters by hand is overwritten";
  return [{ level: "high", code: "mode", message }];
}

function widened(ref: ObjectRef, before: Json | undefined, after: Json): Danger[] {
  if (groupOf(ref.apiVersion) !== "rbac.authorization.k8s.io") return [];
  if (equalJson(valueAt(before, []), after)) return [];
  if (ref.kind.endsWith("RoleBinding")) return widenedBinding(before, after, ref.kind);
  return widenedRole(before, after, ref.kind === "ClusterRole");
}
