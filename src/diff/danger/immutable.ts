import { equalJson, isObject, objectAt, valueAt, type Json } from "../../json/index.ts";
import type { ClusterSchema, ImmutableField } from "../../schema/index.ts";
import type { Danger, FieldChange, ObjectRef } from "../model.ts";
import { printPath } from "../print-path.ts";

/** So many fields are named. */
const MOST_FIELDS = 4;

/** Kinds in which a replacement loses what they hold. */
const HOLDS_DATA = ["PersistentVolume", "PersistentVolumeClaim", "StatefulSet", "CustomResourceDefinition"];

/** Changes that the API server refuses, so that the object has to be deleted and made anew. */
export function immutableDangers(
  ref: ObjectRef,
  before: Json,
  after: Json,
  fields: readonly FieldChange[],
  api: Pick<ClusterSchema, "immutable">,
): Danger[] {
  const frozen = objectAt(before)["immutable"] === true && (ref.kind === "ConfigMap" || ref.kind === "Secret");
  const data = frozen ? ["data", "binaryData", "stringData", "immutable"] : [];
  const fixed = [...api.immutable(ref.apiVersion, ref.kind), ...data.map((name): ImmutableField => ({ path: [name], once: false }))].filter(
    ({ path, once }) => !(once && isUnset(valueAt(before, path))) && !isRelabelled(ref, path, before, after),
  );
  const touched = new Set<string>();
  const gates = new Set<string>();
  for (const { path, same } of fields) {
    if (same !== undefined && same !== "name") continue;
    const field = fixed.find((each) => each.path.every((step, index) => path[index] === undefined || path[index] === step));
    if (field === undefined) continue;
    touched.add(printPath(path));
    if (field.gate !== undefined) gates.add(field.gate);
  }
  if (touched.size === 0) return [];
  const names =
    [...touched].slice(0, MOST_FIELDS).join(", ") + (touched.size > MOST_FIELDS ? ` and ${touched.size - MOST_FIELDS} more` : "");
  if (ref.mode === "EnsureExists")
    return [
      { level: "low", code: "immutable", message: `${names} can't be changed; objects that are there keep what they have (EnsureExists)` },
    ];
  const level = HOLDS_DATA.includes(ref.kind) ? "critical" : "high";
  const unless = gates.size === 0 ? "" : `, unless the cluster's API server has the feature gate ${[...gates].join(", ")}`;
  return [
    { level, code: "immutable", message: `${names} can't be changed once the object is there: it must be deleted and made anew${unless}` },
  ];
}

function isUnset(value: Json | undefined): boolean {
  return value === undefined || value === null || value === "";
}

/** Labels of nodes, with what has taken their place: of a volume's node affinity the API server takes that change (validatePvNodeAffinity). */
const LABELS_NOW: Readonly<Record<string, string>> = {
  "beta.kubernetes.io/arch": "kubernetes.io/arch",
  "beta.kubernetes.io/instance-type": "node.kubernetes.io/instance-type",
  "beta.kubernetes.io/os": "kubernetes.io/os",
  "failure-domain.beta.kubernetes.io/region": "topology.kubernetes.io/region",
  "failure-domain.beta.kubernetes.io/zone": "topology.kubernetes.io/zone",
};

function isRelabelled({ kind }: ObjectRef, path: readonly string[], before: Json, after: Json): boolean {
  if (kind !== "PersistentVolume" || path.at(-1) !== "nodeAffinity") return false;
  return equalButForLabels(valueAt(before, path) ?? null, valueAt(after, path) ?? null);
}

/** Whether one value is another but for labels that are called otherwise now. */
function equalButForLabels(before: Json, after: Json): boolean {
  if (Array.isArray(before))
    return (
      Array.isArray(after) && before.length === after.length && before.every((item, index) => equalButForLabels(item, after[index] ?? null))
    );
  if (!isObject(before)) return equalJson(before, after);
  if (!isObject(after)) return false;
  const names = Object.keys(before);
  return (
    names.length === Object.keys(after).length &&
    names.every((name) => {
      const [was, is] = [before[name] ?? null, after[name] ?? null];
      if (name === "key" && typeof was === "string" && Object.hasOwn(LABELS_NOW, was) && LABELS_NOW[was] === is) return true;
      return Object.hasOwn(after, name) && equalButForLabels(was, is);
    })
  );
}
