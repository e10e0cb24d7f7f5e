import { expect, test } from "vitest";
import { Replay } from "../recording.ts";
import { FLAVOR, Rig } from "./rig.ts";

test("what was recorded of a real node is made in the same way, and comes to the same", async () => {
  const rig = new Rig();
  const replay = await Replay.of(new URL("../recordings/storage-node.json", import.meta.url));
  await rig.pass(replay, FLAVOR);
  expect(replay.isOver).toBe(true);
  expect(rig.conditions).toBe("Provisioned=True DisksAsPlanned=True");
  expect(rig.roles).toEqual({ NVME0001: "Static", VIRTIO0001: "Static", SSD0001: "VolumeGroup" });
  await expect(rig.text).toMatchFileSnapshot("../recordings/storage.json");
  expect(rig.configuration.volumeGroups).toMatchObject([
    { name: "data", thinPool: "thin", reserve: 100 * 2 ** 20, disks: [{ serial: "SSD0001", media: "ssd" }] },
  ]);
  expect(rig.configuration.partitions[0]).toMatchObject({
    disk: { serial: "NVME0001", byId: "/dev/disk/by-id/nvme-QEMU_NVMe_Ctrl_NVME0001", media: "nvme" },
    filesystem: { type: "xfs", options: ["noatime"] },
    labels: { "example.com/rack": "r7" },
  });
});
