import { Ajv, type ValidateFunction } from "ajv";
import type { PyDict } from "../python/index.ts";
import { addFormats } from "./formats.ts";
import { explain } from "./messages.ts";
import { Place } from "./place.ts";
import { toPlain, type Plain } from "./plain.ts";
import type { Json, JsonPath, Problem } from "./problem.ts";
import { addListKeyword, AJV_OPTIONS } from "./structural.ts";
import { structuralToJsonSchema } from "./structural-schema.ts";

/** One version of a custom resource. */
export class CustomResource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  readonly deprecated: boolean;
  readonly #schema: Json | undefined;
  #validate: ValidateFunction | undefined;
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

  /** What the object's schema says of it. */
  check(plain: Plain): Problem[] {
    this.#validate ??= compileCustom(this.#schema);
    const json = withNulls(plain, this.#schema);
    return this.#validate(json) ? [] : explain(this.#validate.errors ?? [], json);
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

function compileCustom(schema: Json | undefined): ValidateFunction {
  const ajv = new Ajv({ ...AJV_OPTIONS, unicodeRegExp: true });
  addFormats(ajv);
  addListKeyword(ajv);
  return ajv.compile(structuralToJsonSchema(schema, true));
}

/** Puts the nulls back that the schema lets through: a field that is not nullable loses its null on the way in (apiextensions, defaulting). */
function withNulls(plain: Plain, schema: Json | undefined): Json {
  const kept = plain.nulls.filter((path) => isNullable(schema, path));
  if (kept.length === 0) return plain.json;
  const copy: Json = structuredClone(plain.json);
  for (const path of kept) setNull(copy, path);
  return copy;
}

function isNullable(schema: Json | undefined, path: JsonPath): boolean {
  let place = new Place(schema, [], []);
  for (const step of path) {
    if (typeof step === "number") place = place.at("items");
    else place = place.at("properties", step).isObject ? place.at("properties", step) : place.at("additionalProperties");
  }
  return place.at("nullable").value === true || place.at("x-kubernetes-preserve-unknown-fields").value === true;
}

function setNull(root: Json, path: JsonPath): void {
  let value: Json | undefined = root;
  for (const step of path.slice(0, -1)) {
    if (Array.isArray(value)) value = value[Number(step)];
    else if (typeof value === "object" && value !== null) value = value[String(step)];
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    Object.assign(value, { [String(path.at(-1))]: null });
  }
}

function celRules(schema: Json | undefined): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  if (Array.isArray(schema)) return schema.flatMap(celRules);
  const own = new Place(schema, [], []).at("x-kubernetes-validations").items.flatMap((rule) => rule.at("rule").text ?? []);
  return [...own, ...Object.values(schema).flatMap(celRules)];
}
