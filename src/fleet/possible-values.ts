import { str, type PyDict, type Value } from "../python/index.ts";
import type { ClusterData } from "./causes.ts";
import { furtherValues, valueAt, withValue, type DataPlace } from "./changed-data.ts";
import type { PillarSchemas } from "./user-schemas.ts";

/** So many listed values are tried. */
const MOST_LISTED = 3;

/**
 * What the schemas of pillar let stand at a place instead of a value: a value that they refuse fails its addon, whatever it is read for. Where they
 * are known to take none, or there is no schema, any other value does.
 */
export function possibleValues(schemas: PillarSchemas, pillar: PyDict): NonNullable<ClusterData["possible"]> {
  const problemsOf = (data: Value, key: Value): number => {
    const own = pillar.emptyLike();
    own.set(key, data);
    return schemas.check(own, () => undefined).length;
  };
  return (place, value, others, among) => {
    const [key = null] = place;
    const whole = pillar.get(key);
    if (whole === undefined || !schemas.has(key)) return others;
    const listed = schemas.listedAt(stepsOf(place))?.filter((each) => typeof each === typeof value && each !== value) ?? [];
    const free = listed.filter(isScalar).filter((each) => !among.includes(each));
    if (free.length > 0) return free.slice(0, MOST_LISTED);
    const before = problemsOf(whole, key);
    const fits = (other: Value): boolean => problemsOf(valueAt(withValue(pillar, place, other), [key]) ?? null, key) <= before;
    if (others.every(fits)) return others;
    const further = furtherValues(value).find((other) => !among.includes(other) && fits(other));
    return further === undefined ? others : [further];
  };
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

function stepsOf(place: DataPlace): (string | number)[] {
  return place.map((step) => (typeof step === "number" ? step : str(step)));
}
