import fc from "fast-check";
import { semantics } from "../../src/jinja/index.ts";
import { deepCopy, equals, PyCallable, PyDict, PyError, PyTuple, repr, truthy, type Value } from "../../src/python/index.ts";
import { merge, traverse, update } from "../../src/salt/data/index.ts";
import { anyKey, shown } from "./data.ts";

/** One step of a computation: what is done to which of the values that it has come by, with which key, value and other value. */
export interface Step {
  readonly does: (typeof NAMES)[number];
  readonly to: number;
  readonly key: Value;
  readonly value: Value;
  readonly other: number;
}

interface Given {
  readonly target: Value;
  readonly key: Value;
  readonly value: Value;
  readonly other: Value;
}

/** What a step gives: what it shows, and containers that later steps may go on with. */
interface Gives {
  readonly shows: unknown;
  readonly finds?: readonly Value[];
}

const nothing: Gives = { shows: "does not apply" };
const showing = (shows: unknown): Gives => ({ shows });

/** A value that was come by: of a container only what kind it is, so that nothing else counts as read. */
function found(value: Value | undefined): Gives {
  if (value === undefined) return showing("absent");
  if (Array.isArray(value)) return { shows: "a list", finds: [value] };
  if (value instanceof PyDict) return { shows: `a ${value.typeName}`, finds: [value] };
  return showing(shown(value));
}

const ofDict =
  (step: (dict: PyDict, given: Given) => Gives) =>
  (given: Given): Gives =>
    given.target instanceof PyDict ? step(given.target, given) : nothing;

const ofList =
  (step: (list: Value[], given: Given) => Gives) =>
  (given: Given): Gives =>
    Array.isArray(given.target) ? step(given.target, given) : nothing;

/** Calls a method as a template does. */
function method(target: Value, name: string, ...args: readonly Value[]): Value {
  const bound = semantics.getAttribute(target, name);
  if (!(bound instanceof PyCallable)) throw new PyError("AttributeError", name);
  return bound.call(args, new Map());
}

/** Whether `inner` is, or holds, `outer`: to put it there would make a circle. */
function holds(inner: Value, outer: Value): boolean {
  if (inner === outer) return true;
  if (Array.isArray(inner)) return inner.some((item) => holds(item, outer));
  return inner instanceof PyDict && [...inner.values()].some((item) => holds(item, outer));
}

const READS = {
  get: ofDict((dict, { key }) => found(dict.get(key))),
  has: ofDict((dict, { key }) => showing(dict.has(key))),
  kind: ofDict((dict, { key }) => showing(dict.kind(key) ?? "absent")),
  keys: ofDict((dict) => showing([...dict.keys()].map(shown))),
  values: ofDict((dict) => ({ shows: "values", finds: [...dict.values()].flatMap((value) => found(value).finds ?? []) })),
  entries: ofDict((dict) => showing([...dict.entries()].map(([key, value]) => [shown(key), found(value).shows]))),
  size: ofDict((dict) => showing(dict.size)),
  truthy: ({ target }: Given) => showing(truthy(target)),
  equals: ({ target, other }: Given) => showing(equals(target, other)),
  "equals a copy": ({ target }: Given) => showing(equals(target, deepCopy(target))),
  repr: ({ target }: Given) => showing(repr(target)),
  copy: ofDict((dict) => found(dict.copy())),
  deepCopy: ({ target }: Given) => found(deepCopy(target)),
  "jinja get": ofDict((dict, { key, value }) => found(method(dict, "get", key, deepCopy(value)))),
  "jinja item": ofDict((dict, { key }) => found(semantics.getItem(dict, key))),
  "jinja in": ({ target, value }: Given) => showing(semantics.contains(target, value)),
  "jinja length": ({ target }: Given) => showing(semantics.length(target)),
  "jinja iteration": ({ target }: Given) => showing([...semantics.iterate(target)].map((item) => found(item).shows)),
  "jinja items": ofDict((dict) =>
    showing(
      [...semantics.iterate(method(dict, "items"))].map((item) =>
        item instanceof PyTuple ? item.items.map((part) => found(part).shows) : "?",
      ),
    ),
  ),
  "jinja keys": ofDict((dict) => showing(repr(method(dict, "keys")))),
  "jinja values": ofDict((dict) => showing(semantics.length(method(dict, "values")))),
  "jinja copy": ofDict((dict) => found(method(dict, "copy"))),
  "a path": ofDict((dict) => found(traverse(dict, "a:b", "absent"))),
  "merge into a copy": ofDict((dict, { other }) => (other instanceof PyDict ? found(merge(dict, other, "recurse")) : nothing)),
  "merge lists too": ofDict((dict, { other }) =>
    other instanceof PyDict ? found(merge(dict, other, "smart", { mergeLists: true })) : nothing,
  ),
  "merge as a list": ofDict((dict, { other }) => (other instanceof PyDict ? found(merge(dict, other, "list")) : nothing)),
  aggregate: ofDict((dict, { other }) => (other instanceof PyDict ? found(merge(dict, other, "aggregate")) : nothing)),
  "into a new mapping": ofDict((dict, { key }) => {
    const fresh = PyDict.from({ first: 1 });
    if (dict.has(key)) fresh.take(dict, key);
    return found(fresh);
  }),
  index: ofList((list) => found(list[0])),
  "list as text": ofList((list) => showing(list.map((item) => found(item).shows))),
};

