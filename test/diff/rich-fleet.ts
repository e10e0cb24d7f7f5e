import type { FleetDiff } from "../../src/diff/fleet-diff.ts";
import { addon, cluster, compare, failed } from "./sides.ts";

const daemon = (image: string, more: string): string =>
  `apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: node, namespace: csi, annotations: {note: "<b>|\`x\`|</b>"}}\nspec:\n  updateStrategy: {rollingUpdate: {maxUnavailable: 10%}}\n  template:\n    spec:\n      containers:\n      - name: driver\n        image: registry.example.org/a/rather/long/path/of/an/image/that/does/not/fit:${image}\n        args: [--v=4, --endpoint=unix]\n        resources: {limits: {memory: ${more}}}\n`;
const config = (value: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: conf, namespace: csi}\ndata:\n  conf.yaml: |\n    monitors: [10.0.0.1, 10.0.0.2]\n    pool: ${value}\n  notes.txt: |\n    first line\n    pool is ${value}\n    last line\n`;
const claim = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data, namespace: csi}\nspec: {storageClassName: fast}\n";
const secret = (value: string): string => `apiVersion: v1\nkind: Secret\nmetadata: {name: key, namespace: csi}\ndata: {key: ${value}}\n`;
const quiet = (value: string): string =>
  `apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: quota, namespace: csi}\nspec: {hard: {cpu: "${value}"}}\n`;

/** A difference in which there is something of everything. */
export function richDiff(): FleetDiff {
  const files = (version: string, pool: string, key: string, cpu: string): Readonly<Record<string, string>> => ({
    "node.yaml": daemon(version, "1Gi"),
    "config.yaml": config(pool),
    "key.yaml": secret(key),
    "quota.yaml": quiet(cpu),
  });
  const base = ["c1", "c2", "c3"].map((id) =>
    cluster(id, [
      addon("csi", id === "c3" ? files("v2", "b", "bmV3", "1") : files("v1", "a", "b2xk", "1000m")),
      addon("data", { "claim.yaml": claim }),
      addon("extra", { "f.yaml": config("x").replace("name: conf", "name: extra") }),
    ]),
  );
  const head = ["c1", "c2", "c3", "c4"].map((id) =>
    cluster(id, [
      addon("csi", files("v2", "b", "bmV3", "1"), { dependsOn: ["data"] }),
      ...(id === "c2" ? [addon("data", { "claim.yaml": claim })] : []),
      ...(id === "c1"
        ? [failed("extra", "states/extra.yaml has no name")]
        : [addon("extra", { "f.yaml": config("x").replace("name: conf", "name: extra") })]),
    ]),
  );
  const diff = compare(base, head);
  const commit = { commit: "89abcdef0123456789abcdef0123456789abcdef", subject: "Take the other pool", author: "Ann" };
  return {
    ...diff,
    changes: diff.changes.map((change) =>
      change.change.change === "changed"
        ? {
            ...change,
            causes: [
              { kind: "pillar", key: "csi:pool", before: "a", after: "b", at: { file: "pillar/csi.sls", line: 3 }, alone: true, commit },
            ],
          }
        : change,
    ),
  };
}
