/**
 * OpenAPI documents of Kubernetes, one a version, to the compact JSON Schemas in schemas/kubernetes/.
 *
 *   npx tsx scripts/schema/generate.ts FOLDER        # FOLDER holds v1.28.json … as {definitions, resources}
 *
 * A definition that is equal in several versions is written once. Enumerations come from facts.json (see facts.ts).
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Facts } from "./facts.ts";
import { joined, minor, span, type Spanned } from "./spans.ts";

interface Resource {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}
type Schema = { readonly [key: string]: unknown };
interface OpenApi {
  readonly definitions: Readonly<Record<string, Schema>>;
  readonly resources: readonly Resource[];
}

const OUT = new URL("../../schemas/kubernetes/", import.meta.url);

/** `io.k8s.api.core.v1.PodSpec` to `core.v1.PodSpec`; `IntOrString` and `Quantity` have no package. */
function shortName(name: string): string {
  return name
    .replace(/^(?:#\/definitions\/)?io\.k8s\./, "")
    .replace(/^(?:api|apimachinery\.pkg\.apis|apiextensions-apiserver\.pkg\.apis|kube-aggregator\.pkg\.apis)\./, "")
    .replace(/^apimachinery\.pkg\.(?:api\.resource|util\.intstr|runtime|version)\./, "machinery.v1.");
}

/** Types that Go decodes by their own rules, which the OpenAPI document calls strings (apimachinery: resource.Quantity, intstr, JSON). */
const OWN_RULES: Readonly<Record<string, Schema>> = {
  "machinery.v1.Quantity": { format: "quantity", type: ["string", "number"] },
  "machinery.v1.IntOrString": { format: "int-or-string", type: ["string", "integer"] },
  "machinery.v1.RawExtension": {},
  "meta.v1.FieldsV1": {},
  "apiextensions.v1.JSONSchemaPropsOrBool": { anyOf: [{ type: "boolean" }, { $ref: "apiextensions.v1.JSONSchemaProps" }] },
  "apiextensions.v1.JSONSchemaPropsOrArray": { $ref: "apiextensions.v1.JSONSchemaProps" },
  "apiextensions.v1.JSONSchemaPropsOrStringArray": {},
};

function compact(schema: Schema, enumOf: (property: string) => readonly string[] | undefined): Schema {
  const out: Record<string, unknown> = {};
  for (const key of Object.keys(schema).sort()) {
    const value = schema[key];
    if (
      key === "x-kubernetes-group-version-kind" ||
      key === "description" ||
      key === "x-kubernetes-map-type" ||
      key === "x-kubernetes-unions"
    )
      continue;
    // A list without a type is atomic.
    if (key === "x-kubernetes-list-type" && value === "atomic") continue;
    if (key === "$ref" && typeof value === "string") out[key] = shortName(value);
    else if (key === "properties") out[key] = compactProperties(asSchema(value), enumOf);
    else if (key === "items" || key === "additionalProperties")
      out[key] = typeof value === "object" ? compact(asSchema(value), () => undefined) : value;
    else out[key] = value;
  }
  if (out["properties"] !== undefined && out["additionalProperties"] === undefined) out["additionalProperties"] = false;
  return out;
}

function compactProperties(properties: Schema, enumOf: (property: string) => readonly string[] | undefined): Schema {
  const out: Record<string, unknown> = {};
  for (const name of Object.keys(properties).sort()) {
    const schema: Record<string, unknown> = { ...compact(asSchema(properties[name]), () => undefined) };
    const values = enumOf(name);
    if (values !== undefined && schema["type"] === "array") schema["items"] = { ...asSchema(schema["items"]), enum: values };
    else if (values !== undefined) schema["enum"] = values;
    out[name] = schema;
  }
  return out;
}

function asSchema(value: unknown): Schema {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error(`not a schema: ${JSON.stringify(value)}`);
  return { ...value };
}

function main(folder: string): void {
  const facts: Facts = JSON.parse(readFileSync(new URL("facts.json", OUT), "utf8"));
  const versions = readdirSync(folder).flatMap((name) => /^v(1\.\d+)\.json$/.exec(name)?.[1] ?? []);
  versions.sort((a, b) => minor(a) - minor(b));
  const definitions = new Map<string, Map<string, Schema>>();
  const resources = new Map<string, Map<string, unknown>>();
  for (const version of versions) {
    const document: OpenApi = JSON.parse(readFileSync(join(folder, `v${version}.json`), "utf8"));
    for (const [name, schema] of Object.entries(document.definitions)) {
      const short = shortName(name);
      if (short.endsWith("List") && "x-kubernetes-group-version-kind" in schema) continue;
      const [group = "", release = "", struct = ""] = short.split(".");
      const compacted =
        OWN_RULES[short] ??
        compact(schema, (property) => enumValues(facts, `${group}/${release}.${struct}.${property}`, version, schema, property));
      // A Go struct without fields; what is free in shape stands in OWN_RULES.
      const empty =
        compacted["type"] === "object" && compacted["properties"] === undefined && compacted["additionalProperties"] === undefined;
      file(definitions, short, version, empty ? { ...compacted, additionalProperties: false } : compacted);
    }
    const kinds = kindDefinitions(document);
    for (const { group, version: apiVersion, kind, plural, namespaced, verbs } of document.resources) {
      const key = `${group}/${apiVersion}/${kind}`;
      const definition = kinds.get(key);
      if (definition === undefined) continue;
      file(resources, key, version, {
        plural,
        namespaced,
        definition,
        ...(verbs.includes("post") && verbs.includes("get") ? {} : { storable: false }),
      });
    }
  }
  write(versions, definitions, resources, facts);
}

function enumValues(facts: Facts, field: string, version: string, schema: Schema, property: string): readonly string[] | undefined {
  const values = facts.enums[field]?.find(({ from, to }) => minor(from) <= minor(version) && minor(version) <= minor(to))?.value;
  const required = Array.isArray(schema["required"]) && schema["required"].includes(property);
  // The empty string of a required field is a missing value to the server.
  return required ? values?.filter((value) => value !== "") : values;
}

function kindDefinitions(document: OpenApi): Map<string, string> {
  const kinds = new Map<string, string>();
  for (const [name, schema] of Object.entries(document.definitions)) {
    const gvks = schema["x-kubernetes-group-version-kind"];
    if (!Array.isArray(gvks) || gvks.length !== 1) continue;
    const { group, version, kind } = asSchema(gvks[0]);
    kinds.set(`${String(group)}/${String(version)}/${String(kind)}`, shortName(name));
  }
  return kinds;
}

function file<T>(into: Map<string, Map<string, T>>, key: string, version: string, value: T): void {
  const byVersion = into.get(key) ?? new Map<string, T>();
  byVersion.set(version, value);
  into.set(key, byVersion);
}

function sorted<T>(map: ReadonlyMap<string, ReadonlyMap<string, T>>): [string, Spanned<T>[]][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, byVersion]) => [name, span(byVersion)]);
}

function write(
  versions: readonly string[],
  definitions: ReadonlyMap<string, ReadonlyMap<string, Schema>>,
  resources: ReadonlyMap<string, ReadonlyMap<string, unknown>>,
  facts: Facts,
): void {
  const byGroup = new Map<string, Record<string, Spanned<Schema>[]>>();
  for (const [name, spans] of sorted(definitions)) {
    const group = name.split(".")[0] ?? name;
    const members = byGroup.get(group) ?? {};
    members[name] = spans;
    byGroup.set(group, members);
  }
  const folder = new URL("definitions/", OUT);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [group, members] of byGroup) writeFileSync(new URL(`${group}.json`, folder), joined({ definitions: members }));
  writeFileSync(new URL("index.json", OUT), joined({ versions, resources: Object.fromEntries(sorted(resources)), history: facts.history }));
}

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  process.stderr.write("usage: tsx scripts/schema/generate.ts FOLDER\n");
  process.exitCode = 2;
} else main(folder);
