import { CsiError, type RequestOf, type ResponseOf, type Snapshot } from "../csi/index.ts";
import { usableGroups } from "./capacity.ts";
import { formatHandle, logicalVolumeName, parseHandle, requireId } from "./identity.ts";
import type { Place } from "./lvm.ts";
import { parseSnapshotParameters } from "./parameters.ts";
import type { Ownership } from "./tags.ts";
import { reserveOf, type OwnedVolume, type Volumes } from "./volumes.ts";

/**
 * Takes a snapshot, or finds that it was taken. Of a thin volume it is a thin volume of its own, which the origin may outlive or not. Of another it
 * holds what the origin had before it was changed, as far as its reserve goes.
 */
export async function createSnapshot(volumes: Volumes, request: RequestOf<"Controller", "CreateSnapshot">): Promise<Snapshot> {
  if (request.name === "") throw new CsiError("INVALID_ARGUMENT", "name is missing");
  requireId(request.sourceVolumeId, "source_volume_id");
  const reserve = parseSnapshotParameters(request.parameters);
  const name = logicalVolumeName("snapshot", request.name);
  return volumes.locks.alone([name], async () => {
    const observed = await volumes.observeVolumes();
    const existing = volumes.owned(observed).find((each) => each.name === name && each.ownership.kind === "snapshot");
    if (existing?.ownership.state === "ready") {
      if (existing.ownership.source !== request.sourceVolumeId)
        throw new CsiError(
          "ALREADY_EXISTS",
          `a snapshot of the name ${request.name} is there, of volume ${existing.ownership.source ?? ""}`,
        );
      return described(existing);
    }
    if (existing !== undefined) await volumes.removeUnfinished(existing, observed);
    const source = await volumes.require(request.sourceVolumeId);
    return described(await take(volumes, source, { group: source.group, name }, request.name, reserve));
  });
}

async function take(volumes: Volumes, { group, name }: OwnedVolume, place: Place, asked: string, reserve: number): Promise<OwnedVolume> {
  const id = formatHandle({ group: group.uuid, name });
  await volumes.inTurn(group.uuid, async () => {
    const observed = await volumes.observe();
    const source = await volumes.require(id, observed);
    if (source.ownership.kind !== "volume" || source.ownership.state !== "ready") throw new CsiError("NOT_FOUND", `${id} is no volume`);
    if (source.ownership.formatting) throw new CsiError("ABORTED", `${id} is just being formatted`);
    const { claim, limits: _, ...kept } = source.ownership;
    const ownership: Ownership = {
      ...kept,
      ...(claim === undefined ? {} : { claim }),
      kind: "snapshot",
      name: asked,
      state: "creating",
      size: source.size,
      source: id,
      created: volumes.now(),
      limits: {},
    };
    if (source.type === "thin") return volumes.lvm.snapshotThin(place, name, ownership, true);
    const size = reserveOf(source, reserve);
    const usable = usableGroups(observed, await volumes.configured()).find((each) => each.group.uuid === group.uuid);
    const free = (usable?.group.free ?? 0) - (usable?.configured.reserve ?? 0);
    if (free < size)
      throw new CsiError(
        "RESOURCE_EXHAUSTED",
        `a snapshot of ${id} takes ${size} bytes (snapshotReserve ${reserve} %), and volume group ${group.name} has ${Math.max(0, free)} left`,
      );
    return volumes.lvm.snapshotPlain(place, name, size, ownership);
  });
  const made = await volumes.require(formatHandle({ group: place.group.uuid, name: place.name }));
  return volumes.retag(made, { state: "ready" });
}

/** Removes a snapshot; done where there is none. */
export async function deleteSnapshot(volumes: Volumes, id: string): Promise<void> {
  const handle = parseHandle(requireId(id, "snapshot_id"));
  if (handle === undefined) return;
  await volumes.locks.alone([handle.name], async () => {
    const found = await volumes.find(handle);
    if (found === undefined) return;
    if (found.ownership.kind !== "snapshot") throw new CsiError("INVALID_ARGUMENT", `${id} is no snapshot`);
    if (found.open) throw new CsiError("FAILED_PRECONDITION", `snapshot ${id} is just being read: a volume is filled from it`);
    await volumes.destroy(found);
  });
}

export async function listSnapshots(
  volumes: Volumes,
  { maxEntries, startingToken, sourceVolumeId, snapshotId }: RequestOf<"Controller", "ListSnapshots">,
): Promise<ResponseOf<"Controller", "ListSnapshots">> {
  if (maxEntries < 0) throw new CsiError("INVALID_ARGUMENT", "max_entries is below 0");
  const all = volumes
    .owned(await volumes.observeVolumes())
    .filter(({ ownership }) => ownership.kind === "snapshot" && ownership.state === "ready")
    .map(described)
    .filter(
      (each) => (snapshotId === "" || each.snapshotId === snapshotId) && (sourceVolumeId === "" || each.sourceVolumeId === sourceVolumeId),
    )
    .sort((one, other) => (one.snapshotId < other.snapshotId ? -1 : 1));
  // A token is the id of the last snapshot of the page before: it may be gone by now.
  if (startingToken !== "" && parseHandle(startingToken) === undefined) throw new CsiError("ABORTED", `${startingToken} is no token`);
  const rest = all.filter((each) => each.snapshotId > startingToken);
  const page = maxEntries === 0 ? rest : rest.slice(0, maxEntries);
  const last = page.at(-1);
  return {
    entries: page.map((snapshot) => ({ snapshot })),
    nextToken: last !== undefined && page.length < rest.length ? last.snapshotId : "",
  };
}

function described({ group, name, invalid, ownership }: OwnedVolume): Snapshot {
  return {
    // Of one that is not thin the logical volume is smaller than what it shows.
    sizeBytes: ownership.size,
    snapshotId: formatHandle({ group: group.uuid, name }),
    sourceVolumeId: ownership.source ?? "",
    creationTime: { seconds: ownership.created, nanos: 0 },
    readyToUse: !invalid,
  };
}
