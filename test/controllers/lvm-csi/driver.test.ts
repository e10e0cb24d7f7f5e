import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { VolumeCapability } from "../../../src/controllers/csi/index.ts";
import { mountOptions } from "../../../src/controllers/lvm-csi/mount-options.ts";
import { HostFiles } from "../../../src/controllers/lvm-csi/node-files.ts";
import { ownershipOf, retag, tagsOf, type Ownership } from "../../../src/controllers/lvm-csi/tags.ts";
import { settled } from "../runtime/manual-clock.ts";
import { BLOCK, createRequest, driverOn, MIB, MOUNT, POD, simulatedNode, SIZE, STAGING, targetOf } from "./driver.ts";
import type { SimulatedNode } from "./simulated-node.ts";

const nameOf = (id: string): string => id.slice(39);
const mount = (fsType: string, ...mountFlags: string[]): VolumeCapability => ({
  mount: { fsType, mountFlags, volumeMountGroup: "" },
  accessMode: { mode: "SINGLE_NODE_WRITER" },
});

describe("volumes", () => {
  test("the same name is the same volume; the same name with something else is refused with what is different", async () => {
    const { Controller } = driverOn(simulatedNode().node).services;
    const { volume } = await Controller.CreateVolume(createRequest("pvc-1"));
    expect((await Controller.CreateVolume(createRequest("pvc-1"))).volume).toEqual(volume);
    for (const [more, why] of [
      [{ capacityRange: { requiredBytes: 2 * SIZE, limitBytes: 0 } }, `has ${SIZE} bytes`],
      [{ parameters: { type: "thin" } }, "is linear"],
      [{ volumeCapabilities: [BLOCK] }, "has volume mode Filesystem"],
      [{ volumeContentSource: { volume: { volumeId: volume.volumeId } } }, "was filled from nothing"],
    ] as const)
      await expect(Controller.CreateVolume(createRequest("pvc-1", more))).rejects.toMatchObject({
        code: "ALREADY_EXISTS",
        message: `a volume of the name pvc-1 is there, and ${why}`,
      });
  });

  test("names of 128 bytes of anything are found again, and read back from the tags", async () => {
    const { node } = simulatedNode();
    const { Controller } = driverOn(node).services;
    const name = `${"ü%+ ,".repeat(20)}x`;
    const { volume } = await Controller.CreateVolume(createRequest(name));
    expect((await Controller.CreateVolume(createRequest(name))).volume.volumeId).toBe(volume.volumeId);
    expect(volume.volumeId).toHaveLength(73);
    expect(ownershipOf([...node.volume(nameOf(volume.volumeId)).tags])?.name).toBe(name);
  });

  test("sizes are whole extents within the limits; a striped volume's are whole extents of each stripe", async () => {
    const { Controller } = driverOn(simulatedNode().node).services;
    const size = async (requiredBytes: number, limitBytes = 0, parameters = {}): Promise<number> => {
      const { volume } = await Controller.CreateVolume(
        createRequest(JSON.stringify([requiredBytes, limitBytes, parameters]), {
          capacityRange: { requiredBytes, limitBytes },
          parameters,
        }),
      );
      return volume.capacityBytes / MIB;
    };
    expect(await size(1)).toBe(300);
    expect(await size(301 * MIB)).toBe(304);
    expect(await size(301 * MIB, 0, { type: "striped" })).toBe(304);
    expect(await size(306 * MIB, 0, { type: "striped" })).toBe(312);
    expect(await size(0, 333 * MIB)).toBe(332);
    await expect(size(301 * MIB, 302 * MIB)).rejects.toMatchObject({ code: "OUT_OF_RANGE" });
    await expect(size(0, 200 * MIB)).rejects.toMatchObject({ code: "OUT_OF_RANGE" });
  });

  test.each([
    [{ type: "raid5" }, 'type is "raid5", and has to be one of linear, striped, thin'],
    [{ typ: "thin" }, "parameters that are not known: typ; what is known is volumeGroup, type,"],
    [{ stripes: "2" }, "stripes is for type striped, and type is linear"],
    [{ type: "striped", stripes: "1" }, "a striped volume is over 2 disks or more"],
    [{ type: "striped", stripeSize: "65" }, "has to be a power of 2, in KiB"],
    [{ readIops: "-1" }, 'readIops is "-1", which is no whole number above 0 such as 5000 or 200Mi, nor max'],
    [{ volumeGroup: "-a" }, 'volumeGroup is "-a", which is no name of LVM\'s'],
    [{ overprovision: "0.5" }, "has to be from 1 to 100"],
  ] as const)("a class with %j is refused", async (parameters, why) => {
    const { Controller } = driverOn(simulatedNode().node).services;
    await expect(Controller.CreateVolume(createRequest("pvc-1", { parameters }))).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      message: expect.stringContaining(why),
    });
  });

  test("another node, another group, or a source of another node: the scheduler is sent on", async () => {
    const { Controller } = driverOn(simulatedNode().node).services;
    const elsewhere = "AAAAAA-bbbb-cccc-dddd-eeee-ffff-GGGGGG/v-0123456789abcdef0123456789abcdef";
    for (const [more, why] of [
      [
        { accessibilityRequirements: { requisite: [{ segments: { "topology.lvm.halite.dev/node": "n2" } }], preferred: [] } },
        "node n1 is in none",
      ],
      [{ parameters: { volumeGroup: "fast" } }, "node n1 has no volume group fast, but data"],
      [
        { volumeContentSource: { volume: { volumeId: elsewhere } } },
        "is not on node n1: a volume can only be filled from one of its own node",
      ],
    ] as const)
      await expect(Controller.CreateVolume(createRequest("pvc-1", more))).rejects.toMatchObject({
        code: "RESOURCE_EXHAUSTED",
        message: expect.stringContaining(why),
      });
  });

  test("what the resizer asks for of a volume elsewhere is left to its own node, which grows it when its kubelet asks", async () => {
    const { node } = simulatedNode();
    const { Controller, Node } = driverOn(node).services;
    const elsewhere = "AAAAAA-bbbb-cccc-dddd-eeee-ffff-GGGGGG/v-0123456789abcdef0123456789abcdef";
    const range = { requiredBytes: 2 * SIZE, limitBytes: 0 };
    expect(await Controller.ControllerExpandVolume({ volumeId: elsewhere, capacityRange: range })).toEqual({
      capacityBytes: 2 * SIZE,
      nodeExpansionRequired: true,
    });
    expect(await Controller.ControllerModifyVolume({ volumeId: elsewhere, mutableParameters: { readIops: "5" } })).toEqual({});
    await expect(Controller.ControllerModifyVolume({ volumeId: elsewhere, mutableParameters: { type: "thin" } })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
    const { volume } = await Controller.CreateVolume(createRequest("pvc-1"));
    await staged(node, volume.volumeId);
    expect(
      await Node.NodeExpandVolume({
        volumeId: volume.volumeId,
        volumePath: targetOf(POD),
        stagingTargetPath: STAGING,
        capacityRange: range,
      }),
    ).toEqual({ capacityBytes: 2 * SIZE });
    expect(node.log.at(-1)).toBe(`xfs_growfs -d ${targetOf(POD)}`);
  });
});

