import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PyDict } from "../../src/python/index.ts";
import { anyMapping, shown } from "./data.ts";
import { programs, readers, run } from "./programs.ts";
import { copyOf, follow, kin, newMemo, plainly, shared, type Results } from "./subjects.ts";

describe("a view", () => {
  test("answers every read, and takes every write, as the mapping itself would", () => {
    fc.assert(
      fc.property(anyMapping, programs, (data, steps) => {
        const before = JSON.stringify(shown(data));
        const tracker = follow(newMemo(), data);
        const plain = copyOf(data);
        const view = tracker.view("pillar");
        expect(run(view, steps)).toEqual(run(plain, steps));
        expect(shown(view)).toEqual(shown(plain));
        expect(JSON.stringify(shown(data))).toBe(before);
      }),
      { numRuns: 1000 },
    );
  });

  test("that was written to leaves a result only if what was set can be set again, whatever way the write took", () => {
    let [kept, gone] = [0, 0];
    fc.assert(
      fc.property(anyMapping, programs, (data, steps) => {
        const memo = newMemo();
        const tracker = follow(memo, data);
        const trie: Results = memo.trie("a computation");
        tracker.compute(trie, () => run(tracker.view("pillar"), steps));
        const plain = copyOf(data);
        run(plain, steps);
        if (JSON.stringify(shown(plain)) === JSON.stringify(shown(data))) return;
        expect(tracker.writes).toBeGreaterThan(0);
        if ([...trie.results()].length === 0) gone++;
        else {
          kept++;
          const other = follow(memo, copyOf(data));
          expect(other.take(trie)).toBeDefined();
          expect(shown(other.view("pillar"))).toEqual(shown(plain));
        }
      }),
      { numRuns: 2000 },
    );
    expect(kept).toBeGreaterThan(0);
    expect(gone).toBeGreaterThan(20);
  });

  test("that was only read, or copied and the copy written to, leaves a result", () => {
    const data = (): PyDict => PyDict.from({ m: PyDict.from({ x: 1 }), l: [1] });
    for (const work of [
      (view: PyDict) => view.repr(),
      (view: PyDict) => view.copy().set("m", 1),
      (view: PyDict) => view.copy().delete("l"),
    ]) {
      const memo = newMemo();
      const tracker = follow(memo, data());
      const trie = memo.trie<string>("a computation");
      tracker.compute(trie, () => String(work(tracker.view("pillar"))));
      expect([...trie.results()].length).toBe(1);
    }
  });
});

describe("what a record says was read is enough", () => {
  test("a result is taken over only by a subject for which the computation would give the same", () => {
    let taken = 0;
    let computed = 0;
    fc.assert(
      fc.property(kin, fc.array(readers, { minLength: 1, maxLength: 3 }), (subjects, computations) => {
        const memo = newMemo();
        expect(shared(memo, subjects, computations)).toEqual(plainly(subjects, computations));
        taken += memo.counts.taken;
        computed += memo.counts.computed;
      }),
      { numRuns: 1500 },
    );
    // Neither everything nor next to nothing.
    expect(taken / (taken + computed)).toBeGreaterThan(0.2);
    expect(taken / (taken + computed)).toBeLessThan(0.8);
  });

  test("also where computations write, to data, to lists in it, and to either under a second name", () => {
    fc.assert(
      fc.property(kin, fc.array(programs, { minLength: 1, maxLength: 5 }), (subjects, computations) => {
        const before = JSON.stringify(subjects.map(shown));
        expect(shared(newMemo(), subjects, computations)).toEqual(plainly(subjects, computations));
        expect(JSON.stringify(subjects.map(shown))).toBe(before);
      }),
      { numRuns: 1500 },
    );
  });

  test("also where computations run within others", () => {
    fc.assert(
      fc.property(kin, readers, readers, programs, (subjects, outer, inner, last) => {
        const memo = newMemo();
        const within = subjects.map((subject) => {
          const tracker = follow(memo, subject);
          const view = tracker.view("pillar");
          const nested = (): unknown => tracker.compute(memo.trie("inner"), () => run(view, inner)).value;
          return tracker.compute(memo.trie("outer"), () => [run(view, outer), nested(), run(view, last)]).value;
        });
        expect(within).toEqual(plainly(subjects, [outer, inner, last]));
      }),
      { numRuns: 1000 },
    );
  });

  test("also where those write, and later ones read what was written: the data are what the computations would leave", () => {
    const entries = fc.array(programs, { minLength: 4, maxLength: 4 });
    let taken = 0;
    fc.assert(
      fc.property(kin, entries, fc.boolean(), (subjects, computations, set) => {
        const memo = newMemo();
        const [before = [], first = [], second = [], after = []] = computations;
        const work = (data: PyDict, value: number, nest: (name: string, run: () => unknown) => unknown): unknown => {
          // Most programs do not write to the mapping itself.
          const write = (): void => void (set && data.set("b", PyDict.from({ x: value })));
          return [
            nest("before", () => run(data, before)),
            nest("both", () => [
              nest("first", () => (write(), run(data, first))),
              nest("second", () => [run(data, second), shown(data.get("b") ?? null)]),
            ]),
            nest("after", () => [shown(data.get("b") ?? null), run(data, after)]),
            shown(data),
          ];
        };
        const number = (data: PyDict): number => (data.has("a") ? 1 : 2);
        const together = [...subjects, ...subjects].map((subject) => {
          const tracker = follow(memo, subject);
          const view = tracker.view("pillar");
          const value = number(subject);
          return work(view, value, (name, compute) => tracker.compute(memo.trie(`${name} ${value}`), compute).value);
        });
        taken += memo.counts.taken;
        expect(together).toEqual(
          [...subjects, ...subjects].map((subject) => {
            const data = copyOf(subject);
            return work(data, number(data), (_name, compute) => compute());
          }),
        );
      }),
      { numRuns: 1500 },
    );
    expect(taken).toBeGreaterThan(1000);
  });
});
