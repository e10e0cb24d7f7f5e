import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PyDict } from "../../src/python/index.ts";
import { SaltCompiler } from "../../src/salt/compile.ts";
import { encodeValue } from "../oracle/encode.ts";
import { Oracle, oracleIsThere } from "../oracle/oracle.ts";
import { TREE_EXCEPTIONS } from "./exceptions-state.ts";
import { compileReally, minionOfTree, type Outcome, type Stages, type StateTree } from "./state-world.ts";
import { HIGH_TREES } from "./trees/high.ts";
import { PILLAR_TREES } from "./trees/pillar.ts";
import { REQUISITE_TREES } from "./trees/requisites.ts";
import { TOP_TREES } from "./trees/top.ts";

/** Whole trees compiled by the real Salt 3007.1 and by ours: pillar, top, high data and low chunks equal, key by key and in order. */
describe.skipIf(!oracleIsThere())("trees, as Salt compiles them", () => {
  let oracle: Oracle;
  beforeAll(() => {
    oracle = new Oracle(["salt_state"]);
  });
  afterAll(() => oracle.close());

  const trees = [...PILLAR_TREES, ...TOP_TREES, ...HIGH_TREES, ...REQUISITE_TREES];
  it.each(trees.map((tree) => [tree.title, tree] as const))("%s", async (_title, tree) => {
    const real = comparable(await compileReally(oracle, tree));
    const ours = comparable(compileOurs(tree));
    const exception = TREE_EXCEPTIONS.find(({ title }) => title === tree.title);
    if (exception === undefined) expect(ours).toEqual(fitting(real, ours));
    else if (exception.real === "compiles")
      expect({ real, ours }).toMatchObject({ real: { low: { ok: expect.any(Array) } }, ours: exception.ours });
    else expect({ real, ours }).toMatchObject({ real: exception.real, ours: exception.ours });
  });

  it("has no exception without its tree, and no title twice", () => {
    const titles = trees.map(({ title }) => title);
    expect(titles.filter((title, index) => titles.indexOf(title) !== index)).toEqual([]);
    expect(TREE_EXCEPTIONS.filter(({ title }) => !titles.includes(title))).toEqual([]);
  });
});

function compileOurs(tree: StateTree): Stages {
  const minion = new SaltCompiler().forMinion(minionOfTree(tree), tree.pillar === undefined ? {} : { pillarOverride: tree.pillar });
  const environment = tree.saltenv === undefined ? {} : { saltenv: tree.saltenv };
  const selection = { ...environment, ...(tree.sls !== undefined && { sls: tree.sls.split(",") }) };
  const stage = <T>(
    { value, messages }: { readonly value?: T; readonly messages: readonly string[] },
    encode: (value: T) => unknown,
  ): Outcome => (value === undefined ? { errors: messages } : { ok: encode(value) });
  return {
    pillar: stage(minion.pillar(environment), ({ data }) => encodeValue(data)),
    ...(tree.sls === undefined && {
      top: stage(minion.top(environment), (top) => encodeValue(PyDict.of([...top].map(([env, names]) => [env, [...names]])))),
    }),
    high: stage(minion.high(selection), encodeValue),
    low: stage(minion.low(selection), ({ chunks }) => chunks.map(encodeValue)),
  };
}

/**
 * Where Salt refuses with a SaltRenderError of its own, ours is an error of those words. Where it ends in some Python exception, which
 * nobody meant, ours is an error in words of its own.
 */
function fitting(real: Stages, ours: Stages): Stages {
  return Object.fromEntries(
    Object.entries(real).map(([name, outcome]: [string, Outcome]) => {
      if (!("raised" in outcome)) return [name, outcome];
      if (outcome.raised === "SaltRenderError") return [name, { errors: [outcome.message] }];
      const own = (ours as Readonly<Record<string, Outcome>>)[name];
      return [name, own !== undefined && "errors" in own ? own : outcome];
    }),
  );
}

/** Errors by their first lines: what follows is Python's, or ours. A stage after one that raised is not there. */
function comparable(stages: Stages): Stages {
  const firstLine = (text: string): string => (text.split("\n", 1)[0] ?? "").replace(/; line \d+$/, "");
  return JSON.parse(
    JSON.stringify(stages, (key, value: unknown) => {
      if (key === "errors" && Array.isArray(value)) return value.map((text) => firstLine(String(text)));
      if (Array.isArray(value) && value[0] === "_errors") return ["_errors", (value[1] as string[]).map(firstLine)];
      return value;
    }),
  ) as Stages;
}