describe("snapshots and copies", () => {
  test.each(["thin", "linear", "striped"])("of %s volumes are as the volume was, and stay so", async (type) => {
    const { node } = simulatedNode();
    const { Controller } = driverOn(node).services;
    const parameters = { type };
    const { volume } = await Controller.CreateVolume(createRequest("pvc-1", { parameters, volumeCapabilities: [BLOCK] }));
    node.write(node.volume(nameOf(volume.volumeId)), "before");
    const { snapshot } = await Controller.CreateSnapshot({ sourceVolumeId: volume.volumeId, name: "s", parameters: {} });
    expect(snapshot).toMatchObject({
      sizeBytes: SIZE,
      sourceVolumeId: volume.volumeId,
      readyToUse: true,
      creationTime: { seconds: 1767225600 },
    });
    expect((await Controller.CreateSnapshot({ sourceVolumeId: volume.volumeId, name: "s", parameters: {} })).snapshot).toEqual(snapshot);
    const list = { maxEntries: 0, startingToken: "", sourceVolumeId: "", snapshotId: "" };
    expect(await Controller.ListSnapshots(list)).toEqual({ entries: [{ snapshot }], nextToken: "" });
    node.write(node.volume(nameOf(volume.volumeId)), "after");
    const { volume: restored } = await Controller.CreateVolume(
      createRequest("pvc-2", {
        parameters,
        volumeCapabilities: [BLOCK],
        capacityRange: { requiredBytes: SIZE + 8 * MIB, limitBytes: 0 },
        volumeContentSource: { snapshot: { snapshotId: snapshot.snapshotId } },
      }),
    );
    const { volume: clone } = await Controller.CreateVolume(
      createRequest("pvc-3", { parameters, volumeCapabilities: [BLOCK], volumeContentSource: { volume: { volumeId: volume.volumeId } } }),
    );
    expect(node.words(node.volume(nameOf(restored.volumeId)))).toEqual(["before"]);
    expect(node.words(node.volume(nameOf(clone.volumeId)))).toEqual(["after"]);
    expect(restored.capacityBytes).toBe(SIZE + 8 * MIB);
    // Nothing that a copy has needed is left.
    expect(node.volumes).toHaveLength(5);
    await Controller.DeleteSnapshot({ snapshotId: snapshot.snapshotId });
    for (const { volumeId } of [volume, restored, clone]) await Controller.DeleteVolume({ volumeId });
    expect(node.volumes).toHaveLength(1);
  });

  test("one that is not thin takes its reserve from the group, or is refused; while it is there the volume can't grow", async () => {
    const { node } = simulatedNode();
    const { Controller } = driverOn(node).services;
    const { volume } = await Controller.CreateVolume(
      createRequest("pvc-1", { capacityRange: { requiredBytes: 2800 * MIB, limitBytes: 0 } }),
    );
    await expect(Controller.CreateSnapshot({ sourceVolumeId: volume.volumeId, name: "s", parameters: {} })).rejects.toMatchObject({
      code: "RESOURCE_EXHAUSTED",
      message: expect.stringContaining(`takes ${564 * MIB} bytes (snapshotReserve 20 %), and volume group data has ${272 * MIB} left`),
    });
    await Controller.CreateSnapshot({ sourceVolumeId: volume.volumeId, name: "s", parameters: { snapshotReserve: "5" } });
    await expect(
      Controller.ControllerExpandVolume({ volumeId: volume.volumeId, capacityRange: { requiredBytes: 2810 * MIB, limitBytes: 0 } }),
    ).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining("can't be expanded while it has snapshots: s"),
    });
  });

  test("a copy of an XFS volume is mounted in spite of having its UUID, and is made as large as its volume", async () => {
    const { node } = simulatedNode();
    const { Controller } = driverOn(node).services;
    const { volume } = await Controller.CreateVolume(createRequest("pvc-1"));
    await staged(node, volume.volumeId);
    const { volume: clone } = await Controller.CreateVolume(
      createRequest("pvc-2", { volumeContentSource: { volume: { volumeId: volume.volumeId } }, parameters: { type: "thin" } }),
    );
    await driverOn(node).services.Node.NodeStageVolume({
      volumeId: clone.volumeId,
      stagingTargetPath: `${STAGING}2`,
      volumeCapability: mount("xfs", "noatime"),
      volumeContext: {},
    });
    expect(node.log.slice(-2)).toEqual([
      `mount -t xfs -o noatime,nouuid /dev/data/${nameOf(clone.volumeId)} ${STAGING}2`,
      `xfs_growfs -d ${STAGING}2`,
    ]);
    await expect(
      Controller.CreateVolume(
        createRequest("pvc-3", { volumeContentSource: { volume: { volumeId: volume.volumeId } }, volumeCapabilities: [mount("ext4")] }),
      ),
    ).rejects.toThrow("holds xfs, and ext4 is asked for");
  });
});

