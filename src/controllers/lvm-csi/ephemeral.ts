import { CsiError, type RequestOf } from "../csi/index.ts";
import { SUFFIXES } from "../storage-api/index.ts";
import type { Wanted } from "./capabilities.ts";
import { createVolume } from "./create-volume.ts";
import type { Filesystems } from "./filesystem.ts";
import { logicalVolumeName, parseHandle } from "./identity.ts";
import type { NodeFiles } from "./node-files.ts";
import type { Observed } from "./observe.ts";
import { stageFilesystem } from "./staging.ts";
import type { OwnedVolume, Volumes } from "./volumes.ts";

/**
 * A volume in a pod's own definition: made when the pod comes, gone with it. Its attributes are a StorageClass' parameters, and `size`.
 *
 * @returns the volume, mounted at the target
 */
export async function createEphemeral(
  parts: { readonly volumes: Volumes; readonly filesystems: Filesystems; readonly files: NodeFiles },
  request: RequestOf<"Node", "NodePublishVolume">,
  asked: Wanted,
): Promise<OwnedVolume | undefined> {
  const { volumes } = parts;
  const { volumeId, volumeContext, targetPath } = request;
  if (asked.mode === "Block") throw new CsiError("INVALID_ARGUMENT", "a volume in a pod's definition is a file system");
  const { size: text = "1Gi", ...attributes } = volumeContext;
  const [, digits = "", unit = ""] = /^([1-9]\d{0,12})([A-Za-z]*)$/.exec(text) ?? [];
  const size = Number(digits) * (SUFFIXES[unit] ?? Number.NaN);
  if (digits === "" || !Number.isSafeInteger(size))
    throw new CsiError("INVALID_ARGUMENT", `size is ${JSON.stringify(text)}, which is no size such as 10Gi`);
  const [namespace = "", name = ""] = ["namespace", "name"].map((part) => volumeContext[`csi.storage.k8s.io/pod.${part}`]);
  await createVolume(
    volumes,
    {
      name: volumeId,
      capacityRange: { requiredBytes: size, limitBytes: 0 },
      volumeCapabilities: request.volumeCapability === undefined ? [] : [request.volumeCapability],
      parameters: { ...attributes, "csi.storage.k8s.io/pvc/namespace": namespace, "csi.storage.k8s.io/pvc/name": name },
      mutableParameters: {},
    },
    "ephemeral",
  );
  const found = findEphemeral(volumes, await volumes.observeVolumes(), volumeId);
  // It was made, but a reboot has left it inactive.
  if (found !== undefined && !found.active) await volumes.lvm.device(found);
  const volume = found?.active === false ? findEphemeral(volumes, await volumes.observeVolumes(), volumeId) : found;
  if (volume === undefined) throw new CsiError("INTERNAL", `the volume ${volumeId} was made and is not there`);
  await stageFilesystem(parts, volume, targetPath, asked);
  return volume;
}

export function findEphemeral(volumes: Volumes, observed: Observed, id: string): OwnedVolume | undefined {
  if (parseHandle(id) !== undefined) return undefined;
  const name = logicalVolumeName("ephemeral", id);
  return volumes.owned(observed).find((each) => each.name === name && each.ownership.kind === "ephemeral");
}

/** Removes a pod's own volume; done where there is none. */
export async function deleteEphemeral(volumes: Volumes, id: string): Promise<void> {
  const volume = findEphemeral(volumes, await volumes.observeVolumes(), id);
  if (volume !== undefined) await volumes.destroy(volume);
}
