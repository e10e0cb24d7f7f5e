import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { NodeCommands } from "../../../src/controllers/runtime/index.ts";
import { nodeImage, startNode, type StorageNode } from "../../node-vm/index.ts";
import { live } from "../local-volume-provisioner/scenario.ts";
import { TestNodeCommands } from "../node-commands.ts";
import { Recorder } from "../recording.ts";
import { FLAVOR, Rig } from "./rig.ts";

const image = await nodeImage();

describe.skipIf(image === undefined)("storage-node and its provisioner on a node's real disks", () => {
  let node: StorageNode;
  const rig = new Rig();
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

  test("makes partitions, file systems, block volumes, a volume group with a thin pool; mounts; and then has nothing to do", async () => {
    const recorder = new Recorder(new TestNodeCommands(node), "kept");
    await rig.pass(recorder, FLAVOR);
    await expect(recorder.text).toMatchFileSnapshot("../recordings/storage-node.json");
    await expect(recorder.inStandIns(rig.text)).toMatchFileSnapshot("../recordings/storage.json");
    expect(rig.conditions).toBe("Provisioned=True DisksAsPlanned=True");
    expect(rig.roles).toEqual({ NVME0001: "Static", VIRTIO0001: "Static", SSD0001: "VolumeGroup" });
    const again = new Recorder(new TestNodeCommands(node), "kept");
    const before = rig.text;
    await rig.pass(again, FLAVOR);
    expect(rig.text).toBe(before);
    expect(again.text).not.toMatch(CHANGES);
    const { partitions } = rig.configuration;
    for (const { filesystem, uuid } of partitions) {
      if (filesystem === undefined) continue;
      expect((await node.output(`findmnt --noheadings --output SOURCE,OPTIONS --mountpoint ${filesystem.mountPath}`)).trim()).toMatch(
        /^\/dev\/nvme0n1p[23] +rw,noatime/,
      );
      expect((await node.output(`blkid -s PARTUUID -o value $(findmnt -n -o SOURCE ${filesystem.mountPath})`)).trim()).toBe(uuid);
    }
    expect(partitions.map(({ storageClass }) => storageClass)).toEqual(["local-nvme", "local-nvme", "local-block", "local-block"]);
  });

  test.each([
    { index: 0, policy: "clear" },
    { index: 1, policy: "discard" },
    { index: 2, policy: "shred" },
    { index: 3, policy: "clear" },
  ])("a volume is given out, written to, cleaned and given out again: partition $index, $policy", async ({ index, policy }) => {
    const system = { ...rig.configuration, partitions: rig.configuration.partitions.slice(index, index + 1) };
    const recorder = new Recorder(new TestNodeCommands(node), "kept");
    const { path } = await live(recorder, system, policy, async (at) => {
      if (index < 2) await node.output(`mkdir ${at}/sub && echo secret >${at}/sub/file && sync -f ${at}`);
      else await node.output(`printf secret | dd of=${at} bs=6 seek=100000 oflag=seek_bytes conv=notrunc,fsync status=none`);
    });
    await expect(recorder.text).toMatchFileSnapshot(`../recordings/local-volume-${index}-${policy}.json`);
    if (index < 2) {
      expect(await node.output(`ls -A ${path}`)).toBe("");
      expect(await node.output(`ls -A ${path}/..`)).toBe("data\n");
    } else expect(await node.output(`dd if=${path} bs=1M count=1 status=none | tr -d '\\0' | wc -c`)).toBe("0\n");
  });

  test("after the power was cut in the middle of any step, it is made as if nothing had happened", async () => {
    const device = "/dev/disk/by-id/virtio-VIRTIO0001";
    const flavor = {
      disks: {
        devices: {
          match: { by_id: "virtio-*" },
          static: { partitions: [{ size: "400Mi" }, { size: "rest" }], filesystem: "ext4", storage_class: "a" },
        },
      },
    };
    for (const [round, tool] of ["sfdisk", "mkfs.ext4"].entries()) {
      const each = new Rig(`round ${round}`);
      // Everything that was there is given up by hand.
      await node.output(
        `for part in ${device}-part*; do [ -e $part ] && wipefs --all --quiet $part; done; udevadm settle; wipefs --all --quiet ${device}; udevadm settle`,
      );
      const cut = new PowerCut(node, tool);
      await expect(each.pass(cut, flavor)).rejects.toThrow();
      await node.start();
      await each.pass(new TestNodeCommands(node), flavor);
      // What was made of the other disks is none of this flavor's.
      expect([each.conditions, each.roles["VIRTIO0001"]]).toEqual(["Provisioned=True DisksAsPlanned=False", "Static"]);
      const { partitions } = each.configuration;
      expect(partitions).toHaveLength(2);
      for (const { filesystem } of partitions) {
        await node.output(
          `echo ok >${filesystem?.mountPath}/file && umount ${filesystem?.mountPath} && e2fsck -fn UUID=${filesystem?.uuid}`,
        );
      }
    }
  });
});

/** Commands that change something. */
const CHANGES = /"command": "(?:sfdisk --quiet|wipefs --all|mkfs\.\w+ -q|mount |vg(?:create|change)|lv(?:create|remove)|umount|dd of)/;

/** Commands on a node whose power is cut while the first one of a program that changes something runs. */
class PowerCut implements NodeCommands {
  readonly #node: StorageNode;
  readonly #tool: string;

  constructor(node: StorageNode, tool: string) {
    this.#node = node;
    this.#tool = tool;
  }

  async run(command: Parameters<NodeCommands["run"]>[0]): ReturnType<NodeCommands["run"]> {
    const commands = new TestNodeCommands(this.#node);
    if (command.tool !== this.#tool || command.args.some((word) => word === "--json" || word === "-V" || word.startsWith("if=")))
      return commands.run(command);
    const running = commands.run(command);
    running.catch(() => undefined);
    // As far as it comes until somebody pulls the plug.
    await this.#node.output("true");
    await this.#node.powerOff();
    return running;
  }
}
