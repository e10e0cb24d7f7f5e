import { describe, expect, test } from "vitest";
import { ClassFollower } from "../../../src/controllers/lvm-csi/class-follower.ts";
import type { ClusterView } from "../../../src/controllers/lvm-csi/cluster.ts";
import { Janitor } from "../../../src/controllers/lvm-csi/janitor.ts";
import { reportOf } from "../../../src/controllers/lvm-csi/status.ts";
import { jsonLog } from "../../../src/controllers/runtime/index.ts";
import { ManualClock } from "../runtime/manual-clock.ts";
import { createRequest, driverOn, MOUNT, simulatedNode, STAGING } from "./driver.ts";
import type { SimulatedNode } from "./simulated-node.ts";

/** A cluster that has what is said of it. */
class Known implements ClusterView {
  readonly volumes = new Set<string>();
  readonly claims = new Map<string, string>();
  readonly pods = new Set<string>();
  class: { readonly name: string; readonly parameters: Readonly<Record<string, string>> } | undefined;

  hasVolume(name: string): Promise<boolean> {
    return Promise.resolve(this.volumes.has(name));
  }
  claim(namespace: string, name: string): Promise<string | undefined> {
    return Promise.resolve(this.claims.get(`${namespace}/${name}`));
  }
  hasPod(namespace: string, name: string): Promise<boolean> {
    return Promise.resolve(this.pods.has(`${namespace}/${name}`));
  }
  attributesClass(): Promise<typeof this.class> {
    return Promise.resolve(this.class);
  }
}

const HOURS = 3600_000;
const claimed = { "csi.storage.k8s.io/pvc/namespace": "default", "csi.storage.k8s.io/pvc/name": "data-0" };

async function janitorOn(node: SimulatedNode, cluster: ClusterView, hours = 2): Promise<Janitor> {
  const clock = new ManualClock();
  await clock.pass(hours * HOURS);
  const { volumes } = driverOn(node, "n1", clock);
  return new Janitor({ volumes, cluster, log: jsonLog({ clock, write: () => undefined }) });
}

const round = async (...of: Parameters<typeof janitorOn>): ReturnType<Janitor["round"]> => (await janitorOn(...of)).round();
const left = (node: SimulatedNode): readonly string[] => node.volumes.filter(({ type }) => type !== "pool").map(({ name }) => name);

describe("what a kill or a claim that went has left behind", () => {
  test("a volume that was begun and never handed out goes after an hour, not before", async () => {
    const { node } = simulatedNode();
    node.after = ({ tool }) => {
      if (tool === "lvcreate") node.kill();
    };
    await expect(driverOn(node).services.Controller.CreateVolume(createRequest("pvc-1"))).rejects.toThrow("killed");
    node.after = () => undefined;
    await round(node, new Known(), 0.9);
    expect(left(node)).toHaveLength(1);
    await round(node, new Known());
    expect(left(node)).toEqual([]);
  });

  test("a volume that was made, but its claim was deleted before it got a PersistentVolume, goes; one whose claim waits stays", async () => {
    const { node } = simulatedNode();
    await driverOn(node).services.Controller.CreateVolume(createRequest("pvc-1111", { parameters: claimed }));
    const cluster = new Known();
    cluster.claims.set("default/data-0", "1111");
    await round(node, cluster);
    expect(left(node)).toHaveLength(1);
    // A claim of that name, and another one.
    cluster.claims.set("default/data-0", "2222");
    await round(node, cluster);
    expect(left(node)).toEqual([]);
  });

  test("a volume with data and without a PersistentVolume is told of and kept", async () => {
    const { node, uuid } = simulatedNode();
    const { Controller, Node } = driverOn(node).services;
    const { volume } = await Controller.CreateVolume(createRequest("pvc-1111", { parameters: claimed }));
    await Node.NodeStageVolume({ volumeId: volume.volumeId, stagingTargetPath: STAGING, volumeCapability: MOUNT, volumeContext: {} });
    await Node.NodeUnstageVolume({ volumeId: volume.volumeId, stagingTargetPath: STAGING });
    const cluster = new Known();
    const orphans = await round(node, cluster);
    expect(orphans.map(({ ownership }) => ownership.name)).toEqual(["pvc-1111"]);
    expect(left(node)).toHaveLength(1);
    const configured = [{ name: "data", uuid, disks: [], reserve: 0 }];
    expect(reportOf(await driverOn(node).volumes.observe(), configured, orphans).problems).toEqual([
      { reason: "OrphanedVolumes", message: "volumes with data and without a PersistentVolume: pvc-1111" },
    ]);
    cluster.volumes.add("pvc-1111");
    expect(await round(node, cluster)).toEqual([]);
  });

  test("a deletion that was cut off is ended, and a snapshot that a copy was read from goes, without anybody asking", async () => {
    const { node } = simulatedNode();
    const { Controller } = driverOn(node).services;
    const { volume } = await Controller.CreateVolume(createRequest("pvc-1"));
    node.after = ({ tool }) => {
      if (tool === "dd") node.kill();
    };
    await expect(
      Controller.CreateVolume(createRequest("pvc-2", { volumeContentSource: { volume: { volumeId: volume.volumeId } } })),
    ).rejects.toThrow("killed");
    node.after = ({ tool }) => {
      if (tool === "blkdiscard") node.kill();
    };
    const cluster = new Known();
    cluster.volumes.add("pvc-1");
    await round(node, cluster);
    node.after = () => undefined;
    await round(node, cluster, 0);
    expect(left(node).map((name) => name[0])).toEqual(["v", "v"]);
    await round(node, cluster);
    expect(left(node)).toEqual([volume.volumeId.slice(39)]);
  });

  test("a pod's own volume goes when the pod is gone and it is not mounted", async () => {
    const { node } = simulatedNode();
    const context = {
      "csi.storage.k8s.io/ephemeral": "true",
      "csi.storage.k8s.io/pod.namespace": "default",
      "csi.storage.k8s.io/pod.name": "web-0",
    };
    const target = "/var/lib/kubelet/pods/a/volumes/v";
    const request = {
      volumeId: "csi-1",
      stagingTargetPath: "",
      targetPath: target,
      volumeCapability: MOUNT,
      readonly: false,
      volumeContext: context,
    };
    await driverOn(node).services.Node.NodePublishVolume(request);
    const cluster = new Known();
    await round(node, cluster);
    expect(left(node)).toHaveLength(1);
    node.reboot();
    cluster.pods.add("default/web-0");
    await round(node, cluster);
    expect(left(node)).toHaveLength(1);
    cluster.pods.clear();
    await round(node, cluster);
    expect(left(node)).toEqual([]);
  });
});

