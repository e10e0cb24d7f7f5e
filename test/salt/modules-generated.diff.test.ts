import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PyDict, PyError, PyFloat, type Value } from "../../src/python/index.ts";
import { fnmatchcase } from "../../src/salt/data/index.ts";
import { SaltFunctions } from "../../src/salt/modules/index.ts";
import { Oracle, oracleIsThere } from "../oracle/oracle.ts";
import { askSalt, decodeValue, dict, encodeValue, minionOfWorld, type World } from "./render-world.ts";

/** A run can be had again with the seed that its title names: HALITE_SEED=… */
const SEED = Number(process.env["HALITE_SEED"] ?? 20261);
const RUNS = 400;

const key = fc.constantFrom<Value>("a", "b", "c", "1", "0", "true", "x y", "None", 1, 0, true, null, "a:b");
const leaf = fc.oneof(
  fc.constantFrom<Value>(null, true, false, 0, 1, -1, "", "a", "b", "text", "1"),
  fc.integer({ min: -5, max: 5 }).map((n): Value => new PyFloat(n / 2)),
);
const { data } = fc.letrec<{ data: Value; dict: PyDict }>((tie) => ({
  data: fc.oneof({ depthSize: "small", withCrossShrink: true }, leaf, fc.array(tie("data"), { maxLength: 3 }), tie("dict")),
  dict: fc.array(fc.tuple(key, tie("data")), { maxLength: 4 }).map((entries) => PyDict.of(entries)),
}));
const mapping = fc.array(fc.tuple(key, data), { maxLength: 4 }).map((entries) => PyDict.of(entries));
const path = fc.array(fc.constantFrom("a", "b", "c", "0", "1", "-1", "true", "x y", "None", "null", "~", "1.0", "", " 1"), {
  minLength: 1,
  maxLength: 4,
});
const pattern = fc
  .array(fc.constantFrom("a", "b", "*", "?", "[ab]", "[!a]", "[", "]", "-", "[a-c]", "."), { maxLength: 5 })
  .map((parts) => parts.join(""));

const PILLAR = PyDict.from({
  a: PyDict.from({
    a: [1, PyDict.from({ b: "deep", c: [PyDict.of([[1, "one"]]), null] })],
    b: null,
    "1": "text one",
    "x y": 0,
    "": "empty",
  }),
  b: [PyDict.from({ a: PyDict.from({ b: 1 }) }), [0, [1, 2]], "text"],
  c: "abc",
  None: "none",
});
dict(PILLAR.get("a")).set(1, "int one");
PILLAR.set(true, "yes");
PILLAR.set(null, PyDict.from({ a: 1 }));

interface Question {
  readonly name: string;
  readonly args: readonly Value[];
  readonly kwargs: Readonly<Record<string, Value>>;
}

const question: fc.Arbitrary<Question> = fc.oneof(
  fc
    .tuple(path, data, fc.boolean())
    .map(([steps, fallback, merge]) => ({ name: "pillar.get", args: [steps.join(":"), fallback], kwargs: { merge } })),
  fc.tuple(path, data).map(([steps, fallback]) => ({ name: "pillar.get", args: [[...steps], fallback], kwargs: {} })),
  fc
    .tuple(mapping, mapping, fc.constantFrom("smart", "recurse", "aggregate", "overwrite", "list", "none"), fc.boolean())
    .map(([a, b, strategy, mergeLists]) => ({ name: "slsutil.merge", args: [a, b], kwargs: { strategy, merge_lists: mergeLists } })),
  fc.tuple(mapping, mapping, fc.boolean(), fc.boolean()).map(([a, b, recursive, mergeLists]) => ({
    name: "slsutil.update",
    args: [a, b],
    kwargs: { recursive_update: recursive, merge_lists: mergeLists },
  })),
  fc.tuple(mapping, mapping, fc.boolean(), fc.boolean()).map(([a, b, mergeLists, inPlace]) => ({
    name: "defaults.merge",
    args: [a, b],
    kwargs: { merge_lists: mergeLists, in_place: inPlace },
  })),
  fc.tuple(mapping, mapping).map(([a, b]) => ({ name: "defaults.update", args: [a, b], kwargs: {} })),
  fc
    .tuple(
      fc.array(fc.tuple(pattern, data), { maxLength: 3 }),
      path,
      fc.option(mapping, { nil: null }),
      fc.constantFrom<Value>("a", "default", null),
    )
    .map(([lookup, steps, merge, base]) => ({
      name: "pillar.filter_by",
      args: [PyDict.of(lookup), steps.join(":")],
      kwargs: { merge, base },
    })),
  fc.tuple(data).map(([value]) => ({ name: "config.get", args: ["a", value], kwargs: { merge: "recurse" } })),
  fc.tuple(path).map(([steps]) => ({ name: "file.join", args: steps, kwargs: {} })),
  fc.tuple(path).map(([steps]) => ({ name: "file.normpath", args: [steps.join("/./").replaceAll("a", "..")], kwargs: {} })),
);

/** A value of its own, as JSON would carry it. */
function fresh(value: Value): Value {
  return decodeValue(encodeValue(value));
}

describe.skipIf(!oracleIsThere())(`generated calls, seed ${SEED}`, () => {
  const world: World = { pillar: PILLAR };
  let oracle: Oracle;
  beforeAll(() => {
    oracle = new Oracle(["salt_render"]);
  });
  afterAll(async () => {
    await oracle.ask("salt.render.end");
    await oracle.close();
  });

  const functions = new SaltFunctions({
    minion: minionOfWorld(world),
    pillar: PILLAR,
    saltenv: "base",
    role: "state",
    freshPillar: () => PILLAR,
    render: () => null,
    warn: () => undefined,
  });

  function ours({ name, args, kwargs }: Question): unknown {
    const given = args.map(fresh);
    const answer = (): unknown => {
      try {
        const value = functions.function(name)?.call(given, new Map(Object.entries(kwargs).map(([word, item]) => [word, fresh(item)])));
        return { ok: encodeValue(value ?? null) };
      } catch (error) {
        if (error instanceof PyError) return { error: error.type };
        throw error;
      }
    };
    return { answer: answer(), args: given.map(encodeValue) };
  }

  it(`${RUNS} of them, each also with what it does to its arguments`, async () => {
    const questions = fc.sample(question, { seed: SEED, numRuns: RUNS });
    const calls = questions.map(({ name, args, kwargs }) => [
      name,
      args.map(encodeValue),
      Object.fromEntries(Object.entries(kwargs).map(([word, value]) => [word, encodeValue(value)])),
    ]);
    const answers = await askSalt(oracle, "salt.call", world, { calls });
    for (const [index, asked] of questions.entries()) {
      const theirs = answers[index];
      if (theirs === undefined) throw new Error("an answer is missing");
      const wanted = {
        answer: "error" in theirs ? { error: theirs.error.type } : { ok: theirs.ok },
        args: (theirs as { args?: unknown }).args,
      };
      expect(ours(asked), JSON.stringify(calls[index])).toEqual(wanted);
    }
  });
});

describe("fnmatchcase", () => {
  it(`takes time in proportion, seed ${SEED}`, () => {
    // A backtracking matcher would not come back from these.
    const name = "a".repeat(2000);
    expect(fnmatchcase(name, `${"*a".repeat(50)}b`)).toBe(false);
    expect(fnmatchcase(name, "*".repeat(2000))).toBe(true);
    fc.assert(
      fc.property(fc.string(), (text) => fnmatchcase(text, "*") && fnmatchcase(`x${text}`, "x*")),
      { seed: SEED },
    );
  });
});
