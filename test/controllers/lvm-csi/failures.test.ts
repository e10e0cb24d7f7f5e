import { describe, expect, test } from "vitest";
import { NodeCommandError } from "../../../src/controllers/runtime/index.ts";
import { xfsFeatures } from "../../../src/controllers/lvm-csi/filesystem.ts";
import { BLOCK, configure, createRequest, driverOn, MIB, MOUNT, POD, simulatedNode, SIZE, STAGING, targetOf } from "./driver.ts";
import { EXTENT, SimulatedNode } from "./simulated-node.ts";

/** Each failure that LVM drivers are known for, by its name, and what this one does. */
describe("what LVM drivers have to survive", () => {
  test("the sidecar is restarted mid-CreateVolume: whoever asks again gets the one volume, and nothing is left over", async () => {
    const { node } = simulatedNode();
    for (const tool of ["lvcreate", "blockdev", "lvchange"] as const) {
      for (const when of ["before", "after"] as const) {
        const first = driverOn(node);
        let armed = true;
        node[when] = (command) => {
          if (armed && command.tool === tool) {
            armed = false;
            node.kill();
          }
        };
        await expect(first.services.Controller.CreateVolume(createRequest(`pvc-${tool}-${when}`))).rejects.toThrow("killed");
        const { volume } = await driverOn(node).services.Controller.CreateVolume(createRequest(`pvc-${tool}-${when}`));
        expect(volume.capacityBytes).toBe(SIZE);
      }
    }
    expect(node.volumes.filter(({ type }) => type !== "pool")).toHaveLength(6);
  });

  test("the claim is deleted mid-CreateVolume: the orphan is known by its mark and removed once nobody can want it", async () => {
    const { node } = simulatedNode();
    node.after = ({ tool }) => {
      if (tool === "lvcreate") node.kill();
    };
    await expect(driverOn(node).services.Controller.CreateVolume(createRequest("pvc-1"))).rejects.toThrow("killed");
    node.after = () => undefined;
    const [orphan] = node.volumes.filter(({ type }) => type !== "pool");
    expect(orphan?.tags).toContain("halite.state=creating");
  });

  test("a logical volume survives its PersistentVolume: DeleteVolume is done only when it is gone, whatever cuts it off", async () => {
    const { node } = simulatedNode();
    for (const tool of ["lvchange", "blkdiscard", "lvremove"] as const) {
      const { volume } = await driverOn(node).services.Controller.CreateVolume(createRequest(`pvc-${tool}`));
      node.after = (command) => {
        if (command.tool === tool) node.kill();
      };
      await expect(driverOn(node).services.Controller.DeleteVolume({ volumeId: volume.volumeId })).rejects.toThrow("killed");
      node.after = () => undefined;
      const again = driverOn(node).services.Controller;
      await again.DeleteVolume({ volumeId: volume.volumeId });
      await again.DeleteVolume({ volumeId: volume.volumeId });
      expect(node.volumes.filter(({ type }) => type !== "pool")).toEqual([]);
    }
  });

  test("udev has a device open that was just written to: it is waited for, and the volume goes; one that somebody uses does not", async () => {
    const { node } = simulatedNode();
    const { Controller } = driverOn(node).services;
    const { volume } = await Controller.CreateVolume(createRequest("pvc-1"));
    const name = volume.volumeId.slice(39);
    const refuse = (words: string): void => {
      node.before = (command) => {
        if (command.tool !== "lvremove" || node.log.at(-1)?.startsWith("udevadm settle") === true) return;
        throw new NodeCommandError("failed", command, { status: 5, stdout: "", stderr: `  ${words}\n` }, "exit status 5");
      };
    };
    const asked = (): number => node.log.filter((line) => line.startsWith("udevadm settle")).length;
    refuse(`Logical volume data/${name} contains a filesystem in use.`);
    await expect(Controller.DeleteVolume({ volumeId: volume.volumeId })).rejects.toMatchObject({ code: "FAILED_PRECONDITION" });
    expect(asked()).toBe(0);
    refuse(`Logical volume data/${name} in use.`);
    await Controller.DeleteVolume({ volumeId: volume.volumeId });
    expect(asked()).toBe(1);
    expect(node.volumes.map(({ name: each }) => each)).toEqual(["pool"]);
  });

  test("dead-node leftovers: another node does not take a volume for deleted, and the node that is back deletes it", async () => {
    const { node } = simulatedNode();
    const { volume } = await driverOn(node).services.Controller.CreateVolume(createRequest("pvc-1"));
    const other = new SimulatedNode();
    configure(other, [{ uuid: other.addGroup("data", [64], "AAAAAA-bbbb-cccc-dddd-eeee-ffff-GGGGGG") }]);
    await expect(driverOn(other, "n2").services.Controller.DeleteVolume({ volumeId: volume.volumeId })).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining("is not on node n2: its node has to delete it"),
    });
    await driverOn(node).services.Controller.DeleteVolume({ volumeId: volume.volumeId });
    expect(node.volumes.map(({ name }) => name)).toEqual(["pool"]);
  });

  test("a volume group that has gone with its disks: nothing is taken for deleted, and the message asks for the disks", async () => {
    const { node, uuid } = simulatedNode();
    const { volume } = await driverOn(node).services.Controller.CreateVolume(createRequest("pvc-1"));
    node.groups.splice(0);
    for (const call of [
      () => driverOn(node).services.Controller.DeleteVolume({ volumeId: volume.volumeId }),
      () => driverOn(node).services.Node.NodeStageVolume(stage(volume.volumeId)),
    ])
      await expect(call()).rejects.toMatchObject({
        code: "UNAVAILABLE",
        message: expect.stringContaining(`data (${uuid}) is not there: are its disks?`),
      });
  });

  test("a logical volume is missing after a reboot: staging activates it", async () => {
    const { node } = simulatedNode();
    const { volume } = await driverOn(node).services.Controller.CreateVolume(createRequest("pvc-1"));
    await driverOn(node).services.Node.NodeStageVolume(stage(volume.volumeId));
    node.reboot();
    await driverOn(node).services.Node.NodeStageVolume(stage(volume.volumeId));
    expect(node.mounts.map(({ target }) => target)).toEqual([STAGING]);
    expect(node.log.filter((line) => line.startsWith("mkfs"))).toHaveLength(1);
  });

  test("lvcreate hangs, waiting for udev: it is ended at its deadline, and the next call finds what it did", async () => {
    const { node } = simulatedNode();
    let hangs = true;
    node.after = (command) => {
      if (command.tool !== "lvcreate" || !hangs) return;
      hangs = false;
      expect(command.timeout).toBe(120_000);
      throw new NodeCommandError("timeout", command, { status: -1, stdout: "", stderr: "" }, "it had not ended after 120 s");
    };
    const { Controller } = driverOn(node).services;
    await expect(Controller.CreateVolume(createRequest("pvc-1"))).rejects.toThrow("lvcreate --yes --wipesignatures y --zero y");
    await Controller.CreateVolume(createRequest("pvc-1"));
    expect(node.volumes.filter(({ type }) => type !== "pool")).toHaveLength(1);
  });

  test("device links are missing: udev is waited for, then vgmknodes and --refresh make them; without any the volume is not handed out", async () => {
    const { node } = simulatedNode();
    const { volume } = await driverOn(node).services.Controller.CreateVolume(createRequest("pvc-1"));
    for (const remedy of ["udevadm settle --timeout=10", "vgmknodes data", "lvchange --refresh data/"]) {
      node.reboot();
      node.log.splice(0);
      node.unlinked.set(volume.volumeId.slice(39), remedy);
      await driverOn(node).services.Node.NodeStageVolume(stage(volume.volumeId));
      expect(node.log.some((line) => line.startsWith(remedy))).toBe(true);
    }
    node.reboot();
    node.unlinked.set(volume.volumeId.slice(39), "nothing that is ever run");
    await expect(driverOn(node).services.Node.NodeStageVolume(stage(volume.volumeId))).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining("its device is not there, even after udevadm settle, vgmknodes and lvchange --refresh"),
    });
  });

  test("LVM commands at once: changes to a group come one after the other; one volume is worked on once", async () => {
    const { node } = simulatedNode();
    let running = 0;
    node.before = async ({ tool }) => {
      if (!["lvcreate", "lvextend", "lvremove", "lvchange"].includes(tool)) return;
      running += 1;
      expect(running).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
    };
    const { Controller } = driverOn(node).services;
    const [one, ...others] = await Promise.allSettled([
      Controller.CreateVolume(createRequest("pvc-1")),
      Controller.CreateVolume(createRequest("pvc-1")),
      Controller.CreateVolume(createRequest("pvc-2")),
      Controller.CreateVolume(createRequest("pvc-3")),
    ]);
    expect(one).toMatchObject({ status: "fulfilled" });
    expect(others[0]).toMatchObject({ status: "rejected", reason: { code: "ABORTED" } });
    expect(node.volumes.filter(({ type }) => type !== "pool")).toHaveLength(3);
  });

  test("two volume groups of one name: the one that the configuration means is chosen by its UUID, through its disks", async () => {
    const { node } = simulatedNode();
    const twin = node.addGroup("data", [64], "AAAAAA-bbbb-cccc-dddd-eeee-ffff-GGGGGG");
    const { volume } = await driverOn(node).services.Controller.CreateVolume(createRequest("pvc-1"));
    expect(volume.volumeId.startsWith(twin)).toBe(false);
    expect(node.log.find((line) => line.startsWith("lvcreate"))).toMatch(/^lvcreate --devices \/dev\/data\w+0,\/dev\/data\w+1 --yes /);
    await driverOn(node).services.Controller.DeleteVolume({ volumeId: volume.volumeId });
    expect(node.volumes).toHaveLength(1);
  });

  test("the recorded size is not the volume's: what grew further is taken over, what shrank is not mounted", async () => {
    const { node } = simulatedNode();
    const { Controller } = driverOn(node).services;
    const { volume } = await Controller.CreateVolume(createRequest("pvc-1"));
    node.after = ({ tool }) => {
      if (tool === "lvextend") node.kill();
    };
    const range = { requiredBytes: SIZE + 64 * MIB, limitBytes: 0 };
    await expect(Controller.ControllerExpandVolume({ volumeId: volume.volumeId, capacityRange: range })).rejects.toThrow("killed");
    node.after = () => undefined;
    const lv = node.volume(volume.volumeId.slice(39));
    expect(lv.tags).toContain(`halite.size=${SIZE}`);
    expect(await driverOn(node).services.Controller.ControllerExpandVolume({ volumeId: volume.volumeId, capacityRange: range })).toEqual({
      capacityBytes: SIZE + 64 * MIB,
      nodeExpansionRequired: true,
    });
    expect(lv.tags).toContain(`halite.size=${SIZE + 64 * MIB}`);
    lv.size = SIZE;
    await expect(driverOn(node).services.Node.NodeStageVolume(stage(volume.volumeId))).rejects.toThrow("somebody has made it smaller");
  });

  test("a full volume group: RESOURCE_EXHAUSTED, with what is left, so that the scheduler looks for another node", async () => {
    const { node } = simulatedNode();
    const { Controller } = driverOn(node).services;
    await expect(
      Controller.CreateVolume(createRequest("pvc-1", { capacityRange: { requiredBytes: 4096 * MIB, limitBytes: 0 } })),
    ).rejects.toMatchObject({
      code: "RESOURCE_EXHAUSTED",
      message: `volume group data of node n1 has room for a volume of ${768 * EXTENT} bytes, and ${4096 * MIB} are asked for`,
    });
    const { volume } = await Controller.CreateVolume(
      createRequest("pvc-1", { capacityRange: { requiredBytes: 3000 * MIB, limitBytes: 0 } }),
    );
    await expect(
      Controller.ControllerExpandVolume({ volumeId: volume.volumeId, capacityRange: { requiredBytes: 4000 * MIB, limitBytes: 0 } }),
    ).rejects.toMatchObject({ code: "RESOURCE_EXHAUSTED" });
  });

  test("capacity that is out of date: of two claims that each fit, one gets its volume and the other is told", async () => {
    const { node } = simulatedNode();
    const { Controller } = driverOn(node).services;
    const capacityRange = { requiredBytes: 2000 * MIB, limitBytes: 0 };
    const answers = await Promise.allSettled(
      ["pvc-1", "pvc-2"].map((name) => Controller.CreateVolume(createRequest(name, { capacityRange }))),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(answers.find(({ status }) => status === "rejected")).toMatchObject({ reason: { code: "RESOURCE_EXHAUSTED" } });
    expect(await Controller.GetCapacity({ volumeCapabilities: [], parameters: {} })).toEqual({
      availableCapacity: 3072 * MIB - 2000 * MIB,
      maximumVolumeSize: { value: 3072 * MIB - 2000 * MIB },
      minimumVolumeSize: { value: 300 * MIB },
    });
  });

  test("a new mkfs.xfs on an old kernel: what it could not mount is left out, and nothing that the program does not know is asked", () => {
    expect(xfsFeatures([6, 12], [6, 13])).toEqual([]);
    expect(xfsFeatures([5, 4], [6, 13])).toEqual(["-m", "bigtime=0,inobtcount=0", "-i", "nrext64=0,exchange=0", "-n", "parent=0"]);
    expect(xfsFeatures([5, 15], [6, 1])).toEqual(["-i", "nrext64=0"]);
    expect(xfsFeatures([5, 4], [5, 4])).toEqual([]);
    expect(xfsFeatures([4, 12], [5, 4])).toEqual(["-m", "reflink=0"]);
  });

  test("mkfs is cut off: it is begun again, as nobody can have used the volume; a volume that was used is never formatted", async () => {
    const { node } = simulatedNode();
    const { volume } = await driverOn(node).services.Controller.CreateVolume(createRequest("pvc-1"));
    node.after = ({ tool }) => {
      if (tool === "mkfs.xfs") node.kill();
    };
    await expect(driverOn(node).services.Node.NodeStageVolume(stage(volume.volumeId))).rejects.toThrow("killed");
    node.after = () => undefined;
    await driverOn(node).services.Node.NodeStageVolume(stage(volume.volumeId));
    expect(node.log.filter((line) => line.startsWith("mkfs")).map((line) => line.includes(" -f "))).toEqual([false, true]);
    const { Node } = driverOn(node).services;
    await Node.NodeUnstageVolume({ volumeId: volume.volumeId, stagingTargetPath: STAGING });
    const lv = node.volume(volume.volumeId.slice(39));
    for (const [filesystem, why] of [
      ["", "there was xfs in the volume, and it is not there any more"],
      ["ext4", "the volume carries ext4, and xfs is asked for"],
      ["LVM2_member", "the volume carries LVM2_member"],
    ] as const) {
      lv.filesystem = filesystem;
      await expect(Node.NodeStageVolume(stage(volume.volumeId))).rejects.toMatchObject({
        code: "FAILED_PRECONDITION",
        message: expect.stringContaining(why),
      });
    }
    expect(node.log.filter((line) => line.startsWith("mkfs"))).toHaveLength(2);
  });

  test("a volume that was never formatted and carries something nevertheless is not formatted", async () => {
    const { node } = simulatedNode();
    const { volume } = await driverOn(node).services.Controller.CreateVolume(createRequest("pvc-1"));
    node.volume(volume.volumeId.slice(39)).filesystem = "xfs";
    await expect(driverOn(node).services.Node.NodeStageVolume(stage(volume.volumeId))).rejects.toThrow(
      "was never formatted by the driver, and carries xfs",
    );
    expect(node.mounts).toEqual([]);
  });

  test("tags that somebody has taken off: the volume is not touched", async () => {
    const { node } = simulatedNode();
    const { volume } = await driverOn(node).services.Controller.CreateVolume(createRequest("pvc-1"));
    node.volume(volume.volumeId.slice(39)).tags.delete("halite.lvm");
    await expect(driverOn(node).services.Controller.DeleteVolume({ volumeId: volume.volumeId })).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining("does not have the driver's tags any more, and is not touched"),
    });
    expect(node.volumes).toHaveLength(2);
  });

  test("data of one claim are never seen by another: what is not thin is wiped before its blocks are free", async () => {
    const { node } = simulatedNode();
    const { Controller } = driverOn(node).services;
    const { volume } = await Controller.CreateVolume(createRequest("pvc-1", { volumeCapabilities: [BLOCK] }));
    node.write(node.volume(volume.volumeId.slice(39)), "secret");
    const { snapshot } = await Controller.CreateSnapshot({ sourceVolumeId: volume.volumeId, name: "snap", parameters: {} });
    await expect(Controller.DeleteVolume({ volumeId: volume.volumeId })).rejects.toMatchObject({
      code: "FAILED_PRECONDITION",
      message: expect.stringContaining("can't be deleted while it has snapshots: snap"),
    });
    await Controller.DeleteSnapshot({ snapshotId: snapshot.snapshotId });
    await Controller.DeleteVolume({ volumeId: volume.volumeId });
    const other = await Controller.CreateVolume(
      createRequest("pvc-2", { volumeCapabilities: [BLOCK], capacityRange: { requiredBytes: 3000 * MIB, limitBytes: 0 } }),
    );
    expect(node.words(node.volume(other.volume.volumeId.slice(39)))).toEqual([]);
  });

  test("a disk is missing: no volume is made in its group, and those on it say so", async () => {
    const { node } = simulatedNode();
    const { Controller, Node } = driverOn(node).services;
    const { volume } = await Controller.CreateVolume(createRequest("pvc-1"));
    await Node.NodeStageVolume(stage(volume.volumeId));
    await Node.NodePublishVolume(publish(volume.volumeId));
    for (const device of node.groups[0]?.devices ?? []) device.missing = true;
    expect(
      (await Node.NodeGetVolumeStats({ volumeId: volume.volumeId, volumePath: targetOf(POD), stagingTargetPath: "" })).volumeCondition,
    ).toEqual({
      abnormal: true,
      message: `a disk of data/${volume.volumeId.slice(39)} is missing`,
    });
    await expect(Controller.CreateVolume(createRequest("pvc-2"))).rejects.toThrow("volume group data misses disks");
  });
});

function stage(volumeId: string) {
  return { volumeId, stagingTargetPath: STAGING, volumeCapability: MOUNT, volumeContext: {} };
}

function publish(volumeId: string) {
  return { volumeId, stagingTargetPath: STAGING, targetPath: targetOf(POD), volumeCapability: MOUNT, readonly: false, volumeContext: {} };
}
