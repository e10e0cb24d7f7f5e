import { PyDict, str, type Value } from "../../src/python/index.ts";
import { seededNumbers } from "../seeded-numbers.ts";

export interface Mutation {
  /** `typo spec.replicas`. */
  readonly what: string;
  readonly object: PyDict;
}

type Path = readonly (string | number)[];
interface Spot {
  readonly path: Path;
  readonly value: Value;
}

/** Ways in which people break manifests. Each gives a changed object, or nothing where it does not fit the spot. */
const WAYS: Readonly<Record<string, (object: PyDict, spot: Spot, next: () => number) => PyDict | undefined>> = {
  typo: (object, { path }, next) => rename(object, path, (name) => misspell(name, next)),
  case: (object, { path }) =>
    rename(object, path, (name) =>
      name[0] === name[0]?.toUpperCase() ? name.toLowerCase() : (name[0] ?? "").toUpperCase() + name.slice(1),
    ),
  remove: (object, { path }) => replace(object, path, undefined),
  "wrong type": (object, { path, value }, next) => replace(object, path, otherType(value, next)),
  null: (object, { path }) => replace(object, path, null),
  empty: (object, { path, value }) => replace(object, path, emptied(value)),
  "bad word": (object, { path, value }, next) => (typeof value === "string" ? replace(object, path, misspell(value, next)) : undefined),
  "bad name": (object, { path, value }, next) =>
    typeof value === "string" ? replace(object, path, pick(BAD_NAMES, next)(value)) : undefined,
  "bad quantity": (object, { path, value }, next) => (isQuantity(value) ? replace(object, path, pick(BAD_QUANTITIES, next)) : undefined),
  "bad number": (object, { path, value }, next) => (typeof value === "number" ? replace(object, path, pick(BAD_NUMBERS, next)) : undefined),
  duplicate: (object, { path, value }) =>
    Array.isArray(value) && value.length > 0 ? replace(object, path, [...value, value[0] ?? null]) : undefined,
  "unknown field": (object, { path, value }) =>
    value instanceof PyDict ? replace(object, path, PyDict.of([...value.entries(), ["extraField", "x"]])) : undefined,
  "wrap in list": (object, { path, value }) => (value instanceof PyDict ? replace(object, path, [value]) : undefined),
};

const BAD_NAMES: readonly ((name: string) => string)[] = [
  (name) => name.toUpperCase(),
  (name) => `${name}_x`,
  (name) => `-${name}`,
  (name) => `${name} `,
  (name) => name + "x".repeat(260),
  (name) => `${name}/a/b`,
];
const BAD_QUANTITIES = ["10GB", "1 Gi", "-1Gi", "1KiB", "", "0", "1e3", "10mi", "5", "0.5"];
const BAD_NUMBERS = [-1, 0, 1.5, 70000, 2 ** 31, 2 ** 40, 1e20];

/** `count` mutations, the same for the same seed. */
export function mutations(objects: readonly PyDict[], count: number, seed: number): Mutation[] {
  const next = seededNumbers(seed);
  const made: Mutation[] = [];
  const seen = new Set<string>();
  while (made.length < count) {
    const object = pick(objects, next);
    const spot = pick(spots(object), next);
    const [name, way] = pick(Object.entries(WAYS), next);
    const changed = way(object, spot, next);
    if (changed === undefined || seen.has(changed.repr())) continue;
    seen.add(changed.repr());
    made.push({ what: `${name} ${str(object.get("kind") ?? null)} ${spot.path.join(".")}`, object: changed });
  }
  return made;
}

function pick<T>(from: readonly T[], next: () => number): T {
  const found = from[Math.floor(next() * from.length)];
  if (found === undefined) throw new Error("nothing to pick from");
  return found;
}

/** Every field and list item but apiVersion and kind, which say what the object is. */
function spots(value: Value, path: Path = []): Spot[] {
  const below: Spot[] = [];
  if (value instanceof PyDict) {
    for (const [key, item] of value.entries()) {
      if (path.length === 0 && (key === "apiVersion" || key === "kind")) continue;
      below.push({ path: [...path, str(key)], value: item }, ...spots(item, [...path, str(key)]));
    }
  } else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) below.push({ path: [...path, index], value: item }, ...spots(item, [...path, index]));
  }
  return below;
}

function replace(value: PyDict, path: Path, to: Value | undefined): PyDict | undefined {
  const changed = edit(value, path, () => to);
  return changed instanceof PyDict ? changed : undefined;
}

function edit(value: Value, path: Path, change: (old: Value) => Value | undefined): Value | undefined {
  const [step, ...rest] = path;
  if (step === undefined) return change(value);
  if (Array.isArray(value)) {
    return value.flatMap((item, index): Value[] => {
      if (index !== step) return [item];
      const changed = edit(item, rest, change);
      return changed === undefined ? [] : [changed];
    });
  }
  if (!(value instanceof PyDict)) return value;
  return PyDict.of(
    [...value.entries()].flatMap(([key, item]): [Value, Value][] => {
      if (key !== step) return [[key, item]];
      const changed = edit(item, rest, change);
      return changed === undefined ? [] : [[key, changed]];
    }),
  );
}

function rename(object: PyDict, path: Path, to: (name: string) => string): PyDict | undefined {
  const last = path.at(-1);
  if (typeof last !== "string") return undefined;
  const parent = path.slice(0, -1);
  const changed = edit(object, parent, (old) =>
    old instanceof PyDict ? PyDict.of([...old.entries()].map(([key, item]): [Value, Value] => [key === last ? to(last) : key, item])) : old,
  );
  return changed instanceof PyDict ? changed : undefined;
}

function misspell(word: string, next: () => number): string {
  if (word.length < 2) return `${word}x`;
  const at = Math.floor(next() * (word.length - 1));
  const way = next();
  if (way < 0.4) return word.slice(0, at) + word.slice(at + 1);
  if (way < 0.7) return word.slice(0, at) + (word[at + 1] ?? "") + (word[at] ?? "") + word.slice(at + 2);
  return word.slice(0, at) + (word[at] ?? "") + word.slice(at);
}

function otherType(value: Value, next: () => number): Value {
  if (typeof value === "string") return pick<Value>([7, true, [value], PyDict.from({ a: value })], next);
  if (typeof value === "number") return pick<Value>([String(value), true, [value]], next);
  if (typeof value === "boolean") return pick<Value>([String(value), 1], next);
  if (Array.isArray(value)) return pick<Value>(["text", PyDict.from({ a: "b" }), 1], next);
  return pick<Value>(["text", [], 3], next);
}

function emptied(value: Value): Value {
  if (Array.isArray(value)) return [];
  return value instanceof PyDict ? new PyDict() : "";
}

function isQuantity(value: Value): boolean {
  return typeof value === "string" && /^\d+(?:\.\d+)?(?:m|[KMGT]i?)?$/.test(value);
}
