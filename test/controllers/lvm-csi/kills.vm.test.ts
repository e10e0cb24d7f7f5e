import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePorts } from "../../control-plane/ports.ts";
import { nodeImage, type StorageNode } from "../../node-vm/index.ts";
import { BLOCK, createRequest, MIB, SIZE } from "./driver.ts";
import { logicalVolumes, startDriverIn, startLvmNode } from "./lvm-node.ts";
import { CSI_PORT, openNetwork, RemoteSocket } from "./remote.ts";

const image = await nodeImage();
/** Operations. Less of them on a machine that is busy with other things. */
const COUNT = Number(process.env["HALITE_VM_OPERATIONS"] ?? 200);

interface Known {
  readonly name: string;
  id: string;
  size: number;
  readonly snapshots: Map<string, string>;
}

describe.skipIf(image === undefined)("kill -9 of the driver on a node", () => {
  const folder = mkdtempSync(join(tmpdir(), "halite-kills-"));
  let node: StorageNode;
  let csi: RemoteSocket;
  let driver: number;

  beforeAll(async () => {
    const [port = 0] = await freePorts(1);
    node = await startLvmNode({ forward: [{ host: port, node: CSI_PORT }] });
    await openNetwork(node);
    driver = await startDriverIn(node);
    csi = new RemoteSocket(join(folder, "csi.sock"), port);
  });
  afterAll(async () => {
    csi?.close();
    await node?.stop();
    rmSync(folder, { recursive: true });
  });

  test(`in ${COUNT} operations leaves no volume without an owner, and nobody sees another's data`, { timeout: 3_000_000 }, async () => {
    const before = await logicalVolumes(node);
    let state = Number(process.env["HALITE_SEED"] ?? 1) || 1;
    const random = (): number => {
      state = (state * 48_271) % 2_147_483_647;
      return state / 2_147_483_647;
    };
    const volumes: Known[] = [];
    let count = 0;
    let kills = 0;

    /** Asks until it is done, as Kubernetes does; now and then the driver is killed meanwhile. */
    async function persist(act: () => Promise<void>): Promise<boolean> {
      let kill = random() < 0.4;
      for (let tries = 0; tries < 20; tries++) {
        const after = random() * 3000;
        const acted = act().then(
          () => "done",
          (error: unknown) => error,
        );
        if (kill) {
          kill = false;
          await wait(after);
          kills += 1;
          await node.run(`kill -9 ${driver}; while kill -0 ${driver} 2>/dev/null; do sleep .05; done`);
          await acted;
          driver = await startDriverIn(node);
          continue;
        }
        const result = await acted;
        if (result === "done") return true;
        // RESOURCE_EXHAUSTED and FAILED_PRECONDITION are answers; what is under way or was cut off is asked for again.
        const code = typeof result === "object" && result !== null && "code" in result ? result.code : undefined;
        if (code === 8 || code === 9) return false;
        if (code !== 10 && code !== 14) throw result;
        await wait(500);
      }
      throw new Error("not done after 20 tries");
    }

    const device = (id: string): string => `/dev/data/${id.slice(39)}`;
    async function create(): Promise<void> {
      const name = `pvc-${++count}`;
      const parameters = { type: random() < 0.5 ? "thin" : "linear" };
      let made: Known | undefined;
      await persist(async () => {
        const { volume } = await csi.call("Controller", "CreateVolume", createRequest(name, { parameters, volumeCapabilities: [BLOCK] }));
        made = { name, id: volume.volumeId, size: volume.capacityBytes, snapshots: new Map() };
      });
      if (made === undefined) return;
      const seen = await node.output(`tr -d '\\0' <${device(made.id)} | head -c 64`, 120_000);
      expect(seen).toBe("");
      await node.output(`yes ${name} | dd of=${device(made.id)} bs=1M count=8 iflag=fullblock oflag=direct status=none`);
      volumes.push(made);
    }

    for (let step = 0; step < COUNT; step++) {
      const volume = volumes[Math.floor(random() * volumes.length)];
      const dice = random();
      if (volume === undefined || (dice < 0.35 && volumes.length < 6)) await create();
      else if (dice < 0.55) {
        const name = `snapshot-${++count}`;
        await persist(async () => {
          const { snapshot } = await csi.call("Controller", "CreateSnapshot", { sourceVolumeId: volume.id, name, parameters: {} });
          volume.snapshots.set(name, snapshot.snapshotId);
        });
      } else if (dice < 0.7) {
        await persist(async () => {
          const capacityRange = { requiredBytes: Math.min(volume.size + 8 * MIB, 2 * SIZE), limitBytes: 0 };
          const { capacityBytes } = await csi.call("Controller", "ControllerExpandVolume", { volumeId: volume.id, capacityRange });
          volume.size = capacityBytes;
        });
      } else await remove(volume);
    }
    for (const volume of volumes.slice()) await remove(volume);

    async function remove(volume: Known): Promise<void> {
      expect(await node.output(`head -c ${volume.name.length} ${device(volume.id)}`)).toBe(volume.name);
      for (const [name, snapshotId] of volume.snapshots) {
        await persist(async () => {
          await csi.call("Controller", "DeleteSnapshot", { snapshotId });
        });
        volume.snapshots.delete(name);
      }
      await persist(async () => {
        await csi.call("Controller", "DeleteVolume", { volumeId: volume.id });
      });
      volumes.splice(volumes.indexOf(volume), 1);
    }

    expect(await logicalVolumes(node)).toBe(before);
    console.log(`${COUNT} operations, ${kills} kills`);
  });
});
