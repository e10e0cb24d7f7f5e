import { whyNot } from "./explain.ts";
import type { Occupant } from "./groups.ts";
import type { Inventory } from "./inventory.ts";
import { reaches, type Claim, type ClusterNode, type Pod, type Volume } from "./objects.ts";
import { choicesAt, costTogether, leastAt, makingAt, type Wanted } from "./place.ts";
import { apart, type Member } from "./rules.ts";
import { solve, type Option, type Puzzle } from "./search.ts";

/** A pod's claims, with what is the same on every node. */
export interface Request {
  readonly pod: Pod;
  readonly wanted: readonly Wanted[];
  /** Volumes of claims that are bound: the node must be one of theirs. */
  readonly bound: readonly { readonly claim: Claim; readonly volume: Volume }[];
}

export type Prepared =
  | { readonly kind: "ready"; readonly request: Request }
  /** On no node, until something else happens. */
  | { readonly kind: "refused"; readonly why: string };

/** What a claim gets. */
export type Place =
  | { readonly kind: "volume"; readonly wanted: Wanted; readonly volume: Volume }
  | { readonly kind: "make"; readonly wanted: Wanted; readonly group?: string };

export type OnNode =
  | { readonly kind: "fits"; readonly cost: number; readonly places: readonly Place[] }
  | { readonly kind: "refused"; readonly why: string };

export interface FilterAnswer {
  readonly fits: readonly string[];
  /** By node, why not. */
  readonly refused: ReadonlyMap<string, string>;
  /** What the places on each fitting node cost, in the order of `fits`. */
  readonly costs: readonly number[];
}

/** On so many refused nodes at most disks are named one by one: an event holds 1 KiB. */
const MOST_DETAILED = 20;
/** What a full node costs more than an empty one. */
const NODE = 5;
/** Steps of one node's search while all nodes are looked at. */
const STEPS_OF_MANY = 2000;

/** Reads a pod's claims. */
export function prepare(inventory: Inventory, pod: Pod): Prepared {
  const wanted: Wanted[] = [];
  const bound: { readonly claim: Claim; readonly volume: Volume }[] = [];
  const siblings = new Set(pod.claims.map(({ claim }) => `${pod.namespace}/${claim}`));
  const seen = new Set<string>();
  for (const { volume: name, claim: claimName, ephemeral } of pod.claims) {
    if (seen.has(claimName)) continue;
    seen.add(claimName);
    const claim = inventory.claim(`${pod.namespace}/${claimName}`);
    if (claim === undefined) return { kind: "refused", why: `claim ${claimName} is not there` };
    if (claim.deleted) return { kind: "refused", why: `claim ${claimName} is being deleted` };
    if (ephemeral && claim.owner !== pod.uid) return { kind: "refused", why: `claim ${claimName} is not the pod's own` };
    if (claim.bound) {
      const volume = inventory.volume(claim.volume ?? "");
      if (volume === undefined)
        return { kind: "refused", why: `claim ${claimName} is bound to volume ${claim.volume ?? ""}, which is not there` };
      bound.push({ claim, volume });
      continue;
    }
    const next = wants(inventory, name, claim, siblings);
    if ("why" in next) return { kind: "refused", why: next.why };
    wanted.push(next);
  }
  return { kind: "ready", request: { pod, wanted, bound } };
}

function wants(inventory: Inventory, volume: string, claim: Claim, siblings: ReadonlySet<string>): Wanted | { readonly why: string } {
  if (claim.volume !== undefined) return { why: `claim ${claim.name} is being bound to volume ${claim.volume}` };
  const storageClass = inventory.class(claim.storageClass);
  if (storageClass === undefined) {
    const why =
      claim.storageClass === "" ? "is not bound and has no StorageClass" : `names StorageClass ${claim.storageClass}, which is not there`;
    return { why: `claim ${claim.name} ${why}` };
  }
  if (!storageClass.delayed) {
    return {
      why: `claim ${claim.name} is not bound yet: StorageClass ${storageClass.name} binds without waiting for a pod; its events say why`,
    };
  }
  const read = inventory.rules(claim);
  if ("wrong" in read) return { why: `claim ${claim.name}: ${read.wrong}` };
  const { rules } = read;
  // Those of the pod's claims that have no volume yet are placed together with it, wherever they were to be before.
  const others = (kind: "required" | "preferred"): readonly Occupant[] =>
    [...inventory.against(kind, claim, rules)].filter((each) => !siblings.has(each.claim) || inventory.claim(each.claim)?.bound === true);
  const forbidden = new Map<string, Occupant>();
  for (const occupant of others("required")) for (const disk of occupant.disks) forbidden.set(disk, occupant);
  const disliked = new Map<string, number>();
  for (const { disks } of others("preferred")) for (const disk of disks) disliked.set(disk, (disliked.get(disk) ?? 0) + 1);
  const own = inventory.volumesFor(claim);
  const named = own.find(({ holder }) => holder.kind === "claim" && (holder.uid ?? claim.uid) === claim.uid);
  return {
    volume,
    claim,
    rules,
    storageClass,
    siblings,
    forbidden,
    disliked,
    held: own.filter(({ holder, name }) => holder.kind === "held" || inventory.assumed(name) !== undefined),
    ...(named === undefined ? {} : { named }),
    ...(named !== undefined || claim.selectedNode === undefined ? {} : { node: claim.selectedNode }),
  };
}

