import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PackedRecords, packRecords, type Memo, type RecordPack } from "../../src/memo/index.ts";
import { PyDict } from "../../src/python/index.ts";
import { programs, readers } from "./programs.ts";
import { follow, kin, newMemo, plainly, shared } from "./subjects.ts";

/** A memo that goes on from packs of earlier runs. */
function continued(packs: readonly RecordPack[], holds: (question: string, answer: string) => boolean = () => true): Memo {
  const memo = newMemo();
  memo.continue(new PackedRecords(packs, holds));
  return memo;
}

/** What a run leaves, as it comes back from a file. */
function left(memo: Memo, fileAnswer: (question: string) => string = () => ""): RecordPack {
  return JSON.parse(JSON.stringify(packRecords(memo, memo.fresh, fileAnswer))) as RecordPack;
}

describe("records of earlier runs", () => {
  test("give each subject of a later run what its computations would give", () => {
    let taken = 0;
    fc.assert(
      fc.property(
        kin,
        kin,
        fc.array(fc.oneof(readers, readers, programs), { minLength: 1, maxLength: 3 }),
        (earlier, later, computations) => {
          const packs: RecordPack[] = [];
          for (const subjects of [earlier.slice(0, 2), earlier.slice(2)]) {
            const memo = continued(packs);
            expect(shared(memo, subjects, computations)).toEqual(plainly(subjects, computations));
            packs.push(left(memo));
          }
          const memo = continued(packs);
          const all = [...later, ...earlier];
          expect(shared(memo, all, computations)).toEqual(plainly(all, computations));
          taken += memo.counts.taken;
        },
      ),
      { numRuns: 400 },
    );
    expect(taken).toBeGreaterThan(1000);
  });

  test("are found again: what the last subject took or computed, it takes in the next run", () => {
    fc.assert(
      fc.property(kin, fc.array(readers, { minLength: 1, maxLength: 3 }), (subjects, computations) => {
        const first = continued([]);
        shared(first, subjects, computations);
        const pack = left(first);
        const second = continued([pack]);
        shared(second, subjects.slice(-1), computations);
        // What hangs on a key that is an object of one process can't be kept.
        if (pack.records.length === first.fresh.length) expect(second.counts).toEqual({ computed: 0, taken: computations.length });
      }),
      { numRuns: 400 },
    );
  });

  test("count only where the files that were read are still the same", () => {
    const run = (memo: Memo, file: string): unknown => {
      const tracker = follow(memo, PyDict.from({ a: 1 }));
      const work = (): unknown => (tracker.file(memo.file("find a")), tracker.file(memo.file("find b")), file);
      return tracker.compute(memo.lastingTrie("render"), work).value;
    };
    const first = continued([]);
    expect(run(first, "old")).toBe("old");
    const pack = left(first, (question) => `digest of ${question}`);
    const same = (question: string, answer: string): boolean => answer === `digest of ${question}`;
    expect(run(continued([pack], same), "new")).toBe("old");
    expect(
      run(
        continued([pack], (question, answer) => question !== "find b" && same(question, answer)),
        "new",
      ),
    ).toBe("new");
  });

  test("know the files that they hang on, so that a further run's records do too", () => {
    const run = (memo: Memo): readonly string[] => {
      const tracker = follow(memo, PyDict.from({ a: 1 }));
      tracker.compute(memo.lastingTrie("render"), () => (tracker.file(memo.file("find a")), "text"));
      return tracker.files().map((number) => memo.fileQuestion(number));
    };
    const first = continued([]);
    expect(run(first)).toEqual(["find a"]);
    const second = continued([left(first)]);
    second.file("another question, so that numbers differ");
    expect(run(second)).toEqual(["find a"]);
    expect(second.counts).toEqual({ computed: 0, taken: 1 });
  });
});
