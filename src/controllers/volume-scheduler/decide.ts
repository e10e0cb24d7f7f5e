import { whyNot, whyText } from "./explain.ts";
import type { Occupant } from "./groups.ts";
import type { Inventory } from "./inventory.ts";
import type { Look, NodeMemory, Verdict } from "./memory.ts";
import { reaches, type Claim, type ClusterNode, type Pod, type Volume } from "./objects.ts";
import { choicesAt, costTogether, goesByCapacities, leastAt, makingAt, type Wanted } from "./place.ts";
import { apart, type Member } from "./rules.ts";
import { sizeText } from "./quantity.ts";
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

const NOBODY: ReadonlySet<string> = new Set();

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
  const occupants = { required: others("required"), preferred: others("preferred") };
  const forbidden = new Map<string, Occupant>();
  for (const occupant of occupants.required) for (const disk of occupant.disks) forbidden.set(disk, occupant);
  const disliked = new Map<string, number>();
  for (const { disks } of occupants.preferred) for (const disk of disks) disliked.set(disk, (disliked.get(disk) ?? 0) + 1);
  const own = inventory.volumesFor(claim);
  const held = own.filter(({ holder, name }) => holder.kind === "held" || inventory.assumed(name) !== undefined);
  const near = new Set([...occupants.required, ...occupants.preferred].map(({ where }) => where));
  for (const { reach } of held) near.add(reach.kind === "host" ? reach.host : "");
  // Where it was to be made before, the room for it is its own.
  const coming = inventory.coming(claim);
  if (coming?.provision !== undefined) near.add(coming.node);
  const named = own.find(({ holder }) => holder.kind === "claim" && (holder.uid ?? claim.uid) === claim.uid);
  return {
    volume,
    claim,
    rules,
    storageClass,
    siblings,
    forbidden,
    disliked,
    held,
    near: near.has("") ? undefined : near,
    ...(named === undefined ? {} : { named }),
    ...(named !== undefined || claim.selectedNode === undefined ? {} : { node: claim.selectedNode }),
  };
}

/** Which nodes a pod's volumes can be on, of those that are asked about; why not on the others. */
export function filter(inventory: Inventory, request: Request, nodes: readonly string[], memory?: NodeMemory): FilterAnswer {
  const fits: string[] = [];
  const costs: number[] = [];
  const refused = new Map<string, string>();
  const { wanted } = request;
  const pairs = pairsOf(wanted);
  const look = lookOf(wanted, pairs);
  const verdicts = look === undefined ? undefined : memory?.of(look);
  for (const name of nodes) {
    const node = inventory.node(name);
    const elsewhere = notThere(inventory, request, node, name);
    if (node === undefined || elsewhere !== undefined) {
      refused.set(name, elsewhere ?? "");
      continue;
    }
    const detailed = refused.size < MOST_DETAILED;
    const known = look === undefined || look.near.has(node.host) || look.near.has(name) ? undefined : verdicts;
    const revision = known === undefined ? 0 : inventory.revisionFor(node, look?.capacities === true);
    let verdict = known?.get(node, revision, detailed);
    if (verdict === undefined) {
      verdict = verdictOf(inventory, wanted, pairs, node, detailed);
      known?.keep(node, revision, detailed, verdict);
    }
    if (verdict.kind === "fits") {
      fits.push(name);
      costs.push(verdict.cost);
    } else refused.set(name, verdictText(wanted, verdict));
  }
  return { fits, refused, costs };
}

/** Why the pod's bound claims, its own volumes, or that nothing is known of it keep it from a node. */
function notThere(inventory: Inventory, { bound, pod }: Request, node: ClusterNode | undefined, name: string): string | undefined {
  if (node === undefined) return `node ${name} is not known yet`;
  for (const { volume, group, bytes, thin } of pod.inline) {
    const pools = inventory.poolsOf(name).filter((pool) => group === undefined || pool.group === group);
    const free = pools.map((pool) => inventory.freeIn(pool, NOBODY) ?? 0);
    const most = Math.max(0, ...free);
    const what = group === undefined ? "volume group" : `volume group ${group}`;
    if (pools.length === 0) return `volume ${volume} (${sizeText(bytes)}): no ${what} here`;
    // What a thin pool may still promise its driver knows.
    if (!thin && most < bytes) return `volume ${volume} (${sizeText(bytes)}): ${what} has ${sizeText(most)} left`;
  }
  const far = bound.find(({ volume }) => !reaches(volume, node));
  if (far === undefined) return undefined;
  const { claim, volume } = far;
  return `claim ${claim.name} is bound to volume ${volume.name}${volume.reach.kind === "host" ? `, which is on ${volume.reach.host}` : ""}`;
}

