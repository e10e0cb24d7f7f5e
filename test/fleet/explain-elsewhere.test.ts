import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { Explainer, FleetCompiler, type ExplainedValue, type Fleet } from "../../src/fleet/index.ts";
import { fleetOf } from "./memory-fleet.ts";

const state = (addon: string, file: string): string =>
  `${addon}-${file}:\n  file.managed:\n    - name: /etc/kubernetes/addons/${addon}/${file}.yaml\n    - source: salt://${addon}-${file}\n    - template: jinja\n    - makedirs: True\n`;

const DEFINITION = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: pools.example.com}
spec:
  group: example.com
  names: {kind: Pool, plural: pools, singular: pool, listKind: PoolList}
  scope: Cluster
  versions:
    - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}
`;

/** An addon \`app\` that needs a namespace, a kind and an addon of others, and a namespace of which only pillar says that it is there. */
const PILLAR: Readonly<Record<string, string>> = {
  "pillar/top.sls": "base:\n  '*': [base, app]\n",
  "pillar/base.sls":
    "base:\n  namespace: storage\n  crds: true\n  label: a\n  fails: false\nlinks:\n  wanted: true\n  color: red\nhalite:\n  namespaces: [given, unused]\n",
  "pillar/app.sls": "addons:\n  app: {dependsOn: [links]}\napp:\n  replicas: 3\n",
};

const FILES: Readonly<Record<string, string>> = {
  "halite.yaml": 'kubernetes: "1.36"\n',
  "roster.yaml": "c1: {minion_opts: {grains: {az: z0}}}\n",
  ...PILLAR,
  "states/top.sls": "base:\n  '*': [base, app]\n",
  "states/base.sls": `${state("base", "namespace")}${state("base", "crd")}{% if pillar.links.wanted %}\n${state("links", "a")}${state("links", "b")}{% endif %}\n`,
  "states/app.sls": `${state("app", "config")}${state("app", "pool")}${state("app", "given")}`,
  "states/base-namespace":
    "{% if pillar.base.fails %}{{ raise('no') }}{% endif %}apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {{ pillar.base.namespace }}\n  labels: {l: {{ pillar.base.label }}}\n",
  "states/base-crd": `{% if pillar.base.crds %}${DEFINITION}{% endif %}`,
  "states/links-a": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: default}\ndata: {color: {{ pillar.links.color }}}\n",
  "states/links-b": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b, namespace: default}\ndata: {x: y}\n",
  "states/app-config":
    'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: app\n  namespace: storage\ndata:\n  replicas: "{{ pillar.app.replicas }}"\n',
  "states/app-pool": "apiVersion: example.com/v1\nkind: Pool\nmetadata: {name: one}\nspec: {size: 1}\n",
  "states/app-given": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: given, namespace: given}\ndata: {a: b}\n",
};

function explained(fleet: Fleet, file: string, line: number): readonly ExplainedValue[] {
  const [cluster] = fleet.roster.clusters;
  if (cluster === undefined) throw new Error("no cluster");
  const found = new Explainer(fleet, cluster).explain({ addon: "app", file, line });
  if ("missing" in found) throw new Error(`there is no ${found.missing}`);
  return found.values;
}

/** A fleet whose pillar has schemas. */
function withSchemas(fleet: Fleet, schemas: Readonly<Record<string, object>>): Fleet {
  const folder = mkdtempSync(join(tmpdir(), "halite-schemas-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, "schemas/pillar"), { recursive: true });
  for (const [key, schema] of Object.entries(schemas))
    writeFileSync(join(folder, `schemas/pillar/${key}.schema.json`), JSON.stringify(schema));
  return { ...fleet, folder };
}

function app(files: Readonly<Record<string, string>>): string | undefined {
  const fleet = fleetOf(new Map(Object.entries(files)));
  const [cluster] = fleet.roster.clusters;
  return cluster === undefined ? undefined : new FleetCompiler(fleet).compileToText(cluster).files.get("app/config.yaml");
}

describe("what an addon needs of others stands behind its lines", () => {
  const fleet = fleetOf(new Map(Object.entries(FILES)));
  const lines = (app(FILES) ?? "").split("\n");
  const line = lines.findIndex((text) => text.includes("replicas:")) + 1;

  test("the namespace, the kind, the addon, each by the value that it hangs on", () => {
    const values = explained(fleet, "config.yaml", line).map(({ place, effect, at }) => [
      place.map(String).join(":"),
      effect,
      at?.file,
      at?.line,
    ]);
    expect(values).toEqual([
      ["app:replicas", "differs", "pillar/app.sls", 4],
      ["base:namespace", "fails", "pillar/base.sls", 2],
      ["base:crds", "fails", "pillar/base.sls", 3],
      ["links:wanted", "fails", "pillar/base.sls", 7],
      ["halite:namespaces:0", "fails", "pillar/base.sls", 10],
      ["addons:app:dependsOn:0", "fails", "pillar/app.sls", 2],
    ]);
  });

  test.each([
    ["app.sls", "replicas: 3", "replicas: 4", true],
    ["base.sls", "namespace: storage", "namespace: store", true],
    ["base.sls", "crds: true", "crds: false", true],
    ["base.sls", "wanted: true", "wanted: false", true],
    ["base.sls", "[given, unused]", "[other, unused]", true],
    ["app.sls", "dependsOn: [links]", "dependsOn: [linksx]", true],
    ["base.sls", "label: a", "label: b", false],
    ["base.sls", "fails: false", "fails: true", false],
    ["base.sls", "color: red", "color: blue", false],
    ["base.sls", "[given, unused]", "[given, other]", false],
  ])("as is so: %s with %s changed to %s", (file, before, after, changes) => {
    const path = `pillar/${file}`;
    const text = PILLAR[path] ?? "";
    expect(text).toContain(before);
    const changed = app({ ...FILES, [path]: text.replace(before, after) })?.split("\n")[line - 1];
    expect(changed !== lines[line - 1]).toBe(changes);
  });
});

test("values are tried that the schemas of pillar take: others say what is refused, not what a line hangs on", () => {
  const files = {
    ...FILES,
    "pillar/app.sls": "app:\n  speed: slow\n  replicas: 3\n  size: 10Gi\n  free: a\n  level: 9\n",
    "states/app.sls": state("app", "config"),
    "states/app-config": `apiVersion: v1
