import { existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { oracleIsThere, type Oracle } from "../oracle/oracle.ts";
import { isolatedOracle } from "../salt/isolated-oracle.ts";
import { at, differences, factsOf, isMapping, text, type Data, type Facts } from "./facts.ts";
import { apply, manifests, minionConfigs, type Applied, type Manifest } from "./fleet.ts";
import { components, differencesFile, readDifferences } from "./readme.ts";

const CLUSTERS = [...minionConfigs().keys()];
/** The cluster that upstream's manifests are compared with: it runs every component. */
const WHOLE = "sjc1-prod-01";
const PLAIN_IMAGES = { images: { mirror: "", pull_secrets: [] } };
const MODE = "addonmanager.kubernetes.io/mode";

describe.skipIf(!oracleIsThere())("the shipped library under real Salt", () => {
  let oracle: Oracle;
  const applied = new Map<string, Applied>();
  const of = (cluster: string): Applied => applied.get(cluster) ?? { files: new Map(), failures: ["not applied"] };
  const parsed = new Map<string, Manifest[]>();
  const objects = (cluster: string): Manifest[] => {
    const known = parsed.get(cluster) ?? manifests(of(cluster).files);
    parsed.set(cluster, known);
    return known;
  };

  beforeAll(async () => {
    oracle = isolatedOracle();
    for (const cluster of CLUSTERS) applied.set(cluster, await apply(oracle, cluster));
  });
  afterAll(async () => {
    await oracle.close();
  });

  it.each(CLUSTERS)("%s: every state succeeds and writes manifests", (cluster) => {
    expect(of(cluster).failures).toEqual([]);
    expect(objects(cluster).length).toBeGreaterThan(50);
  });

  it.each(CLUSTERS)("%s: every object has a kind, a name, a mode and its namespace", (cluster) => {
    for (const { path, object } of objects(cluster)) {
      const metadata = isMapping(object["metadata"]) ? object["metadata"] : {};
      const labels = isMapping(metadata["labels"]) ? metadata["labels"] : {};
      const where = `${path} ${text(object["kind"])} ${text(metadata["name"])}`;
      expect(object["apiVersion"], where).toBeTypeOf("string");
      expect(labels[MODE], where).toBe(metadata["name"] === "node-problem-detector-site" ? "EnsureExists" : "Reconcile");
      expect(metadata["namespace"] !== undefined, where).toBe(NAMESPACED.has(text(object["kind"])));
    }
  });

  it.each(CLUSTERS)("%s: no object stands twice", (cluster) => {
    const names = objects(cluster).map(({ object }) => {
      const metadata = isMapping(object["metadata"]) ? object["metadata"] : {};
      return `${text(object["kind"])} ${text(metadata["namespace"])}/${text(metadata["name"])}`;
    });
    expect(names.toSorted()).toEqual([...new Set(names)].toSorted());
  });

  it.each(CLUSTERS)("%s: every image has a tag and honours the mirror", (cluster) => {
    const mirror = { "us-west": "registry.us-west.example.net/mirror/", "us-east": "registry.us-east.example.net/mirror/" };
    const grains = minionConfigs().get(cluster)?.["grains"];
    const { region, env } = grains as { readonly region: keyof typeof mirror; readonly env: string };
    const images = [...of(cluster).files.values()].flatMap((content) =>
      [...content.matchAll(/^\s*(?:- )?image: (\S+)$/gm)].map((match) => match[1] ?? ""),
    );
    expect(images.length).toBeGreaterThan(10);
    for (const image of images) {
      expect(image).toMatch(/:[\w.-]+(@sha256:[0-9a-f]{64})?$/);
      expect(image.startsWith(mirror[region])).toBe(env !== "dev");
    }
  });

  it.each(CLUSTERS)("%s: workloads have a priority, requests, memory limits and tight contexts", (cluster) => {
    for (const { path, object } of objects(cluster)) {
      const spec = at(object, "spec", "template", "spec");
      if (!isMapping(spec)) continue;
      expect(spec["priorityClassName"], path).toBeTypeOf("string");
      for (const container of Array.isArray(spec["containers"]) ? spec["containers"] : []) {
        const where = `${path} ${text(at(container, "name"))}`;
        expect(at(container, "resources", "requests", "cpu"), where).toBeDefined();
        expect(at(container, "resources", "requests", "memory"), where).toBeDefined();
        expect(at(container, "resources", "limits", "memory"), where).toBeDefined();
        const privileged = at(container, "securityContext", "privileged") === true;
        expect(privileged, where).toBe(PRIVILEGED.has(`${text(object["kind"])} ${text(at(container, "name"))}`));
        if (!privileged) expect(at(container, "securityContext", "allowPrivilegeEscalation"), where).toBe(false);
      }
    }
  });

  it.each(CLUSTERS)("%s: exactly one default storage class", (cluster) => {
    const defaults = objects(cluster).filter(
      ({ object }) => at(object, "metadata", "annotations", "storageclass.kubernetes.io/is-default-class") === "true",
    );
    expect(defaults).toHaveLength(1);
  });

  it("no Secret without references to sealed sources", () => {
    const secrets = CLUSTERS.flatMap((cluster) => objects(cluster)).filter(({ object }) => object["kind"] === "Secret");
    expect(secrets.length).toBeGreaterThan(0);
    for (const { object } of secrets) {
      expect(object["data"]).toBeUndefined();
      // Names of Ceph users are no secrets; all else refers.
      const { userID: _user, ...values } = object["stringData"] as Record<string, string>; // what a Secret holds there
      expect(Object.keys(values).length).toBeGreaterThan(0);
      for (const value of Object.values(values)) expect(value).toMatch(/^\?\{sops:[^}]+\}$/);
    }
  });

  it("a reference in pillar prints as it stands", async () => {
    const secrets = { "csi-rbd-node": { userID: "kubernetes", userKey: "?{sops:ceph.sops.yaml#rbd/userKey}" } };
    const result = await apply(oracle, WHOLE, { sls: ["ceph-csi-rbd"], pillar: { "ceph-csi-rbd": { secrets } } });
    expect(result.failures).toEqual([]);
    const [secret] = manifests(result.files).filter(({ object }) => object["kind"] === "Secret");
    expect(secret?.object["stringData"]).toEqual({ userID: "kubernetes", userKey: "?{sops:ceph.sops.yaml#rbd/userKey}" });
  });

  it("a key in plain text is refused, and its value is not repeated", async () => {
    const secrets = { "csi-rbd-node": { userID: "kubernetes", userKey: "AQDnever==" } };
    const { failures, files } = await apply(oracle, WHOLE, { sls: ["ceph-csi-rbd"], pillar: { "ceph-csi-rbd": { secrets } } });
    expect(failures.join("\n")).toContain("pillar ceph-csi-rbd:secrets:csi-rbd-node:userKey is no reference to a sealed source");
    expect(failures.join("\n")).not.toContain("AQDnever");
    expect(files.has("ceph-csi-rbd/secrets.yaml")).toBe(false);
  });

  it.each([
    { mounter: "fuse", cluster: "sjc1-prod-01", strategy: "OnDelete", watched: true },
    { mounter: "kernel", cluster: "sjc2-prod-02", strategy: "RollingUpdate", watched: false },
  ])("CephFS by $mounter: classes, update strategy and watching go together", ({ mounter, cluster, strategy, watched }) => {
    const all = objects(cluster);
    const classes = all.filter(({ object }) => object["provisioner"] === "cephfs.csi.ceph.com" && object["kind"] === "StorageClass");
    expect(classes.map(({ object }) => at(object, "parameters", "mounter"))).toEqual(classes.map(() => mounter));
    expect(classes).not.toHaveLength(0);
    const daemon = all.find(({ object }) => at(object, "metadata", "name") === "ceph-csi-cephfs-node" && object["kind"] === "DaemonSet");
    expect(at(daemon?.object, "spec", "updateStrategy", "type")).toBe(strategy);
    expect(of(cluster).files.get("node-problem-detector/config.yaml")?.includes("ceph-fuse-monitor.json")).toBe(watched);
    expect(of(cluster).files.get("storage-alerts/rules.yaml")).toContain("CephFuseMountStale");
  });

  it("ceph.conf leaves out what the client's Ceph release does not have", async () => {
    expect(await cephConf(oracle, 20)).toContain("client_reconnect_stale = true");
    expect(await cephConf(oracle, 13)).not.toContain("client_reconnect_stale");
    expect(await cephConf(oracle, 13)).toContain("fuse_big_writes = true");
  });

  it("a storage class that could mean two Ceph clusters is refused", async () => {
    const { failures } = await apply(oracle, "iad1-prod-01", {
      sls: ["storage-classes"],
      pillar: { "storage-classes": { flavors: { "nvme-db": { "rbd-nvme-db": { ceph: "" } } } } },
    });
    expect(failures.join("\n")).toContain("storage class rbd-nvme-db names no Ceph cluster (key ceph), and pillar ceph:clusters has 2");
  });

  describe("beside upstream's manifests", () => {
    let ours: Manifest[] = [];
    beforeAll(async () => {
      ours = manifests((await apply(oracle, WHOLE, { pillar: PLAIN_IMAGES })).files);
    });

    it.each(components().filter((component) => existsSync(differencesFile(component))))(
      "%s differs as differences.yaml says",
      (component) => {
        const documented = readDifferences(component);
        const mine = factsOf(
          ours
            .filter(({ addon }) => addon === component && isOwnObject(addon))
            .map(({ object }) => object)
            .filter(isCompared),
        );
        const found = differences(upstreamFacts(component, documented.names), mine);
        expect(documented.differences.flatMap(({ facts }) => facts).toSorted()).toEqual(found);
      },
    );
  });
});

