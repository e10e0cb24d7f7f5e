import { CsiError, type Handlers, type RequestOf, type ResponseOf } from "../csi/index.ts";
import { wanted, whyNot } from "./capabilities.ts";
import { roomIn, sizeFor, SMALLEST, usableGroups } from "./capacity.ts";
import { createVolume } from "./create-volume.ts";
import { parseHandle, requireId } from "./identity.ts";
import { parseMutable } from "./io-limits.ts";
import { pathOf } from "./lvm.ts";
import type { Observed } from "./observe.ts";
import { parseParameters } from "./parameters.ts";
import { createSnapshot, deleteSnapshot, listSnapshots } from "./snapshots.ts";
import { isWithin, nodeTopology } from "./topology.ts";
import type { OwnedVolume, Volumes } from "./volumes.ts";

const CAPABILITIES = [
  "CREATE_DELETE_VOLUME",
  "GET_CAPACITY",
  "CREATE_DELETE_SNAPSHOT",
  "LIST_SNAPSHOTS",
  "CLONE_VOLUME",
  "EXPAND_VOLUME",
  "MODIFY_VOLUME",
  "SINGLE_NODE_MULTI_WRITER",
] as const;

export interface ControllerServiceOptions {
  readonly volumes: Volumes;
  /** Is told when limits were changed: those of pods that run are to follow. */
  readonly limitsChanged: () => Promise<void>;
}

/** CSI's controller service, of one node: it knows the volumes of the node it runs on. */
export function controllerService({ volumes, limitsChanged }: ControllerServiceOptions): Handlers<"Controller"> {
  return {
    CreateVolume: async (request) => ({ volume: await createVolume(volumes, request) }),
    DeleteVolume: async ({ volumeId }) => {
      await deleteVolume(volumes, volumeId);
      return {};
    },
    ValidateVolumeCapabilities: (request) => validate(volumes, request),
    GetCapacity: (request) => capacity(volumes, request),
    ControllerGetCapabilities: () => Promise.resolve({ capabilities: CAPABILITIES.map((type) => ({ rpc: { type } })) }),
    CreateSnapshot: async (request) => ({ snapshot: await createSnapshot(volumes, request) }),
    DeleteSnapshot: async ({ snapshotId }) => {
      await deleteSnapshot(volumes, snapshotId);
      return {};
    },
    ListSnapshots: (request) => listSnapshots(volumes, request),
    ControllerExpandVolume: (request) => expand(volumes, request),
    ControllerModifyVolume: async ({ volumeId, mutableParameters }) => {
      const id = requireId(volumeId);
      // What can't be said of any volume is refused for those of other nodes too.
      parseMutable(mutableParameters, {});
      if (await isElsewhere(volumes, id)) return {};
      const volume = await volumes.require(id);
      await volumes.locks.alone([volume.name], () =>
        volumes.retag(volume, { limits: parseMutable(mutableParameters, volume.ownership.limits) }),
      );
      await limitsChanged();
      return {};
    },
  };
}

/**
 * Whether a volume is one of another node's. The resizer is one for all nodes and asks the driver that it stands beside: what is asked for there is done
 * by the volume's own node, which the kubelet asks to grow it, and which follows the class that the PersistentVolume names.
 */
async function isElsewhere(volumes: Volumes, id: string): Promise<boolean> {
  const handle = parseHandle(id);
  if (handle === undefined) return false;
  const known = await volumes.observeVolumes();
  if (known.groups.some(({ uuid }) => uuid === handle.group)) return false;
  const { groups } = await volumes.observe();
  return ![...groups, ...(await volumes.configured())].some(({ uuid }) => uuid === handle.group);
}

async function deleteVolume(volumes: Volumes, id: string): Promise<void> {
  const handle = parseHandle(requireId(id));
  if (handle === undefined) return;
  await volumes.locks.alone([handle.name], async () => {
    const quick = await volumes.observeVolumes();
    const observed = quick.groups.some(({ uuid }) => uuid === handle.group) ? quick : await volumes.observe();
    const volume = await volumes.find(handle, observed);
    if (volume === undefined) {
      if (!observed.groups.some(({ uuid }) => uuid === handle.group))
        throw new CsiError("FAILED_PRECONDITION", `${id} is not on node ${volumes.node}: its node has to delete it`);
      return;
    }
    if (volume.ownership.kind !== "volume") throw new CsiError("INVALID_ARGUMENT", `${id} is no volume`);
    if (volume.open)
      throw new CsiError("FAILED_PRECONDITION", `${pathOf(volume)} is in use: it is still mounted, or a pod or a copy has it open`);
    refuseWithSnapshots(volume, observed, "deleted");
    await volumes.destroy(volume);
  });
}

/** LVM removes snapshots with their origin, and can't extend an origin that has some; thin ones stand by themselves. */
function refuseWithSnapshots(volume: OwnedVolume, observed: Observed, what: string): void {
  const snapshots = observed.volumes.filter(
    (each) => each.type === "snapshot" && each.group.uuid === volume.group.uuid && each.origin === volume.name,
  );
  if (volume.type === "thin" || snapshots.length === 0) return;
  const names = snapshots.map(({ name, ownership }) => ownership?.name ?? name).sort();
  throw new CsiError(
    "FAILED_PRECONDITION",
    `a ${volume.ownership.layout} volume can't be ${what} while it has snapshots: ${names.join(", ")}; delete them first, or use a class of type thin`,
  );
}