describe("on the node", () => {
  test("staging and publishing again changes nothing; something else in the way is refused", async () => {
    const { node } = simulatedNode();
    const { volume } = await driverOn(node).services.Controller.CreateVolume(createRequest("pvc-1"));
    await staged(node, volume.volumeId);
    const before = node.mounts;
    await staged(node, volume.volumeId);
    expect(node.mounts).toEqual(before);
    const { volume: other } = await driverOn(node).services.Controller.CreateVolume(createRequest("pvc-2"));
    const { Node } = driverOn(node).services;
    await expect(
      Node.NodeStageVolume({ volumeId: other.volumeId, stagingTargetPath: STAGING, volumeCapability: MOUNT, volumeContext: {} }),
    ).rejects.toThrow("something else is mounted at");
    for (let times = 0; times < 2; times++) {
      await Node.NodeUnpublishVolume({ volumeId: volume.volumeId, targetPath: targetOf(POD) });
      await Node.NodeUnstageVolume({ volumeId: volume.volumeId, stagingTargetPath: STAGING });
    }
    expect(node.mounts).toEqual([]);
    expect(node.directories.has(targetOf(POD))).toBe(false);
  });

  test("a read-only mount that was cut off before it was read-only is made so", async () => {
    const { node } = simulatedNode();
    const { volume } = await driverOn(node).services.Controller.CreateVolume(createRequest("pvc-1"));
    const { Node } = driverOn(node).services;
    await Node.NodeStageVolume({ volumeId: volume.volumeId, stagingTargetPath: STAGING, volumeCapability: MOUNT, volumeContext: {} });
    const request = {
      volumeId: volume.volumeId,
      stagingTargetPath: STAGING,
      targetPath: targetOf(POD),
      volumeCapability: MOUNT,
      readonly: true,
      volumeContext: {},
    };
    node.after = ({ tool, args }) => {
      if (tool === "mount" && args.includes("--bind")) node.kill();
    };
    await expect(Node.NodePublishVolume(request)).rejects.toThrow("killed");
    node.after = () => undefined;
    await driverOn(node).services.Node.NodePublishVolume(request);
    expect(node.mounts.at(-1)).toMatchObject({ target: targetOf(POD), readonly: true });
    await expect(driverOn(node).services.Node.NodePublishVolume({ ...request, readonly: false })).rejects.toMatchObject({
      code: "ALREADY_EXISTS",
    });
  });

  test("a block volume is its device, and one for a single pod has only one", async () => {
    const { node } = simulatedNode();
    const { Controller, Node } = driverOn(node).services;
    const { volume } = await Controller.CreateVolume(createRequest("pvc-1", { volumeCapabilities: [BLOCK] }));
    const alone: VolumeCapability = { block: {}, accessMode: { mode: "SINGLE_NODE_SINGLE_WRITER" } };
    const request = {
      volumeId: volume.volumeId,
      stagingTargetPath: STAGING,
      targetPath: "/var/lib/kubelet/plugins/kubernetes.io/csi/volumeDevices/publish/pvc-1/pod-1",
      volumeCapability: alone,
      readonly: false,
      volumeContext: {},
    };
    await Node.NodeStageVolume({ ...request, volumeCapability: alone });
    await Node.NodePublishVolume(request);
    await Node.NodePublishVolume(request);
    expect(node.mounts).toHaveLength(1);
    await expect(Node.NodePublishVolume({ ...request, targetPath: "/var/lib/kubelet/other" })).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining("is for one pod alone, and is mounted at"),
    });
    await expect(Node.NodeStageVolume({ ...request, volumeCapability: MOUNT })).rejects.toThrow("made with volume mode Block");
    await Node.NodeUnpublishVolume(request);
    expect(node.files.has(request.targetPath)).toBe(false);
  });

  test("ext4 is checked before it is mounted; what can't be repaired is not mounted", async () => {
    const { node } = simulatedNode();
    const { Controller, Node } = driverOn(node).services;
    const { volume } = await Controller.CreateVolume(createRequest("pvc-1", { volumeCapabilities: [mount("ext4")] }));
    const request = { volumeId: volume.volumeId, stagingTargetPath: STAGING, volumeCapability: mount("ext4"), volumeContext: {} };
    await Node.NodeStageVolume(request);
    expect(node.log.some((line) => line.startsWith("e2fsck"))).toBe(false);
    await Node.NodeUnstageVolume(request);
    await Node.NodeStageVolume(request);
    expect(node.log.some((line) => line === `e2fsck -p /dev/data/${nameOf(volume.volumeId)}`)).toBe(true);
    await Node.NodeUnstageVolume(request);
    node.fsckStatus = 4;
    await expect(Node.NodeStageVolume(request)).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining("e2fsck can't repair"),
    });
    expect(node.mounts).toEqual([]);
  });

  test("mount options are those of the file system, or refused before anything is formatted", async () => {
    expect(mountOptions("xfs", ["noatime,logbsize=256k", "noatime"])).toEqual(["noatime", "logbsize=256k"]);
    expect(mountOptions("ext4", ["data=ordered", 'context="system_u:object_r:container_file_t:s0:c1,c2"'])).toHaveLength(2);
    for (const option of ["bind", "remount", "logdev=/dev/sda", "data=journal", "suid=x"])
      expect(() => mountOptions("xfs", [option])).toThrow(`or that are not allowed: ${option}`);
    const { node } = simulatedNode();
    const { Controller, Node } = driverOn(node).services;
    const { volume } = await Controller.CreateVolume(createRequest("pvc-1"));
    await expect(
      Node.NodeStageVolume({
        volumeId: volume.volumeId,
        stagingTargetPath: STAGING,
        volumeCapability: mount("xfs", "remount"),
        volumeContext: {},
      }),
    ).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    expect(node.log.some((line) => line.startsWith("mkfs"))).toBe(false);
  });

  test("a volume in a pod's definition comes and goes with it, whatever cuts it off", async () => {
    const { node } = simulatedNode();
    const request = {
      volumeId: "csi-0123456789",
      stagingTargetPath: "",
      targetPath: targetOf(POD, "scratch"),
      volumeCapability: mount("xfs"),
      readonly: false,
      volumeContext: {
        "csi.storage.k8s.io/ephemeral": "true",
        "csi.storage.k8s.io/pod.namespace": "default",
        "csi.storage.k8s.io/pod.name": "web-0",
        size: "400Mi",
        type: "thin",
      },
    };
    for (const tool of ["lvcreate", "mkfs.xfs", "mount"] as const) {
      node.after = (command) => {
        if (command.tool === tool) node.kill();
      };
      await expect(driverOn(node).services.Node.NodePublishVolume(request)).rejects.toThrow("killed");
    }
    node.after = () => undefined;
    const { Node } = driverOn(node).services;
    await Node.NodePublishVolume(request);
    expect(node.volumes.filter(({ type }) => type === "thin")).toMatchObject([{ size: 400 * MIB }]);
    expect([...(node.volumes.at(-1)?.tags ?? [])]).toEqual(expect.arrayContaining(["halite.kind=ephemeral", "halite.claim=default/web-0"]));
    await Node.NodeUnpublishVolume(request);
    await Node.NodeUnpublishVolume(request);
    expect(node.volumes.filter(({ type }) => type === "thin")).toEqual([]);
    await expect(Node.NodePublishVolume({ ...request, volumeContext: { ...request.volumeContext, size: "much" } })).rejects.toThrow(
      "no size such as 10Gi",
    );
  });

  test("limits are set in the pod's cgroup when it gets the volume, follow what is asked later, and survive a restart", async () => {
    const { node } = simulatedNode();
    const { Controller } = driverOn(node).services;
    const { volume } = await Controller.CreateVolume(createRequest("pvc-1", { parameters: { readIops: "500", writeBandwidth: "10Mi" } }));
    const flat = POD.replaceAll("-", "_");
    const path = `/sys/fs/cgroup/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${flat}.slice/io.max`;
    await staged(node, volume.volumeId);
    expect(await driverOn(node).limits.keep()).toBe(1);
    node.files.set(path, "");
    expect(await driverOn(node).limits.keep()).toBe(0);
    const device = `253:${node.volume(nameOf(volume.volumeId)).minor}`;
    expect(node.files.get(path)).toBe(`${device} rbps=max wbps=10485760 riops=500 wiops=max\n`);
    const writes = node.log.length;
    await driverOn(node).limits.keep();
    expect(node.log.slice(writes).some((line) => line.startsWith("dd"))).toBe(false);
    await driverOn(node).services.Controller.ControllerModifyVolume({
      volumeId: volume.volumeId,
      mutableParameters: { readIops: "max", writeBandwidth: "max" },
    });
    expect(node.files.get(path)).toContain(`${device} rbps=max wbps=max riops=max wiops=max\n`);
  });

  test("limits that are changed while all are looked after are not set back to what they were before", async () => {
    const { node } = simulatedNode();
    const { services, limits } = driverOn(node);
    const { volume } = await services.Controller.CreateVolume(createRequest("pvc-1", { parameters: { readIops: "500" } }));
    await staged(node, volume.volumeId);
    const flat = POD.replaceAll("-", "_");
    const path = `/sys/fs/cgroup/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod${flat}.slice/io.max`;
    node.files.set(path, "");
    const read = node.read.bind(node);
    let changing: Promise<unknown> | undefined;
    node.read = async (asked) => {
      if (asked === path && changing === undefined) {
        // It has seen the volume with its old limits, and goes on when whoever changes them has come as far as can be.
        changing = services.Controller.ControllerModifyVolume({ volumeId: volume.volumeId, mutableParameters: { readIops: "900" } });
        for (let turns = 0; turns < 200; turns++) await settled();
      }
      return read(asked);
    };
    await limits.keep();
    await changing;
    expect(node.files.get(path)?.trim().split("\n").at(-1)).toContain("riops=900");
  });
});

