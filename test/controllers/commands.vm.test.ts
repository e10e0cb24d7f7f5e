import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundleControllers } from "../../scripts/bundle.mjs";
import { newestNode, PROJECT } from "../cli/halite.ts";
import { nodeImage, startNode, type StorageNode } from "../node-vm/index.ts";
import { TestNodeCommands } from "./node-commands.ts";
import { Recorder } from "./recording.ts";
import { volumeGroup } from "./volume-group.ts";

const image = await nodeImage();
/** One that brings all that it needs, which a distribution's may not. */
const NODE = newestNode() ?? process.execPath;

describe.skipIf(image === undefined)("commands on a node", () => {
  let node: StorageNode;
  beforeAll(async () => {
    node = await startNode({
      disks: [
        { kind: "ssd", serial: "SSD0001" },
        { kind: "virtio", serial: "VIRTIO0001" },
      ],
      shares: [dirname(NODE)],
    });
  });
  afterAll(() => node?.stop());

  test("the recording that other tests play is what a node answers", async () => {
    const recorder = new Recorder(TestNodeCommands.settled(node));
    await volumeGroup(recorder);
    await expect(recorder.text).toMatchFileSnapshot("recordings/volume-group.json");
  });

  test("from a pod's namespaces they reach the node's; what hangs on a dead device is left and said to linger", async () => {
    await bundleControllers({
      root: PROJECT,
      entries: { check: fileURLToPath(new URL("./host-check.ts", import.meta.url)) },
      outdir: node.exchange,
      version: "1",
    });
    await node.output("vgcreate --yes other /dev/vda && dmsetup create stuck --table '0 2048 zero' && dmsetup suspend stuck");
    const output = await node.output(
      `unshare --mount bash -c 'mount -t tmpfs tmpfs /mnt; exec /host${NODE} /exchange/check.cjs' && dmsetup resume stuck`,
    );
    expect(JSON.parse(output)).toEqual({
      mounted: "",
      group: "other",
      absent: {
        failure: "absent",
        lingers: false,
        message: expect.stringContaining("rbd ls: exit status 127: nsenter: failed to execute rbd"),
      },
      stuck: { failure: "timeout", lingers: true, message: expect.stringContaining("can't be killed: it waits for a device") },
    });
  });
});
