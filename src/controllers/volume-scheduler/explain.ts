import type { Inventory } from "./inventory.ts";
import type { ClusterNode } from "./objects.ts";
import type { Occupant } from "./groups.ts";
import { makingAt, refusalOf, volumesAt, type MakingRefusal, type VolumeRefusal, type Wanted } from "./place.ts";
import { sizeText } from "./quantity.ts";
import { apart } from "./rules.ts";

/** So many disks are named in one node's reason; of further ones it says how many there are. */
const MOST_NAMED = 4;

/** The claim's name before the reasons. */
export function whyText({ claim, storageClass }: Wanted, reasons: string): string {
  return `claim ${claim.name} (${sizeText(claim.bytes)}, ${storageClass.name}): ${reasons}`;
}

/** Why a claim gets nothing on a node, in words: each disk that a rule refuses, and what is the matter with the others. */
export function whyNot(inventory: Inventory, wanted: Wanted, node: ClusterNode, detailed: boolean): string {
  const named: string[] = [];
  const counts = new Map<string, number>();
  const count = (what: string): unknown => counts.set(what, (counts.get(what) ?? 0) + 1);
  const seen = new Set<string>();
  let volumes = 0;
  for (const volume of wanted.node === undefined ? volumesAt(inventory, wanted, node) : []) {
    volumes += 1;
    const why = refusalOf(inventory, wanted, volume);
    if (why === undefined) continue;
    const text = volumeText(wanted, volume.disk ?? volume.name, why);
    if (text.disk === undefined || !detailed) count(text.general);
    else if (!seen.has(text.disk)) {
      seen.add(text.disk);
      named.push(text.disk);
    }
  }
  const making = makingAt(inventory, wanted, node);
  const made = "refused" in making ? making.refused.flatMap((why) => makingText(wanted, why)) : [];
  const more = named.length > MOST_NAMED ? [`${named.length - MOST_NAMED} more disks are refused likewise`] : [];
  const others = [...counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([what, many]) => `${many} ${what}`);
  const reasons = [...named.sort().slice(0, MOST_NAMED), ...more, ...others, ...made];
  if (reasons.length === 0) reasons.push(volumes === 0 ? "no volume of the class here" : "nothing is free here");
  return reasons.join(", ");
}

/** `general`: to be counted, after a number. `disk`: to be told of the disk. */
function volumeText(wanted: Wanted, where: string, why: VolumeRefusal): { readonly general: string; readonly disk?: string } {
  switch (why.kind) {
    case "taken":
      return { general: "taken" };
    case "held":
      return { general: "reserved for another claim" };
    case "quarantine":
      return { general: "quarantined", disk: `disk ${where} is quarantined` };
    case "unavailable":
      return { general: "not available" };
    case "small":
      return { general: "too small" };
    case "mode":
      return { general: `not of mode ${wanted.claim.mode}` };
    case "access":
      return { general: `without access mode ${wanted.claim.accessModes.join(",")}` };
    case "labels":
      return { general: "not of the claim's selector" };
    case "attributes":
      return { general: `not of VolumeAttributesClass ${wanted.claim.attributesClass || "(none)"}` };
    case "tainted":
      return { general: `tainted (${why.reason})`, disk: `disk ${where} is tainted (${why.reason})` };
    case "media":
      return { general: `on ${why.media}, not ${wanted.rules.media?.join(" or ") ?? ""}` };
    case "noDisk":
      return { general: "without a label that tells their disk" };
    case "apart":
      break;
  }
  return { general: "on disks of claims to keep apart from", disk: apartText(wanted, why.disk, why.occupant) };
}

function makingText(wanted: Wanted, why: MakingRefusal): readonly string[] {
  switch (why.kind) {
    case "notMade":
      return [];
    case "topology":
      return ["its class makes no volumes here"];
    case "elsewhere":
      return [`its volume is being made on ${why.node}`];
    case "noGroup":
      return [why.group === "" ? "the driver has told of no room here" : `no volume group ${why.group} here`];
    case "incomplete":
      return [`volume group ${why.group} misses ${why.missing} of its disks`];
    case "full":
      return [`${why.group === "" ? "the driver" : `volume group ${why.group}`} has ${sizeText(why.free)} left`];
    case "media":
      return [`volume group on ${why.media || "unknown media"}, not ${wanted.rules.media?.join(" or ") ?? ""}`];
    case "apart":
      break;
  }
  return [apartText(wanted, why.disk, why.occupant)];
}

function apartText({ claim, rules }: Wanted, disk: string, occupant: Occupant): string {
  const term = apart("required", { namespace: claim.namespace, labels: claim.labels, rules }, occupant) ?? [];
  const same = term.map((key) => `${key}=${claim.labels[key] ?? ""}`).join(", ");
  return `disk ${disk} holds ${occupant.claim} of the same ${same}`;
}
