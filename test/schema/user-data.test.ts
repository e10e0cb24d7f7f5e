import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import { compileUserSchema, validateUserData, type Json } from "../../src/schema/index.ts";
import { loadSalt } from "../../src/yaml/index.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const json = (path: string): Json => JSON.parse(readFileSync(ROOT + path, "utf8"));
const siblings = Object.fromEntries(
  readdirSync(`${ROOT}schemas/pillar`)
    .filter((name) => name.endsWith(".json"))
    .map((name) => [name, json(`schemas/pillar/${name}`)]),
);

/** What is said of data written in YAML. */
function said(schema: Json, text: string, code = "schema"): string[] {
  const problems = validateUserData(loadSalt(text, { file: "data.yaml" }).value, compileUserSchema(schema, { code, others: siblings }));
  return problems.map((problem) => `${problem.code}: ${problem.message}${problem.advice === undefined ? "" : ` → ${problem.advice}`}`);
}

describe("the roster", () => {
  const roster = json("schemas/roster.schema.json");

  test("the shipped one is good", () => {
    expect(said(roster, readFileSync(`${ROOT}pillar/roster.yaml`, "utf8"))).toEqual([]);
  });

  test.each([
    [
      "a: {minion_opts: {grains: {region: x}}}",
      "roster-required: a.minion_opts.grains.az is required → The failure domain that the cluster is in; it names the folder of out/ and the zone's sync job.",
    ],
    [
      "a: {minion_opt: {grains: {az: x}}}",
      "roster-unknown-field: a.minion_opt: there is no field minion_opt here → did you mean minion_opts?",
    ],
    [
      "a: {minion_opts: {grains: {az: x, kubernetes: 1.30}}}",
      'roster-type: a.minion_opts.grains.kubernetes must be a string, not the number 1.3 → put it in quotes as it is meant, such as "1.3"; YAML reads 1.30 as 1.3',
    ],
    [
      "a: {minion_opts: {grains: {az: x, flavors: nvme}}}",
      "roster-type: a.minion_opts.grains.flavors must be a list, not the string \"nvme\" → begin it with '- '",
    ],
    [
      "a: {minion_opts: {grains: {az: x, flavors: [a, a]}}}",
      "roster-duplicate-item: a.minion_opts.grains.flavors holds an item twice → The node pools' hardware, by name.",
    ],
    ["a: null", "roster-type: a must be a mapping, not null → One Kubernetes cluster."],
    ["a/b: {minion_opts: {grains: {az: x}}}", 'roster-key: ["a/b"]: a key of this form is not allowed here → One Kubernetes cluster.'],
  ])("%s", (text, expected) => {
    expect(said(roster, text, "roster")).toContain(expected);
  });
});

describe("the config", () => {
  const config = json("schemas/config.schema.json");
  test.each([
    "{}",
    "file_roots: {base: [states], dev: [a, b]}\nroster: r.yaml\nkubernetes: '1.36'\npublish: {remote: x, branch: y}\nnodegroups: {prod: 'G@env:prod', all: ['*', or, x]}\njinja_env: {trim_blocks: true}\nsome_salt_option: 1",
  ])("%s is good", (text) => {
    expect(said(config, text)).toEqual([]);
  });
  test.each([
    ["publish: {brnch: x}", "config-unknown-field: publish.brnch: there is no field brnch here → did you mean branch?"],
    ["file_roots: [states]", "config-type: file_roots must be a mapping, not a list"],
    [
      "pillar_source_merging_strategy: smrt",
      'config-enum: pillar_source_merging_strategy is "smrt" and must be smart, recurse, aggregate, list, overwrite or none → did you mean smart?',
    ],
  ])("%s", (text, expected) => {
    expect(said(config, text, "config")).toEqual([expected]);
  });
});

describe("every schema of ours", () => {
  const files = [
    "schemas/roster.schema.json",
    "schemas/config.schema.json",
    ...Object.keys(siblings).map((name) => `schemas/pillar/${name}`),
  ];

  test.each(files)("%s is a JSON schema, and its examples fit it", (file) => {
    const schema = json(file);
    const ajv = new Ajv({ strict: false });
    expect(ajv.validateSchema(schema as object)).toBe(true);
    const compiled = compileUserSchema(schema, { others: siblings });
    const examples = typeof schema === "object" && schema !== null && !Array.isArray(schema) ? schema["examples"] : [];
    for (const example of Array.isArray(examples) ? examples : []) {
      expect(validateUserData(loadSalt(JSON.stringify(example), { file }).value, compiled)).toEqual([]);
    }
  });

  test("whole pillars are judged through references to their siblings", () => {
    expect(said(siblings["pillar.schema.json"] ?? {}, "addons: {nfs: {mode: Reconcil}}", "pillar")).toEqual([
      'pillar-enum: addons.nfs.mode is "Reconcil" and must be Reconcile or EnsureExists → did you mean Reconcile?',
    ]);
  });

  test("a schema that is no mapping is refused", () => {
    expect(() => compileUserSchema([])).toThrow(TypeError);
  });
});
