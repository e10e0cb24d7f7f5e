import {
  COMPUTE_NODES,
  CONDITIONS,
  EVENTS,
  type ComputeNode,
  type ComputeNodeCondition,
  type ConfiguredVolumeGroup,
  type VolumeGroupStatus,
} from "../storage-api/index.ts";
import { Resource, type Api, type Clock, type EventRecorder } from "../runtime/index.ts";
import { POOL_FULL, provisionedIn } from "./capacity.ts";
import type { Observed } from "./observe.ts";
import { isOwned, type OwnedVolume } from "./volumes.ts";

/** What there is to say of the volume groups of a node. */
export interface GroupsReport {
  readonly groups: readonly (VolumeGroupStatus & { readonly free: number; readonly volumes: number; readonly missing: number })[];
  /** What is wrong, for people; empty: nothing. */
  readonly problems: readonly { readonly reason: string; readonly message: string }[];
}

export function reportOf(observed: Observed, configured: readonly ConfiguredVolumeGroup[], orphans: readonly OwnedVolume[]): GroupsReport {
  const problems: { reason: string; message: string }[] = [];
  const groups = configured.flatMap((each) => {
    const group = observed.groups.find(({ uuid }) => uuid === each.uuid);
    if (group === undefined) {
      problems.push({ reason: "VolumeGroupMissing", message: `volume group ${each.name} (${each.uuid}) is not there` });
      return [];
    }
    const missing = group.physicalVolumes.filter((physical) => physical.missing).length;
    if (missing > 0)
      problems.push({
        reason: "DisksMissing",
        message: `volume group ${group.name} misses ${missing} of ${group.physicalVolumes.length} disks`,
      });
    if (group.ambiguous)
      problems.push({ reason: "DuplicateName", message: `another volume group is called ${group.name} too: vgrename it by its UUID` });
    const pools = observed.volumes.filter((volume) => volume.type === "pool" && volume.group.uuid === group.uuid);
    for (const { name, dataPercent = 0, metadataPercent = 0, health } of pools) {
      if (health !== "") problems.push({ reason: "ThinPoolFailed", message: `LVM says of thin pool ${group.name}/${name}: ${health}` });
      if (Math.max(dataPercent, metadataPercent) >= POOL_FULL)
        problems.push({
          reason: "ThinPoolFull",
          message: `thin pool ${group.name}/${name}: ${dataPercent} % of data, ${metadataPercent} % of metadata`,
        });
    }
    return {
      name: group.name,
      free: Math.max(0, group.free - each.reserve),
      volumes: observed.volumes.filter(
        (volume) => volume.group.uuid === group.uuid && isOwned(volume) && volume.ownership.kind !== "temporary",
      ).length,
      thinPools: pools.map((pool) => ({
        name: pool.name,
        size: pool.size,
        provisioned: provisionedIn(pool, observed),
        dataPercent: pool.dataPercent ?? 0,
        metadataPercent: pool.metadataPercent ?? 0,
      })),
      missing,
    };
  });
  if (orphans.length > 0) {
    const names = orphans.map(({ ownership }) => ownership.name).sort();
    const some = names.length > 5 ? `${names.slice(0, 5).join(", ")} and ${names.length - 5} more` : names.join(", ");
    problems.push({ reason: "OrphanedVolumes", message: `volumes with data and without a PersistentVolume: ${some}` });
  }
  return { groups, problems };
}

export interface StatusOptions {
  readonly api: Api;
  readonly node: string;
  readonly clock: Clock;
  readonly events: EventRecorder;
}

/** Writes what the driver knows of a node's volume groups to its ComputeNode; the other fields are storage-node's. */
export class StatusWriter {
  readonly #options: StatusOptions;
  readonly #nodes: Resource<ComputeNode>;
  #written = "";

  constructor(options: StatusOptions) {
    this.#options = options;
    this.#nodes = new Resource<ComputeNode>(options.api, COMPUTE_NODES);
  }

  /** Writes only what has changed. Nothing where storage-node has made no ComputeNode yet. */
  async write({ groups, problems }: GroupsReport): Promise<void> {
    const { node, clock, events } = this.#options;
    const found = await this.#nodes.find(node);
    if (found === undefined) return;
    const [first] = problems;
    const condition = {
      type: CONDITIONS.volumeGroupsHealthy,
      status: first === undefined ? "True" : "False",
      reason: first?.reason ?? "InOrder",
      message: problems.map(({ message }) => message).join("; "),
    } as const;
    const before = found.status?.conditions?.find(({ type }) => type === condition.type);
    const text = JSON.stringify([groups, condition]);
    if (text === this.#written && before?.status === condition.status && before.message === condition.message) return;
    const lastTransitionTime =
      before?.status === condition.status ? before.lastTransitionTime : `${clock.date().toISOString().slice(0, 19)}Z`;
    const conditions: readonly ComputeNodeCondition[] = [{ ...condition, lastTransitionTime }];
    await this.#nodes.apply(
      {
        apiVersion: "storage.halite.dev/v1alpha1",
        kind: "ComputeNode",
        metadata: { name: node },
        status: { volumeGroups: groups, conditions },
      },
      { fieldManager: "halite-lvm-csi", force: true },
      "status",
    );
    this.#written = text;
    if (first?.reason === "VolumeGroupMissing" && before?.reason !== first.reason)
      await events.tell(found, { type: "Warning", reason: EVENTS.volumeGroupMissing, message: first.message });
  }
}
