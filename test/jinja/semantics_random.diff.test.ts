import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { int as normal, type Value } from "../../src/python/index.ts";
import { Oracle, oracleIsThere } from "../oracle/oracle.ts";
import { differences } from "./semantics_compare.ts";
import { answer, dict, encodeCase, float, tuple, type Case, type CaseAnswer } from "./semantics_cases.ts";

const anInt = fc
  .oneof(fc.integer({ min: -50, max: 50 }), fc.maxSafeInteger(), fc.bigInt({ min: -(2n ** 90n), max: 2n ** 90n }))
  .map((value) => normal(value));
const aFloat = fc
  .oneof(
    fc.double(),
    fc.integer({ min: -1000, max: 1000 }).map((value) => value / 8),
  )
  .map(float);
const aText = fc.string({
  unit: fc.oneof(fc.constantFrom("a", "B", " ", "é", "😀", "ß", "\n", "'", '"', "\\", "0"), fc.constantFrom("{", "}", "%", "x")),
  maxLength: 12,
});
const scalar: fc.Arbitrary<Value> = fc.oneof(anInt, aFloat, fc.boolean(), fc.constant(null), aText);
const { value: anything } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    scalar,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.array(tie("value"), { maxLength: 3 }).map((items) => tuple(...items)),
    fc.array(fc.tuple(scalar, tie("value")), { maxLength: 4 }).map((entries) => dict(...entries)),
  ),
}));
const spec = fc
  .tuple(
    fc.constantFrom("", "<", "*^", "0=", ">"),
    fc.constantFrom("", "+", " "),
    fc.constantFrom("", "#"),
    fc.constantFrom("", "0"),
    fc.constantFrom("", "3", "12"),
    fc.constantFrom("", ",", "_"),
    fc.constantFrom("", ".0", ".3", ".17"),
    fc.constantFrom("", "d", "x", "b", "e", "f", "g", "%", "s"),
  )
  .map((parts) => parts.join(""));
const bound = fc.option(fc.integer({ min: -6, max: 6 }), { nil: null });

const oneCase: fc.Arbitrary<Case> = fc.oneof(
  fc
    .tuple(fc.constantFrom("+", "-", "*", "/", "//", "%"), fc.oneof(anInt, aFloat), fc.oneof(anInt, aFloat))
    .map(([name, a, b]): Case => ({ kind: "binary", name, args: [a, b] })),
  fc
    .tuple(fc.oneof(anInt, aFloat), fc.oneof(fc.integer({ min: -30, max: 30 }), aFloat))
    .map(([a, b]): Case => ({ kind: "binary", name: "**", args: [a, b] })),
  fc
    .tuple(fc.constantFrom("<", "==", "in", ">="), anything, anything)
    .map(([name, a, b]): Case => ({ kind: "binary", name, args: [a, b] })),
  anything.map((a): Case => ({ kind: "repr", args: [a] })),
  fc.tuple(fc.oneof(anInt, aFloat, aText), spec).map(([a, b]): Case => ({ kind: "format", args: [a, b] })),
  fc.tuple(fc.oneof(aText, fc.array(scalar, { maxLength: 6 })), bound, bound, bound).map((args): Case => ({ kind: "slice", args })),
  fc
    .array(
      fc.oneof(
        anInt,
        aFloat.filter((value) => !Number.isNaN(value.value)),
      ),
      { maxLength: 90 },
    )
    .map((items): Case => ({ kind: "sorted", args: [items] })),
  fc.tuple(aFloat, fc.integer({ min: -3, max: 17 })).map(([a, b]): Case => ({ kind: "filter", name: "round", args: [a, b] })),
  fc
    .tuple(fc.constantFrom("%5.2f", "%g", "%.10e", "%s", "%r", "%d", "%x", "%+08.3f"), fc.oneof(anInt, aFloat))
    .map(([a, b]): Case => ({ kind: "binary", name: "%", args: [a, tuple(b)] })),
  fc
    .tuple(fc.constantFrom("title", "capitalize", "swapcase", "split", "splitlines", "upper", "strip"), aText)
    .map(([name, a]): Case => ({ kind: "method", name, args: [a] })),
  fc.tuple(anything, anything).map((args): Case => ({ kind: "filter", name: "tojson", args: [args[0]] })),
  anything.map((a): Case => ({ kind: "filter", name: "pprint", args: [a] })),
);

describe.skipIf(!oracleIsThere())("Python's answers on generated values", () => {
  let oracle: Oracle;
  beforeAll(() => {
    oracle = new Oracle(["semantics"]);
  });
  afterAll(() => oracle.close());

  test("operators, formats, slices, sorting, printing", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(oneCase, { minLength: 1, maxLength: 40 }), async (cases) => {
        const encoded = cases.map(encodeCase);
        const ours = cases.map((one) => answer(one));
        const reply = await oracle.ask("semantics.run", { cases: encoded });
        if (!("ok" in reply)) throw new Error(JSON.stringify(reply));
        expect(differences(cases, ours, reply.ok as CaseAnswer[])).toBe("");
      }),
      { numRuns: 60 },
    );
  });
});
