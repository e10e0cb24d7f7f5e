import type { JsonObject } from "../../kubernetes/index.ts";
import {
  CONDITIONS,
  type ComputeNodeCondition,
  type ComputeNodeStatus,
  type ConditionType,
  type ConfiguredDisk,
  type ConfiguredPartition,
  type ConfiguredVolumeGroup,
  type DiskStatus,
  type PartitionStatus,
  type PlanStep,
  type SystemConfiguration,
  type VolumeGroupStatus,
} from "../storage-api/index.ts";
import { isOwnGroup } from "./contents.ts";
import type { Flavor } from "./flavor.ts";
import { PARTITION_TYPES, type Observation, type ObservedDisk, type ObservedPartition } from "./observation.ts";
import type { Plan, PlannedDisk, Step } from "./plan.ts";
import { mountPathOf } from "./planner.ts";
import { byUuid, describeStep, filesystemOf } from "./steps.ts";

/** The system configuration: what is made, and nothing else. */
export function configurationOf(node: string, observation: Observation, plan: Plan, flavor: Flavor): SystemConfiguration {
  const partitions: ConfiguredPartition[] = [];
  const uuids = plan.disks.flatMap(({ disk }) => (disk.table?.partitions ?? []).map(({ uuid }) => uuid));
  for (const { disk, group: name, role } of plan.disks) {
    const use = flavor.groups.find((group) => group.name === name)?.use;
    const record = disk.table?.partitions.find(({ type }) => type === PARTITION_TYPES.record);
    if (use?.kind !== "static" || record === undefined || !(role === "Static" || role === "Planned")) continue;
    for (const partition of disk.table?.partitions ?? []) {
      // One that is on two disks is nobody's.
      if (partition.type !== PARTITION_TYPES.volume || uuids.filter((uuid) => uuid === partition.uuid).length > 1) continue;
      partitions.push({
        disk: configuredDisk(disk),
        uuid: partition.uuid,
        device: byUuid(partition),
        size: partition.size,
        ...(use.filesystem !== undefined && { filesystem: filesystemOf(use, partition, use.filesystem) }),
        record: { device: byUuid(record), block: partition.number },
        storageClass: use.storageClass,
        labels: use.labels,
      });
    }
  }
  return { node, flavor: flavor.name, partitions, volumeGroups: configuredGroups(observation, flavor) };
}

function configuredGroups(observation: Observation, flavor: Flavor): ConfiguredVolumeGroup[] {
  return flavor.groups.flatMap(({ use }) => {
    const group = use.kind === "volumeGroup" ? observation.volumeGroups.find(({ name }) => name === use.name) : undefined;
    if (group === undefined || use.kind !== "volumeGroup" || !isOwnGroup(group)) return [];
    const pool = group.volumes.some(({ name, type }) => name === use.thinPool && type === "thin-pool") ? use.thinPool : undefined;
    return [
      {
        name: group.name,
        uuid: group.uuid,
        disks: disksBelow(group.physicalVolumes, observation).map(configuredDisk),
        ...(pool !== undefined && { thinPool: pool }),
        reserve: use.reserve,
      },
    ];
  });
}

function configuredDisk({ serial, byId, media }: ObservedDisk): ConfiguredDisk {
  return { serial, byId, media };
}

function disksBelow(physicalVolumes: readonly string[], { disks }: Observation): readonly ObservedDisk[] {
  return disks.filter(({ path, table }) =>
    [path, ...(table?.partitions ?? []).map((each) => each.path)].some((each) => physicalVolumes.includes(each)),
  );
}

/** What the ComputeNode says of disks: also what the next plan knows from before. */
export function diskStatuses(plan: Plan, observation: Observation, flavor: Flavor): readonly DiskStatus[] {
  const there = plan.disks
    .filter(({ disk }, index) => disk.serial !== "" && plan.disks.findIndex((other) => other.disk.serial === disk.serial) === index)
    .map((each) => diskStatus(each, observation, flavor));
  const gone = plan.missing
    .filter(({ serial }) => !there.some((disk) => disk.serial === serial))
    .map(({ serial, byId, model, size, media, transport, group, wiped, volumeGroup }): DiskStatus => {
      const before = { byId, model, size, media, transport, group, wiped, volumeGroup };
      return { serial, ...defined(before), role: "Missing", reason: "it is gone; list it in retire once it won't come back" };
    });
  return [...there, ...gone];
}

