import fc from "fast-check";
import { emptyObject } from "../../src/diff/json.ts";
import { isList, isObject, type Json } from "../../src/json/index.ts";
import type { Shape } from "../../src/diff/shape.ts";

const KEYS = ["name", "port", "protocol", "value", "labels", "data", "template", "list", "set", "map", "__proto__", "a b"];
const TEXTS = ["", "x", "a longer text", "1", "1000m", "two\nlines\n", "(secret)", "Reconcile", "a: 1\nb: [1, 2]\n", "a: 2\nb: [2, 1]\n"];

const scalar: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(...TEXTS),
  fc.integer({ min: -3, max: 3 }),
  fc.boolean(),
  fc.constant(null),
  fc.constant(9_007_199_254_740_993n),
);

function mapping(entries: readonly (readonly [string, Json])[]): Json {
  const object = emptyObject();
  for (const [key, value] of entries) object[key] = value;
  return object;
}

/** Any value, as deep as an object of Kubernetes is. */
export const anyJson: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    scalar,
    fc.array(tie("value"), { maxLength: 5 }),
    fc.array(fc.tuple(fc.constantFrom(...KEYS), tie("value")), { maxLength: 5 }).map(mapping),
  ),
})).value;

/** An object whose top is a mapping. */
export const anyObject: fc.Arbitrary<Json> = fc.array(fc.tuple(fc.constantFrom(...KEYS), anyJson), { maxLength: 6 }).map(mapping);

/** A value with another one made of it by a few edits, so that much is alike. */
export const editedPair: fc.Arbitrary<readonly [Json, Json]> = fc
  .tuple(anyObject, fc.array(fc.tuple(fc.nat(50), fc.nat(5), anyJson), { maxLength: 6 }))
  .map(([before, edits]) => [before, edits.reduce((value, [place, kind, other]) => edit(value, place, kind, other), before)] as const);

function edit(value: Json, place: number, kind: number, other: Json): Json {
  if (isList(value) && value.length > 0) {
    const index = place % value.length;
    if (place > 25) return value.map((item, at) => (at === index ? edit(item, Math.floor(place / 2), kind, other) : item));
    switch (kind) {
      case 0:
        return value.toSpliced(index, 1);
      case 1:
        return value.toSpliced(index, 0, other);
      case 2:
        return value.toReversed();
      case 3:
        return [...value.slice(index), ...value.slice(0, index)];
      default:
        return value.with(index, other);
    }
  }
  if (isObject(value) && Object.keys(value).length > 0) {
    const keys = Object.keys(value);
    const key = keys[place % keys.length] ?? "";
    if (place > 15)
      return mapping(
        keys.map((each) => [each, each === key ? edit(value[each] ?? null, Math.floor(place / 2), kind, other) : (value[each] ?? null)]),
      );
    if (kind === 0) return mapping(keys.filter((each) => each !== key).map((each) => [each, value[each] ?? null]));
    if (kind === 1) return mapping([...keys.map((each): [string, Json] => [each, value[each] ?? null]), ["name", other]]);
    if (kind === 2) return mapping(keys.map((each) => [each === key ? "renamed key" : each, value[each] ?? null]));
    return mapping(keys.map((each) => [each, each === key ? other : (value[each] ?? null)]));
  }
  return other;
}

/** Lists of type map and set, quantities and defaults, by the names of fields. */
export const someShape: Shape = (path) => {
  const last = path.at(-1);
  if (last === "list") return { list: "map", keys: ["name"], quantity: false };
  if (last === "map") return { list: "map", keys: ["port", "protocol"], quantity: false };
  if (last === "set") return { list: "set", keys: [], quantity: false };
  if (last === "value") return { list: "atomic", keys: [], quantity: true };
  return { list: "atomic", keys: [], quantity: false, ...(last === "protocol" && { fill: "TCP" }) };
};
