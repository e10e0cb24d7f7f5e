import { CsiError, type RequestOf, type Volume } from "../csi/index.ts";
import { wanted, type Wanted } from "./capabilities.ts";
import { poolOf, roomIn, sizeFor, usableGroups, type UsableGroup } from "./capacity.ts";
import { formatHandle, logicalVolumeName, parseHandle } from "./identity.ts";
import type { Place } from "./lvm.ts";
import type { Observed } from "./observe.ts";
import { parseParameters, type ClassParameters } from "./parameters.ts";
import type { Ownership } from "./tags.ts";
import { isWithin, nodeTopology, volumeTopology } from "./topology.ts";
import type { OwnedVolume, Volumes } from "./volumes.ts";

type Request = RequestOf<"Controller", "CreateVolume">;

/** A request, read. */
interface Order {
  readonly request: Request;
  readonly kind: "volume" | "ephemeral";
  readonly name: string;
  readonly wanted: Wanted;
  readonly parameters: ClassParameters;
  /** As the tag has it: `volume:ID` or `snapshot:ID`. */
  readonly source?: string;
}

/**
 * Makes a volume, or finds that it was made: whoever asks twice, after whatever has happened in between, gets the same one. It is made with the mark
 * `creating`, which is taken off as the last step; one that is found with the mark was never handed out, and is begun anew.
 */
export async function createVolume(volumes: Volumes, request: Request, kind: "volume" | "ephemeral" = "volume"): Promise<Volume> {
  if (request.name === "") throw new CsiError("INVALID_ARGUMENT", "name is missing");
  const source = sourceOf(request);
  const order: Order = {
    request,
    kind,
    name: logicalVolumeName(kind, request.name),
    wanted: wanted(request.volumeCapabilities),
    parameters: parseParameters(request.parameters, request.mutableParameters),
    ...(source === undefined ? {} : { source }),
  };
  return volumes.locks.alone([order.name], async () => {
    const turns = volumes.turns;
    const observed = await volumes.observe();
    const existing = volumes.owned(observed).find((each) => each.name === order.name && each.ownership.kind === kind);
    if (existing?.ownership.state === "ready") return described(volumes, same(existing, order), request);
    if (existing === undefined) return described(volumes, await make(volumes, order, { observed, turns }), request);
    await volumes.removeUnfinished(existing, observed);
    const now = volumes.turns;
    return described(volumes, await make(volumes, order, { observed: await volumes.observe(), turns: now }), request);
  });
}

function sourceOf({ volumeContentSource }: Request): string | undefined {
  if (volumeContentSource?.snapshot !== undefined) return `snapshot:${volumeContentSource.snapshot.snapshotId}`;
  if (volumeContentSource?.volume !== undefined) return `volume:${volumeContentSource.volume.volumeId}`;
  return undefined;
}

/** What is there, if it is what is asked for. @throws CsiError ALREADY_EXISTS */
function same(existing: OwnedVolume, { request, wanted: asked, parameters, source }: Order): OwnedVolume {
  const { requiredBytes = 0, limitBytes = 0 } = request.capacityRange ?? {};
  const { ownership, size, group } = existing;
  const differences = [
    ...(size < requiredBytes || (limitBytes > 0 && size > limitBytes) ? [`has ${size} bytes`] : []),
    ...(ownership.layout === parameters.layout ? [] : [`is ${ownership.layout}`]),
    ...(ownership.mode === asked.mode ? [] : [`has volume mode ${ownership.mode}`]),
    ...(ownership.source === source ? [] : [`was filled from ${ownership.source ?? "nothing"}`]),
    ...(parameters.volumeGroup === undefined || parameters.volumeGroup === group.name ? [] : [`is in volume group ${group.name}`]),
  ];
  if (differences.length > 0)
    throw new CsiError("ALREADY_EXISTS", `a volume of the name ${request.name} is there, and ${differences.join(", ")}`);
  return existing;
}

/** What was seen, and when. */
interface Seen {
  readonly observed: Observed;
  readonly turns: number;
}