function diskStatus({ disk, role, group, reason, wiped }: PlannedDisk, observation: Observation, flavor: Flavor): DiskStatus {
  const partitions = (disk.table?.partitions ?? []).filter(
    ({ type }) => type === PARTITION_TYPES.making || type === PARTITION_TYPES.volume,
  );
  const use = flavor.groups.find(({ name }) => name === group)?.use;
  const volumeGroup = observation.volumeGroups.find(
    (each) => isOwnGroup(each) && disksBelow(each.physicalVolumes, { ...observation, disks: [disk] }).length > 0,
  );
  return {
    serial: disk.serial,
    byId: disk.byId,
    kernelName: disk.path.replace("/dev/", ""),
    ...(disk.model !== "" && { model: disk.model }),
    size: disk.size,
    media: disk.media,
    ...(disk.transport !== "" && { transport: disk.transport }),
    role,
    ...(reason !== undefined && { reason }),
    ...(group !== undefined && { group }),
    ...(wiped && { wiped }),
    ...(volumeGroup !== undefined && { volumeGroup: volumeGroup.name }),
    ...(partitions.length > 0 && {
      partitions: partitions.map((partition): PartitionStatus => {
        const { number, uuid, size } = partition;
        if (use?.kind !== "static") return { uuid, number, size };
        if (use.filesystem === undefined) return { uuid, number, size, mode: "Block" };
        return {
          uuid,
          number,
          size,
          mode: "Filesystem",
          filesystem: use.filesystem.type,
          mountPath: mountPathOf(use, partition),
          mounted: isMounted(partition, mountPathOf(use, partition), observation),
        };
      }),
    }),
  };
}

function isMounted({ device }: ObservedPartition, path: string, { mounts }: Observation): boolean {
  return mounts.some((mount) => mount.device === device && mount.target === path);
}

export function volumeGroupStatuses(observation: Observation, flavor: Flavor): readonly VolumeGroupStatus[] {
  return configuredGroups(observation, flavor).map(({ name, uuid, disks }) => ({
    name,
    uuid,
    size: observation.volumeGroups.find((group) => group.name === name)?.size ?? 0,
    disks: disks.map(({ serial }) => serial),
  }));
}

/** What became of a step. */
export interface StepResult {
  readonly step: Step;
  readonly state: PlanStep["state"];
  readonly reason?: string;
}

/** The whole status that storage-node applies. `before`: of the ComputeNode, whose times of conditions stay where nothing has changed. */
export function statusOf(
  {
    observation,
    plan,
    flavor,
    results,
  }: { readonly observation: Observation; readonly plan: Plan; readonly flavor: Flavor; readonly results: readonly StepResult[] },
  before: ComputeNodeStatus | undefined,
  now: string,
): ComputeNodeStatus {
  const refusals = plan.remarks.filter(({ kind }) => kind === "refusal");
  const drift = plan.remarks.filter(({ kind }) => kind === "drift");
  const failed = results.filter(({ state }) => state === "Failed");
  const pending = results.filter(({ state }) => state === "Pending");
  const condition = (type: ConditionType, problems: readonly string[], good: string, bad: string): ComputeNodeCondition => {
    const status = problems.length === 0 ? "True" : "False";
    const old = before?.conditions?.find((each) => each.type === type);
    return {
      type,
      status,
      reason: problems.length === 0 ? good : bad,
      message: cut(problems.join("; ")),
      lastTransitionTime: old?.status === status ? old.lastTransitionTime : now,
    };
  };
  const unmade = [
    ...failed.map(({ step, reason }) => `${describeStep(step).detail}: ${reason ?? "it has failed"}`),
    ...refusals.map(({ message }) => message),
    ...pending.map(({ step }) => `still to be done: ${describeStep(step).detail}`),
  ];
  return {
    disks: diskStatuses(plan, observation, flavor),
    volumeGroups: volumeGroupStatuses(observation, flavor),
    plan: {
      flavor: plan.flavor,
      digest: plan.digest,
      steps: [
        ...results.map(({ step, state, reason }): PlanStep => ({
          ...describeStep(step),
          state,
          ...(reason !== undefined && { reason: cut(reason) }),
        })),
        ...refusals.map(({ serial, reason, message }): PlanStep => ({
          action: "refuse",
          ...(serial !== undefined && { disk: serial }),
          detail: cut(message),
          state: "Refused",
          reason,
        })),
      ],
    },
    conditions: [
      condition(
        CONDITIONS.provisioned,
        unmade,
        "AllMade",
        failed.length > 0 ? "StepFailed" : refusals.length > 0 ? "Refused" : "InProgress",
      ),
      condition(
        CONDITIONS.disksAsPlanned,
        drift.map(({ message }) => message),
        "AsPlanned",
        "Drifted",
      ),
    ],
  };
}

function cut(text: string): string {
  return text.length > 2000 ? `${text.slice(0, 1999)}…` : text;
}

function defined(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}