/** The CephFS driver's ConfigMaps where its image has this Ceph release. */
async function cephConf(oracle: Oracle, release: number): Promise<string> {
  const { files } = await apply(oracle, WHOLE, { sls: ["ceph-csi-cephfs"], pillar: { "ceph-csi-cephfs": { ceph_release: release } } });
  return files.get("ceph-csi-cephfs/config.yaml") ?? "";
}

/** Kinds of the library that live in a namespace. */
const NAMESPACED = new Set([
  "ConfigMap",
  "DaemonSet",
  "Deployment",
  "Job",
  "NetworkPolicy",
  "PodDisruptionBudget",
  "PrometheusRule",
  "Role",
  "RoleBinding",
  "Secret",
  "Service",
  "ServiceAccount",
]);

/** Containers that cannot do without: they mount for the node, change its disks, or read its kernel's log. */
const PRIVILEGED = new Set([
  "Deployment nfs",
  "DaemonSet nfs",
  "DaemonSet csi-rbdplugin",
  "DaemonSet csi-cephfsplugin",
  "DaemonSet node-problem-detector",
  "DaemonSet storage-node",
  "DaemonSet local-volume-provisioner",
  "DaemonSet lvm-csi",
]);

function isOwnObject(addon: string): boolean {
  return components().includes(addon);
}

/** CRDs are held to upstream's digests elsewhere. */
function isCompared(object: Data): boolean {
  return isMapping(object) && object["kind"] !== "CustomResourceDefinition";
}

function upstreamFacts(component: string, names: Readonly<Record<string, string>>): Facts {
  // Made by upstream/extract.ts.
  const { facts } = parse(readFileSync(new URL(`upstream/${component}.yaml`, import.meta.url), "utf8")) as {
    readonly facts: Readonly<Record<string, string>>;
  };
  return new Map(
    Object.entries(facts).map(([key, value]) => {
      const [object = "", ...place] = key.split(": ");
      return [[names[object] ?? object, ...place].join(": "), place[0] === "role" ? (names[value] ?? value) : value];
    }),
  );
}
