import { groupOf, shapeText, type Member, type Shape } from "./rules.ts";

/** A claim that has, or is to have, a volume on disks. */
export interface Occupant extends Member {
  /** The volume's name; of a volume that is still to be made, `claim:` and the claim. */
  readonly id: string;
  /** The claim, `NAMESPACE/NAME`. */
  readonly claim: string;
  readonly disks: readonly string[];
  /** The host, or the node, that the disks are in; empty where that is not one. */
  readonly where: string;
}

type Kind = "required" | "preferred";
const KINDS: readonly Kind[] = ["required", "preferred"];

/** Those of one shape, by group. */
interface Index {
  readonly shape: Shape;
  readonly groups: Map<string, Set<Occupant>>;
}

/** So many shapes of rules are kept ready; a cluster has a handful. */
const MOST_SHAPES = 200;

/**
 * Who must not, or had better not, be on a disk with whom: finds all occupants that a claim has a rule against, or that have one against it, without
 * going through all of them.
 */
export class Groups {
  readonly #occupants = new Map<string, Occupant>();
  /** Those who have a rule of a shape themselves. */
  readonly #declared: Readonly<Record<Kind, Map<string, Index>>> = { required: new Map(), preferred: new Map() };
  /** Everybody, by shapes that somebody has asked about. */
  readonly #members = new Map<string, Index>();

  add(occupant: Occupant): void {
    this.remove(occupant.id);
    this.#occupants.set(occupant.id, occupant);
    for (const index of this.#members.values()) enter(index, occupant);
    for (const kind of KINDS) {
      for (const shape of shapesOf(kind, occupant)) {
        const text = shapeText(shape);
        const index = this.#declared[kind].get(text) ?? { shape, groups: new Map() };
        this.#declared[kind].set(text, index);
        enter(index, occupant);
      }
    }
  }

  remove(id: string): void {
    const occupant = this.#occupants.get(id);
    if (occupant === undefined) return;
    this.#occupants.delete(id);
    for (const index of this.#members.values()) leave(index, occupant);
    for (const kind of KINDS) {
      for (const shape of shapesOf(kind, occupant)) {
        const text = shapeText(shape);
        const index = this.#declared[kind].get(text);
        if (index === undefined) continue;
        leave(index, occupant);
        if (index.groups.size === 0) this.#declared[kind].delete(text);
      }
    }
  }

  get(id: string): Occupant | undefined {
    return this.#occupants.get(id);
  }

  /** Those whom a claim may not (or had better not) share a disk with, whoever of them says so; not itself. */
  against(kind: Kind, claim: string, member: Member): ReadonlySet<Occupant> {
    const found = new Set<Occupant>();
    const collect = ({ shape, groups }: Index): void => {
      const group = groupOf(shape, member.namespace, member.labels);
      if (group === undefined) return;
      for (const occupant of groups.get(group) ?? []) if (occupant.claim !== claim) found.add(occupant);
    };
    for (const shape of shapesOf(kind, member)) collect(this.#everybody(shape));
    for (const index of this.#declared[kind].values()) collect(index);
    return found;
  }

  #everybody(shape: Shape): Index {
    const text = shapeText(shape);
    const known = this.#members.get(text);
    if (known !== undefined) return known;
    const [oldest] = this.#members.keys();
    if (oldest !== undefined && this.#members.size >= MOST_SHAPES) this.#members.delete(oldest);
    const index: Index = { shape, groups: new Map() };
    for (const occupant of this.#occupants.values()) enter(index, occupant);
    this.#members.set(text, index);
    return index;
  }
}

function shapesOf(kind: Kind, { rules }: Member): readonly Shape[] {
  return rules[kind].map((keys) => ({ keys, scope: rules.scope }));
}

function enter({ shape, groups }: Index, occupant: Occupant): void {
  const group = groupOf(shape, occupant.namespace, occupant.labels);
  if (group === undefined) return;
  const set = groups.get(group) ?? new Set();
  set.add(occupant);
  groups.set(group, set);
}

function leave({ shape, groups }: Index, occupant: Occupant): void {
  const group = groupOf(shape, occupant.namespace, occupant.labels);
  if (group === undefined) return;
  const set = groups.get(group);
  set?.delete(occupant);
  if (set?.size === 0) groups.delete(group);
}
