import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { PyDict } from "../../src/python/index.ts";
import { startControlPlane, type ControlPlane } from "../control-plane/index.ts";
import { canHavePlane } from "../control-plane/use-plane.ts";
import { EXCEPTIONS, type Difference } from "./exceptions.ts";
import { Judge } from "./judge.ts";
import { mutations } from "./mutate.ts";
import { goodObjects, shippedCustomResources, shippedObjects, shippedSchemas } from "./objects.ts";

/** Change it with SEED=…; a failure prints the one it had. */
const SEED = Number(process.env["SEED"] ?? 20261123);
const COUNT = 500;

const possible = await canHavePlane();

describe.skipIf(!possible)("our verdict and a real kube-apiserver's", () => {
  const good = goodObjects();
  const shipped = shippedObjects();
  const definitions = shippedCustomResources();
  const all = [...definitions, ...good, ...shipped.map(({ value }) => value)];
  const schema = shippedSchemas().forVersion("1.36").withCustomResources(all);
  let plane: ControlPlane;
  let judge: Judge;

  beforeAll(async () => {
    plane = await startControlPlane();
    judge = new Judge(plane);
    await judge.prepare(all);
  });
  afterAll(async () => {
    judge?.close();
    await plane?.stop();
  });

  async function difference(what: string, object: PyDict): Promise<Difference | undefined> {
    const ours = schema.validate(object).filter(({ severity }) => severity === "error");
    const theirs = await judge.verdict(object);
    if (theirs.accepted === (ours.length === 0)) return undefined;
    return { what, ours: ours.map(({ code, message }) => ({ code, message })), server: theirs.accepted ? "accepts it" : theirs.message };
  }

  test(`both take ${good.length} good objects`, async () => {
    const problems = [];
    for (const object of good) {
      problems.push(...schema.validate(object).map(({ message }) => message));
      const { accepted, message } = await judge.verdict(object);
      if (!accepted) problems.push(message);
    }
    expect(problems).toEqual([]);
  });

  test(`they agree on every object of out/ (${shipped.length})`, async () => {
    const found: Difference[] = [];
    expect(shipped.flatMap(({ value }) => schema.validate(value).filter(({ severity }) => severity === "error"))).toEqual([]);
    for (const { file, value } of shipped) {
      const one = await difference(file, value);
      if (one !== undefined && !EXCEPTIONS.some((exception) => exception.is(one))) found.push(one);
    }
    expect(found).toEqual([]);
  });

  test.each([
    ["good objects", good],
    ["objects of out/", shipped.map(({ value }) => value)],
  ] as const)(`they agree on ${COUNT} mutations of %s (seed ${SEED})`, async (_name, objects) => {
    if (objects.length === 0) return;
    const found: Difference[] = [];
    let refused = 0;
    for (const { what, object } of mutations(objects, COUNT, SEED)) {
      const one = await difference(what, object);
      if (schema.validate(object).length > 0) refused += 1;
      if (one !== undefined && !EXCEPTIONS.some((exception) => exception.is(one))) found.push(one);
    }
    expect(found).toEqual([]);
    expect(refused).toBeGreaterThan(COUNT / 3);
  });
});
