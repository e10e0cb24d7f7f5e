import fc from "fast-check";
import { Memo, Tracker, type Kept, type Trie } from "../../src/memo/index.ts";
import { PyDict } from "../../src/python/index.ts";
import { anyMapping, cloned } from "./data.ts";
import { run, type Step } from "./programs.ts";

export type Results = Trie<Kept<readonly unknown[]>>;

export const copyOf = (data: PyDict): PyDict => cloned(data) as PyDict;

export function follow(memo: Memo, pillar: PyDict): Tracker {
  const tracker = new Tracker(memo, { id: "c1", grains: new PyDict(), opts: new PyDict() });
  tracker.add("pillar", pillar);
  return tracker;
}

export const newMemo = (): Memo => new Memo(() => false);

/** Pillar of some subjects: near kin, so that much of it is the same. */
export const kin = anyMapping.chain((first) =>
  fc
    .array(fc.tuple(fc.nat(5), fc.constantFrom("a", "b", "c", "d"), anyMapping), { minLength: 1, maxLength: 5 })
    .map((changes) => [first, ...changes.map(([how, key, other]) => changed(copyOf(first), how, key, other))]),
);

/** Data with one change at the top or one below. */
function changed(data: PyDict, how: number, key: string, other: PyDict): PyDict {
  const below = data.get(key);
  const target = how % 2 === 0 && below instanceof PyDict ? below : data;
  const value = other.get(key);
  if (how === 0 || value === undefined) target.delete(key);
  else if (how < 4) target.set(key, value);
  else {
    // The same entries in another order.
    const own = target.get(key);
    target.delete(key);
    if (own !== undefined) target.set(key, own);
  }
  return data;
}

/** What each subject's computations show, without any memo: `data` is each one's own, from the first computation to the last. */
export function plainly(subjects: readonly PyDict[], computations: readonly (readonly Step[])[]): unknown[] {
  return subjects.map((subject) => {
    const data = copyOf(subject);
    return computations.map((steps) => run(data, steps));
  });
}

/** The same, with results taken over from earlier subjects. */
export function shared(memo: Memo, subjects: readonly PyDict[], computations: readonly (readonly Step[])[]): unknown[] {
  return subjects.map((subject) => {
    const tracker = follow(memo, subject);
    return computations.map(
      (steps, index) => tracker.compute(memo.lastingTrie(`computation ${index}`), () => run(tracker.view("pillar"), steps)).value,
    );
  });
}
