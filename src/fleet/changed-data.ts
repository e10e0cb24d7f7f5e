import { hashKey, isInt, PyDict, PyFloat, type Value } from "../python/index.ts";

/** Keys from the top of pillar or grains to a place in them; a list's index is a number. */
export type DataPlace = readonly Value[];

/** What stands at a place. */
export function valueAt(data: Value, place: DataPlace): Value | undefined {
  let value: Value | undefined = data;
  for (const step of place) {
    if (value instanceof PyDict) value = value.get(step);
    else value = Array.isArray(value) && typeof step === "number" ? value[step] : undefined;
    if (value === undefined) return undefined;
  }
  return value;
}

/** Places, within a list or a mapping, of all that is neither a list nor a mapping. */
export function leavesOf(value: Value): DataPlace[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => leavesOf(item).map((place) => [index, ...place]));
  if (value instanceof PyDict) return [...value.entries()].flatMap(([key, item]) => leavesOf(item).map((place) => [key, ...place]));
  return [[]];
}

/** A copy with another value at a place, `undefined` for none; all that does not hold the place is the same as before. */
export function withValue(data: PyDict, place: DataPlace, other: Value | undefined): PyDict {
  return changedDict(data, place, (container, step) => replaced(container, step, other));
}

/** A copy in which a mapping's key is called otherwise and keeps its place. */
export function withKey(data: PyDict, place: DataPlace, name: Value): PyDict {
  return changedDict(data, place, (container, step) => {
    if (!(container instanceof PyDict)) return container;
    const copy = container.emptyLike();
    for (const [key, value] of container.entries()) copy.set(hashKey(key) === hashKey(step) ? name : key, value);
    return copy;
  });
}

type Change = (container: Value, step: Value) => Value;

function changedDict(data: PyDict, place: DataPlace, change: Change): PyDict {
  const copy = changed(data, place, change);
  return copy instanceof PyDict ? copy : data;
}

function changed(data: Value, place: DataPlace, change: Change): Value {
  const [step, ...rest] = place;
  if (step === undefined) return data;
  if (rest.length === 0) return change(data, step);
  const inner = valueAt(data, [step]);
  return inner === undefined ? data : replaced(data, step, changed(inner, rest, change));
}

function replaced(container: Value, step: Value, other: Value | undefined): Value {
  if (Array.isArray(container)) return container.flatMap((item, index) => (index !== step ? [item] : other === undefined ? [] : [other]));
  if (!(container instanceof PyDict)) return container;
  const copy = container.emptyLike();
  for (const [key, value] of container.entries()) {
    if (hashKey(key) !== hashKey(step)) copy.set(key, value);
    else if (other !== undefined) copy.set(key, other);
  }
  return copy;
}

/** The same data without any container standing at two places, as YAML's anchors make it. */
export function withoutAliases(data: PyDict): PyDict {
  const copy = (value: Value): Value => {
    if (Array.isArray(value)) return value.map(copy);
    return value instanceof PyDict ? withoutAliases(value) : value;
  };
  const dict = data.emptyLike();
  for (const [key, value] of data.entries()) dict.set(key, copy(value));
  return dict;
}

/** What could stand in the place of a value instead. Of an item `among` are the other ones of its list, none of which it becomes. */
export function otherValues(value: Value, among: readonly Value[] = []): readonly Value[] {
  if (typeof value === "boolean") return [!value];
  if (typeof value === "string") return [otherText(value, among)];
  if (typeof value === "bigint") return [value + 1n];
  if (typeof value === "number") return [nextNumber(value, (number) => among.includes(number))];
  if (value instanceof PyFloat) return [new PyFloat(value.value + 1)];
  if (Array.isArray(value)) return [otherThroughout(value)];
  return ["other", true];
}

/** Further values of the same kind, for places that do not take those of `otherValues`. */
export function furtherValues(value: Value): readonly Value[] {
  if (typeof value === "number") return [value - 1, value * 2, Math.trunc(value / 2)].filter((other) => other !== value);
  if (typeof value !== "string") return [];
  const raised = value.replace(/\d{1,15}/, (digits) => String(Number(digits) + 1).padStart(digits.length, "0"));
  const end = value.slice(0, -1);
  return [raised, `${value}0`, `${value}1`, end, `${end}${value.endsWith("a") ? "b" : "a"}`].filter(
    (other) => other !== value && other !== "",
  );
}

/** An empty value of the same kind, unless the value is one or there is none. */
export function emptyLike(value: Value): Value | undefined {
  if (typeof value === "string") return value === "" ? undefined : "";
  if (isInt(value)) return value === 0 ? undefined : 0;
  return Array.isArray(value) && value.length > 0 ? [] : undefined;
}

/** A list or mapping in which every value is another, and none is one that was there before. */
function otherThroughout(whole: Value): Value {
  const taken = leavesOf(whole).map((place) => valueAt(whole, place) ?? null);
  const other = (value: Value): Value => {
    if (Array.isArray(value)) return value.map(other);
    if (value instanceof PyDict) {
      const copy = value.emptyLike();
      for (const [key, item] of value.entries()) copy.set(key, other(item));
      return copy;
    }
    const made = otherValues(value, taken)[0] ?? null;
    taken.push(made);
    return made;
  };
  return other(whole);
}

/** Words that are one of two. */
const OPPOSITES: ReadonlyMap<string, string> = new Map(
  [
    ["Reconcile", "EnsureExists"],
    ["Retain", "Delete"],
    ["true", "false"],
  ].flatMap(([a = "", b = ""]): [string, string][] => [
    [a, b],
    [b, a],
  ]),
);

/** A text of the same kind: the number at its end higher, else a letter more. */
function otherText(text: string, among: readonly Value[]): string {
  const opposite = OPPOSITES.get(text);
  if (opposite !== undefined && !among.includes(opposite)) return opposite;
  const [, head = "", digits = ""] = /^(.*?)(\d{1,15})$/s.exec(text) ?? [];
  if (digits === "") return `${text}x`;
  const withNumber = (number: number): string => `${head}${String(number).padStart(digits.length, "0")}`;
  return withNumber(nextNumber(Number(digits), (number) => among.includes(withNumber(number))));
}

function nextNumber(number: number, taken: (number: number) => boolean): number {
  let next = number + 1;
  while (taken(next)) next++;
  return next;
}
