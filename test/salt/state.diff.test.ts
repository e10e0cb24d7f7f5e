import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Oracle, oracleIsThere } from "../oracle/oracle.ts";
import { TREE_EXCEPTIONS } from "./exceptions-state.ts";
import { comparable, compileOurs, fitting } from "./state-compare.ts";
import { compileReally } from "./state-world.ts";
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