/** Which nodes a pod's volumes can be on, of those that are asked about; why not on the others. */
export function filter(inventory: Inventory, request: Request, nodes: readonly string[]): FilterAnswer {
  const fits: string[] = [];
  const costs: number[] = [];
  const refused = new Map<string, string>();
  for (const name of nodes) {
    const found = onNode(inventory, request, name, { detailed: refused.size < MOST_DETAILED, steps: STEPS_OF_MANY, places: false });
    if (found.kind === "refused") refused.set(name, found.why);
    else {
      fits.push(name);
      costs.push(found.cost);
    }
  }
  return { fits, refused, costs };
}

/** The extender's scores, 0 to 10: the cheapest node has the most. */
export function scores(costs: readonly number[]): readonly number[] {
  let least = Number.POSITIVE_INFINITY;
  let most = 0;
  for (const cost of costs) {
    least = Math.min(least, cost);
    most = Math.max(most, cost);
  }
  return costs.map((cost) => (most === least ? 10 : Math.round((10 * (most - cost)) / (most - least))));
}

interface Looking {
  readonly detailed: boolean;
  readonly steps?: number;
  /** Whether it matters what each claim gets, or only that it gets something. */
  readonly places: boolean;
}

/** The best places of all claims on one node. */
export function onNode(
  inventory: Inventory,
  request: Request,
  name: string,
  { detailed, steps, places }: Looking = { detailed: true, places: true },
): OnNode {
  const node = inventory.node(name);
  if (node === undefined) return { kind: "refused", why: `node ${name} is not known yet` };
  for (const { claim, volume } of request.bound) {
    if (!reaches(volume, node)) {
      const where = volume.reach.kind === "host" ? `, which is on ${volume.reach.host}` : "";
      return { kind: "refused", why: `claim ${claim.name} is bound to volume ${volume.name}${where}` };
    }
  }
  const { wanted } = request;
  const [single] = wanted;
  if (!places && single !== undefined && wanted.length === 1) {
    const cost = leastAt(inventory, single, node);
    if (cost === undefined) return { kind: "refused", why: whyNot(inventory, single, node, detailed) };
    return { kind: "fits", cost: cost + crowd(inventory, wanted, node), places: [] };
  }
  const options: (readonly Option[])[] = [];
  const pools: Record<string, number> = {};
  for (const each of wanted) {
    const choices = choicesAt(inventory, each, node);
    if (choices.options.length === 0) return { kind: "refused", why: whyNot(inventory, each, node, detailed) };
    options.push(choices.options);
    if (choices.pool !== undefined) pools[choices.pool.name] = choices.pool.free;
  }
  const found = solve({ options, pools, ...pairsOf(wanted) }, steps);
  if (found.kind !== "solved") {
    const names = wanted.map(({ claim }) => claim.name).join(", ");
    const why =
      found.kind === "impossible"
        ? `claims ${names} can be placed one by one, but not together`
        : `claims ${names}: no way to place them together was found in ${found.steps} steps`;
    return { kind: "refused", why };
  }
  return {
    kind: "fits",
    cost: found.cost + crowd(inventory, wanted, node),
    places: places ? wanted.map((each, index) => placeOf(inventory, each, node, options[index]?.[found.choice[index] ?? 0])) : [],
  };
}

function placeOf(inventory: Inventory, wanted: Wanted, node: ClusterNode, option: Option | undefined): Place {
  const volume = option?.volume === undefined ? undefined : inventory.volume(option.volume);
  if (volume !== undefined) return { kind: "volume", wanted, volume };
  const making = makingAt(inventory, wanted, node);
  const group = "option" in making ? making.group : undefined;
  return { kind: "make", wanted, ...(group === undefined ? {} : { group }) };
}

/** Which claims of one pod do not go together, each pair looked at once. */
function pairsOf(wanted: readonly Wanted[]): Pick<Puzzle, "apart" | "together"> {
  const size = wanted.length;
  const members: readonly Member[] = wanted.map(({ claim, rules }) => ({ namespace: claim.namespace, labels: claim.labels, rules }));
  const forbidden = Array.from({ length: size * size }, () => false);
  const costs = Array.from({ length: size * size }, () => 0);
  for (const [i, a] of members.entries()) {
    for (const [j, b] of members.entries()) {
      const [first, second] = [wanted[i], wanted[j]];
      if (i === j || first === undefined || second === undefined) continue;
      forbidden[i * size + j] = apart("required", a, b) !== undefined;
      costs[i * size + j] = costTogether(first, second, apart("preferred", a, b) !== undefined);
    }
  }
  return { apart: (i, j) => forbidden[i * size + j] === true, together: (i, j) => costs[i * size + j] ?? 0 };
}

/** How much of a node's volumes of the classes is in use: nodes fill evenly, or one after the other, as the claims' placement has it. */
function crowd(inventory: Inventory, wanted: readonly Wanted[], node: ClusterNode): number {
  let cost = 0;
  for (const { claim, rules } of wanted) {
    const all = inventory.countLocal(node.host, claim.storageClass);
    if (all === 0) continue;
    const used = 1 - inventory.countFree(node.host, claim.storageClass) / all;
    cost += Math.round(NODE * (rules.placement === "pack" ? 1 - used : used));
  }
  return cost;
}
