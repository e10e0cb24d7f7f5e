import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Oracle, oracleIsThere } from "../oracle/oracle.ts";
import { CASES } from "./cases.ts";
import { EXCEPTIONS } from "./exceptions.ts";
import { ours, theirs, titleOf, type Outcome } from "./judge.ts";

describe.skipIf(!oracleIsThere())("templates give what Python's Jinja2 gives", () => {
  let oracle: Oracle;
  beforeAll(() => {
    oracle = new Oracle(["jinja"]);
  });
  afterAll(() => oracle.close());

  describe.each(Object.entries(CASES))("%s", (_, cases) => {
    let answers: Outcome[];
    beforeAll(async () => {
      answers = await theirs(oracle, cases);
    });
    test.each(cases.map((one, index) => [titleOf(one), one, index] as const))("%s", (title, one, index) => {
      const exception = EXCEPTIONS.find((entry) => title.startsWith(`{"t":${JSON.stringify(entry.template)}`));
      if (exception === undefined) expect(ours(one)).toEqual(answers[index]);
      else expect({ real: answers[index], ours: ours(one) }).toEqual({ real: exception.real, ours: exception.ours });
    });
  });
});