const WRITES = {
  set: ofDict((dict, { key, value }) => (dict.set(key, deepCopy(value)), showing("set"))),
  "set to another": ofDict((dict, { key, other }) => (holds(other, dict) ? nothing : (dict.set(key, other), showing("set")))),
  delete: ofDict((dict, { key }) => showing(dict.delete(key))),
  clear: ofDict((dict) => (dict.clear(), showing("cleared"))),
  update: ofDict((dict, { other }) => (other instanceof PyDict && !holds(other, dict) ? found(update(dict, other)) : nothing)),
  "merge in place": ofDict((dict, { other }) =>
    other instanceof PyDict && !holds(other, dict) ? found(merge(dict, other, "overwrite")) : nothing,
  ),
  "jinja pop": ofDict((dict, { key }) => found(method(dict, "pop", key, "none"))),
  "jinja popitem": ofDict((dict) => (dict.size === 0 ? nothing : showing(found(method(dict, "popitem")).shows))),
  "jinja setdefault": ofDict((dict, { key, value }) => found(method(dict, "setdefault", key, deepCopy(value)))),
  "jinja update": ofDict((dict, { other }) =>
    other instanceof PyDict && !holds(other, dict) ? (method(dict, "update", other), showing("updated")) : nothing,
  ),
  append: ofList((list, { value }) => (list.push(deepCopy(value)), showing("appended"))),
  "append another": ofList((list, { other }) => (holds(other, list) ? nothing : (list.push(other), showing("appended")))),
  "list pop": ofList((list) => found(list.pop())),
  insert: ofList((list, { value }) => (list.unshift(deepCopy(value)), showing("inserted"))),
};

const STEPS = { ...READS, ...WRITES };
const NAMES = Object.keys(STEPS) as (keyof typeof STEPS)[];
const READ_NAMES = Object.keys(READS) as (keyof typeof READS)[];

/** Runs a computation over data that it is given, and gives all that it shows. */
export function run(root: PyDict, steps: readonly Step[]): readonly unknown[] {
  const values: Value[] = [root];
  return steps.map(({ does, to, key, value, other }) => {
    const given = { target: values[to % values.length] ?? root, key, value, other: values[other % values.length] ?? root };
    try {
      const { shows, finds = [] } = STEPS[does](given);
      values.push(...finds);
      return [does, shows];
    } catch (error) {
      if (error instanceof PyError) return [does, error.type, error.message];
      throw error;
    }
  });
}

function stepsOf(names: readonly Step["does"][]): fc.Arbitrary<readonly Step[]> {
  return fc.array(
    fc.record({
      // Most of what there is to do needs something that was come by.
      does: fc.oneof(
        { weight: 2, arbitrary: fc.constantFrom<Step["does"]>("get", "get", "jinja item", "index") },
        { weight: 3, arbitrary: fc.constantFrom(...names) },
      ),
      to: fc.nat(5),
      key: fc.oneof({ weight: 4, arbitrary: fc.constantFrom<Value>("a", "b", "c", "d") }, { weight: 1, arbitrary: anyKey }),
      value: fc.constantFrom<Value>(0, "new", [1], PyDict.from({ a: 1 })),
      other: fc.nat(5),
    }),
    { minLength: 1, maxLength: 10 },
  );
}

/** Computations that only read. */
export const readers = stepsOf(READ_NAMES);
/** Computations that read and write. */
export const programs = stepsOf(NAMES);
