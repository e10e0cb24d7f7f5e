import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { csiTool, haveCsiTools } from "../../csi-tools/build.ts";
import { nodeImage, type StorageNode } from "../../node-vm/index.ts";
import { logicalVolumes, SOCKET, startDriverIn, startLvmNode } from "./lvm-node.ts";

/** A kind takes five to fifteen minutes of an emulated processor. All: `HALITE_SANITY=thin,linear,striped`. */
const KINDS = (process.env["HALITE_SANITY"] ?? "thin").split(",");
const possible = (await nodeImage()) !== undefined && haveCsiTools("csi-sanity");

describe.skipIf(!possible)("csi-sanity on the driver with real LVM", () => {
  let node: StorageNode;
  beforeAll(async () => {
    node = await startLvmNode();
    await startDriverIn(node);
  });
  afterAll(() => node?.stop());

  test.each(KINDS)(
    "passes whole with %s volumes, and leaves nothing behind",
    async (type) => {
      const before = await logicalVolumes(node);
      const flags = [
        `--csi.endpoint=${SOCKET}`,
        "--csi.mountdir=/tmp/sanity/target",
        "--csi.stagingdir=/tmp/sanity/staging",
        `--csi.testvolumesize=${320 * 2 ** 20}`,
        `--csi.testvolumeexpandsize=${400 * 2 ** 20}`,
        "--csi.testvolumeparameters=/exchange/parameters.yaml",
        "--csi.testvolumemutableparameters=/exchange/mutable.yaml",
        "--ginkgo.no-color",
        "--ginkgo.timeout=58m",
      ];
      const { status, stdout, stderr } = await node.run(
        `mkdir -p /tmp/sanity; echo 'type: ${type}' >/exchange/parameters.yaml; echo 'readIops: "500"' >/exchange/mutable.yaml
/host${csiTool("csi-sanity")} ${flags.join(" ")}`,
        3_540_000,
      );
      const log = await readFile(join(node.exchange, "driver.log"), "utf8").catch(() => "");
      expect(status, `${stdout.slice(-30_000)}\n${stderr.slice(-5000)}\n${log.slice(-10_000)}`).toBe(0);
      console.log(type, /Ran \d+ of \d+ Specs.*\n.*/.exec(stdout)?.[0]);
      expect(stdout).toMatch(/ 0 Failed/);
      expect(await logicalVolumes(node)).toBe(before);
    },
    3_600_000,
  );
});
