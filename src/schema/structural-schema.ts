import type { AnySchemaObject } from "ajv";
import { Place } from "./place.ts";
import type { Json, JsonObject } from "./problem.ts";

/** What every object has beside its own fields. At the root, metadata's null is dropped like that of any built-in field. */
const ENVELOPE: AnySchemaObject = {
  apiVersion: { type: "string", pattern: "^[^/]+(?:/[^/]+)?$" },
  kind: { type: "string", pattern: "^[A-Za-z](?:[-A-Za-z0-9]*[A-Za-z0-9])?$" },
  metadata: { definition: "meta.v1.ObjectMeta" },
};

const COPIED = [
  "enum",
  "format",
  "maxItems",
  "maxLength",
  "maxProperties",
  "minItems",
  "minLength",
  "minProperties",
  "multipleOf",
  "required",
  "uniqueItems",
] as const;

/**
 * A CRD's structural schema (OpenAPI v3 with Kubernetes' extensions) as JSON Schema. A field that a mapping does not declare is
 * an error, as with `fieldValidation=Strict`, unless unknown fields are preserved there.
 */
export function structuralToJsonSchema(schema: Json | undefined, root = false): AnySchemaObject {
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) return {};
  const out = constraints(schema);
  const place = new Place(schema, [], []);
  const type = place.at("type").text;
  if (place.at("x-kubernetes-int-or-string").value === true) out["type"] = ["integer", "string"];
  else if (type !== undefined) out["type"] = type;
  if (place.at("nullable").value === true && out["type"] !== undefined) out["type"] = [out["type"], "null"].flat();
  if (place.at("nullable").value === true && Array.isArray(out["enum"])) out["enum"] = [...out["enum"], null];
  addMembers(out, place, root || place.at("x-kubernetes-embedded-resource").value === true);
  const items = place.at("items");
  if (items.isObject) out["items"] = structuralToJsonSchema(items.value);
  const listType = place.at("x-kubernetes-list-type").text;
  if (listType === "set") out["listKeys"] = [];
  if (listType === "map") out["listKeys"] = place.at("x-kubernetes-list-map-keys").items.map((key) => key.text ?? "");
  return out;
}

function addMembers(out: Record<string, unknown>, place: Place, enveloped: boolean): void {
  const properties = place.at("properties");
  const additional = place.at("additionalProperties");
  const preserved = place.at("x-kubernetes-preserve-unknown-fields").value === true;
  if (properties.isObject || enveloped) {
    const members = Object.fromEntries(properties.entries.map(([name, property]) => [name, structuralToJsonSchema(property.value)]));
    // At the root, metadata's own restrictions (only of name and generateName) stand in the schema.
    out["properties"] = enveloped ? { ...members, ...ENVELOPE } : members;
    if (enveloped) out["required"] = [...new Set([...requiredOf(out), "apiVersion", "kind"])];
  }
  if (additional.isObject) out["additionalProperties"] = structuralToJsonSchema(additional.value);
  else if (!preserved && additional.value !== true && out["type"] === "object") out["additionalProperties"] = false;
}

function requiredOf(schema: Readonly<Record<string, unknown>>): unknown[] {
  return Array.isArray(schema["required"]) ? schema["required"] : [];
}

/** The value validations, in the structural part and below allOf, anyOf, oneOf and not. */
function constraints(schema: JsonObject): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const key of COPIED) if (Object.hasOwn(schema, key)) out[key] = schema[key];
  for (const end of ["minimum", "maximum"] as const) {
    const limit = schema[end];
    if (limit === undefined) continue;
    // OpenAPI v3 has the draft-4 form: a flag beside the limit.
    const exclusive = end === "minimum" ? "exclusiveMinimum" : "exclusiveMaximum";
    out[schema[exclusive] === true ? exclusive : end] = limit;
  }
  const pattern = schema["pattern"];
  if (typeof pattern === "string") out["goPattern"] = pattern;
  for (const key of ["allOf", "anyOf", "oneOf"] as const) {
    const branches = schema[key];
    if (Array.isArray(branches)) out[key] = branches.map(branch);
  }
  if (schema["not"] !== undefined) out["not"] = branch(schema["not"]);
  return out;
}

/** A schema below a logical connective constrains values only: it declares no fields. */
function branch(schema: Json): AnySchemaObject {
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) return {};
  const out = constraints(schema);
  const place = new Place(schema, [], []);
  if (place.at("type").text !== undefined) out["type"] = place.at("type").text;
  if (place.at("properties").isObject)
    out["properties"] = Object.fromEntries(place.at("properties").entries.map(([name, member]) => [name, branch(member.value ?? {})]));
  if (place.at("items").isObject) out["items"] = branch(place.at("items").value ?? {});
  if (place.at("additionalProperties").isObject) out["additionalProperties"] = branch(place.at("additionalProperties").value ?? {});
  return out;
}
