import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { object, objectsOf, shippedCustomResources, shippedSchemas } from "./objects.ts";

const text = readFileSync(new URL("objects/custom.yaml", import.meta.url), "utf8");
const definitions = objectsOf(text);
const schema = shippedSchemas().forVersion("1.36").withCustomResources(definitions);

/** The good pool with its spec changed by hand. */
const pool = (from: string, to: string): string => {
  const good = text.slice(text.indexOf("---") + 4);
  if (!good.includes(from)) throw new Error(`no ${from}`);
  return good.replace(from, to);
};
const said = (manifest: string): string[] =>
  schema.validate(object(manifest)).map(({ code, message, advice }) => `${code}: ${message}${advice === undefined ? "" : ` → ${advice}`}`);

describe("a custom resource", () => {
  test("is known by its definition", () => {
    expect(schema.kind("storage.example.com/v1", "DiskPool")).toMatchObject({
      plural: "diskpools",
      namespaced: true,
      served: true,
      from: "custom",
    });
    expect(schema.scope("storage.example.com/v2", "DiskPool")).toBeUndefined();
    expect(said(pool("fast", "fast"))).toEqual([]);
  });

  test.each([
    [
      "size: 10Ti",
      "sise: 10Ti",
      ["schema-unknown-field: spec.sise: there is no field sise here → did you mean size?", "schema-required: spec.size is required"],
    ],
    ["size: 10Ti", "size: 10TB", ['schema-pattern: spec.size is "10TB" and must match ^[0-9]+(Gi|Ti)$']],
    ["mode: stripe", "mode: strip", ['schema-enum: spec.mode is "strip" and must be mirror or stripe → did you mean stripe?']],
    ["mode: stripe", "mode: null", []],
    ["replicas: 3", "replicas: 9", ["schema-range: spec.replicas is 9 and must be at most 5"]],
    ["replicas: 3", "replicas: '3'", ['schema-type: spec.replicas must be an integer, not the string "3" → write 3 without quotes']],
    ["replicas: 3", "replicas: null", ["schema-type: spec.replicas must be an integer, not null"]],
    ["note: null", "note: a text that is far too long", ["schema-length: spec.note must have 20 characters at most"]],
    ["threshold: 80%", "threshold: 80", []],
    ["threshold: 80%", "threshold: x", ['schema-pattern: spec.threshold is "x" and must match ^[0-9]+%?$']],
    ["threshold: 80%", "threshold: true", ["schema-type: spec.threshold must be an integer or a string, not true"]],
    ["[db, hot]", "[db, db]", ['schema-duplicate-item: spec.tags[1] is the second item of its list with "db"; the first is item 0']],
    [
      "/dev/nvme1n1",
      "/dev/nvme0n1",
      ['schema-duplicate-item: spec.disks[1] is the second item of its list with device "/dev/nvme0n1"; the first is item 0'],
    ],
    ["anything:", "whatever:", []],
    ["apiVersion: v1, ", "", ["schema-required: spec.template.apiVersion is required"]],
    [
      "metadata: {name: inner}",
      "metadata: {nam: inner}",
      ["schema-unknown-field: spec.template.metadata.nam: there is no field nam here → did you mean name?"],
    ],
    [
      "namespace: storage-system}",
      "namespace: storage-system, labels: {a: 1}}",
      [
        'schema-type: metadata.labels.a must be a string, not the number 1 → put it in quotes as it is meant, such as "1"; YAML reads 1.30 as 1.3',
      ],
    ],
    [
      "name: fast",
      "name: Fast",
      [
        "schema-name: metadata.name \"Fast\" must be lower-case letters, digits, '-' and '.', each part beginning and ending with a letter or digit",
      ],
    ],
  ])("%s → %s", (from, to, expected) => {
    expect(said(pool(from, to)).filter((line) => !line.startsWith("schema-alternatives"))).toEqual(expected);
  });

  test("names its rules in CEL, which are not evaluated", () => {
    const ruled = text.replace("type: string, pattern:", "type: string, x-kubernetes-validations: [{rule: 'self != \"0Gi\"'}], pattern:");
    expect(
      shippedSchemas().forVersion("1.36").withCustomResources(objectsOf(ruled)).unevaluatedRules("storage.example.com/v1", "DiskPool"),
    ).toEqual(['self != "0Gi"']);
  });

  test("of a version that is not served is unknown", () => {
    const later = shippedSchemas()
      .forVersion("1.36")
      .withCustomResources(objectsOf(text.replace("served: true", "served: false")));
    expect(later.scope("storage.example.com/v1", "DiskPool")).toBeUndefined();
  });
});

test("the definitions of schemas/crds/ are good", () => {
  for (const definition of shippedCustomResources()) expect(schema.validate(definition)).toEqual([]);
});