async function validate(
  volumes: Volumes,
  request: RequestOf<"Controller", "ValidateVolumeCapabilities">,
): Promise<ResponseOf<"Controller", "ValidateVolumeCapabilities">> {
  const { volumeId, volumeCapabilities, volumeContext, parameters, mutableParameters } = request;
  requireId(volumeId);
  if (volumeCapabilities.length === 0) throw new CsiError("INVALID_ARGUMENT", "volume_capabilities are missing");
  const { ownership } = await volumes.require(volumeId);
  const reasons = volumeCapabilities.flatMap((each) => {
    const reason = whyNot(each);
    if (reason !== undefined) return [reason];
    return (each.block === undefined ? "Filesystem" : "Block") === ownership.mode ? [] : [`the volume has volume mode ${ownership.mode}`];
  });
  if (reasons.length > 0) return { message: reasons.join("; ") };
  return { confirmed: { volumeContext, volumeCapabilities, parameters, mutableParameters } };
}

async function capacity(
  volumes: Volumes,
  request: RequestOf<"Controller", "GetCapacity">,
): Promise<ResponseOf<"Controller", "GetCapacity">> {
  const parameters = parseParameters(request.parameters);
  const observed = await volumes.observe();
  const usable = usableGroups(observed, await volumes.configured());
  const here =
    request.accessibleTopology === undefined || isWithin(nodeTopology(volumes.node, usable).segments, request.accessibleTopology);
  const can = request.volumeCapabilities.every((each) => whyNot(each) === undefined);
  const rooms = usable
    .filter(({ group }) => here && can && (parameters.volumeGroup === undefined || parameters.volumeGroup === group.name))
    .map((each) => roomIn(each, observed, parameters));
  return {
    availableCapacity: rooms.reduce((sum, { available }) => sum + available, 0),
    maximumVolumeSize: { value: Math.max(0, ...rooms.map(({ largest }) => largest)) },
    minimumVolumeSize: { value: SMALLEST },
  };
}

async function expand(
  volumes: Volumes,
  request: RequestOf<"Controller", "ControllerExpandVolume">,
): Promise<ResponseOf<"Controller", "ControllerExpandVolume">> {
  const id = requireId(request.volumeId);
  if (request.capacityRange === undefined) throw new CsiError("INVALID_ARGUMENT", "capacity_range is missing");
  if (request.volumeCapability !== undefined) wanted([request.volumeCapability]);
  if (await isElsewhere(volumes, id)) {
    const { requiredBytes, limitBytes } = request.capacityRange;
    return { capacityBytes: requiredBytes > 0 ? requiredBytes : limitBytes, nodeExpansionRequired: true };
  }
  const { name, ownership } = await volumes.require(id);
  const grown = await volumes.locks.alone([name], () => grow(volumes, id, request.capacityRange));
  return { capacityBytes: grown.size, nodeExpansionRequired: ownership.mode === "Filesystem" };
}

/**
 * Makes the logical volume as large as is asked for; one that is large enough stays as it is.
 *
 * @throws CsiError RESOURCE_EXHAUSTED where there is no room, OUT_OF_RANGE where it would have to shrink
 */
export async function grow(
  volumes: Volumes,
  id: string,
  range: RequestOf<"Controller", "ControllerExpandVolume">["capacityRange"],
): Promise<OwnedVolume> {
  const { group: before } = await volumes.require(id);
  const grown = await volumes.inTurn(before.uuid, async () => {
    const observed = await volumes.observe();
    const volume = await volumes.require(id, observed);
    const { group, ownership } = volume;
    if (ownership.kind !== "volume" || ownership.state !== "ready") throw new CsiError("NOT_FOUND", `${id} is no volume`);
    const { requiredBytes = 0, limitBytes = 0 } = range ?? {};
    if (limitBytes > 0 && limitBytes < volume.size)
      throw new CsiError(
        "OUT_OF_RANGE",
        `the volume has ${volume.size} bytes, which is above the limit of ${limitBytes}: volumes do not shrink`,
      );
    if (requiredBytes <= volume.size) return volume;
    // Stripes are all of one length: LVM itself rounds up to that.
    const size = sizeFor(range, group.extent, 1);
    refuseWithSnapshots(volume, observed, "expanded");
    const usable = usableGroups(observed, await volumes.configured()).find((each) => each.group.uuid === group.uuid);
    if (usable === undefined) throw new CsiError("FAILED_PRECONDITION", `volume group ${group.name} is not the driver's any more`);
    const room = roomIn(usable, observed, {
      layout: ownership.layout === "thin" ? "thin" : "linear",
      ...(volume.pool === undefined ? {} : { thinPool: volume.pool }),
      stripes: 1,
      stripeSize: 0,
      overprovision: ownership.overprovision,
      snapshotReserve: 0,
      wipe: ownership.wipe,
      limits: {},
    });
    if (room.available < size - volume.size)
      throw new CsiError(
        "RESOURCE_EXHAUSTED",
        room.reason ?? `volume group ${group.name} has ${room.available} bytes left, and ${size - volume.size} more are asked for`,
      );
    await volumes.lvm.extend(volume, size);
    return volumes.require(id);
  });
  return grown.size === grown.ownership.size ? grown : volumes.retag(grown, { size: grown.size });
}
