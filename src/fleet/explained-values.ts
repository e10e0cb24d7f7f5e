import type { Position } from "../finding/index.ts";
import { PyDict, type Value } from "../python/index.ts";
import type { Cause, ClusterData } from "./causes.ts";
import { leavesOf, valueAt, type DataPlace } from "./changed-data.ts";
import type { FileTrial } from "./file-trial.ts";
import { grainChoices, type GrainChoice } from "./grain-choices.ts";
import { grainPlaces } from "./grain-places.ts";
import type { Fleet } from "./load.ts";
import type { Cluster } from "./roster.ts";

/** A value that a line hangs on, with the place it comes from. */
export interface ExplainedValue extends Cause {
  /** The value holds what is sealed: it is not to be shown. */
  readonly sealed: boolean;
  /** The line that won; absent of a mapping that came together from several files. */
  readonly at?: Position;
  /** What it replaced, latest first. */
  readonly overrides: readonly Position[];
  /** Of such a mapping, the lines of all that is in it. */
  readonly parts: readonly Position[];
  /** The grains that decide what stands there, where they stand in the roster. */
  readonly grains: readonly (GrainChoice & { readonly at: Position })[];
}

/** Causes with the lines that they come from. */
export function explainedValues(causes: readonly Cause[], trial: FileTrial, fleet: Fleet, cluster: Cluster): readonly ExplainedValue[] {
  const inPillar = causes.flatMap(({ root, place }) => (root === "pillar" ? [place] : []));
  const provenance = inPillar.length > 0 ? trial.provenance() : undefined;
  const elsewhere = grainsElsewhere(fleet, cluster);
  const choices = grainChoices(trial, inPillar, (grain) => elsewhere("grains", grain));
  const isGrain = causes.some(({ root }) => root === "grains") || [...choices.values()].some((each) => each.length > 0);
  const grainAt = isGrain ? grainPlaces(fleet, cluster) : undefined;
  const atOf = (place: DataPlace): Position => (place[0] === "id" ? cluster.at : (grainAt?.(place) ?? cluster.at));
  return causes.map((cause): ExplainedValue => {
    const grains = (choices.get(cause.place) ?? []).map((choice) => ({ ...choice, at: atOf(choice.place) }));
    const common = { ...cause, sealed: cause.part === "value" && isSealed(cause.value), overrides: [], parts: [], grains };
    if (cause.root === "id") return { ...common, at: cluster.at };
    if (cause.root === "grains") return { ...common, at: atOf(cause.place) };
    const origin = provenance?.at(cause.place);
    if (origin === undefined) return common;
    const within = cause.value instanceof PyDict ? leavesOf(cause.value).map((place) => provenance?.at([...cause.place, ...place])) : [];
    const single = within.every((each) => each?.winner.file === origin.winner.file && each.overridden.length === 0);
    if (single) return { ...common, at: origin.winner, overrides: origin.overridden };
    return { ...common, parts: within.flatMap((each) => each?.winner ?? []) };
  });
}

const SEALED = /\?\{|-----BEGIN PGP MESSAGE-----/;

/** Whether a value is, or holds, what is to be opened only where it is applied. */
export function isSealed(value: Value): boolean {
  if (typeof value === "string") return SEALED.test(value);
  if (Array.isArray(value)) return value.some(isSealed);
  return value instanceof PyDict && [...value.values()].some(isSealed);
}

/** Values that other clusters of the fleet have for the same grain, or for an item of the same list. */
export function grainsElsewhere(fleet: Fleet, cluster: Cluster): ClusterData["elsewhere"] {
  return (root, place) => {
    if (root === "pillar") return undefined;
    const own = valueAt(cluster.grains, place);
    if (typeof own === "object" || place[0] === "id") return undefined;
    const list = typeof place.at(-1) === "number" ? place.slice(0, -1) : undefined;
    const valuesOf = (grains: PyDict): readonly Value[] => {
      const there = valueAt(grains, list ?? place);
      return there === undefined ? [] : list !== undefined && Array.isArray(there) ? there : [there];
    };
    const known = new Set(valuesOf(cluster.grains));
    const others: Value[] = [];
    for (const value of fleet.roster.clusters.flatMap(({ grains }) => valuesOf(grains))) {
      if (typeof value !== typeof own || known.has(value)) continue;
      known.add(value);
      others.push(value);
      if (others.length === MOST_OTHERS) break;
    }
    return others.length > 0 ? others : undefined;
  };
}

/** So many values of other clusters are tried. */
const MOST_OTHERS = 3;
