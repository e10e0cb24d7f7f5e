import { beforeAll, describe, expect, it } from "vitest";
import { parseConfig } from "../../src/controllers/local-volume-provisioner/config.ts";
import { parseFlavor } from "../../src/controllers/storage-node/flavor.ts";
import { OwnFleet } from "./own-fleet.ts";

describe("storage-node and localvolume-provisioner on every Kubernetes version", () => {
  const versions = ["1.28", "1.32", "1.36"];
  const id = (version: string): string => `local-${version.replace(".", "-")}`;
  let fleet: OwnFleet;
  beforeAll(() => {
    fleet = new OwnFleet(versions.map((version) => ({ id: id(version), version, flavors: ["nvme-db", "hdd-bulk"] })));
  });
  const objects = (version: string, file: string) => fleet.objects(id(version), `${file}.yaml`);

  it("compiles without an error", () => expect(fleet.errors).toEqual([]));

  it.each(versions)("%s: a DaemonSet a flavor, on its nodes alone, never two pods on a node", (version) => {
    const daemonSets = objects(version, "storage-node/daemonsets");
    expect(daemonSets.map(({ metadata }) => metadata.name)).toEqual(["storage-node-hdd-bulk", "storage-node-nvme-db"]);
    for (const { metadata, spec } of daemonSets) {
      const flavor = metadata.labels["storage.halite.dev/flavor"];
      expect(spec).toMatchObject({
        updateStrategy: { rollingUpdate: { maxSurge: 0 } },
        selector: { matchLabels: { "storage.halite.dev/flavor": flavor } },
        template: {
          spec: { hostPID: true, nodeSelector: { "storage.halite.dev/flavor": flavor }, priorityClassName: "system-node-critical" },
        },
      });
    }
  });

  it.each(versions)("%s: both programs read what they are given", (version) => {
    for (const { metadata, data } of objects(version, "storage-node/flavors"))
      expect(parseFlavor(metadata.name, data["flavor.json"]).groups).toHaveLength(1);
    const [config] = objects(version, "localvolume-provisioner/config");
    expect(Object.fromEntries(parseConfig(config.data["config.json"]).classes)).toEqual({
      "local-nvme": { clean: "discard", reclaim: "Delete" },
      "local-hdd": { clean: "clear", reclaim: "Delete" },
    });
    expect(objects(version, "localvolume-provisioner/classes")).toMatchObject([
      { metadata: { name: "local-hdd" }, provisioner: "kubernetes.io/no-provisioner", volumeBindingMode: "WaitForFirstConsumer" },
      { metadata: { name: "local-nvme" } },
    ]);
  });

  it.each(versions)("%s: rights are what is used, and nothing else", (version) => {
    const rules = (addon: string): readonly string[] =>
      objects(version, `${addon}/rbac`)
        .filter(({ kind }) => kind === "ClusterRole")
        .flatMap(({ rules: all }) =>
          all.map(
            (rule: { readonly resources: string[]; readonly verbs: string[]; readonly resourceNames?: string[] }) =>
              `${rule.resources.join(",")}${rule.resourceNames === undefined ? "" : `/${rule.resourceNames.join(",")}`}: ${rule.verbs.join(",")}`,
          ),
        );
    expect(rules("storage-node")).toEqual(["computenodes: get,create,patch", "computenodes/status: patch", "events: create,patch"]);
    expect(rules("localvolume-provisioner")).toEqual([
      "persistentvolumes: get,list,watch,create,update,delete",
      "nodes: get",
      "namespaces/kube-system: get",
      "computenodes: get",
      "events: create,patch",
    ]);
  });

  it.each(versions)("%s: lists of the ComputeNode's status are of several writers", (version) => {
    const [crd] = objects(version, "storage-node/crd");
    const { status } = crd.spec.versions[0].schema.openAPIV3Schema.properties;
    const keys = Object.fromEntries(
      ["disks", "volumeGroups", "conditions"].map((list) => [list, status.properties[list]["x-kubernetes-list-map-keys"]]),
    );
    expect(keys).toEqual({ disks: ["serial"], volumeGroups: ["name"], conditions: ["type"] });
    expect(crd.spec.versions[0].subresources).toEqual({ status: {} });
  });
});
