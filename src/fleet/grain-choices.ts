import { equals, type Value } from "../python/index.ts";
import { otherValues, valueAt, withValue, type DataPlace } from "./changed-data.ts";
import type { FileTrial } from "./file-trial.ts";

/** A grain that decides what stands somewhere in pillar: by the top file's targets, or in the text of a pillar file. */
export interface GrainChoice {
  readonly place: DataPlace;
  readonly value: Value;
}

/**
 * The grains behind values of pillar, found by trying: each that the pillar asks for is given other values, and the pillar compiled again.
 *
 * @param elsewhere values that other clusters have for a grain
 */
export function grainChoices(
  trial: FileTrial,
  places: readonly DataPlace[],
  elsewhere: (grain: DataPlace) => readonly Value[] | undefined,
): ReadonlyMap<DataPlace, readonly GrainChoice[]> {
  const found = new Map<DataPlace, GrainChoice[]>(places.map((place) => [place, []]));
  if (places.length === 0) return found;
  const own = trial.pillar.value.data;
  for (const name of trial.pillarGrains()) {
    for (const choice of choicesOf(trial, name)) {
      const { place: grain, value } = choice;
      // With a value that no cluster has something may be amiss that has nothing to do with the places.
      const others = elsewhere(grain) ?? otherValues(value);
      const open = new Set(places);
      for (const other of others) {
        if (open.size === 0) break;
        const pillar = trial.pillarAs(withValue(trial.minion.grains, grain, other));
        for (const place of open) {
          if (same(valueAt(own, place), valueAt(pillar, place))) continue;
          open.delete(place);
          found.get(place)?.push(choice);
        }
      }
    }
  }
  return found;
}

/** A grain, or where it is a list each item of it. */
function choicesOf({ minion }: FileTrial, name: string): readonly GrainChoice[] {
  const value = minion.grains.get(name);
  if (value === undefined) return [];
  return Array.isArray(value) ? value.map((item, index) => ({ place: [name, index], value: item })) : [{ place: [name], value }];
}

function same(a: Value | undefined, b: Value | undefined): boolean {
  return a === undefined || b === undefined ? a === b : equals(a, b);
}
