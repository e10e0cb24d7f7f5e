import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Oracle, oracleIsThere } from "../oracle/oracle.ts";
import { compileOurs, comparable, fitting } from "./state-compare.ts";
import { compileReally, type StateTree } from "./state-world.ts";

const IDS = ["a", "b", "c", "d"];
const id = fc.constantFrom(...IDS);
const sls = fc.constantFrom("one", "two", "three");

/** An option of a state, as YAML would have it. */
const argument = fc.oneof(
  fc.tuple(fc.constantFrom("v", "w", "name"), fc.constantFrom("1", "x", "[1, 2]", "{k: 1}")).map(([key, value]) => `${key}: ${value}`),
  fc.tuple(fc.constantFrom("order"), fc.constantFrom("1", "2", "-1", "first", "last", "'3'")).map(([key, value]) => `${key}: ${value}`),
  fc.array(id, { minLength: 1, maxLength: 3 }).map((names) => `names: [${names.map((name) => `n${name}`).join(", ")}]`),
  fc
    .tuple(
      fc.constantFrom("require", "watch", "onchanges", "require_any", "require_in", "watch_in", "use", "use_in", "prereq"),
      fc.array(id, { minLength: 1, maxLength: 2 }),
    )
    .map(([kind, ids]) => `${kind}: [${ids.map((each) => `{test: ${each}}`).join(", ")}]`),
);

const body = fc
  .array(argument, { maxLength: 3 })
  .map((list) => `  test.nop:${list.length === 0 ? " []" : ""}\n${list.map((each) => `    - ${each}\n`).join("")}`);

const stateFile = fc
  .record({
    includes: fc.array(sls, { maxLength: 2 }),
    extend: fc.option(fc.tuple(id, argument), { nil: undefined, freq: 4 }),
    exclude: fc.option(
      fc.oneof(
        id.map((each) => `{id: ${each}}`),
        sls,
      ),
      { nil: undefined, freq: 6 },
    ),
    ids: fc.uniqueArray(fc.tuple(id, body), { selector: ([each]) => each, maxLength: 3 }),
  })
  .map(
    ({ includes, extend, exclude, ids }) =>
      (includes.length > 0 ? `include: [${includes.join(", ")}]\n` : "") +
      (extend === undefined ? "" : `extend:\n  ${extend[0]}:\n    test:\n      - ${extend[1]}\n`) +
      (exclude === undefined ? "" : `exclude: [${exclude}]\n`) +
      ids.map(([each, text]) => `${each}:\n${text}`).join(""),
  );

const target = fc.constantFrom("*", "m*", "x", "G@az:sjc1", "not G@az:sjc1", "m1 or x", "E@m\\d");
const topFile = fc
  .uniqueArray(fc.tuple(target, fc.uniqueArray(fc.constantFrom("one", "two", "three", "t*"), { minLength: 1, maxLength: 3 })), {
    selector: ([each]) => each,
    minLength: 1,
    maxLength: 3,
  })
  .map((targets) => `base:\n${targets.map(([each, names]) => `  '${each}': [${names.map((name) => `'${name}'`).join(", ")}]\n`).join("")}`);

const pillarValue: fc.Arbitrary<string> = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constantFrom("1", "x", "null", "true", "1.5", "''"),
    fc.array(tie("value"), { maxLength: 3 }).map((items) => `[${items.join(", ")}]`),
    fc
      .uniqueArray(fc.tuple(fc.constantFrom("a", "b", "c"), tie("value")), { selector: ([key]) => key, maxLength: 3 })
      .map((items) => `{${items.map(([key, value]) => `${key}: ${value}`).join(", ")}}`),
  ),
})).value;
const pillarFile = fc
  .tuple(
    fc.array(
      fc.oneof(
        sls,
        sls.map((each) => `{${each}: {key: 'a:b'}}`),
      ),
      { maxLength: 2 },
    ),
    fc.uniqueArray(fc.tuple(fc.constantFrom("a", "b", "c", "d"), pillarValue), { selector: ([key]) => key, maxLength: 3 }),
  )
  .map(
    ([includes, entries]) =>
      (includes.length > 0 ? `include: [${includes.join(", ")}]\n` : "") + entries.map(([key, value]) => `${key}: ${value}\n`).join(""),
  );

function files(folder: string, top: string, [one, two, three]: readonly [string, string, string]): Record<string, string> {
  return { [`${folder}/top.sls`]: top, [`${folder}/one.sls`]: one, [`${folder}/two.sls`]: two, [`${folder}/three.sls`]: three };
}

/** Random trees; the seed of a failure is printed, and what it shrinks to becomes a case of trees/. */
describe.skipIf(!oracleIsThere())("generated trees, as Salt compiles them", () => {
  let oracle: Oracle;
  beforeAll(() => {
    oracle = new Oracle(["salt_state"]);
  });
  afterAll(() => oracle.close());

  async function check(tree: StateTree): Promise<void> {
    const real = comparable(await compileReally(oracle, tree));
    const ours = comparable(compileOurs(tree));
    // Requisites that can't be met are errors here, and in Salt only when it runs.
    const atCompile =
      ours.low !== undefined &&
      "errors" in ours.low &&
      ours.low.errors.every((text) => /^(?:The following requisites were not found:|Recursive requisite found)/.test(text));
    if (atCompile) expect({ ...ours, low: undefined }).toEqual({ ...fitting(real, ours), low: undefined });
    else expect(ours).toEqual(fitting(real, ours));
  }

  it("states", async () => {
    await fc.assert(
      fc.asyncProperty(topFile, fc.tuple(stateFile, stateFile, stateFile), (top, texts) =>
        check({ title: "generated", files: files("states", top, texts), config: "grains: {az: sjc1}\n" }),
      ),
      { numRuns: 40 },
    );
  });

  it("pillar", async () => {
    const strategy = fc.constantFrom("smart", "recurse", "aggregate", "overwrite", "list", "none");
    await fc.assert(
      fc.asyncProperty(
        topFile,
        fc.tuple(pillarFile, pillarFile, pillarFile),
        strategy,
        fc.boolean(),
        fc.boolean(),
        (top, texts, merging, lists, over) =>
          check({
            title: "generated",
            files: files("pillar", top, texts),
            config: `grains: {az: sjc1}\npillar_source_merging_strategy: ${merging}\npillar_merge_lists: ${String(lists)}\npillar_includes_override_sls: ${String(over)}\n`,
          }),
      ),
      { numRuns: 40 },
    );
  });
});
