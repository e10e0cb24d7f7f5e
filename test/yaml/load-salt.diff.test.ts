import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PyDict } from "../../src/python/index.ts";
import { loadSalt } from "../../src/yaml/index.ts";
import { Oracle, oracleIsThere } from "../oracle/oracle.ts";
import { documents } from "./documents.ts";
import { haliteLoads, saltLoads } from "./judge-salt.ts";
import { saltExceptions } from "./exceptions.ts";
import { verdict } from "./verdict.ts";
import { scalars } from "./scalars.ts";
import { mutated, soup } from "./soup.ts";

/** Every place a scalar can stand in. */
const CONTEXTS: Readonly<Record<string, (scalar: string) => string>> = {
  "the document itself": (scalar) => scalar,
  "a block value": (scalar) => `k: ${scalar}\n`,
  "a block key": (scalar) => `${scalar}: v\n`,
  "a block item": (scalar) => `- ${scalar}\n`,
  "two items": (scalar) => `- ${scalar}\n- ${scalar}\n`,
  "a nested value": (scalar) => `a:\n  b: ${scalar}\nc: d`,
  "an explicit key": (scalar) => `? ${scalar}\n: 1\n`,
  "a flow item": (scalar) => `[${scalar}]`,
  "a flow item among others": (scalar) => `[a, ${scalar} , b]`,
  "a flow key": (scalar) => `{${scalar}: 1}`,
  "a flow value": (scalar) => `{a: ${scalar}}`,
};

describe.skipIf(!oracleIsThere())("Salt's loader reads what Salt 3007.1 reads, and fails in the same words", () => {
  let oracle: Oracle;
  beforeAll(() => {
    oracle = new Oracle(["yaml"]);
  });
  afterAll(() => oracle.close());

  async function agree(texts: readonly string[]): Promise<void> {
    const theirs = await saltLoads(oracle, texts);
    const differences = texts
      .map((text, index) => ({ text, salt: theirs[index], halite: haliteLoads(text) }))
      .filter(({ salt, halite }) => JSON.stringify(salt) !== JSON.stringify(halite));
    expect(differences).toEqual([]);
  }

  it.each(Object.entries(CONTEXTS))(`${scalars.length} scalars as %s`, async (_, put) => {
    await agree(scalars.map(put));
  });

  it(`${documents.length} documents`, async () => {
    await agree(documents);
  });

  it.each([
    ["documents made of random pieces", soup],
    ["documents with random mistakes", mutated(documents)],
  ])("%s", async (_, texts) => {
    await fc.assert(
      fc.asyncProperty(texts, (text) => agree([text])),
      { numRuns: 1500 },
    );
  });

  it.each(saltExceptions)("on purpose not as Salt: $reason", async ({ text, real, halite }) => {
    expect(await oracle.ask("yaml_verdict", { text })).toMatchObject({ ok: real });
    expect(verdict(() => loadSalt(text, { file: "x" }))).toBe(halite);
  });

  it.each([
    ["an aliased list is one object", "a: &x [1]\nb: *x\n", ["a"], ["b"], true],
    ["equal lists are two objects", "a: [1]\nb: [1]\n", ["a"], ["b"], false],
    ["a list within itself", "a: &x [1, *x]\n", ["a"], ["a", 1], true],
    ["a merged value is shared with its source", "a: &x {q: [1]}\nb: {<<: *x}\n", ["a", "q"], ["b", "q"], true],
  ])("%s", async (_, text, a, b, same) => {
    expect(await oracle.ask("yaml_same", { text, a, b })).toMatchObject({ ok: same });
    const root = loadSalt(text, { file: "x" }).value;
    const walk = (path: readonly (string | number)[]): unknown =>
      path.reduce<unknown>((at, step) => (at instanceof PyDict ? at.get(step) : (at as unknown[])[Number(step)]), root);
    expect(walk(a) === walk(b)).toBe(same);
  });
});
