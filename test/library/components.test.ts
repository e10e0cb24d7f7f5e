import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { components, readmeFile, readSchema, withTables } from "./readme.ts";

const TOP = new URL("../../", import.meta.url);
const COMPONENTS = components();
const SCHEMAS = readdirSync(new URL("schemas/pillar/", TOP))
  .filter((name) => name.endsWith(".schema.json") && name !== "pillar.schema.json")
  .map((name) => name.replace(".schema.json", ""));

function validator(key: string): (data: unknown) => string[] {
  const ajv = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true, keywords: ["x-halite-addons"] });
  const validate = ajv.compile(readSchema(key));
  return (data) => (validate(data) ? [] : (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message ?? ""}`));
}

/** defaults.yaml of a component as its map.jinja takes it: the block `base`, or all of it. */
function defaultsOf(component: string): Record<string, unknown> {
  // Plain data without anchors or tags; the schema judges it right away.
  const data = parse(readFileSync(new URL(`states/${component}/defaults.yaml`, TOP), "utf8"), { version: "1.1" }) as Record<
    string,
    unknown
  >;
  const base = data["base"] ?? data;
  return base as Record<string, unknown>;
}

describe("every component", () => {
  it.each(COMPONENTS)("%s has the files of one", (component) => {
    const files = readdirSync(new URL(`states/${component}/`, TOP));
    expect(files).toEqual(expect.arrayContaining(["README.md", "defaults.yaml", "init.sls", "map.jinja"]));
    expect(SCHEMAS).toContain(component);
  });

  it.each(COMPONENTS)(
    "%s: the README's tables are those of its schema and its differences (npx tsx test/library/readme.ts)",
    (component) => {
      const text = readFileSync(readmeFile(component), "utf8");
      expect(text).toBe(withTables(component, text));
    },
  );

  it.each(COMPONENTS)("%s: defaults.yaml is valid pillar", (component) => {
    expect(validator(component)(defaultsOf(component))).toEqual([]);
  });

  it.each(COMPONENTS)("%s: the schema's defaults are those of defaults.yaml", (component) => {
    const said = schemaDefaults(readSchema(component));
    const real = defaultsOf(component);
    for (const [path, value] of said) {
      const found = path.split(".").reduce<unknown>((here, key) => (isRecord(here) ? here[key] : undefined), real);
      // A default of the component's code, for a key that defaults.yaml leaves out.
      if (found !== undefined) expect(value, path).toEqual(found);
    }
  });
});

describe("schemas of the pillar", () => {
  it.each(SCHEMAS)("%s: titles, descriptions, and examples that are valid", (key) => {
    const schema = readSchema(key);
    expect(schema.title).toBeTypeOf("string");
    for (const [path, each] of properties(schema)) {
      const described = each.description ?? each.$ref ?? each.allOf?.[0]?.$ref;
      expect(described, path).toBeTypeOf("string");
    }
    for (const [data, own] of examples(schema)) {
      const ajv = new Ajv({ strict: true, allowUnionTypes: true, keywords: ["x-halite-addons"] });
      expect(ajv.validate({ ...own, $defs: schema.$defs ?? {} }, data), JSON.stringify(data)).toBe(true);
    }
  });

  it("pillar.schema.json names them all", () => {
    const { properties: named } = JSON.parse(readFileSync(new URL("schemas/pillar/pillar.schema.json", TOP), "utf8"));
    expect(Object.keys(named).toSorted()).toEqual(SCHEMAS.toSorted());
  });

  it.each([
    { key: "ceph-csi-cephfs", data: { mounter: "fus" }, error: "/mounter must be equal to one of the allowed values" },
    { key: "ceph-csi-rbd", data: { controller: { replcas: 2 } }, error: "/controller must NOT have additional properties" },
    { key: "images", data: { mirror: "https://registry.example.net" }, error: "/mirror must match pattern" },
    {
      key: "ceph",
      data: { clusters: { a: { fsid: "6f3d4d4e-6c5b-4a57-9a3e-0d6a4c1f5b10" } } },
      error: "/clusters/a must have required property 'monitors'",
    },
    {
      key: "storage-classes",
      data: { flavors: { x: { y: { binding: "WaitForFirstConsmer" } } } },
      error: "/flavors/x/y/binding must be equal to one of",
    },
    { key: "addons", data: { nfs: { mode: "reconcile" } }, error: "/nfs/mode must be equal to one of the allowed values" },
  ])("$key refuses $data", ({ key, data, error }) => {
    expect(validator(key)(data).join("\n")).toContain(error);
  });
});

describe("CRDs are upstream's, but for a comment and the addon manager's label", () => {
  it.each(Object.entries(upstreamCrds()))("%s", (path, digest) => {
    const text = readFileSync(new URL(`states/${path}`, TOP), "utf8");
    const own = text.slice(text.indexOf("\n") + 1).replace("  labels:\n    addonmanager.kubernetes.io/mode: Reconcile\n", "");
    const original = path.startsWith("snapshot-controller/") ? `---\n${own}` : own;
    expect(createHash("sha256").update(original).digest("hex")).toBe(digest);
  });

  it("and there is no other", () => {
    const found = COMPONENTS.flatMap((component) => {
      const entries = readdirSync(new URL(`states/${component}/`, TOP));
      return entries.includes("crds")
        ? readdirSync(new URL(`states/${component}/crds/`, TOP)).map((name) => `${component}/crds/${name}`)
        : [];
    });
    expect(found.toSorted()).toEqual(Object.keys(upstreamCrds()).toSorted());
  });
});

/** SHA-256 of config/crd of external-snapshotter/client/v8 v8.6.0 and helm/sealed-secrets/crds of sealed-secrets v0.40.0. */
function upstreamCrds(): Readonly<Record<string, string>> {
  return {
    "sealed-secrets/crds/crd-sealedsecrets.yaml": "6ccc74ae40a65ec4a1ab95baaf34b0beef0591d343fe3aea1104a36a4f283fab",
    "snapshot-controller/crds/crd-volumegroupsnapshotclasses.yaml": "0ac1b24c628e73fbe3352c21c7929707453252a64072184727a82d2f3c42fc51",
    "snapshot-controller/crds/crd-volumegroupsnapshotcontents.yaml": "dc148b9798e4aa080ab3e2dc0681e029ef75ca31adfdf96cf0a14ec309ea9c79",
    "snapshot-controller/crds/crd-volumegroupsnapshots.yaml": "59abaccbe9e85a611848489da53d855db4ab606894b0c4cab109a574b4a95b10",
    "snapshot-controller/crds/crd-volumesnapshotclasses.yaml": "75e6565aac2c0f2949ed13ea884bbaa388cb7be576b558b709cf1168e011828d",
    "snapshot-controller/crds/crd-volumesnapshotcontents.yaml": "895a3c1e73b60f06a0deb566dd123d01bdf1b2efc5d5ff5231ff8bbcf42dafc7",
    "snapshot-controller/crds/crd-volumesnapshots.yaml": "b032116e987fb1d7d93cec7d942833adeb9d95c9bdc7e00c10b280c2fe4a6c33",
  };
}

interface SchemaNode {
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly allOf?: readonly SchemaNode[];
  readonly $ref?: string;
}

function properties(schema: SchemaNode, prefix = ""): [string, SchemaNode][] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, each]) => [
    [`${prefix}${key}`, each],
    ...properties(each, `${prefix}${key}.`),
  ]);
}

function schemaDefaults(schema: SchemaNode): [string, unknown][] {
  return properties(schema).flatMap(([path, each]) => ("default" in each ? [[path, each.default]] : []));
}

function examples(schema: SchemaNode): [unknown, SchemaNode][] {
  return properties(schema).flatMap(([, each]) => (each.examples ?? []).map((data): [unknown, SchemaNode] => [data, each]));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
