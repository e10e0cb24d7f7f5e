import fc from "fast-check";
import { PyBytes, PyDict, PyFloat, PyObject, PyOrderedDict, PySet, PyTuple, type Value } from "../../src/python/index.ts";

// Counterexamples say what they hold.
for (const { prototype } of [PyDict, PyTuple, PySet, PyFloat, PyBytes])
  Object.defineProperty(prototype, fc.toStringMethod, {
    value(this: PyObject) {
      return JSON.stringify(shown(this));
    },
  });

/** Keys that are one to a dict though they print apart, and some that look like what separates others. */
const keys: fc.Arbitrary<Value> = fc.oneof(
  fc.constantFrom<Value>("a", "b", "c", "d", "", "-", "\0f1", "\0s"),
  fc.constantFrom<Value>(0, 1, 2n ** 60n, true, false, null),
  fc.constantFrom(1, 0.5, -0).map((value) => new PyFloat(value)),
  fc.constantFrom<Value>("a", 1).map((item) => new PyTuple([item])),
);

const scalars: fc.Arbitrary<Value> = fc.oneof(
  fc.constantFrom<Value>(null, true, false, 0, 1, 2, -1, 2n ** 60n, "", "a", "b", "1", "null", "D", "-", "[1]", "k", "'", '"', ","),
  fc.constantFrom<Value>("\ud800", "\ud801", `${"long ".repeat(12)}\ud800`, `${"long ".repeat(12)}\ud801`, "long ".repeat(12)),
  fc.constantFrom(0, -0, 1, 0.5, Number.NaN, Number.POSITIVE_INFINITY).map((value) => new PyFloat(value)),
  fc.constantFrom<readonly number[]>([], [1], [49]).map((bytes) => new PyBytes(Uint8Array.from(bytes))),
);

const { any } = fc.letrec<{ any: Value; dict: PyDict }>((tie) => ({
  dict: fc
    .tuple(fc.boolean(), fc.array(fc.tuple(keys, tie("any")), { maxLength: 4 }))
    .map(([ordered, entries]) => filled(ordered ? new PyOrderedDict() : new PyDict(), entries)),
  any: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    scalars,
    fc.array(tie("any"), { maxLength: 3 }),
    tie("dict"),
    fc.array(scalars, { maxLength: 2 }).map((items) => new PyTuple(items)),
    fc.array(fc.constantFrom<Value>("a", 1, true), { maxLength: 2 }).map((items) => new PySet(items)),
  ),
}));

/** Any data that pillar and grains can hold. No container stands in it twice. */
export const anyData: fc.Arbitrary<Value> = any;

/** A mapping that holds some of the keys `a` to `d` more often than not. */
export const anyMapping: fc.Arbitrary<PyDict> = fc
  .tuple(
    fc.boolean(),
    fc.array(fc.tuple(fc.oneof({ weight: 3, arbitrary: fc.constantFrom<Value>("a", "b", "c", "d") }, keys), any), { maxLength: 6 }),
  )
  .map(([ordered, entries]) => filled(ordered ? new PyOrderedDict() : new PyDict(), entries));

export const anyKey = keys;

function filled(dict: PyDict, entries: readonly (readonly [Value, Value])[]): PyDict {
  for (const [key, value] of entries) dict.set(key, value);
  return dict;
}

/** The same data anew. */
export function cloned(value: Value): Value {
  if (Array.isArray(value)) return value.map(cloned);
  if (value instanceof PyDict)
    return filled(
      value.emptyLike(),
      [...value.entries()].map(([key, item]): [Value, Value] => [key, cloned(item)]),
    );
  if (value instanceof PyTuple) return new PyTuple(value.items.map(cloned));
  return value instanceof PySet ? new PySet(value.values()) : value;
}

/** Data as JSON values that are deeply equal for the same data only: types, spelling of keys and order included. */
export function shown(value: Value): unknown {
  if (value === null || typeof value === "string" || typeof value === "boolean" || typeof value === "number") return value;
  if (typeof value === "bigint") return { bigint: String(value) };
  if (Array.isArray(value)) return value.map(shown);
  return { [value.typeName]: inside(value) };
}

function inside(value: PyObject): unknown {
  if (value instanceof PyDict) return [...value.entries()].map(([key, item]) => [shown(key), shown(item)]);
  if (value instanceof PyTuple) return value.items.map(shown);
  if (value instanceof PySet) return [...value.values()].map(shown);
  if (value instanceof PyFloat) return Object.is(value.value, -0) ? "-0" : String(value.value);
  return value instanceof PyBytes ? [...value.bytes] : value.repr();
}
