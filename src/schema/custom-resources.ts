import type { PyDict } from "../python/index.ts";
import { explain } from "./messages.ts";
import { Place } from "./place.ts";
import { setAt, toPlain, type Plain } from "./plain.ts";
import type { Json, JsonPath, Problem } from "./problem.ts";
import type { DefinitionSchema } from "./definitions.ts";
import type { Prepared, StructuralPass } from "./structural.ts";

/** One version of a custom resource. */
export class CustomResource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  readonly deprecated: boolean;
  readonly #schema: Json | undefined;
  #prepared: Prepared | undefined;
  #rules: readonly string[] | undefined;

  constructor(definition: Place, version: Place) {
    const spec = definition.at("spec");
    this.apiVersion = `${spec.at("group").text ?? ""}/${version.at("name").text ?? ""}`;
    this.kind = spec.at("names", "kind").text ?? "";
    this.plural = spec.at("names", "plural").text ?? "";
    this.namespaced = spec.at("scope").text === "Namespaced";
    this.deprecated = version.at("deprecated").value === true;
    this.#schema = version.at("schema", "openAPIV3Schema").value;
  }

  /** Rules in CEL, which nothing here evaluates. */
  get rules(): readonly string[] {
    this.#rules ??= celRules(this.#schema);
    return this.#rules;
  }

  /** The schema of the field that a path leads to; `undefined` where none is declared. */
  field(path: JsonPath): DefinitionSchema | undefined {
    const { value, isObject } = schemaAt(this.#schema, path);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a structural schema (apiextensions.v1.JSONSchemaProps) is of this shape
    return isObject ? (value as DefinitionSchema) : undefined;
  }

  /** What the object's schema says of it. Null counts, unlike in built-in kinds: server-side apply refuses it where it is not allowed. */
  check(plain: Plain, structural: StructuralPass, version: number): Problem[] {
    this.#prepared ??= structural.prepareCustom(this.#schema);
    const json = withNulls(plain, this.#schema);
    return explain(structural.run(this.#prepared, version, json), json, (path) => {
      const declared = declaredBelow(this.#schema, path);
      return declared.length === 0 && path.at(-1) === "metadata" ? structural.fieldsOf("meta.v1.ObjectMeta", version) : declared;
    });
  }
}

/** The custom resources that a cluster has. */
export class CustomResources {
  readonly #byKey = new Map<string, CustomResource>();

  constructor(resources: Iterable<CustomResource>) {
    for (const resource of resources) this.#byKey.set(`${resource.apiVersion}/${resource.kind}`, resource);
  }

  /** With the served versions of these definitions. What is no CustomResourceDefinition, or is broken, adds nothing. */
  with(definitions: readonly PyDict[]): CustomResources {
    const added = definitions.flatMap((definition) => {
      const place = new Place(toPlain(definition).json, [], []);
      if (place.at("kind").text !== "CustomResourceDefinition") return [];
      const versions = place.at("spec", "versions").items.filter((version) => version.at("served").value === true);
      return versions.map((version) => new CustomResource(place, version));
    });
    return new CustomResources([...this.#byKey.values(), ...added]);
  }

  find(apiVersion: string, kind: string): CustomResource | undefined {
    return this.#byKey.get(`${apiVersion}/${kind}`);
  }
  versionsOf(kind: string): string[] {
    return [...this.#byKey.values()].filter((resource) => resource.kind === kind).map(({ apiVersion }) => apiVersion);
  }
  kindsOf(apiVersion: string): string[] {
    return [...this.#byKey.values()].filter((resource) => resource.apiVersion === apiVersion).map(({ kind }) => kind);
  }
}

/** Puts the nulls back, but for fields that have a default and are not nullable: those take the default. */
function withNulls(plain: Plain, schema: Json | undefined): Json {
  const kept = plain.nulls.filter((path) => !takesDefault(schema, path));
  if (kept.length === 0) return plain.json;
  const copy: Json = structuredClone(plain.json);
  for (const path of kept) setAt(copy, path, null);
  return copy;
}

/** The schema of the field that a path leads to. */
function schemaAt(schema: Json | undefined, path: JsonPath): Place {
  let place = new Place(schema, [], []);
  for (const step of path) {
    if (typeof step === "number") place = place.at("items");
    else place = place.at("properties", step).isObject ? place.at("properties", step) : place.at("additionalProperties");
  }
  return place;
}

/** The fields that a mapping declares. */
function declaredBelow(schema: Json | undefined, path: JsonPath): string[] {
  const envelope = path.length === 0 ? ["apiVersion", "kind", "metadata"] : [];
  return [...new Set([...envelope, ...Object.keys(schemaAt(schema, path).at("properties").object)])];
}

function takesDefault(schema: Json | undefined, path: JsonPath): boolean {
  // Metadata is not the resource's own: as in built-in kinds, null is "not set" there.
  if (path[0] === "metadata") return true;
  const embedded = schemaAt(schema, path.slice(0, -1)).at("x-kubernetes-embedded-resource").value === true;
  if (path.at(-1) === "metadata" && embedded) return true;
  const place = schemaAt(schema, path);
  return place.at("default").present && place.at("nullable").value !== true;
}

function celRules(schema: Json | undefined): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  if (Array.isArray(schema)) return schema.flatMap(celRules);
  const own = new Place(schema, [], []).at("x-kubernetes-validations").items.flatMap((rule) => rule.at("rule").text ?? []);
  return [...own, ...Object.values(schema).flatMap(celRules)];
}
