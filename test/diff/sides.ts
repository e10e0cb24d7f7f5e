import { createHash } from "node:crypto";
import { Apis } from "../../src/diff/apis.ts";
import type { FleetDiff } from "../../src/diff/fleet-diff.ts";
import { FleetComparison } from "../../src/diff/fold.ts";
import { toJson } from "../../src/diff/json.ts";
import { objectAt, textAt, type Json } from "../../src/json/index.ts";
import { documentsOf, sideObject, type SideAddon, type SideCluster } from "../../src/diff/side.ts";
import { PyDict } from "../../src/python/index.ts";
import { kubernetesSchemas } from "../../src/fleet/index.ts";
import { loadKubernetes } from "../../src/yaml/index.ts";
import { HOME } from "../fleet/memory-fleet.ts";

const schemas = kubernetesSchemas(HOME);

/** An addon of manifests, as if it had been compiled; each file's documents parted by `---`. */
export function addon(
  name: string,
  files: Readonly<Record<string, string>>,
  more: { mode?: string; dependsOn?: readonly string[] } = {},
): SideAddon {
  const objects = Object.entries(files).flatMap(([file, text]) =>
    documentsOf(text).map((document) => {
      const value: Json = toJson(loadKubernetes(document, { file })[0]?.value ?? new PyDict());
      const mode = textAt(value, "metadata", "labels", "addonmanager.kubernetes.io/mode") === "EnsureExists" ? "EnsureExists" : "Reconcile";
      const metadata = objectAt(value, "metadata");
      const ref = {
        addon: name,
        file,
        apiVersion: textAt(value, "apiVersion") ?? "",
        kind: textAt(value, "kind") ?? "",
        namespace: textAt(metadata, "namespace") ?? null,
        name: textAt(metadata, "name") ?? "",
        mode,
      } as const;
      return sideObject(ref, `sha256:${createHash("sha256").update(document).digest("hex")}`, name, `salt://${name}/${file}`, document);
    }),
  );
  return { state: "complete", name, mode: more.mode ?? "Reconcile", dependsOn: more.dependsOn ?? [], objects };
}

export function failed(name: string, message: string): SideAddon {
  return { state: "failed", name, why: [{ code: "some-code", message }] };
}

export function cluster(id: string, addons: readonly SideAddon[], az = "az1"): SideCluster {
  return { id, az, kubernetes: "1.36", state: "compiled", addons };
}

/** The difference of two fleets, given as clusters. */
export function compare(base: readonly SideCluster[], head: readonly SideCluster[]): FleetDiff {
  const apis = new Apis(schemas, []);
  const comparison = new FleetComparison((each, other) => apis.of(each, other));
  const [was, is] = [base, head].map((side) => new Map(side.map((each) => [each.id, each])));
  for (const id of [...new Set([...(was?.keys() ?? []), ...(is?.keys() ?? [])])].toSorted())
    comparison.add(id, { before: was?.get(id), after: is?.get(id) });
  return comparison.result(
    { kind: "commit", name: "main", commit: "0123456789abcdef0123456789abcdef01234567", subject: "What was before" },
    { kind: "worktree", name: "worktree", commit: null, subject: null },
  );
}

/** The difference of one cluster with one addon of one file. */
export function compareTexts(before: string, after: string): FleetDiff {
  return compare([cluster("c1", [addon("a", { "f.yaml": before })])], [cluster("c1", [addon("a", { "f.yaml": after })])]);
}
