import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PyDict, PyFloat, type Value } from "../../src/python/index.ts";
import { matches, type Engine, type Subject } from "../../src/salt/match/index.ts";
import { encodeValue } from "../oracle/encode.ts";
import { Oracle, oracleIsThere } from "../oracle/oracle.ts";
import { CASES, SUBJECTS, type Question } from "./match-cases.ts";

/** Targets judged by the real matchers of Salt 3007.1. */
describe.skipIf(!oracleIsThere())("targets, as Salt judges them", () => {
  let oracle: Oracle;
  beforeAll(() => {
    oracle = new Oracle(["salt_state"]);
  });
  afterAll(() => oracle.close());

  for (const [name, subject] of Object.entries(SUBJECTS)) {
    it(`every case, for ${name}`, async () => {
      const theirs = await judgeReally(oracle, subject, CASES);
      const wrong = CASES.flatMap((question, index) => {
        const real = theirs[index];
        const ours = judge(subject, question);
        return ours === real ? [] : [{ question, real, ours }];
      });
      expect(wrong).toEqual([]);
    });
  }

  it("generated compound targets", async () => {
    const words = fc.constantFrom(
      "and",
      "or",
      "not",
      "(",
      ")",
      "m1",
      "x",
      "G@az:a",
      "E@m",
      "N@grp",
      "N@none",
      "S@nope",
      "*",
      "L@m1,m2",
      "not",
      "or",
    );
    await fc.assert(
      fc.asyncProperty(fc.array(words, { minLength: 1, maxLength: 8 }), async (list) => {
        const subject = SUBJECTS["m1"] as Subject;
        const question: Question = ["compound", list.join(" ")];
        expect([judge(subject, question)]).toEqual(await judgeReally(oracle, subject, [question]));
      }),
      { numRuns: 300 },
    );
  });

  it("generated grain paths", async () => {
    const part = fc.constantFrom("a", "b", "*", "a*", "1", "true", "0", "l", "", "B");
    const value: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
      value: fc.oneof(
        { depthSize: "small" },
        fc.constantFrom<Value>("a", "b", "A b", 1, true, null, new PyFloat(1.5), "a:b"),
        fc.array(tie("value"), { maxLength: 3 }),
        fc
          .dictionary(fc.constantFrom("a", "b", "1", "a:b", "l"), tie("value"), { maxKeys: 3, noNullPrototype: true })
          .map((entries) => PyDict.from(entries)),
      ),
    })).value;
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.constantFrom("a", "b", "a:b", "l"), value, { noNullPrototype: true }),
        fc.array(fc.tuple(fc.constantFrom<Engine>("grain", "grain_pcre"), fc.array(part, { minLength: 1, maxLength: 4 })), {
          minLength: 1,
          maxLength: 10,
        }),
        async (grains, paths) => {
          const subject: Subject = { id: "m1", grains: PyDict.from(grains) };
          const questions = paths
            .map(([engine, parts]): Question => [engine, parts.join(":")])
            .filter(([engine, path]) => engine === "grain" || !(path as string).includes(":*"));
          expect(questions.map((question) => judge(subject, question))).toEqual(await judgeReally(oracle, subject, questions));
        },
      ),
      { numRuns: 200 },
    );
  });
});

function judge(subject: Subject, [engine, target, delimiter]: Question): boolean | "raised" {
  try {
    return matches(subject, target, { engine, ...(delimiter !== undefined && { delimiter }) });
  } catch {
    return "raised";
  }
}

async function judgeReally(oracle: Oracle, subject: Subject, questions: readonly Question[]): Promise<(boolean | "raised")[]> {
  const answer = await oracle.ask("state.match", {
    minion: subject.id,
    grains: encodeValue(subject.grains),
    pillar: subject.pillar instanceof PyDict ? encodeValue(subject.pillar) : null,
    nodegroups: encodeValue(subject.nodegroups ?? new PyDict()),
    questions: questions.map(([engine, target, delimiter]) => [engine, encodeValue(target), delimiter ?? null]),
  });
  if ("error" in answer) throw new Error(answer.error.trace);
  return (answer.ok as ({ ok: boolean } | { error: string })[]).map((each) => ("ok" in each ? each.ok : "raised"));
}