async function make(volumes: Volumes, order: Order, seen: Seen): Promise<OwnedVolume> {
  const { observed } = seen;
  const source = await sourceVolume(volumes, order, observed);
  const candidates = await candidatesFor(volumes, order, observed);
  const refusals: string[] = [];
  for (const { uuid } of candidates) {
    // What has room is asked and taken in one turn of the group.
    const begun = await volumes.inTurn(uuid, () => begin(volumes, order, uuid, source, seen));
    if (typeof begun === "string") refusals.push(begun);
    else {
      if (begun.copies && source !== undefined) await volumes.copy(source, begun.place, order.parameters.snapshotReserve);
      return finish(volumes, begun);
    }
  }
  throw new CsiError("RESOURCE_EXHAUSTED", refusals.join("; "));
}

/** The groups that the volume may be made in, the one with most room first. @throws CsiError RESOURCE_EXHAUSTED where there is none */
async function candidatesFor(
  volumes: Volumes,
  { request, parameters, source }: Order,
  observed: Observed,
): Promise<readonly { readonly uuid: string }[]> {
  const usable = usableGroups(observed, await volumes.configured());
  const { segments } = nodeTopology(volumes.node, usable);
  const { requisite = [], preferred = [] } = request.accessibilityRequirements ?? {};
  const places = requisite.length > 0 ? requisite : preferred;
  // RESOURCE_EXHAUSTED lets the scheduler choose another node.
  if (places.length > 0 && !places.some((place) => isWithin(segments, place)))
    throw new CsiError("RESOURCE_EXHAUSTED", `node ${volumes.node} is in none of the topologies asked for`);
  const named = usable.filter(({ group }) => parameters.volumeGroup === undefined || parameters.volumeGroup === group.name);
  if (named.length === 0) {
    const has = usable.map(({ group }) => group.name).join(", ");
    throw new CsiError(
      "RESOURCE_EXHAUSTED",
      `node ${volumes.node} has no volume group ${parameters.volumeGroup ?? "at all"}${has === "" ? "" : `, but ${has}`}`,
    );
  }
  const sourceGroup = source === undefined ? undefined : parseHandle(source.slice(source.indexOf(":") + 1))?.group;
  const rank = (each: UsableGroup): number =>
    // Beside its source a thin volume shares what the two have in common.
    each.group.uuid === sourceGroup ? Number.POSITIVE_INFINITY : roomIn(each, observed, parameters).available;
  return [...named].sort((one, other) => rank(other) - rank(one)).map(({ group }) => group);
}

interface Begun {
  readonly place: Place;
  readonly made: OwnedVolume;
  /** Its bytes have to be copied from the source. */
  readonly copies: boolean;
}

/** The first step, in the group's turn. Gives the reason where there is no room. */
async function begin(volumes: Volumes, order: Order, uuid: string, source: OwnedVolume | undefined, seen: Seen): Promise<Begun | string> {
  const { request, kind, name, parameters, wanted: asked } = order;
  // Nobody has changed anything since.
  const observed = volumes.turns === seen.turns ? seen.observed : await volumes.observe();
  const usable = usableGroups(observed, await volumes.configured()).find(({ group }) => group.uuid === uuid);
  if (usable === undefined) return `volume group ${uuid} is gone`;
  const { group } = usable;
  const stripes = parameters.layout === "striped" ? parameters.stripes : 1;
  const size = sizeFor(request.capacityRange, group.extent, stripes, source?.size);
  const room = roomIn(usable, observed, parameters);
  if (room.largest < size)
    return (
      room.reason ??
      `volume group ${group.name} of node ${volumes.node} has room for a volume of ${room.largest} bytes, and ${size} are asked for`
    );
  const place: Place = { group, name };
  const claim = claimOf(request);
  const ownership: Ownership = {
    kind,
    name: request.name,
    state: "creating",
    size,
    mode: asked.mode,
    layout: parameters.layout,
    wipe: parameters.wipe,
    overprovision: parameters.overprovision,
    ...(order.source === undefined ? {} : { source: order.source }),
    ...(claim === undefined ? {} : { claim }),
    ...(source?.ownership.filesystem === undefined ? {} : { filesystem: source.ownership.filesystem }),
    formatting: false,
    used: source?.ownership.used ?? false,
    created: volumes.now(),
    limits: parameters.limits,
  };
  const made: OwnedVolume = {
    ...place,
    uuid: "",
    size,
    type: parameters.layout === "thin" ? "thin" : "plain",
    active: true,
    open: false,
    health: "",
    invalid: false,
    unzeroed: false,
    ownership,
  };
  if (parameters.layout === "thin") {
    const pool = poolOf(usable, observed, parameters)?.name ?? "";
    if (source !== undefined && source.type === "thin" && source.pool === pool && source.group.uuid === group.uuid) {
      await volumes.lvm.snapshotThin(place, source.name, ownership, false);
      if (size > source.size) await volumes.lvm.extend(place, size);
      return { place, made, copies: false };
    }
    await volumes.lvm.createThin(place, pool, size, ownership);
  } else await volumes.lvm.createPlain(place, size, stripes, parameters.stripeSize, ownership);
  return { place, made, copies: source !== undefined };
}

