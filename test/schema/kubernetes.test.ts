import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { str, type PyDict } from "../../src/python/index.ts";
import { at, Definitions, minor, type DefinitionSchema } from "../../src/schema/definitions.ts";
import { UnknownVersionError } from "../../src/schema/index.ts";
import { toPlain } from "../../src/schema/plain.ts";
import { surelyFits } from "../../src/schema/quick.ts";
import { StructuralPass } from "../../src/schema/structural.ts";
import { mutations } from "./mutate.ts";
import { goodObjects, shippedSchemas } from "./objects.ts";

const folder = new URL("../../schemas/kubernetes/", import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, folder), "utf8");
const schemas = shippedSchemas();

/** The values that a field may have, each list once, in the order of the versions. */
function enumerations(apiVersion: string, kind: string, ...path: string[]): unknown {
  const lists = schemas.versions.map((version) =>
    schemas
      .forVersion(version)
      .field(apiVersion, kind, path)
      ?.enum?.filter((value) => value !== ""),
  );
  return lists.filter((list, index) => JSON.stringify(list) !== JSON.stringify(lists[index - 1]));
}

describe("the committed schemas", () => {
  const definitions = new Definitions(read);
  const names = readdirSync(new URL("definitions/", folder)).flatMap((file) =>
    Object.keys((JSON.parse(read(`definitions/${file}`)) as { definitions: object }).definitions),
  );

  test.each(schemas.versions)("of %s are whole: each reference leads somewhere, each definition compiles", (version) => {
    const structural = new StructuralPass(definitions);
    const missing: string[] = [];
    const visit = (schema: DefinitionSchema, from: string): void => {
      if (schema.$ref !== undefined && definitions.get(schema.$ref, minor(version)) === undefined) missing.push(`${from} → ${schema.$ref}`);
      for (const part of [...Object.values(schema.properties ?? {}), schema.items, ...(schema.anyOf ?? [])])
        if (part !== undefined) visit(part, from);
      if (typeof schema.additionalProperties === "object") visit(schema.additionalProperties, from);
    };
    for (const name of names) {
      const schema = definitions.get(name, minor(version));
      if (schema !== undefined) visit(schema, name);
    }
    expect(missing).toEqual([]);
    if (version === "1.28" || version === "1.36")
      for (const name of names) {
        const prepared = structural.prepare(name, minor(version));
        if (prepared !== undefined) structural.judge(prepared, minor(version), {});
      }
  });

  test("hold the enumerations that storage uses, in each version", () => {
    expect(enumerations("storage.k8s.io/v1", "StorageClass", "volumeBindingMode")).toEqual([["Immediate", "WaitForFirstConsumer"]]);
    expect(enumerations("storage.k8s.io/v1", "StorageClass", "reclaimPolicy")).toEqual([["Delete", "Retain"]]);
    expect(enumerations("v1", "PersistentVolume", "spec", "persistentVolumeReclaimPolicy")).toEqual([["Delete", "Recycle", "Retain"]]);
    expect(enumerations("storage.k8s.io/v1", "CSIDriver", "spec", "fsGroupPolicy")).toEqual([["File", "None", "ReadWriteOnceWithFSType"]]);
    expect(enumerations("apps/v1", "DaemonSet", "spec", "updateStrategy", "type")).toEqual([["OnDelete", "RollingUpdate"]]);
    expect(enumerations("v1", "Service", "spec", "type")).toEqual([["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"]]);
  });

  test("know list types and merge keys", () => {
    const field = schemas.forVersion("1.36").field("v1", "Service", ["spec", "ports"]);
    expect(field?.["x-kubernetes-list-map-keys"]).toEqual(["port", "protocol"]);
    expect(schemas.forVersion("1.36").field("v1", "Pod", ["spec", "containers", 0, "image"])).toEqual({ type: "string" });
    expect(schemas.forVersion("1.36").field("v1", "Pod", ["spec", "nothing"])).toBeUndefined();
  });
});