test("a volume follows the class that its PersistentVolume names, and what was changed meanwhile stays until that is another", async () => {
  const { node } = simulatedNode();
  const driver = driverOn(node);
  const { Controller, Node } = driver.services;
  const { volume } = await Controller.CreateVolume(createRequest("pvc-1"));
  await Node.NodeStageVolume({ volumeId: volume.volumeId, stagingTargetPath: STAGING, volumeCapability: MOUNT, volumeContext: {} });
  const cluster = new Known();
  const log = jsonLog({ clock: new ManualClock(), write: () => undefined });
  const follower = new ClassFollower({ volumes: driver.volumes, cluster, log });
  const tags = (): readonly string[] => [...node.volume(volume.volumeId.slice(39)).tags].filter((tag) => tag.includes("Iops"));
  expect(await follower.follow()).toBe(false);
  cluster.class = { name: "slow", parameters: { readIops: "100", writeIops: "50" } };
  expect(await follower.follow()).toBe(true);
  expect(tags().toSorted()).toEqual(["halite.readIops=100", "halite.writeIops=50"]);
  await Controller.ControllerModifyVolume({ volumeId: volume.volumeId, mutableParameters: { readIops: "200" } });
  expect(await follower.follow()).toBe(false);
  expect(tags()).toContain("halite.readIops=200");
  cluster.class = { name: "free", parameters: { readIops: "max", writeIops: "max" } };
  await follower.follow();
  expect(tags()).toEqual([]);
});

test("a node's groups are reported with what is left, pools, and all that is wrong", async () => {
  const { node, uuid } = simulatedNode();
  await driverOn(node).services.Controller.CreateVolume(createRequest("pvc-1", { parameters: { type: "thin" } }));
  const configured = [
    { name: "data", uuid, disks: [], reserve: 2 ** 30 },
    { name: "gone", uuid: "x", disks: [], reserve: 0 },
  ];
  const { groups, problems } = reportOf(await driverOn(node).volumes.observe(), configured, []);
  expect(groups).toEqual([
    {
      name: "data",
      free: 2 * 2 ** 30,
      volumes: 1,
      missing: 0,
      thinPools: [{ name: "pool", size: 2 ** 30, provisioned: 320 * 2 ** 20, dataPercent: 10, metadataPercent: 5 }],
    },
  ]);
  expect(problems).toEqual([{ reason: "VolumeGroupMissing", message: "volume group gone (x) is not there" }]);
});