/** `undefined` where a claim is about one volume or one node, or nobody can tell where what it keeps from is. */
function lookOf(wanted: readonly Wanted[], pairs: Pairs): Look | undefined {
  const near = new Set<string>();
  for (const each of wanted) {
    if (each.named !== undefined || each.node !== undefined || each.near === undefined) return undefined;
    for (const place of each.near) near.add(place);
  }
  const looks = wanted.map(({ claim, rules }) => {
    const { storageClass, bytes, mode, accessModes, attributesClass, selector } = claim;
    return [storageClass, bytes, mode, accessModes, attributesClass, selector, rules.placement, rules.media, rules.required.length > 0];
  });
  const text = JSON.stringify([looks, wanted.map((_one, i) => wanted.map((_other, j) => [pairs.apart(i, j), pairs.together(i, j)]))]);
  return { text, capacities: wanted.some(({ storageClass }) => goesByCapacities(storageClass)), near };
}

/** Whether the claims have places on a node, and what the best ones cost. */
function verdictOf(inventory: Inventory, wanted: readonly Wanted[], pairs: Pairs, node: ClusterNode, detailed: boolean): Verdict {
  const [single] = wanted;
  if (single !== undefined && wanted.length === 1) {
    const cost = leastAt(inventory, single, node);
    if (cost === undefined) return { kind: "none", claim: 0, reasons: whyNot(inventory, single, node, detailed) };
    return { kind: "fits", cost: cost + crowd(inventory, wanted, node) };
  }
  const found = searchAt(inventory, wanted, pairs, node, { detailed, steps: STEPS_OF_MANY });
  return "kind" in found ? found : { kind: "fits", cost: found.cost };
}

interface Found {
  readonly cost: number;
  /** Of each claim. */
  readonly chosen: readonly (Option | undefined)[];
}

function searchAt(
  inventory: Inventory,
  wanted: readonly Wanted[],
  pairs: Pairs,
  node: ClusterNode,
  { detailed, steps }: { readonly detailed: boolean; readonly steps?: number },
): Found | Exclude<Verdict, { readonly kind: "fits" }> {
  const options: (readonly Option[])[] = [];
  const pools: Record<string, number> = {};
  for (const [claim, each] of wanted.entries()) {
    const choices = choicesAt(inventory, each, node);
    if (choices.options.length === 0) return { kind: "none", claim, reasons: whyNot(inventory, each, node, detailed) };
    options.push(choices.options);
    if (choices.pool !== undefined) pools[choices.pool.name] = choices.pool.free;
  }
  const found = solve({ options, pools, ...pairs }, steps);
  if (found.kind === "impossible") return { kind: "together" };
  if (found.kind === "undecided") return { kind: "together", steps: found.steps };
  return {
    cost: found.cost + crowd(inventory, wanted, node),
    chosen: options.map((some, index) => some[found.choice[index] ?? 0]),
  };
}

function verdictText(wanted: readonly Wanted[], verdict: Exclude<Verdict, { readonly kind: "fits" }>): string {
  if (verdict.kind === "none") {
    const claim = wanted[verdict.claim];
    return claim === undefined ? verdict.reasons : whyText(claim, verdict.reasons);
  }
  const names = wanted.map(({ claim }) => claim.name).join(", ");
  return verdict.steps === undefined
    ? `claims ${names} can be placed one by one, but not together`
    : `claims ${names}: no way to place them together was found in ${verdict.steps} steps`;
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

/** The best places of all claims on one node. */
export function onNode(inventory: Inventory, request: Request, name: string): OnNode {
  const { wanted } = request;
  const node = inventory.node(name);
  const elsewhere = notThere(inventory, request, node, name);
  if (node === undefined || elsewhere !== undefined) return { kind: "refused", why: elsewhere ?? "" };
  const found = searchAt(inventory, wanted, pairsOf(wanted), node, { detailed: true });
  if ("kind" in found) return { kind: "refused", why: verdictText(wanted, found) };
  return { kind: "fits", cost: found.cost, places: wanted.map((each, index) => placeOf(inventory, each, node, found.chosen[index])) };
}

function placeOf(inventory: Inventory, wanted: Wanted, node: ClusterNode, option: Option | undefined): Place {
  const volume = option?.volume === undefined ? undefined : inventory.volume(option.volume);
  if (volume !== undefined) return { kind: "volume", wanted, volume };
  const making = makingAt(inventory, wanted, node);
  const group = "option" in making ? making.group : undefined;
  return { kind: "make", wanted, ...(group === undefined ? {} : { group }) };
}

type Pairs = Pick<Puzzle, "apart" | "together">;

/** Which claims of one pod do not go together, each pair looked at once. */
function pairsOf(wanted: readonly Wanted[]): Pairs {
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
