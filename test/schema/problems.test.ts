import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PyDict, PyFloat, type Value } from "../../src/python/index.ts";
import { tidy } from "../../src/schema/problem.ts";
import { CASES } from "./cases.ts";
import { goodObjects, object, shippedSchemas } from "./objects.ts";

const schemas = shippedSchemas();

describe("what is said of a mistake", () => {
  test("golden/problems.txt", async () => {
    const said = CASES.map(({ name, version = "1.36", text }) => {
      const problems = schemas.forVersion(version).validate(object(text));
      const lines = problems.map(
        ({ code, severity, message, advice }) => `  ${severity} ${code}: ${message}${advice === undefined ? "" : `\n    → ${advice}`}`,
      );
      return [`${name} (${version})`, ...lines].join("\n");
    });
    await expect(`${said.join("\n\n")}\n`).toMatchFileSnapshot("golden/problems.txt");
  });

  test.each(CASES)("$name is a problem", ({ version = "1.36", text }) => {
    expect(schemas.forVersion(version).validate(object(text))).not.toEqual([]);
  });

  test("the place of a problem leads to it, and to where a missing field belongs", () => {
    const schema = schemas.forVersion("1.36");
    const pointers = (text: string): unknown => schema.validate(object(text)).map(({ pointer }) => pointer);
    expect(pointers("apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: a}\nparameters: {a/b: 1}")).toEqual([
      ["parameters", "a/b"],
      ["provisioner"],
    ]);
  });
});

describe("what is good in every version", () => {
  const custom = goodObjects();
  test.each(schemas.versions)("%s", (version) => {
    const schema = schemas.forVersion(version).withCustomResources(custom);
    const problems = custom.flatMap((value) => schema.validate(value)).filter(({ code }) => code !== "schema-kind-not-yet");
    expect(problems).toEqual([]);
  });

  test("null is not set, and 1.0 is 1", () => {
    const schema = schemas.forVersion("1.36");
    const namespace = object(
      "apiVersion: v1\nkind: Namespace\nmetadata: {name: a, creationTimestamp: null, labels: null}\nstatus: null\nspec: {}",
    );
    expect(schema.validate(namespace)).toEqual([]);
    const priority = object("apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: a}");
    priority.set("value", new PyFloat(5));
    expect(schema.validate(priority)).toEqual([]);
  });

  test("a reference to a sealed source may stand in a Secret's data", () => {
    const secret = object("apiVersion: v1\nkind: Secret\nmetadata: {name: a, namespace: b}\ndata: {key: '?{vault:ceph/key@3}'}");
    expect(schemas.forVersion("1.36").validate(secret)).toEqual([]);
  });
});

describe("whatever an object holds", () => {
  const leaf = fc.oneof(
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.double({ noNaN: true }).map((number) => new PyFloat(number)),
  );
  const names = fc.constantFrom(
    "name",
    "spec",
    "metadata",
    "template",
    "containers",
    "selector",
    "rules",
    "data",
    "ports",
    "volumes",
    "versions",
    "schema",
    "openAPIV3Schema",
    "__proto__",
    "constructor",
    "x",
  );
  const { value } = fc.letrec<{ value: Value }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      leaf,
      fc.array(tie("value"), { maxLength: 3 }),
      fc.array(fc.tuple(names, tie("value")), { maxLength: 5 }).map((entries) => PyDict.of(entries)),
    ),
  }));
  const good = goodObjects();
  const schema = schemas.forVersion("1.36").withCustomResources(good);

  test("validate gives problems, sorted and none twice, and never throws", () => {
    const kinds = good.map((one) => [one.get("apiVersion") ?? null, one.get("kind") ?? null] as const);
    fc.assert(
      fc.property(fc.constantFrom(...kinds), fc.array(fc.tuple(names, value), { maxLength: 6 }), ([apiVersion, kind], entries) => {
        const problems = schema.validate(PyDict.of([["apiVersion", apiVersion], ["kind", kind], ...entries]));
        expect(tidy(problems)).toEqual(problems);
      }),
      { numRuns: 1500 },
    );
  });

  test("the same object gives the same problems", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(names, value), { maxLength: 6 }), (entries) => {
        const make = (): PyDict => PyDict.of([["apiVersion", "apps/v1"], ["kind", "Deployment"], ...entries]);
        expect(schema.validate(make())).toEqual(shippedSchemas().forVersion("1.36").validate(make()));
      }),
      { numRuns: 20 },
    );
  });

  test("and custom definitions of any shape add nothing and break nothing", () => {
    fc.assert(
      fc.property(value, (spec) => {
        const definition = PyDict.of([
          ["apiVersion", "apiextensions.k8s.io/v1"],
          ["kind", "CustomResourceDefinition"],
          ["spec", spec],
        ]);
        const known = schemas.forVersion("1.36").withCustomResources([definition]);
        known.validate(definition);
        known.validate(object("apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: a}"));
      }),
    );
  });
});