describe("the quick walk and ajv", () => {
  const good = goodObjects();
  const structural = new StructuralPass(new Definitions(read));
  const index = schemas.index.resources;

  /** The verdicts of both on an object of a built-in kind. */
  function verdicts(object: PyDict): readonly [quick: boolean, ajv: boolean] | undefined {
    const apiVersion = str(object.get("apiVersion") ?? "");
    const key = `${apiVersion.includes("/") ? apiVersion : `/${apiVersion}`}/${str(object.get("kind") ?? "")}`;
    const definition = at(index[key], 36)?.definition;
    const prepared = definition === undefined ? undefined : structural.prepare(definition, 36);
    if (prepared === undefined) return undefined;
    const { json } = toPlain(object);
    return [
      surelyFits(prepared.schema, json, (name) => structural.prepare(name, 36)?.schema),
      structural.judge(prepared, 36, json).length === 0,
    ];
  }

  test("have one verdict on good objects and on 1500 broken ones", () => {
    const differing = [...good.map((object) => ({ what: "good", object })), ...mutations(good, 1500, 7)].filter(({ object }) => {
      const both = verdicts(object);
      return both !== undefined && both[0] !== both[1];
    });
    expect(differing.map(({ what }) => what)).toEqual([]);
  });
});

test("fields that cannot change are fields that there are", () => {
  const schema = schemas.forVersion("1.36");
  const kinds = Object.keys(schemas.index.resources).map((key) => key.split("/"));
  const missing: string[] = [];
  let count = 0;
  for (const [group = "", version = "", kind = ""] of kinds) {
    const apiVersion = group === "" ? version : `${group}/${version}`;
    for (const { path } of schema.immutable(apiVersion, kind)) {
      count += 1;
      if (schema.field(apiVersion, kind, path) === undefined) missing.push(`${kind} ${path.join(".")}`);
    }
  }
  expect(missing).toEqual([]);
  expect(count).toBeGreaterThan(30);
});

describe("kinds", () => {
  test.each([
    ["1.36", "storage.k8s.io/v1", "StorageClass", "Cluster", true],
    ["1.36", "v1", "Secret", "Namespaced", true],
    ["1.36", "storage.k8s.io/v1beta1", "VolumeAttributesClass", "Cluster", false],
    ["1.28", "flowcontrol.apiserver.k8s.io/v1beta3", "FlowSchema", "Cluster", true],
    ["1.36", "flowcontrol.apiserver.k8s.io/v1beta3", "FlowSchema", undefined, undefined],
    ["1.33", "storage.k8s.io/v1", "VolumeAttributesClass", undefined, undefined],
    ["1.34", "storage.k8s.io/v1", "VolumeAttributesClass", "Cluster", true],
    ["1.36", "example.com/v1", "Thing", undefined, undefined],
    ["1.36", "v1", "constructor", undefined, undefined],
  ] as const)("%s: %s %s is %s", (version, apiVersion, kind, scope, served) => {
    const schema = schemas.forVersion(version);
    expect(schema.scope(apiVersion, kind)).toBe(scope);
    expect(schema.kind(apiVersion, kind)?.served).toBe(served);
  });

  test("an API that is switched on is served", () => {
    const schema = schemas.forVersion("1.36", { enabled: ["storage.k8s.io/v1beta1"] });
    expect(schema.kind("storage.k8s.io/v1beta1", "VolumeAttributesClass")?.served).toBe(true);
  });

  test.each(["1.36", "v1.36", "1.36.3", "v1.36.3+vendor.1"])("version %s", (version) => {
    expect(schemas.forVersion(version).version).toBe("1.36");
  });
  test.each(["1.27", "1.99", "2.0", "", "latest"])("version %s is refused, with the range", (version) => {
    expect(() => schemas.forVersion(version)).toThrow(UnknownVersionError);
    expect(() => schemas.forVersion(version)).toThrow("Halite has the API of 1.28 to 1.36");
  });
});
