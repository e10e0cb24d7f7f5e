import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Trie, type Trail } from "../../src/memo/trie.ts";

/** Answers of one subject, by question; two subjects differ in some. */
type Subject = readonly number[];

const QUESTIONS = 8;
const subjects = fc.array(fc.array(fc.nat(2), { minLength: QUESTIONS, maxLength: QUESTIONS }), { minLength: 1, maxLength: 40 });

/** A deterministic computation as a decision tree: what is asked next, or that nothing is, follows from the answers so far. */
type Program = (answers: readonly number[]) => number | undefined;

/** Trees are given by numbers, of which each node takes the one that its way through the tree leads to. */
const programs = fc.array(fc.nat(QUESTIONS + 1), { minLength: 1, maxLength: 60 }).map((numbers): Program => (answers) => {
  const place = answers.reduce((hash, answer) => (hash * 7 + answer + 1) % 104_729, answers.length);
  const next = numbers[place % numbers.length] ?? 0;
  return answers.length >= QUESTIONS || next >= QUESTIONS ? undefined : next;
});

/** What a program asks of a subject: each question once. */
function trailOf(program: Program, subject: Subject): Trail {
  const questions: number[] = [];
  const answers: number[] = [];
  for (;;) {
    let question = program(answers);
    while (question !== undefined && questions.includes(question)) question = question + 1 < QUESTIONS ? question + 1 : undefined;
    if (question === undefined) return { questions, answers };
    questions.push(question);
    answers.push(subject[question] ?? 0);
  }
}

const holds = ({ questions, answers }: Trail, subject: Subject): boolean =>
  questions.every((question, index) => subject[question] === answers[index]);

describe("the records of one computation", () => {
  test("are found again under the same answers, and under no others", () => {
    fc.assert(
      fc.property(programs, subjects, subjects, (program, added, asked) => {
        const trie = new Trie<Trail>();
        const trails = added.map((subject) => trailOf(program, subject));
        for (const trail of trails) trie.add(trail, trail);
        for (const subject of [...added, ...asked]) {
          const trail = trailOf(program, subject);
          const known = trails.some((each) => JSON.stringify(each) === JSON.stringify(trail));
          expect(trie.find((question) => subject[question] ?? 0)).toEqual(known ? trail : undefined);
        }
        const kept = new Set(trails.map((trail) => JSON.stringify(trail)));
        expect(new Set([...trie.results()].map((trail) => JSON.stringify(trail)))).toEqual(kept);
      }),
      { numRuns: 500 },
    );
  });

  test("are found by asking each of their questions once and nothing else", () => {
    fc.assert(
      fc.property(programs, subjects, (program, added) => {
        const trie = new Trie<Trail>();
        for (const subject of added) trie.add(trailOf(program, subject), trailOf(program, subject));
        for (const subject of added) {
          const asked: number[] = [];
          trie.find((question) => (asked.push(question), subject[question] ?? 0));
          expect(asked).toEqual(trailOf(program, subject).questions);
        }
      }),
    );
  });
});

describe("records of computations that are not deterministic, in any order", () => {
  const trails = fc
    .tuple(fc.shuffledSubarray(Array.from({ length: QUESTIONS }, (_, question) => question)), fc.array(fc.nat(2), { minLength: QUESTIONS }))
    .map(([questions, answers]): Trail => ({ questions, answers: answers.slice(0, questions.length) }));

  test("the one added last is found; whatever is found was added and every answer of it holds", () => {
    fc.assert(
      fc.property(fc.array(trails, { minLength: 1, maxLength: 30 }), subjects, (added, asked) => {
        const trie = new Trie<Trail>();
        for (const [index, trail] of added.entries()) {
          trie.add(trail, trail);
          const subject = Array.from({ length: QUESTIONS }, (_, question) => trail.answers[trail.questions.indexOf(question)] ?? 0);
          expect(trie.find((question) => subject[question] ?? 0)).toBe(trail);
          for (const other of asked) {
            const found = trie.find((question) => other[question] ?? 0);
            if (found === undefined) continue;
            expect(added.slice(0, index + 1)).toContain(found);
            expect(holds(found, other)).toBe(true);
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("runs of questions are split where records part", () => {
  const found = (trie: Trie<string>, answers: Readonly<Record<number, number>>): string | undefined =>
    trie.find((question) => answers[question] ?? -1);

  test.each<readonly [string, readonly [questions: number[], answers: number[]][]]>([
    [
      "after the first question",
      [
        [
          [1, 2, 3],
          [0, 0, 0],
        ],
        [
          [1, 4],
          [1, 0],
        ],
      ],
    ],
    [
      "in the middle",
      [
        [
          [1, 2, 3],
          [0, 0, 0],
        ],
        [
          [1, 2, 4],
          [0, 1, 0],
        ],
        [
          [1, 2, 5, 6],
          [0, 2, 0, 0],
        ],
      ],
    ],
    [
      "where one ends",
      [
        [
          [1, 2, 3],
          [0, 0, 0],
        ],
        [[1], [1]],
        [
          [1, 2],
          [0, 1],
        ],
      ],
    ],
    ["where one asks nothing", [[[], []]]],
  ])("%s", (_where, records) => {
    const trie = new Trie<string>();
    for (const [questions, answers] of records) trie.add({ questions, answers }, `${questions.join()} ${answers.join()}`);
    for (const [questions, answers] of records) {
      const known = Object.fromEntries(questions.map((question, index) => [question, answers[index] ?? 0]));
      expect(found(trie, known)).toBe(`${questions.join()} ${answers.join()}`);
    }
  });

  test("answers whose hashes are equal are told apart", () => {
    const trie = new Trie<string>();
    const hash = (answers: readonly number[]): number => answers.reduce((sum, answer) => (Math.imul(sum, 31) + answer) | 0, 17);
    expect(hash([0, 31])).toBe(hash([1, 0]));
    trie.add({ questions: [1, 2], answers: [0, 31] }, "first");
    expect(found(trie, { 1: 1, 2: 0 })).toBeUndefined();
    trie.add({ questions: [1, 2], answers: [1, 0] }, "second");
    expect(found(trie, { 1: 0, 2: 31 })).toBe("first");
    expect(found(trie, { 1: 1, 2: 0 })).toBe("second");
  });
});
