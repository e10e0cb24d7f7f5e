import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { oracleIsThere, type Oracle } from "../oracle/oracle.ts";
import { compareTree } from "../salt/compare-tree.ts";
import { isolatedOracle } from "../salt/isolated-oracle.ts";
import { minionConfigs } from "./fleet.ts";

/** The promise of the shipped library: Halite and `salt-call --local state.apply` leave the same bytes. */
describe.skipIf(!oracleIsThere())("the shipped fleet, compiled by Halite and applied by real Salt", () => {
  let oracle: Oracle;
  beforeAll(() => {
    oracle = isolatedOracle();
  });
  afterAll(async () => {
    await oracle.close();
  });

  it.each([...minionConfigs()])("%s: pillar, top, low chunks and every file are the same", async (_, config) => {
    const found = await compareTree("/", [config], { oracle });
    expect(found.map(({ stage, what, real, ours }) => `${stage} ${what}: ${shortened(real)} ≠ ${shortened(ours)}`)).toEqual([]);
  });
});

/** The beginning of a text: whole files would bury what is wrong. */
function shortened(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
