import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { build } from "../../scripts/build.mjs";
import { FindingError, printFinding } from "../../src/finding/index.ts";
import { loadUserPolicies, Policies, type PolicyFile } from "../../src/policy/index.ts";
import { halite, inTemporaryFolder } from "../cli/halite.ts";
import { newest, said } from "./judge.ts";

const file = (text: string, path = "policies/p.yaml"): PolicyFile => ({ path, text });
const user = (...texts: readonly string[]): Policies =>
  new Policies(
    undefined,
    loadUserPolicies(
      texts.map((text, index) => file(text, `policies/p${index}.yaml`)),
      newest(),
    ),
  );

/** What is wrong with policy files. */
function mistakes(...texts: readonly string[]): string {
  try {
    loadUserPolicies(
      texts.map((text) => file(text)),
      newest(),
    );
  } catch (error) {
    if (error instanceof FindingError) return error.findings.map(printFinding).join("\n");
    throw error;
  }
  return "";
}

const POLICY = (spec: string, name = "labels"): string => `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata:
  name: ${name}
spec:
  matchConstraints:
    resourceRules:
      - {apiGroups: [""], apiVersions: ["*"], operations: [CREATE], resources: [configmaps]}
${spec}`;
const CONFIG = (namespace = "default", more = ""): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\n  namespace: ${namespace}\n${more}`;

describe("mistakes in expressions name their file, line and column", () => {
  test.each([
    ["on the line", `  validations:\n    - expression: object.metadata.name == nothing\n`],
    ["in quotes", `  validations:\n    - expression: "object.metadata.name == nothing"\n`],
    ["in a block", `  validations:\n    - expression: |\n        object.kind == "x" &&\n          nothing == 1\n`],
    ["in a folded block", `  validations:\n    - expression: >-\n        object.kind == "x" &&\n        nothing == 1\n`],
    ["syntax", `  validations:\n    - expression: object.kind == (1\n`],
    ["a function", `  validations:\n    - expression: object.metadata.name.lowercase() == ""\n`],
    [
      "a variable that comes later",
      `  variables:\n    - {name: a, expression: variables.b}\n    - {name: b, expression: "1"}\n  validations:\n    - expression: variables.a == 1\n`,
    ],
    ["a misspelt field", `  validations:\n    - expresion: "true"\n`],
    ["no validations", `  validations: []\n`],
    ["a message", `  validations:\n    - expression: "true"\n      messageExpression: object.metadata.name + nobody\n`],
  ])("%s", async (name, spec) => {
    await expect(`${mistakes(POLICY(spec))}\n`).toMatchFileSnapshot(`golden/expressions/${name.replaceAll(" ", "-")}.txt`);
  });

  test.each([
    ["no object", "a: 1\n", "must be an object with apiVersion, kind and metadata.name"],
    ["no YAML", "a: [\n", "policies/p.yaml:"],
    [
      "a name twice",
      POLICY(`  validations: [{expression: "true"}]\n`) + "---\n" + POLICY(`  validations: [{expression: "true"}]\n`),
      "is the name of another policy too",
    ],
    ["a shipped name", POLICY(`  validations: [{expression: "true"}]\n`, "policy-mine"), "begins with policy-"],
    ["another kind of ours", "apiVersion: halite.dev/v1alpha1\nkind: Policy\nmetadata: {name: a}\n", "has no kind Policy"],
  ])("%s", (_name, text, message) => expect(mistakes(text)).toContain(message));
});

describe("what a policy is about", () => {
  const NO = `  validations: [{expression: "false", message: not here}]\n`;

  test("its rules, and no other object", () => {
    const policies = user(POLICY(NO));
    expect(said(CONFIG(), { policies })).toContain("error: not here [labels]");
    expect(said("apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: s, namespace: default}\n", { policies })).toBe("");
  });

  test("labels of the object and of its namespace", () => {
    const policies = user(
      POLICY(NO).replace(
        "    resourceRules",
        "    namespaceSelector: {matchLabels: {tier: storage}}\n    objectSelector: {matchExpressions: [{key: free, operator: DoesNotExist}]}\n    resourceRules",
      ),
    );
    const namespace = (tier: string): string => `apiVersion: v1\nkind: Namespace\nmetadata: {name: home, labels: {tier: ${tier}}}\n`;
    const both = (tier: string, more = ""): string => said({ "a/n.yaml": namespace(tier), "b/c.yaml": CONFIG("home", more) }, { policies });
    expect(both("storage")).toContain("[labels]");
    expect(both("web")).toBe("");
    expect(both("storage", "  labels: {free: 'y'}\n")).toBe("");
  });

  test("bindings: warnings, further selectors, parameters", () => {
    const limits = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: limits}\ndata: {most: '2'}\n";
    const policy = POLICY(
      `  paramKind: {apiVersion: v1, kind: ConfigMap}\n  validations:\n    - expression: object.?data.size().orValue(0) <= int(params.data.most)\n      messageExpression: "'at most ' + params.data.most"\n`,
    ).replace("object.?data.size().orValue(0)", "object.?data.orValue({}).size()");
    const binding = `apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicyBinding\nmetadata: {name: b}\nspec:\n  policyName: labels\n  validationActions: [Warn]\n  paramRef: {name: limits, parameterNotFoundAction: Deny}\n`;
    const policies = user(policy, binding, limits);
    expect(said(CONFIG("default", "data: {a: '', b: ''}\n"), { policies })).toBe("");
    expect(said(CONFIG("default", "data: {a: '', b: '', c: ''}\n"), { policies })).toContain("warning: at most 2 [labels]");
    expect(mistakes(policy, binding)).toContain("no object below policies/ is what paramRef of binding b asks for");
  });

  test("an error of evaluation says where, and passes with failurePolicy Ignore", async () => {
    const spec = `  validations:\n    - expression: object.data.size() > 1\n`;
    await expect(`${said(CONFIG(), { policies: user(POLICY(spec)) })}\n`).toMatchFileSnapshot("golden/expressions/evaluation.txt");
    expect(said(CONFIG(), { policies: user(POLICY(`  failurePolicy: Ignore\n${spec}`)) })).toBe("");
  });

  test("its findings are accepted on the object, and set by code", () => {
    const policies = user(POLICY(NO));
    const accepted = said(CONFIG("default", "  annotations: {halite.dev/accept: 'labels: it is old'}\n"), { policies });
    expect(accepted).toContain("note: not here [labels]\n  by the policy policies/p0.yaml:9:");
    expect(accepted).toContain("accepted on the object: it is old");
    const off = new Policies({ severity: { labels: "off" } }, loadUserPolicies([file(POLICY(NO))], newest()));
    expect(said(CONFIG(), { policies: off })).toBe("");
  });

  test("a JSON Schema", async () => {
    const policies = user(
      `apiVersion: halite.dev/v1alpha1\nkind: SchemaPolicy\nmetadata: {name: owners}\nspec:\n  severity: warning\n  message: every object has an owner\n  matchConstraints:\n    resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: ["*"], resources: [configmaps]}]\n  schema:\n    properties:\n      metadata:\n        required: [labels]\n        properties:\n          labels: {type: object, required: [owner], properties: {owner: {enum: [storage, db], description: The team.}}}\n`,
    );
    const texts = ["", "  labels: {a: b}\n", "  labels: {owner: storge}\n", "  labels: {owner: db}\n"].map((more) =>
      said(CONFIG("default", more), { policies }),
    );
    await expect(`${texts.join("\n---\n")}\n`).toMatchFileSnapshot("golden/expressions/json-schema.txt");
    expect(
      mistakes("apiVersion: halite.dev/v1alpha1\nkind: SchemaPolicy\nmetadata: {name: a}\nspec: {schemas: {}, severity: fatal}\n"),
    ).toMatch(/no spec\.schema[^]*no field spec\.schemas[^]*must be error or warning/);
  });
});

describe("the work is bounded", () => {
  const list = "[0,1,2,3,4,5,6,7,8,9]";
  const nested = (depth: number): string => (depth === 0 ? "true" : `${list}.all(x${depth}, ${nested(depth - 1)})`);
  const doubled = Array.from(
    { length: 40 },
    (_, index) => `    - {name: v${index}, expression: ${index === 0 ? "\"'x'\"" : `variables.v${index - 1} + variables.v${index - 1}`}}\n`,
  ).join("");
  const lists = Array.from(
    { length: 40 },
    (_, index) => `    - {name: v${index}, expression: "${index === 0 ? "[1]" : `variables.v${index - 1} + variables.v${index - 1}`}"}\n`,
  ).join("");
  test.each([
    ["loops in loops", `  validations: [{expression: "${nested(9)}"}]\n`, "the expression takes too many steps"],
    [
      "a text that doubles",
      `  variables:\n${doubled}  validations: [{expression: variables.v39 == ''}]\n`,
      "a text is longer than 1048576 characters",
    ],
    [
      "a list that doubles",
      `  variables:\n${lists}  validations: [{expression: 'variables.v39 == []'}]\n`,
      "the expression takes too many steps",
    ],
    [
      "a pattern that would track back",
      `  validations: [{expression: "'${"a".repeat(60)}!'.matches('^(a+)+$')", message: quick}]\n`,
      "quick",
    ],
  ])("%s", (_name, spec, message) => {
    const begun = performance.now();
    expect(said(CONFIG(), { policies: user(POLICY(spec)) })).toContain(message);
    expect(performance.now() - begun).toBeLessThan(30_000);
  });
});

describe("in a fleet", () => {
  beforeAll(() => build());

  function writeFleet(folder: string, policy: string): void {
    const tree: Readonly<Record<string, string>> = {
      "halite.yaml": 'roster: roster.yaml\nkubernetes: "1.36"\n',
      "roster.yaml": Array.from({ length: 6 }, (_, index) => `c${index}: {minion_opts: {grains: {az: z, n: ${index}}}}\n`).join(""),
      "pillar/top.sls": "base:\n  '*': [p]\n",
      "pillar/p.sls": "{% if grains.n is divisibleby 2 %}addons: {a: {policies: {severity: {labels: warning}}}}{% else %}{}{% endif %}\n",
      "states/top.sls": "base:\n  '*': [s]\n",
      "states/s.sls":
        "a:\n  file.managed:\n    - name: /etc/kubernetes/addons/a/a.yaml\n    - source: salt://a.yaml\n    - template: jinja\n    - makedirs: True\n",
      "states/a.yaml": `apiVersion: v1\nkind: Namespace\nmetadata: {name: home, labels: {tier: t{{ grains.n % 3 }}}}\n---\n${CONFIG("home", "data:\n  owner: o{{ grains.id }}\n")}`,
      "policies/p.yaml": policy,
    };
    for (const [path, text] of Object.entries(tree)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
  }
  const SPEC = `  validations:\n    - expression: "!(object.data.owner in ['oc1', 'oc2', 'oc4']) && namespaceObject.metadata.labels.tier != 't0'"\n      messageExpression: "'not ' + object.data.owner + ' in ' + namespaceObject.metadata.labels.tier"\n`;

  test("what the memo and the cache give is what every cluster by itself gives, though texts differ in a line that only the policy reads", async () => {
    await inTemporaryFolder(async (folder) => {
      writeFleet(folder, POLICY(SPEC));
      const run = async (...args: readonly string[]): Promise<unknown> => {
        const { stdout } = await halite(["render", "--json", "--jobs", "1", ...args], { cwd: folder });
        const { clusters, findings } = JSON.parse(stdout) as { readonly clusters: readonly object[]; readonly findings: unknown };
        return { findings, clusters: clusters.map((cluster) => ({ ...cluster, milliseconds: 0 })) };
      };
      const alone = await run("--no-memo");
      expect(JSON.stringify(alone)).toContain("not oc2 in t2");
      expect(await run("--no-cache")).toEqual(alone);
      expect(await run()).toEqual(alone);
      expect(await run()).toEqual(alone);
      // Another policy, the same files: nothing of the cache holds.
      writeFileSync(join(folder, "policies/p.yaml"), POLICY(SPEC.replace("'oc1', ", "")));
      expect(await run()).toEqual(await run("--no-memo"));
    });
  });

  test("settings with mistakes name file, line and column, in halite.yaml and in pillar", async () => {
    await inTemporaryFolder(async (folder) => {
      writeFleet(folder, POLICY(`  validations: [{expression: "true"}]\n`));
      writeFileSync(join(folder, "halite.yaml"), "roster: roster.yaml\nkubernetes: '1.36'\npolicies:\n  disable: [policy-privileges]\n");
      const config = await halite(["validate"], { cwd: folder });
      expect([config.status, config.stderr]).toEqual([
        1,
        expect.stringContaining("halite.yaml:4:3: error: policies.disable no policy has the code policy-privileges"),
      ]);
      writeFileSync(join(folder, "halite.yaml"), "roster: roster.yaml\nkubernetes: '1.36'\n");
      writeFileSync(join(folder, "pillar/p.sls"), "addons:\n  a:\n    policies:\n      images: digests\n");
      const pillar = await halite(["validate"], { cwd: folder });
      expect([pillar.status, pillar.stderr]).toEqual([
        1,
        expect.stringContaining("pillar/p.sls:4:7: error: pillar addons:a:policies:images must be tag or digest"),
      ]);
    });
  });
});
