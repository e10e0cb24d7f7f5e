import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { KubernetesObject } from "../../../src/kubernetes/index.ts";
import { apart } from "../../../src/controllers/volume-scheduler/rules.ts";
import {
  capacityOf,
  claimOf,
  classOf,
  filter,
  Inventory,
  NodeMemory,
  nodeOf,
  onNode,
  podOf,
  prepare,
  scores,
  volumeOf,
  type FilterAnswer,
  type OnNode,
  type Request,
} from "../../../src/controllers/volume-scheduler/index.ts";
import { claim, pod, storageClass, volume, type ClaimSpec, type LocalVolume } from "./world.ts";

const AFFINITY = "storage.halite.dev/anti-affinity";
const PREFERRED = "storage.halite.dev/anti-affinity-preferred";
const PLACEMENT = "storage.halite.dev/placement";
const LVM = "lvm.csi.halite.dev";

/** A cluster as its API server would tell of it. */
class World {
  readonly inventory = new Inventory();
  /** Asked by everybody, as the extender's is. */
  readonly #memory = new NodeMemory();
  readonly #nodes: string[] = [];
  #version = 0;

  constructor() {
    this.class();
  }

  class(...args: Parameters<typeof storageClass>): this {
    this.inventory.putClass(classOf(this.#as(storageClass(...args))));
    return this;
  }

  nodes(...names: readonly string[]): this {
    for (const name of names) {
      this.#nodes.push(name);
      const labels = { "kubernetes.io/hostname": name, "topology.lvm.halite.dev/node": name };
      this.inventory.putNode(nodeOf(this.#as({ apiVersion: "v1", kind: "Node", metadata: { name, labels } })));
    }
    return this;
  }

  volume(each: LocalVolume, phase = "Available"): this {
    this.inventory.putVolume(volumeOf(this.#as({ ...volume(each), status: { phase } })));
    return this;
  }

  claim(each: ClaimSpec & { readonly bound?: string; readonly more?: object }): this {
    const object = this.#as(claim(each));
    const annotations = { ...object.metadata.annotations, ...(each.bound !== undefined && { "pv.kubernetes.io/bind-completed": "yes" }) };
    const spec = { ...(object["spec"] as object), ...(each.bound !== undefined && { volumeName: each.bound }), ...each.more };
    this.inventory.putClaim(claimOf({ ...object, metadata: { ...object.metadata, annotations, uid: `uid-${each.name}` }, spec }));
    return this;
  }

  /** A claim and the volume that it has. */
  has(each: ClaimSpec, on: LocalVolume): this {
    const claimRef = { namespace: each.namespace ?? "default", name: each.name, uid: `uid-${each.name}` };
    return this.claim({ ...each, bound: on.name }).volume({ ...on, claimRef }, "Bound");
  }

  group(node: string, name: string, group: object): this {
    const status = {
      disks: [{ serial: `${node}-${name}`, media: "nvme" }],
      volumeGroups: [{ name, disks: [`${node}-${name}`], ...group }],
    };
    const object = { apiVersion: "storage.halite.dev/v1alpha1" as const, kind: "ComputeNode" as const, metadata: { name: node }, status };
    this.inventory.putComputeNode(object as never);
    return this;
  }

  capacity(name: string, storageClassName: string, matchLabels: object, capacity: string): this {
    const object = { metadata: { name, namespace: "x" }, storageClassName, nodeTopology: { matchLabels }, capacity };
    const found = capacityOf(this.#as({ apiVersion: "storage.k8s.io/v1", kind: "CSIStorageCapacity", ...object }));
    if (found !== undefined) this.inventory.putCapacity(found);
    return this;
  }

  filter(...claims: readonly string[]): FilterAnswer {
    const prepared = prepare(this.inventory, this.#pod(claims));
    if (prepared.kind === "ready") {
      const answer = filter(this.inventory, prepared.request, this.#nodes, this.#memory);
      expect(answer).toEqual(filter(this.inventory, prepared.request, this.#nodes));
      return answer;
    }
    return { fits: [], costs: [], refused: new Map(this.#nodes.map((name) => [name, prepared.why])) };
  }

  on(node: string, ...claims: readonly string[]): OnNode {
    const prepared = prepare(this.inventory, this.#pod(claims));
    return prepared.kind === "ready" ? onNode(this.inventory, prepared.request, node) : prepared;
  }

  /** What each claim gets on a node. */
  places(node: string, ...claims: readonly string[]): readonly string[] {
    const found = this.on(node, ...claims);
    if (found.kind === "refused") throw new Error(found.why);
    return found.places.map((each) => (each.kind === "volume" ? each.volume.name : `new in ${each.group ?? "?"}`));
  }

  why(node: string, ...claims: readonly string[]): string {
    const found = this.on(node, ...claims);
    if (found.kind === "fits") throw new Error(`it fits: ${JSON.stringify(this.places(node, ...claims))}`);
    return found.why;
  }

  #pod(claims: readonly string[]): ReturnType<typeof podOf> {
    return podOf(this.#as(pod("p", claims)));
  }

  #as(object: object): KubernetesObject {
    const { metadata, ...rest } = object as KubernetesObject;
    this.#version += 1;
    return { ...rest, metadata: { uid: `uid-${metadata.name}`, ...metadata, resourceVersion: String(this.#version) } };
  }
}

const world = (): World => new World().nodes("a", "b");
const web = { labels: { app: "web" }, annotations: { [AFFINITY]: "app" } };

describe("which volume a claim gets", () => {
  test("the smallest that does, where rules leave the choice", () => {
    const it = world().claim({ name: "c" });
    it.volume({ name: "big", node: "a", disk: "1", size: "50Gi" }).volume({ name: "fit", node: "a", disk: "2", size: "5Gi" });
    expect(it.places("a", "c")).toEqual(["fit"]);
  });

  test("not on a disk of a claim of the same app, whichever of them says so", () => {
    const it = world().claim({ name: "c", ...web });
    it.has({ name: "other", labels: { app: "web" } }, { name: "v0", node: "a", disk: "1" });
    it.volume({ name: "fit", node: "a", disk: "1", size: "5Gi" }).volume({ name: "big", node: "a", disk: "2", size: "50Gi" });
    expect(it.places("a", "c")).toEqual(["big"]);
    const other = world().claim({ name: "c", labels: { app: "web" } });
    other.has({ name: "other", ...web }, { name: "v0", node: "a", disk: "1" });
    other.volume({ name: "fit", node: "a", disk: "1", size: "5Gi" });
    expect(other.why("a", "c")).toBe("claim c (5Gi, local): disk 1 holds default/other of the same app=web, 1 taken");
  });

  test("rather not, where a rule is preferred", () => {
    const it = world().claim({ name: "c", labels: { app: "web" }, annotations: { [PREFERRED]: "app" } });
    it.has({ name: "other", labels: { app: "web" } }, { name: "v0", node: "a", disk: "1" });
    it.volume({ name: "near", node: "a", disk: "1", size: "5Gi" });
    expect(it.places("a", "c")).toEqual(["near"]);
    it.volume({ name: "far", node: "a", disk: "2", size: "500Gi" });
    expect(it.places("a", "c")).toEqual(["far"]);
  });

  test("spread: the disk with the fewest; pack: the one that is used already", () => {
    for (const [placement, volumeName] of [
      ["spread", "far"],
      ["pack", "near"],
    ] as const) {
      const it = world().claim({ name: "c", annotations: { [PLACEMENT]: placement } });
      it.has({ name: "other" }, { name: "v0", node: "a", disk: "1" });
      it.volume({ name: "near", node: "a", disk: "1" }).volume({ name: "far", node: "a", disk: "2" });
      expect(it.places("a", "c")).toEqual([volumeName]);
    }
  });

  test("none that is tainted, quarantined, reserved, taken, too small, or of another medium", () => {
    const taints = JSON.stringify([{ key: "smart", effect: "NoBind", since: "2026-01-01T00:00:00Z", reason: "DiskFailing" }]);
    const it = world().claim({ name: "c", annotations: { "storage.halite.dev/required-media": "nvme,ssd" } });
    it.volume({ name: "tainted", node: "a", disk: "T", annotations: { "storage.halite.dev/taints": taints } });
    it.volume({ name: "torn", node: "a", disk: "U", annotations: { "storage.halite.dev/taints": "{" } });
    it.volume({ name: "sick", node: "a", disk: "Q", claimRef: { namespace: "halite-quarantine", name: "quarantine" } });
    it.volume({ name: "held", node: "a", disk: "H", claimRef: { namespace: "halite-reserved", name: "uid-of-another" } });
    it.has({ name: "other" }, { name: "taken", node: "a", disk: "1" });
    it.volume({ name: "small", node: "a", disk: "1", size: "1Gi" }).volume({ name: "slow", node: "a", disk: "1", media: "hdd" });
    it.volume({ name: "new", node: "a", disk: "1" }, "Pending");
    expect(it.why("a", "c")).toBe(
      "claim c (5Gi, local): disk Q is quarantined, disk T is tainted (DiskFailing), disk U is tainted (Unreadable), " +
        "1 not available, 1 on hdd, not nvme or ssd, 1 reserved for another claim, 1 taken, 1 too small",
    );
    it.volume({ name: "good", node: "a", disk: "2" });
    expect(it.places("a", "c")).toEqual(["good"]);
  });

  test("the one that is held for it or names it, and no other", () => {
    const it = world().claim({ name: "c" });
    it.volume({ name: "better", node: "a", disk: "1", size: "5Gi" });
    it.volume({ name: "named", node: "b", disk: "2", claimRef: { namespace: "default", name: "c" } });
    expect(it.filter("c").fits).toEqual(["b"]);
    expect(it.places("b", "c")).toEqual(["named"]);
    const other = world().claim({ name: "c" });
    other.volume({ name: "held", node: "b", disk: "2", claimRef: { namespace: "halite-reserved", name: "uid-c" } });
    other.volume({ name: "free", node: "a", disk: "1" });
    expect(other.filter("c").fits).toEqual(["a", "b"]);
  });

  test("without a label for its disk no volume can keep a required rule", () => {
    const it = world().claim({ name: "c", ...web });
    const bare = volume({ name: "bare", node: "a", disk: "1" }) as unknown as KubernetesObject;
    it.inventory.putVolume(volumeOf({ ...bare, metadata: { name: "bare" }, status: { phase: "Available" } }));
    expect(it.why("a", "c")).toContain("1 without a label that tells their disk");
  });

  test("of its selector, mode and access modes alone", () => {
    const it = world().volume({ name: "v", node: "a", disk: "1" });
    it.claim({ name: "label", more: { selector: { matchLabels: { x: "y" } } } });
    it.claim({ name: "block", more: { volumeMode: "Block" } });
    it.claim({ name: "many", more: { accessModes: ["ReadWriteMany"] } });
    it.claim({
      name: "fits",
      more: { selector: { matchExpressions: [{ key: "storage.halite.dev/media", operator: "In", values: ["ssd"] }] } },
    });
    expect(it.why("a", "label")).toContain("1 not of the claim's selector");
    expect(it.why("a", "block")).toContain("1 not of mode Block");
    expect(it.why("a", "many")).toContain("1 without access mode ReadWriteMany");
    expect(it.places("a", "fits")).toEqual(["v"]);
  });
});

describe("a pod's claims together", () => {
  test("are placed where all of them can be, though the first one alone would be better elsewhere", () => {
    const it = world()
      .claim({ name: "small", size: "5Gi", ...web })
      .claim({ name: "large", size: "50Gi", ...web });
    it.volume({ name: "s1", node: "a", disk: "1", size: "5Gi" }).volume({ name: "l1", node: "a", disk: "1", size: "50Gi" });
    it.volume({ name: "s2", node: "a", disk: "2", size: "30Gi" });
    // The small one's best fit is on the only disk that the large one can have.
    expect(it.places("a", "small", "large")).toEqual(["s2", "l1"]);
  });

  test("and refused with a reason where they can't be", () => {
    const it = world()
      .claim({ name: "x", ...web })
      .claim({ name: "y", ...web });
    it.volume({ name: "v1", node: "a", disk: "1" }).volume({ name: "v2", node: "a", disk: "1" });
    expect(it.why("a", "x", "y")).toBe("claims x, y can be placed one by one, but not together");
  });

  test("a claim that two volumes of the pod name counts once", () => {
    const it = world()
      .claim({ name: "x", ...web })
      .volume({ name: "v1", node: "a", disk: "1" });
    expect(it.places("a", "x", "x")).toEqual(["v1"]);
  });

  test("what was held for its siblings before does not stand in the way", () => {
    const it = world()
      .claim({ name: "x", ...web })
      .claim({ name: "y", ...web });
    const reservation = JSON.stringify({
      claim: { namespace: "default", name: "y", uid: "uid-y" },
      labels: { app: "web" },
      rules: { required: [["app"]] },
    });
    it.volume({
      name: "v1",
      node: "a",
      disk: "1",
      claimRef: { namespace: "halite-reserved", name: "uid-y" },
      annotations: { "storage.halite.dev/reservation": reservation },
    });
    it.volume({ name: "v2", node: "a", disk: "1" }).volume({ name: "v3", node: "a", disk: "2", size: "20Gi" });
    expect([...it.places("a", "x", "y")].sort()).toEqual(expect.arrayContaining(["v3"]));
    // For anybody else it counts as if it were bound, also where nothing is known of the claim but what the hold says.
    const other = world().claim({ name: "x", ...web });
    other.volume({
      name: "v1",
      node: "a",
      disk: "1",
      claimRef: { namespace: "halite-reserved", name: "uid-y" },
      annotations: { "storage.halite.dev/reservation": reservation },
    });
    other.volume({ name: "v2", node: "a", disk: "1" });
    expect(other.why("a", "x")).toContain("disk 1 holds default/y of the same app=web");
  });
});

describe("claims that are no question of place", () => {
  test.each([
    ["gone", "claim gone is not there"],
    ["immediate", "claim immediate is not bound yet: StorageClass now binds without waiting for a pod; its events say why"],
    ["classless", "claim classless is not bound and has no StorageClass"],
    ["unknown", "claim unknown names StorageClass nope, which is not there"],
    ["half", "claim half is being bound to volume v9"],
    ["lost", "claim lost is bound to volume v8, which is not there"],
    ["wrong", 'claim wrong: storage.halite.dev/placement is "stack", not spread or pack'],
    ["far", "claim far is bound to volume v7, which is on b"],
  ])("%s", (name, why) => {
    const it = world().class("now", LVM, { volumeBindingMode: "Immediate" });
    it.claim({ name: "immediate", storageClass: "now" }).claim({ name: "classless", storageClass: "" });
    it.claim({ name: "unknown", storageClass: "nope" }).claim({ name: "half", more: { volumeName: "v9" } });
    it.claim({ name: "lost", bound: "v8" }).claim({ name: "wrong", annotations: { [PLACEMENT]: "stack" } });
    it.has({ name: "far" }, { name: "v7", node: "b", disk: "1" });
    expect(it.why("a", name)).toBe(why);
  });
});

describe("volumes that are to be made", () => {
  const lvm = (): World => world().class("lvm", LVM, { parameters: { volumeGroup: "data" } });
  const gi = 2 ** 30;

  test("go by the group's free space, without what is promised already", () => {
    const it = lvm()
      .group("a", "data", { size: 100 * gi, free: 12 * gi, volumes: 0 })
      .claim({ name: "c", storageClass: "lvm", size: "10Gi" });
    expect(it.places("a", "c")).toEqual(["new in data"]);
    expect(it.why("b", "c")).toBe("claim c (10Gi, lvm): no volume group data here");
    it.claim({ name: "first", storageClass: "lvm", size: "5Gi", annotations: { "volume.kubernetes.io/selected-node": "a" } });
    expect(it.why("a", "c")).toBe("claim c (10Gi, lvm): volume group data has 7Gi left");
  });

  test("a volume that the node has not counted yet still takes its room", () => {
    const made = (name: string): KubernetesObject => ({
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata: { name },
      spec: {
        capacity: { storage: "5Gi" },
        accessModes: ["ReadWriteOnce"],
        storageClassName: "lvm",
        csi: { driver: LVM, volumeHandle: name },
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [
              {
                matchExpressions: [
                  { key: "topology.lvm.halite.dev/node", operator: "In", values: ["a"] },
                  { key: "topology.lvm.halite.dev/vg-data", operator: "In", values: ["true"] },
                ],
              },
            ],
          },
        },
        claimRef: { namespace: "default", name: "first", uid: "u" },
      },
      status: { phase: "Bound" },
    });
    const it = lvm()
      .group("a", "data", { size: 100 * gi, free: 12 * gi, volumes: 0 })
      .claim({ name: "c", storageClass: "lvm", size: "10Gi" });
    it.inventory.putVolume(volumeOf(made("one")));
    expect(it.why("a", "c")).toContain("has 7Gi left");
    it.group("a", "data", { size: 100 * gi, free: 12 * gi, volumes: 1 });
    expect(it.places("a", "c")).toEqual(["new in data"]);
  });

  test("two claims of one pod share what is left", () => {
    const it = lvm().group("a", "data", { free: 12 * gi });
    it.claim({ name: "x", storageClass: "lvm", size: "6Gi" }).claim({ name: "y", storageClass: "lvm", size: "7Gi" });
    expect(it.why("a", "x", "y")).toContain("not together");
    it.group("a", "data", { free: 13 * gi });
    expect(it.places("a", "x", "y")).toEqual(["new in data", "new in data"]);
  });

  test("the room that was promised to a claim is its own, and nobody else's who looks the same", () => {
    const it = lvm().group("a", "data", { free: 10 * gi });
    const provision = {
      claim: { namespace: "default", name: "x", uid: "uid-x" },
      node: "a",
      rules: {},
      provision: { group: "data", bytes: 6 * gi },
    };
    it.claim({ name: "x", storageClass: "lvm", size: "6Gi", annotations: { "storage.halite.dev/reservation": JSON.stringify(provision) } });
    it.claim({ name: "y", storageClass: "lvm", size: "6Gi" });
    expect(it.filter("x").fits).toEqual(["a"]);
    expect(it.filter("y").fits).toEqual([]);
    expect(it.filter("x").fits).toEqual(["a"]);
  });

  test("rules about disks hold for the disks of the group", () => {
    const it = lvm().group("a", "data", { free: 50 * gi });
    it.claim({
      name: "first",
      storageClass: "lvm",
      ...web,
      annotations: { ...web.annotations, "volume.kubernetes.io/selected-node": "a" },
    });
    it.claim({ name: "c", storageClass: "lvm", ...web });
    expect(it.why("a", "c")).toBe("claim c (5Gi, lvm): disk a-data holds default/first of the same app=web");
  });

  test("not in a group that misses disks, nor on another medium", () => {
    const it = lvm()
      .group("a", "data", { free: 50 * gi, missing: 1 })
      .claim({ name: "c", storageClass: "lvm" });
    expect(it.why("a", "c")).toContain("volume group data misses 1 of its disks");
    it.group("a", "data", { free: 50 * gi });
    it.claim({ name: "hdd", storageClass: "lvm", annotations: { "storage.halite.dev/required-media": "hdd" } });
    expect(it.why("a", "hdd")).toContain("volume group on nvme, not hdd");
  });

  test("other drivers go by what they tell of their capacity, and by the class's topology", () => {
    const topology = [{ matchLabelExpressions: [{ key: "kubernetes.io/hostname", values: ["a"] }] }];
    const it = world().class("csi", "x.example", { allowedTopologies: topology }).claim({ name: "c", storageClass: "csi" });
    expect(it.filter("c").fits).toEqual(["a"]);
    expect(it.why("b", "c")).toContain("its class makes no volumes here");
    it.inventory.putDriver("x.example", true);
    expect(it.why("a", "c")).toContain("the driver has told of no room here");
    it.capacity("one", "csi", { "kubernetes.io/hostname": "a" }, "4Gi");
    expect(it.why("a", "c")).toContain("the driver has 4Gi left");
    it.capacity("one", "csi", { "kubernetes.io/hostname": "a" }, "9Gi");
    expect(it.filter("c").fits).toEqual(["a"]);
    it.claim({ name: "first", storageClass: "csi", annotations: { "volume.kubernetes.io/selected-node": "a" } });
    expect(it.why("a", "c")).toContain("the driver has 4Gi left");
  });

  test("thin ones go by what the driver may still promise, striped ones by the largest that it can make", () => {
    const it = lvm().class("thin", LVM, { parameters: { volumeGroup: "data", type: "thin" } });
    it.class("striped", LVM, { parameters: { volumeGroup: "data", type: "striped", stripes: "2" } });
    it.group("a", "data", { free: 6 * gi }).claim({ name: "t", storageClass: "thin", size: "20Gi" });
    it.capacity("thin", "thin", { "topology.lvm.halite.dev/node": "a" }, "30Gi");
    expect(it.places("a", "t")).toEqual(["new in data"]);
    it.claim({ name: "first", storageClass: "thin", size: "20Gi", annotations: { "volume.kubernetes.io/selected-node": "a" } });
    expect(it.why("a", "t")).toContain("volume group data has 10Gi left");
    // And takes nothing of the group.
    it.claim({ name: "linear", storageClass: "lvm", size: "6Gi" });
    expect(it.places("a", "linear")).toEqual(["new in data"]);
    it.claim({ name: "s", storageClass: "striped", size: "6Gi" }).capacity(
      "striped",
      "striped",
      { "topology.lvm.halite.dev/node": "a" },
      "4Gi",
    );
    expect(it.why("a", "s")).toContain("volume group data has 4Gi left");
  });

  test("volumes that stand in the pod itself need room in a group of the node", () => {
    const it = lvm().group("a", "data", { free: 6 * gi });
    const wanting = (size: string): Request => {
      const csi = { driver: LVM, volumeAttributes: { volumeGroup: "data", size } };
      const prepared = prepare(it.inventory, podOf(pod("p", [], { volumes: [{ name: "scratch", csi }] }) as KubernetesObject));
      if (prepared.kind === "refused") throw new Error(prepared.why);
      return prepared.request;
    };
    expect(filter(it.inventory, wanting("5Gi"), ["a", "b"])).toMatchObject({
      fits: ["a"],
      refused: new Map([["b", "volume scratch (5Gi): no volume group data here"]]),
    });
    expect(filter(it.inventory, wanting("7Gi"), ["a"]).refused.get("a")).toBe("volume scratch (7Gi): volume group data has 6Gi left");
  });

  test("where it is being made it stays", () => {
    const it = lvm()
      .group("a", "data", { free: 50 * gi })
      .group("b", "data", { free: 50 * gi });
    it.claim({ name: "c", storageClass: "lvm", annotations: { "volume.kubernetes.io/selected-node": "b" } });
    expect(it.filter("c").fits).toEqual(["b"]);
    expect(it.why("a", "c")).toContain("its volume is being made on b");
  });
});

describe("what has just been decided", () => {
  test("counts before the API server tells of it, and no more once it is taken back", () => {
    const it = world()
      .claim({ name: "x", ...web })
      .claim({ name: "y", ...web });
    it.volume({ name: "v1", node: "a", disk: "1" }).volume({ name: "v2", node: "a", disk: "1" });
    const rules = { required: [["app"]], preferred: [], scope: "namespace" as const };
    const reservation = {
      claim: { namespace: "default", name: "x", uid: "uid-x" },
      pod: "",
      node: "a",
      since: "",
      labels: { app: "web" },
      rules,
    };
    it.inventory.assumeVolume("v1", reservation);
    expect(it.why("a", "y")).toContain("disk 1 holds default/x");
    expect(it.places("a", "x")).toEqual(["v1"]);
    it.inventory.forgetVolume("v1");
    expect(it.places("a", "y")).toEqual(["v1"]);
  });
});

test("scores: 10 for the cheapest, 0 for the dearest, 10 for all where all are the same", () => {
  expect(scores([5, 5])).toEqual([10, 10]);
  expect(scores([0, 50, 100])).toEqual([10, 5, 0]);
});

describe("any history of a cluster", () => {
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant("place" as const),
        app: fc.nat(2),
        size: fc.constantFrom("5Gi", "20Gi"),
        required: fc.boolean(),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant("add" as const), node: fc.nat(1), disk: fc.nat(2), size: fc.constantFrom("5Gi", "20Gi") }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("drop" as const), which: fc.nat(10) }) },
  );
  test("no two claims that are to be apart come to be on one disk, and none is refused that brute force can place", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const it = world();
        const volumes = new Map<string, LocalVolume>();
        const placed = new Map<string, { readonly spec: ClaimSpec; readonly on: LocalVolume }>();
        for (const [index, each] of steps.entries()) {
          if (each.do === "add") {
            const made = { name: `v${index}`, node: each.node === 0 ? "a" : "b", disk: `${each.node}${each.disk}`, size: each.size };
            volumes.set(made.name, made);
            it.volume(made);
          } else if (each.do === "drop") {
            const name = [...placed.keys()][each.which];
            const found = name === undefined ? undefined : placed.get(name);
            if (name === undefined || found === undefined) continue;
            placed.delete(name);
            it.inventory.dropClaim(`default/${name}`);
            it.volume(found.on);
          } else {
            const spec: ClaimSpec = {
              name: `c${index}`,
              size: each.size,
              labels: { app: `a${each.app}` },
              annotations: each.required ? { [AFFINITY]: "app" } : {},
            };
            it.claim(spec);
            const member = (of: ClaimSpec): Parameters<typeof apart>[1] => ({
              namespace: "default",
              labels: of.labels ?? {},
              rules: { required: of.annotations?.[AFFINITY] === undefined ? [] : [["app"]], preferred: [], scope: "namespace" },
            });
            const possible = [...volumes.values()].filter(
              (on) =>
                ![...placed.values()].some((other) => other.on.name === on.name) &&
                (on.size === "20Gi" || each.size === "5Gi") &&
                ![...placed.values()].some(
                  (other) => other.on.disk === on.disk && apart("required", member(spec), member(other.spec)) !== undefined,
                ),
            );
            const answer = it.filter(spec.name);
            expect(answer.fits).toEqual(["a", "b"].filter((node) => possible.some((on) => on.node === node)));
            const [node] = answer.fits;
            if (node === undefined) {
              it.inventory.dropClaim(`default/${spec.name}`);
              continue;
            }
            const [name = ""] = it.places(node, spec.name);
            const on = possible.find((other) => other.name === name);
            if (on === undefined) throw new Error(`${name} is no possible place`);
            it.has(spec, on);
            placed.set(spec.name, { spec, on });
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
