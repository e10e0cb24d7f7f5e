import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { nodeImage, startNode, type StorageNode } from "./index.ts";

const image = await nodeImage();

describe.skipIf(image === undefined)("a storage node", () => {
  let node: StorageNode;
  beforeAll(async () => {
    node = await startNode({
      disks: [
        { kind: "ssd", serial: "SSD0001" },
        { kind: "hdd", serial: "HDD0001" },
        { kind: "nvme", serial: "NVME0001" },
        { kind: "virtio", serial: "VIRTIO0001" },
        { kind: "sata", serial: "SATA0001" },
      ],
    });
  });
  afterAll(() => node.stop());

  test("has its disks, told by serial and kind", async () => {
    const listed: unknown = JSON.parse(await node.output("lsblk --json --nodeps --output SERIAL,ROTA,SIZE,MODEL"));
    expect(listed).toEqual({
      blockdevices: expect.arrayContaining([
        { serial: "SSD0001", rota: false, size: "1G", model: "FASTSSD" },
        { serial: "HDD0001", rota: true, size: "1G", model: "SPINNER" },
        { serial: "NVME0001", rota: false, size: "1G", model: "QEMU NVMe Ctrl" },
        expect.objectContaining({ serial: "VIRTIO0001" }),
        expect.objectContaining({ serial: "SATA0001", model: "ACMESATA" }),
      ]),
    });
  });

  test("makes a volume group, a logical volume and a file system, and has them after the power was cut", async () => {
    await node.output(`set -e
disk=$(readlink -f /dev/disk/by-id/scsi-SACME_FASTSSD_SSD0001)
vgcreate --yes data "$disk"
lvcreate --yes --name one --size 400M data
mkfs.xfs -q /dev/data/one
mkdir /mnt/one
mount /dev/data/one /mnt/one
echo kept >/mnt/one/file
sync -f /mnt/one/file`);
    expect(JSON.parse(await node.output("lvs --reportformat json --units b --nosuffix -o lv_name,lv_size data"))).toMatchObject({
      report: [{ lv: [{ lv_name: "one", lv_size: String(400 * 2 ** 20) }] }],
    });
    await node.powerOff();
    await expect(node.run("true")).rejects.toThrow("the node is off");
    await node.start();
    expect(
      await node.output("vgchange -ay data >/dev/null; udevadm settle; mkdir /mnt/one; mount /dev/data/one /mnt/one; cat /mnt/one/file"),
    ).toBe("kept\n");
    // udev looks at what was unmounted, and LVM removes nothing that anybody has open.
    await node.output("umount /mnt/one && udevadm settle && vgremove --yes data");
  });

  test("loses a disk that is pulled out", async () => {
    for (const serial of ["HDD0001", "NVME0001"]) {
      await node.unplug(serial);
      expect(await node.output("udevadm settle; lsblk --noheadings --nodeps --output SERIAL")).not.toContain(serial);
    }
    expect(await node.output("lsblk --noheadings --nodeps --output SERIAL")).toContain("SSD0001");
  });

  test("a script's exit status, output and errors come apart; one that hangs is killed with what it has started", async () => {
    expect(await node.run("echo out; echo err >&2; exit 7")).toEqual({ status: 7, stdout: "out\n", stderr: "err\n" });
    await expect(node.run("sleep 1000 & echo $! >/exchange/hung; wait", 3000)).rejects.toThrow("had not ended after 3000 ms");
    expect(await node.output("while kill -0 $(cat /exchange/hung) 2>/dev/null; do sleep .05; done; echo gone")).toBe("gone\n");
  });
});
