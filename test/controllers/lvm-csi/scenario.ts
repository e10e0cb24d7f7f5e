import { CsiError } from "../../../src/controllers/csi/index.ts";
import { driverParts } from "../../../src/controllers/lvm-csi/driver.ts";
import type { NodeFiles } from "../../../src/controllers/lvm-csi/node-files.ts";
import { jsonLog, type NodeCommands } from "../../../src/controllers/runtime/index.ts";
import { STILL } from "../storage-node/rig.ts";
import { BLOCK, createRequest, MIB, STAGING, targetOf } from "./driver.ts";
import type { VolumeCapability } from "../../../src/controllers/csi/index.ts";

/** A pod's uid, in the form of a recording's first stand-in. */
export const POD = "00000000-0000-4000-8000-000000000001";

/** What a caller was answered: the answer, or CSI's code with the driver's words. */
interface Answered {
  readonly call: string;
  readonly answer: unknown;
}

const filesystem = (fsType: string): VolumeCapability => ({
  mount: { fsType, mountFlags: [], volumeMountGroup: "" },
  accessMode: { mode: "SINGLE_NODE_WRITER" },
});

/**
 * The life of a volume of each type, as a cluster has the driver go through it: on a real node for the recording, and on the recording everywhere else.
 * The driver begins anew for each.
 */
export async function scenario(commands: NodeCommands, files: NodeFiles): Promise<readonly Answered[]> {
  const answers: Answered[] = [];
  const services = (): ReturnType<typeof driverParts>["services"] =>
    driverParts({ node: "n1", version: "1", commands, files, clock: STILL, log: jsonLog({ clock: STILL, write: () => undefined }) })
      .services;
  async function say<T>(call: string, made: Promise<T>): Promise<T> {
    const answer = await made;
    answers.push({ call, answer });
    return answer;
  }
  async function refused(call: string, made: Promise<unknown>): Promise<void> {
    const answer = await made.catch((error: unknown) => {
      if (error instanceof CsiError) return { code: error.code, message: error.message };
      throw error;
    });
    answers.push({ call, answer });
  }
  const sized = (mib: number): { readonly capacityRange: { readonly requiredBytes: number; readonly limitBytes: number } } => ({
    capacityRange: { requiredBytes: mib * MIB, limitBytes: 0 },
  });

  /** Staged, in a pod, and not any more; `within` while the pod has it. */
  async function use(volumeId: string, capability: VolumeCapability, within: () => Promise<void> = () => Promise.resolve()): Promise<void> {
    const { Node } = services();
    const at = { volumeId, stagingTargetPath: STAGING, volumeCapability: capability, volumeContext: {} };
    await say("NodeStageVolume", Node.NodeStageVolume(at));
    await say("NodePublishVolume", Node.NodePublishVolume({ ...at, targetPath: targetOf(POD), readonly: false }));
    await within();
    await say("NodeUnpublishVolume", Node.NodeUnpublishVolume({ volumeId, targetPath: targetOf(POD) }));
    await say("NodeUnstageVolume", Node.NodeUnstageVolume({ volumeId, stagingTargetPath: STAGING }));
  }

  async function thin(): Promise<void> {
    const { Controller, Node } = services();
    const xfs = { parameters: { type: "thin" }, volumeCapabilities: [filesystem("xfs")] };
    const { volume } = await say("CreateVolume thin", Controller.CreateVolume(createRequest("pvc-1", xfs)));
    await say("CreateVolume thin, again", Controller.CreateVolume(createRequest("pvc-1", xfs)));
    await use(volume.volumeId, filesystem("xfs"), async () => {
      const grown = { volumeId: volume.volumeId, ...sized(400) };
      await say("ControllerExpandVolume", Controller.ControllerExpandVolume(grown));
      await say(
        "NodeExpandVolume",
        Node.NodeExpandVolume({ ...grown, volumePath: targetOf(POD), stagingTargetPath: STAGING, volumeCapability: filesystem("xfs") }),
      );
    });
    const taken = { sourceVolumeId: volume.volumeId, name: "snapshot-1", parameters: {} };
    const { snapshot } = await say("CreateSnapshot of thin", Controller.CreateSnapshot(taken));
    const { volume: restored } = await say(
      "CreateVolume from the snapshot, larger",
      Controller.CreateVolume(
        createRequest("pvc-2", { ...xfs, ...sized(500), volumeContentSource: { snapshot: { snapshotId: snapshot.snapshotId } } }),
      ),
    );
    await use(restored.volumeId, filesystem("xfs"));
    await say("DeleteVolume, which its copies outlive", Controller.DeleteVolume({ volumeId: volume.volumeId }));
    await say("DeleteSnapshot", Controller.DeleteSnapshot({ snapshotId: snapshot.snapshotId }));
    await say("DeleteVolume", Controller.DeleteVolume({ volumeId: restored.volumeId }));
    await say("DeleteVolume, again", Controller.DeleteVolume({ volumeId: restored.volumeId }));
  }

  async function linear(): Promise<void> {
    const { Controller } = services();
    const ext4 = { parameters: { type: "linear" }, volumeCapabilities: [filesystem("ext4")] };
    const { volume } = await say("CreateVolume linear", Controller.CreateVolume(createRequest("pvc-3", ext4)));
    await use(volume.volumeId, filesystem("ext4"));
    // What was mounted before is checked.
    await use(volume.volumeId, filesystem("ext4"));
    const taken = { sourceVolumeId: volume.volumeId, name: "snapshot-2", parameters: {} };
    const { snapshot } = await say("CreateSnapshot of linear", Controller.CreateSnapshot(taken));
    await refused("DeleteVolume with a snapshot", Controller.DeleteVolume({ volumeId: volume.volumeId }));
    await say("ListSnapshots", Controller.ListSnapshots({ maxEntries: 0, startingToken: "", sourceVolumeId: "", snapshotId: "" }));
    await say("DeleteSnapshot", Controller.DeleteSnapshot({ snapshotId: snapshot.snapshotId }));
    const { volume: clone } = await say(
      "CreateVolume from the volume",
      Controller.CreateVolume(createRequest("pvc-4", { ...ext4, volumeContentSource: { volume: { volumeId: volume.volumeId } } })),
    );
    await use(clone.volumeId, filesystem("ext4"));
    for (const { volumeId } of [volume, clone]) await say("DeleteVolume", Controller.DeleteVolume({ volumeId }));
  }

  async function striped(): Promise<void> {
    const { Controller } = services();
    const raw = { parameters: { type: "striped", readIops: "500" }, volumeCapabilities: [BLOCK] };
    const { volume } = await say("CreateVolume striped", Controller.CreateVolume(createRequest("pvc-5", raw)));
    await use(volume.volumeId, BLOCK);
    await refused("CreateVolume without room", Controller.CreateVolume(createRequest("pvc-6", { ...raw, ...sized(2 ** 20) })));
    await say("DeleteVolume", Controller.DeleteVolume({ volumeId: volume.volumeId }));
  }

  await say("NodeGetInfo", services().Node.NodeGetInfo({}));
  for (const life of [thin, linear, striped]) {
    await life();
    await say("GetCapacity", services().Controller.GetCapacity({ parameters: {}, volumeCapabilities: [] }));
  }
  return answers;
}