test("paths are followed as the node has them: a link leads to a place of the node, not of the pod", async () => {
  const root = mkdtempSync(join(tmpdir(), "halite-root-"));
  try {
    mkdirSync(join(root, "data/kubelet/pods/a"), { recursive: true });
    mkdirSync(join(root, "var/lib"), { recursive: true });
    symlinkSync("/data/kubelet", join(root, "var/lib/kubelet"));
    symlinkSync("../../var/lib/kubelet/pods", join(root, "data/kubelet/again"));
    symlinkSync("loop", join(root, "loop"));
    const files = new HostFiles(root);
    expect(await files.real("/var/lib/kubelet/again/a/not/there")).toBe("/data/kubelet/pods/a/not/there");
    expect(await files.kind("/var/lib/kubelet/pods/a")).toBe("directory");
    expect(await files.kind("/var/lib/kubelet/pods/b")).toBeUndefined();
    await expect(files.real("/loop/x")).rejects.toThrow("ELOOP");
    expect((await files.use("/var/lib/kubelet/pods")).bytes.total).toBeGreaterThan(0);
  } finally {
    rmSync(root, { recursive: true });
  }
});

test("tags say all that is known of a volume, and only of the driver's own", () => {
  const texts = fc.string({ unit: "binary", minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(texts, texts, fc.boolean(), fc.boolean(), fc.nat(), (name, claim, formatting, used, readIops) => {
      const ownership: Ownership = {
        kind: "volume",
        name,
        state: "ready",
        size: 1,
        mode: "Block",
        layout: "thin",
        wipe: "zero",
        overprovision: 1.5,
        claim,
        formatting,
        used,
        created: 3,
        limits: readIops === 0 ? {} : { readIops },
      };
      const tags = tagsOf(ownership);
      for (const tag of tags) expect(tag).toMatch(/^[A-Za-z0-9_+.=/:-]{1,1024}$/);
      expect(ownershipOf([...tags, "other"])).toEqual(ownership);
      expect(ownershipOf(tags.filter((tag) => tag !== "halite.lvm"))).toBeUndefined();
      expect(retag(ownership, ownership)).toEqual([]);
      expect(retag(ownership, { ...ownership, state: "deleting" })).toEqual([
        "--deltag",
        "halite.state=ready",
        "--addtag",
        "halite.state=deleting",
      ]);
    }),
  );
});

/** Stages and publishes as the kubelet does. */
async function staged(node: SimulatedNode, volumeId: string): Promise<void> {
  const { Node } = driverOn(node).services;
  const common = { volumeId, stagingTargetPath: STAGING, volumeCapability: MOUNT, volumeContext: {} };
  await Node.NodeStageVolume(common);
  await Node.NodePublishVolume({ ...common, targetPath: targetOf(POD), readonly: false });
}