/** The last step: from now on it is the claim's. Its device has to be there, with the size that it was made to have. */
async function finish(volumes: Volumes, { made }: Begun): Promise<OwnedVolume> {
  await volumes.lvm.device(made);
  return volumes.retag(made, { state: "ready" });
}

/** What the volume is filled from. @throws CsiError NOT_FOUND; RESOURCE_EXHAUSTED where it is on another node */
async function sourceVolume(
  volumes: Volumes,
  { request, source, wanted: asked }: Order,
  observed: Observed,
): Promise<OwnedVolume | undefined> {
  if (source === undefined) return undefined;
  const [kind = ""] = source.split(":", 1);
  const id = source.slice(kind.length + 1);
  const handle = parseHandle(id);
  if (handle === undefined) throw new CsiError("NOT_FOUND", `${kind} ${id} is none of this driver's`);
  const configured = await volumes.configured();
  if (![...observed.groups, ...configured].some(({ uuid }) => uuid === handle.group))
    throw new CsiError(
      "RESOURCE_EXHAUSTED",
      `${kind} ${id} is not on node ${volumes.node}: a volume can only be filled from one of its own node`,
    );
  const found = await volumes.find(handle, observed);
  if (found === undefined || found.ownership.kind !== kind || found.ownership.state !== "ready")
    throw new CsiError("NOT_FOUND", `${kind} ${id} is not there`);
  if (found.invalid) throw new CsiError("FAILED_PRECONDITION", `${kind} ${id} has run full, and nothing in it can be read any more`);
  if (found.ownership.formatting) throw new CsiError("ABORTED", `${kind} ${id} is just being formatted`);
  const { filesystem } = found.ownership;
  if (asked.filesystem !== "" && filesystem !== undefined && filesystem !== asked.filesystem)
    throw new CsiError("INVALID_ARGUMENT", `${kind} ${id} holds ${filesystem}, and ${asked.filesystem} is asked for`);
  const limit = request.capacityRange?.limitBytes ?? 0;
  if (limit > 0 && limit < found.size)
    throw new CsiError("OUT_OF_RANGE", `${kind} ${id} has ${found.size} bytes, which is above the limit of ${limit}`);
  return found;
}

function claimOf({ parameters }: Request): string | undefined {
  const [namespace, name] = ["namespace", "name"].map((part) => parameters[`csi.storage.k8s.io/pvc/${part}`]);
  return namespace === undefined || name === undefined ? undefined : `${namespace}/${name}`;
}

function described(volumes: Volumes, { group, name, size }: OwnedVolume, { volumeContentSource }: Request): Volume {
  return {
    capacityBytes: size,
    volumeId: formatHandle({ group: group.uuid, name }),
    ...(volumeContentSource === undefined ? {} : { contentSource: volumeContentSource }),
    accessibleTopology: [volumeTopology(volumes.node, group.name)],
  };
}
