import type { Texts, Topology } from "../csi/index.ts";
import { labelValue } from "../storage-api/index.ts";
import type { UsableGroup } from "./capacity.ts";

const NODE_KEY = "topology.lvm.halite.dev/node";
const GROUP_KEY = "topology.lvm.halite.dev/vg-";

export function groupKey(name: string): string {
  return `${GROUP_KEY}${labelValue(name).slice(0, 60)}`;
}

/** What a node is to the scheduler: its name, and which volume groups it has. */
export function nodeTopology(node: string, groups: readonly UsableGroup[]): Topology {
  return { segments: { [NODE_KEY]: node, ...Object.fromEntries(groups.map(({ group }) => [groupKey(group.name), "true"])) } };
}

/** Where a volume can be reached. */
export function volumeTopology(node: string, group: string): Topology {
  return { segments: { [NODE_KEY]: node, [groupKey(group)]: "true" } };
}

/** Whether a node with these segments is within a topology. */
export function isWithin(segments: Texts, topology: Topology): boolean {
  return Object.entries(topology.segments).every(([key, value]) => segments[key] === value);
}
