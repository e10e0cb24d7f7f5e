import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Trie, type Places, type Trail } from "../../src/memo/trie.ts";

/** So many questions are about each place: the answers follow from the object that stands there. */
const EACH = 8;
const PLACES = 4;

/** Which object stands at each place. */
type Subject = readonly number[];

/** Some objects are alike, and some differ in one answer only. */
function answerOf(object: number, question: number): number {
  return Math.floor(object / 2) === question % EACH ? object : 0;
}

const subjects = fc.array(fc.array(fc.nat(9), { minLength: PLACES, maxLength: PLACES }), { minLength: 1, maxLength: 30 });

/** What a computation asks of a subject: all that a place holds; which place is next follows from the answers. */
function trailOf(subject: Subject, seed: number): Trail {
  const questions: number[] = [];
  const answers: number[] = [];
  let place = seed % PLACES;
  const seen = new Set<number>();
  while (!seen.has(place)) {
    seen.add(place);
    for (let each = 0; each < EACH; each++) {
      questions.push(place * EACH + each);
      answers.push(answerOf(subject[place] ?? 0, each));
    }
    place = (place + 1 + answers.reduce((sum, answer) => sum + answer, seed)) % PLACES;
  }
  return { questions, answers };
}

function placesOf(subject: Subject): Places {
  return {
    of: (questions) => [...new Set(questions.map((question) => Math.floor(question / EACH)))],
    holds: (place) => subject[place],
  };
}

describe("records that are found by which objects stand where they were read", () => {
  test("are those that are found by the answers, in any order of adding and finding", () => {
    fc.assert(
      fc.property(subjects, fc.nat(100), fc.array(fc.boolean(), { minLength: 30, maxLength: 30 }), (all, seed, adds) => {
        const [trie, plain] = [new Trie<Trail>(), new Trie<Trail>()];
        for (const [index, subject] of [...all, ...all].entries()) {
          const ask = (question: number): number => answerOf(subject[Math.floor(question / EACH)] ?? 0, question % EACH);
          const found = trie.find(ask, placesOf(subject));
          expect(found).toEqual(plain.find(ask));
          if (found !== undefined || adds[index % adds.length] !== true) continue;
          const trail = trailOf(subject, seed);
          trie.add(trail, trail);
          plain.add(trail, trail);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test("are asked nothing where the same objects were found before", () => {
    const subject = [1, 2, 3, 4];
    const trie = new Trie<Trail>();
    const trail = trailOf(subject, 0);
    trie.add(trail, trail);
    const asked: number[] = [];
    const ask = (question: number): number => {
      asked.push(question);
      return answerOf(subject[Math.floor(question / EACH)] ?? 0, question % EACH);
    };
    expect(trie.find(ask, placesOf(subject))).toBe(trail);
    expect(asked).toEqual(trail.questions);
    asked.length = 0;
    expect(trie.find(ask, placesOf(subject))).toBe(trail);
    expect(asked).toEqual([]);
  });

  test("are not taken by what can't be told", () => {
    const subject = [1, 2, 3, 4];
    const trie = new Trie<Trail>();
    const trail = trailOf(subject, 0);
    trie.add(trail, trail);
    const unknown: Places = { ...placesOf(subject), holds: () => undefined };
    const ask = (question: number): number => answerOf(subject[Math.floor(question / EACH)] ?? 0, question % EACH);
    trie.find(ask, placesOf(subject));
    expect(trie.find(ask, unknown)).toBe(trail);
    expect(trie.find(() => 77, unknown)).toBeUndefined();
  });
});
