import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { nodeImage, startNode, type StorageNode } from "../../node-vm/index.ts";
import { TestNodeCommands } from "../node-commands.ts";
import { Recorder } from "../recording.ts";
import { FLAVOR, Rig } from "./rig.ts";

const image = await nodeImage();

describe.skipIf(image === undefined)("storage-node on a node's real disks", () => {
  let node: StorageNode;
  beforeAll(async () => {
    node = await startNode({
      disks: [
        { kind: "nvme", serial: "NVME0001", size: 2 * 2 ** 30 },
        { kind: "virtio", serial: "VIRTIO0001" },
        { kind: "ssd", serial: "SSD0001" },
      ],
    });
  });
  afterAll(() => node?.stop());

  test(
    "makes partitions, file systems, block volumes, a volume group with a thin pool; mounts; and then has nothing to do",
    { timeout: 600_000 },
    async () => {
      const rig = new Rig();
      const recorder = new Recorder(new TestNodeCommands(node), "kept");
      await rig.pass(recorder, FLAVOR);
      await expect(recorder.text).toMatchFileSnapshot("../recordings/storage-node.json");
      expect(rig.conditions).toBe("Provisioned=True DisksAsPlanned=True");
      expect(rig.roles).toEqual({ NVME0001: "Static", VIRTIO0001: "Static", SSD0001: "VolumeGroup" });
      const again = new Recorder(new TestNodeCommands(node), "kept");
      const before = rig.text;
      await rig.pass(again, FLAVOR);
      expect(rig.text).toBe(before);
      expect(again.text).not.toMatch(/"command": "(?:sfdisk --quiet|wipefs --all|mkfs|mount|vgcreate|lvcreate|umount|dd of)/);
      const { partitions } = rig.configuration;
      for (const { filesystem, uuid } of partitions) {
        if (filesystem === undefined) continue;
        expect((await node.output(`findmnt --noheadings --output SOURCE,OPTIONS --mountpoint ${filesystem.mountPath}`)).trim()).toMatch(
          /^\/dev\/nvme0n1p[23] +rw,noatime/,
        );
        expect((await node.output(`blkid -s PARTUUID -o value $(findmnt -n -o SOURCE ${filesystem.mountPath})`)).trim()).toBe(uuid);
      }
      expect(partitions.map(({ storageClass }) => storageClass)).toEqual(["local-nvme", "local-nvme", "local-block", "local-block"]);
    },
  );
});