kind: ConfigMap
metadata: {name: app, namespace: default}
data:
  speed: "{{ 'quick' if pillar.app.speed == 'fast' else 'not quick' }}"
  replicas: "{{ ['none', 'one', 'two', 'three'][pillar.app.replicas] if pillar.app.replicas < 4 else 'three' }}"
  size: "{{ 'much' if pillar.app.size.endswith('Gi') and pillar.app.size != '11Gi' else 'eleven' if pillar.app.size == '11Gi' else 'much' }}"
  free: "{{ pillar.app.free }}"
  level: "{{ pillar.app.level if pillar.app.level < 10 else 9 }}"
`,
  };
  const schema = {
    type: "object",
    properties: {
      speed: { enum: ["slow", "safe", "fast"] },
      replicas: { type: "integer", minimum: 1, maximum: 3 },
      size: { type: "string", pattern: "^[0-9]+Gi$" },
      level: { type: "integer", maximum: 9 },
    },
  };
  const plain = fleetOf(new Map(Object.entries(files)));
  const fleet = withSchemas(plain, { app: schema });
  const lines = (app(files) ?? "").split("\n");
  for (const key of ["speed", "replicas", "size", "free", "level"]) {
    const line = lines.findIndex((text) => text.includes(`  ${key}:`)) + 1;
    const named = (of: Fleet): readonly string[] =>
      explained(of, "config.yaml", line).map(({ place, effect }) => `${place.map(String).join(":")} ${effect}`);
    expect(named(fleet), key).toEqual([`app:${key} differs`]);
    // Without the schema no other value is known to be possible.
    if (key === "speed" || key === "size") expect(named(plain), key).toEqual([]);
  }
});
