import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleControllers } from "../../../scripts/bundle.mjs";
import { formatSystemConfiguration } from "../../../src/controllers/storage-api/index.ts";
import { newestNode, PROJECT } from "../../cli/halite.ts";
import { startNode, type NodeOptions, type StorageNode } from "../../node-vm/index.ts";

/** One that brings all that it needs, which a distribution's may not. */
export const NODE = newestNode() ?? process.execPath;
const BIN = fileURLToPath(new URL("../../.cache/bin", import.meta.url));
/** Where the driver serves CSI in the node. */
export const SOCKET = "/run/csi.sock";

/** A storage node with volume group `data` over two disks of 6 GiB, in it the thin pool `pool`, and the driver's bundle. */
export async function startLvmNode(options: NodeOptions = {}): Promise<StorageNode> {
  const node = await startNode({
    memory: 1536,
    ...options,
    disks: [
      { kind: "virtio", serial: "DATA1", size: 6 * 2 ** 30 },
      { kind: "virtio", serial: "DATA2", size: 6 * 2 ** 30 },
      ...(options.disks ?? []),
    ],
    shares: [dirname(NODE), BIN],
  });
  try {
    await bundleControllers({
      root: PROJECT,
      entries: { "lvm-csi": fileURLToPath(new URL("../../../src/controllers/lvm-csi/main.ts", import.meta.url)) },
      outdir: node.exchange,
      version: "1.2.3",
    });
    // A short configuration without monitoring and backups: the emulated processor takes a second for Debian's own.
    await node.output(`
echo 'activation { monitoring = 0 } backup { backup = 0 archive = 0 }' >/etc/lvm/lvm.conf
vgcreate --yes data /dev/disk/by-id/virtio-DATA1 /dev/disk/by-id/virtio-DATA2
lvcreate --yes --type thin-pool --size 4g --poolmetadatasize 32m --name pool data`);
    await writeConfiguration(node, ["data"]);
    return node;
  } catch (error) {
    await node.stop();
    throw error;
  }
}

/** What storage-node would have written. */
export async function writeConfiguration(node: StorageNode, names: readonly string[], reserve = 0): Promise<void> {
  const uuids = await Promise.all(names.map((name) => node.output(`vgs --noheadings -o vg_uuid ${name}`)));
  const text = formatSystemConfiguration({
    node: "n1",
    flavor: "test",
    partitions: [],
    volumeGroups: names.map((name, index) => ({
      name,
      uuid: (uuids[index] ?? "").trim(),
      disks: [],
      ...(name === "data" ? { thinPool: "pool" } : {}),
      reserve,
    })),
  });
  await node.output(`mkdir -p /etc/halite && base64 -d <<<${Buffer.from(text).toString("base64")} >/etc/halite/storage.json`);
}

/** Starts the driver in the node and waits until it serves. Gives its process id. */
export async function startDriverIn(node: StorageNode, args = "--without-cluster", env = ""): Promise<number> {
  const pid = await node.output(
    `rm -f ${SOCKET}
${env} setsid /host${NODE} /exchange/lvm-csi.cjs --node=n1 --socket=${SOCKET} --port=0 ${args} >>/exchange/driver.log 2>&1 </dev/null &
pid=$!
echo $pid
# It makes the socket root's alone when it listens there.
until [ "$(stat --format %a ${SOCKET} 2>/dev/null)" = 600 ]; do
  kill -0 $pid || { cat /exchange/driver.log >&2; exit 1; }
  sleep .2
done`,
  );
  return Number(pid.trim());
}

/** What LVM has, but for the pool's fill: to be held against what it had before. */
export async function logicalVolumes(node: StorageNode): Promise<string> {
  return node.output("lvs --noheadings -o vg_name,lv_name,lv_size; vgs --noheadings -o vg_name,vg_free,lv_count");
}
