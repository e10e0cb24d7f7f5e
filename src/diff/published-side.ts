import { FindingError } from "../finding/index.ts";
import { loadKubernetes } from "../yaml/index.ts";
import { entriesOf, isObject, listAt, objectAt, textAt, type Json } from "../json/index.ts";
import { toJson } from "./json.ts";
import { documentsOf, sideObject, type FailureReason, type SideAddon, type SideCluster, type SideObject } from "./side.ts";

/**
 * A published cluster: its release.yaml, and the texts of its other files by their paths within its folder.
 *
 * @throws FindingError `release-unreadable` where release.yaml is none
 */
export function publishedSide(place: string, release: string, files: (path: string) => string | undefined): SideCluster {
  const root = toJson(loadKubernetes(release, { file: `${place}/release.yaml` })[0]?.value ?? null);
  const [id, az, kubernetes, state] = ["cluster", "az", "kubernetes", "state"].map((name) => textAt(root, name));
  if (id === undefined || az === undefined || kubernetes === undefined || state === undefined)
    throw new FindingError({
      code: "release-unreadable",
      severity: "error",
      message: `${place}/release.yaml is no release: cluster, az, kubernetes or state is missing`,
      advice: "publish again; another program may have written to the branch",
    });
  if (state === "failed") return { id, az, kubernetes, state, why: reasonsIn(root) };
  const addons = entriesOf(objectAt(root, "addons")).map(([name, addon]) => publishedAddon(name, addon, files));
  return { id, az, kubernetes, state: "compiled", addons };
}

function publishedAddon(name: string, addon: Json, files: (path: string) => string | undefined): SideAddon {
  if (textAt(addon, "state") === "failed") return { state: "failed", name, why: reasonsIn(addon) };
  const next = new Map<string, number>();
  const objects = listAt(addon, "objects").flatMap((object): SideObject[] => {
    const [apiVersion, kind, own, file, digest] = ["apiVersion", "kind", "name", "file", "digest"].map(
      (field) => textAt(object, field) ?? "",
    );
    if (apiVersion === undefined || kind === undefined || own === undefined || file === undefined || digest === undefined) return [];
    const number = next.get(file) ?? 0;
    next.set(file, number + 1);
    const mode = textAt(object, "mode") === "EnsureExists" ? "EnsureExists" : "Reconcile";
    const ref = { addon: name, file, apiVersion, kind, namespace: textAt(object, "namespace") ?? null, name: own, mode } as const;
    const text = documentsOf(files(`${name}/${file}`) ?? "")[number] ?? "";
    return [sideObject(ref, digest, textAt(object, "sls") ?? "", textAt(object, "source") ?? null, text)];
  });
  const dependsOn = listAt(addon, "dependsOn").filter((item) => typeof item === "string");
  return { state: "complete", name, mode: textAt(addon, "mode") ?? "Reconcile", dependsOn, objects };
}

function reasonsIn(value: Json): readonly FailureReason[] {
  return listAt(value, "why").flatMap((reason): FailureReason[] => {
    if (!isObject(reason)) return [];
    const file = textAt(reason, "file");
    return [{ code: textAt(reason, "code") ?? "", message: textAt(reason, "message") ?? "", ...(file !== undefined && { file }) }];
  });
}
