import { driverParts } from "../../../src/controllers/lvm-csi/driver.ts";
import type { FilesystemUse, NodeFiles } from "../../../src/controllers/lvm-csi/node-files.ts";
import type { VolumeCapability } from "../../../src/controllers/csi/index.ts";
import { jsonLog, type NodeCommands } from "../../../src/controllers/runtime/index.ts";
import { formatSystemConfiguration, SYSTEM_CONFIGURATION } from "../../../src/controllers/storage-api/index.ts";
import type { StorageNode } from "../../node-vm/index.ts";
import { ManualClock } from "../runtime/manual-clock.ts";
import { createRequest, MIB, POD, SIZE, STAGING, targetOf } from "./driver.ts";

/** What the driver was told of the node's files, in order. */
interface RecordedFile {
  readonly asked: string;
  readonly answer: unknown;
}

/** The files of a test's node. */
export class TestNodeFiles implements NodeFiles {
  readonly #node: StorageNode;
  readonly recorded: RecordedFile[] = [];

  constructor(node: StorageNode) {
    this.#node = node;
  }

  read(path: string): Promise<string | undefined> {
    return this.#note(`read ${path}`, async () => {
      const { status, stdout } = await this.#node.run(`cat ${path}`);
      // Of the mounts those that the driver has made: what else the node has is not the scenario's.
      if (path === "/proc/1/mountinfo") return stdout.replaceAll(/^(?!.*kubelet).*\n/gm, "").replaceAll(/^\d+ \d+ /gm, "1 1 ");
      return status === 0 ? stdout : undefined;
    });
  }

  real(path: string): Promise<string> {
    return Promise.resolve(path);
  }

  kind(path: string): ReturnType<NodeFiles["kind"]> {
    return this.#note(`kind ${path}`, async () => {
      const { stdout } = await this.#node.run(`stat -L -c %F ${path}`);
      const kinds: Readonly<Record<string, "file" | "directory" | "block">> = {
        directory: "directory",
        "regular file": "file",
        "regular empty file": "file",
        "block special file": "block",
      };
      return stdout === "" ? undefined : (kinds[stdout.trim()] ?? "other");
    });
  }

  use(path: string): Promise<FilesystemUse> {
    return this.#note(`use ${path}`, async () => {
      const [size = 0, blocks = 0, free = 0, available = 0, files = 0, spare = 0] = (
        await this.#node.output(`stat -f -c '%S %b %f %a %c %d' ${path}`)
      )
        .trim()
        .split(" ")
        .map(Number);
      return {
        bytes: { total: blocks * size, available: available * size, used: (blocks - free) * size },
        inodes: { total: files, available: spare, used: files - spare },
      };
    });
  }

  async #note<T>(asked: string, find: () => Promise<T>): Promise<T> {
    const answer = await find();
    this.recorded.push({ asked, answer: answer ?? null });
    return answer;
  }
}

/** What the scenario comes to. */
type Outcome = readonly (readonly [step: string, result: unknown])[];

/** Volumes of two types through their lives, by the driver itself: what the recording holds, and what a real node is held against. */
export async function scenario(commands: NodeCommands, files: NodeFiles): Promise<Outcome> {
  const { stdout } = await commands.run({ tool: "vgs", args: ["--noheadings", "-o", "vg_uuid", "data"] });
  const text = formatSystemConfiguration({
    node: "n1",
    flavor: "f",
    partitions: [],
    volumeGroups: [{ name: "data", uuid: stdout.trim(), disks: [], thinPool: "pool", reserve: 0 }],
  });
  const own: NodeFiles = {
    read: (path) => (path === SYSTEM_CONFIGURATION ? Promise.resolve(text) : files.read(path)),
    real: (path) => files.real(path),
    kind: (path) => files.kind(path),
    use: (path) => files.use(path),
  };
  const clock = new ManualClock();
  const { services } = driverParts({
    node: "n1",
    version: "1",
    commands,
    files: own,
    clock,
    log: jsonLog({ clock, write: () => undefined }),
  });
  const { Controller, Node } = services;
  const outcome: [string, unknown][] = [];
  const note = (step: string, result: unknown): void => {
    outcome.push([step, result]);
  };

  for (const [type, fsType] of [
    ["linear", "xfs"],
    ["thin", "ext4"],
  ] as const) {
    const volumeCapability: VolumeCapability = {
      mount: { fsType, mountFlags: ["noatime"], volumeMountGroup: "" },
      accessMode: { mode: "SINGLE_NODE_WRITER" },
    };
    const create = (name: string, more = {}) =>
      Controller.CreateVolume(createRequest(`${type}-${name}`, { volumeCapabilities: [volumeCapability], parameters: { type }, ...more }));
    note(`${type}: room`, await Controller.GetCapacity({ volumeCapabilities: [], parameters: { type } }));
    const { volume } = await create("one");
    note(`${type}: created`, volume.capacityBytes);
    const { volumeId } = volume;
    const stage = { volumeId, stagingTargetPath: STAGING, volumeCapability, volumeContext: {} };
    await Node.NodeStageVolume(stage);
    await Node.NodePublishVolume({ ...stage, targetPath: targetOf(POD), readonly: true });
    const capacityRange = { requiredBytes: SIZE + 80 * MIB, limitBytes: 0 };
    note(`${type}: expanded`, await Controller.ControllerExpandVolume({ volumeId, capacityRange }));
    await Node.NodeExpandVolume({ volumeId, volumePath: targetOf(POD), stagingTargetPath: STAGING, capacityRange });
    const { usage, volumeCondition } = await Node.NodeGetVolumeStats({ volumeId, volumePath: targetOf(POD), stagingTargetPath: STAGING });
    note(`${type}: size of the file system`, [usage.map(({ total }) => total), volumeCondition]);
    const { snapshot } = await Controller.CreateSnapshot({ sourceVolumeId: volumeId, name: `${type}-kept`, parameters: {} });
    note(`${type}: snapshot`, [snapshot.sizeBytes, snapshot.readyToUse]);
    const { volume: restored } = await create("two", {
      capacityRange: { requiredBytes: SIZE + 100 * MIB, limitBytes: 0 },
      volumeContentSource: { snapshot: { snapshotId: snapshot.snapshotId } },
    });
    note(`${type}: restored`, restored.capacityBytes);
    await Node.NodeStageVolume({ ...stage, volumeId: restored.volumeId, stagingTargetPath: `${STAGING}2` });
    await Node.NodeUnstageVolume({ volumeId: restored.volumeId, stagingTargetPath: `${STAGING}2` });
    await Node.NodeUnpublishVolume({ volumeId, targetPath: targetOf(POD) });
    await Node.NodeUnstageVolume({ volumeId, stagingTargetPath: STAGING });
    await Controller.DeleteVolume({ volumeId: restored.volumeId });
    if (type === "thin") await Controller.DeleteVolume({ volumeId });
    await Controller.DeleteSnapshot({ snapshotId: snapshot.snapshotId });
    await Controller.DeleteVolume({ volumeId });
    note(`${type}: room at the end`, await Controller.GetCapacity({ volumeCapabilities: [], parameters: { type } }));
  }
  return outcome;
}
