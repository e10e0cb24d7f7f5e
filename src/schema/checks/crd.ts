import { isBroken } from "../go-pattern.ts";
import { dnsLabel1035, dnsSubdomain } from "../names.ts";
import { orWords } from "../messages.ts";
import type { Place } from "../place.ts";
import { suggest } from "../suggest.ts";
import { oneOf } from "./rbac.ts";

/** A CustomResourceDefinition (apiextensions-apiserver, pkg/apis/apiextensions/validation and pkg/apiserver/schema). */
export function checkCustomResourceDefinition(root: Place): void {
  const spec = root.at("spec");
  if (!spec.isObject) return;
  const group = spec.at("group");
  const names = spec.at("names");
  if (group.present) group.require();
  group.syntax("schema-name", (text) => dnsSubdomain(text) ?? (text.includes(".") ? undefined : "must be a domain with at least one dot"));
  oneOf(spec.at("scope"), ["Cluster", "Namespaced"]);
  for (const field of ["plural", "kind"]) if (names.at(field).present) names.at(field).require();
  for (const field of ["plural", "singular"]) names.at(field).syntax("schema-name", dnsLabel1035);
  for (const field of ["kind", "listKind"]) names.at(field).syntax("schema-name", (text) => dnsLabel1035(text.toLowerCase()));
  for (const field of ["shortNames", "categories"])
    for (const name of names.at(field).items) {
      if (name.text === "") name.require("may not be empty");
      name.syntax("schema-name", dnsLabel1035);
    }
  if (names.at("kind").text !== undefined && names.at("kind").text === names.at("listKind").text)
    names.at("listKind").refuse("schema-conflict", "may not be the same as kind");
  const wanted = `${names.at("plural").text ?? ""}.${group.text ?? ""}`;
  const name = root.at("metadata", "name");
  if (name.text !== undefined && name.text !== wanted)
    name.refuse("schema-name", `is ${JSON.stringify(name.text)} and must be spec.names.plural.spec.group`, `write ${wanted}`);
  if (spec.at("preserveUnknownFields").value === true)
    spec.at("preserveUnknownFields").refuse("schema-conflict", "must be false or left out");
  if (group.text?.endsWith(".k8s.io") === true || group.text?.endsWith(".kubernetes.io") === true) {
    const approved = root.at("metadata", "annotations", "api-approved.kubernetes.io");
    if (approved.blank)
      approved.refuse(
        "schema-required",
        `is required, as ${group.text ?? ""} is one of Kubernetes' own domains`,
        "write the URL of the approval, or unapproved, and why",
      );
  }
  checkVersions(spec.at("versions"));
  checkConversion(spec.at("conversion"));
}

function checkVersions(versions: Place): void {
  if (versions.present && versions.isEmpty) versions.require("must hold at least one version");
  versions.unique((version) => version.at("name").text, "version");
  const stored = versions.items.filter((version) => version.at("storage").value === true);
  if (!versions.isEmpty && stored.length !== 1)
    versions.refuse("schema-conflict", `must have exactly one version with storage: true, not ${stored.length}`);
  for (const version of versions.items) {
    version.at("name").syntax("schema-name", dnsLabel1035);
    const schema = version.at("schema", "openAPIV3Schema");
    if (!schema.isObject) schema.require();
    else checkSchema(schema, "root");
    const scale = version.at("subresources", "scale");
    for (const field of ["specReplicasPath", "statusReplicasPath"]) {
      const path = scale.at(field);
      const start = field.startsWith("spec") ? ".spec." : ".status.";
      if (path.text?.startsWith(start) === false) path.refuse("schema-path", `must begin with ${start}`);
    }
    for (const column of version.at("additionalPrinterColumns").items) {
      for (const field of ["name", "type", "jsonPath"]) if (column.at(field).present) column.at(field).require();
      oneOf(column.at("type"), ["boolean", "date", "integer", "number", "string"]);
      if (!column.at("format").blank)
        oneOf(column.at("format"), ["int32", "int64", "float", "double", "byte", "date", "date-time", "password"]);
    }
  }
}

const TYPES = ["string", "integer", "number", "boolean", "object", "array"];

/** Fields of JSON Schema that a structural schema may not use. */
const FORBIDDEN = [
  "$ref",
  "$schema",
  "additionalItems",
  "definitions",
  "dependencies",
  "deprecated",
  "discriminator",
  "id",
  "patternProperties",
  "readOnly",
  "writeOnly",
  "xml",
];

/** What may stand below allOf, anyOf, oneOf and not is constraints alone. */
const STRUCTURE = ["type", "additionalProperties", "nullable", "default", "title", "description"];

function checkSchema(schema: Place, level: "root" | "item" | "field"): void {
  if (!schema.isObject) return;
  const type = schema.at("type");
  const intOrString = schema.at("x-kubernetes-int-or-string").value === true;
  const preserved = schema.at("x-kubernetes-preserve-unknown-fields");
  const embedded = schema.at("x-kubernetes-embedded-resource").value === true;
  for (const field of FORBIDDEN)
    if (schema.at(field).present) schema.at(field).refuse("schema-structural", "may not be used in a CustomResourceDefinition");
  if (preserved.value === false) preserved.refuse("schema-structural", "must be true or left out");
  if (type.blank) {
    if (!intOrString && preserved.value !== true)
      type.refuse("schema-structural", level === "root" ? "is required: object" : "is required");
  } else if (type.text !== undefined && !TYPES.includes(type.text)) {
    const meant = suggest(type.text, TYPES);
    type.refuse(
      "schema-enum",
      `is ${JSON.stringify(type.text)} and must be ${orWords(TYPES)}`,
      meant === undefined ? undefined : `did you mean ${meant}?`,
    );
  } else if (level === "root" && type.text !== "object") type.refuse("schema-structural", "must be object at the root");
  if (embedded && type.text !== "object") type.refuse("schema-structural", "must be object where x-kubernetes-embedded-resource is true");
  checkParts(schema, level);
  checkListType(schema);
  checkLimits(schema, intOrString);
}

function checkParts(schema: Place, level: "root" | "item" | "field"): void {
  const items = schema.at("items");
  const additional = schema.at("additionalProperties");
  if (schema.at("type").text === "array" && !items.isObject) items.refuse("schema-structural", "is required for an array");
  if (additional.present && level === "root") additional.refuse("schema-structural", "may not be used at the root");
  if (additional.value === false) additional.refuse("schema-structural", "may not be false: unknown fields are refused anyway");
  if (additional.present && !schema.at("properties").isEmpty) additional.refuse("schema-structural", "may not stand beside properties");
  if (schema.at("uniqueItems").value === true)
    schema.at("uniqueItems").refuse("schema-structural", "may not be true", "write x-kubernetes-list-type: set");
  checkSchema(items, "item");
  checkSchema(additional, "field");
  for (const [name, property] of schema.at("properties").entries) {
    if (level === "root" && name === "metadata") checkMetadataSchema(property);
    else if (level === "root" && (name === "apiVersion" || name === "kind")) {
      if (property.at("type").text !== "string") property.at("type").refuse("schema-structural", "must be string");
    } else checkSchema(property, "field");
  }
  // The two ways in which "an integer or a string" may be spelt out: as anyOf, or as anyOf within the first of allOf.
  const mixed = schema.at("x-kubernetes-int-or-string").value === true;
  const spelt = (place: Place): boolean => mixed && JSON.stringify(place.value) === '[{"type":"integer"},{"type":"string"}]';
  for (const field of ["allOf", "anyOf", "oneOf"]) {
    if (field === "anyOf" && spelt(schema.at(field))) continue;
    for (const branch of schema.at(field).items) if (!(field === "allOf" && spelt(branch.at("anyOf")))) checkBranch(branch);
  }
  checkBranch(schema.at("not"));
  const pattern = schema.at("pattern");
  if (pattern.text !== undefined && isBroken(pattern.text)) pattern.refuse("schema-pattern", "is no regular expression");
}

function checkMetadataSchema(metadata: Place): void {
  if (!metadata.isObject) return;
  if (metadata.at("type").text !== "object") metadata.at("type").refuse("schema-structural", "must be object");
  for (const [name, property] of metadata.at("properties").entries) {
    if (name !== "name" && name !== "generateName")
      property.refuse("schema-structural", "may not be restricted: of metadata, only name and generateName may");
  }
}

function checkBranch(branch: Place): void {
  if (!branch.isObject) return;
  for (const field of STRUCTURE) {
    const place = branch.at(field);
    if (place.present && !place.isEmpty) place.refuse("schema-structural", "may not stand below allOf, anyOf, oneOf or not");
  }
  for (const [, property] of branch.at("properties").entries) checkBranch(property);
  checkBranch(branch.at("items"));
  for (const field of ["allOf", "anyOf", "oneOf"]) for (const inner of branch.at(field).items) checkBranch(inner);
}

function checkListType(schema: Place): void {
  const type = schema.at("x-kubernetes-list-type");
  const keys = schema.at("x-kubernetes-list-map-keys");
  if (!type.blank) oneOf(type, ["atomic", "set", "map"]);
  if (type.present && schema.at("type").text !== "array") type.refuse("schema-structural", "may be set on an array only");
  if (type.text === "map") {
    keys.require("is required with x-kubernetes-list-type: map");
    const required = new Set(schema.at("items", "required").items.map((name) => name.text));
    for (const key of keys.items) {
      const property = schema.at("items", "properties", key.text ?? "");
      if (!property.isObject) key.refuse("schema-structural", `is ${JSON.stringify(key.text)}, which the items do not declare`);
      else if (!required.has(key.text) && !property.at("default").present)
        key.refuse("schema-structural", `is ${JSON.stringify(key.text)}, which must be required or have a default`);
    }
  } else if (keys.present && !keys.isEmpty) keys.refuse("schema-structural", "may stand beside x-kubernetes-list-type: map only");
  const mapType = schema.at("x-kubernetes-map-type");
  if (mapType.present) oneOf(mapType, ["granular", "atomic"]);
}

function checkLimits(schema: Place, intOrString: boolean): void {
  const value = schema.at("default");
  if (value.present && !intOrString && !fits(value, schema.at("type").text))
    value.refuse("schema-type", `must be of the type ${schema.at("type").text ?? ""}`);
  for (const name of ["minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"])
    schema.at(name).range(0, Infinity);
}

function fits(place: Place, type: string | undefined): boolean {
  switch (type) {
    case "string":
      return typeof place.value === "string";
    case "integer":
      return Number.isInteger(place.value);
    case "number":
      return typeof place.value === "number";
    case "boolean":
      return typeof place.value === "boolean";
    case "array":
      return Array.isArray(place.value);
    case "object":
      return place.isObject;
    default:
      return true;
  }
}

function checkConversion(conversion: Place): void {
  if (!conversion.isObject) return;
  oneOf(conversion.at("strategy"), ["None", "Webhook"]);
  const webhook = conversion.at("webhook");
  if (conversion.at("strategy").text !== "Webhook") {
    if (webhook.present) webhook.refuse("schema-conflict", "may stand beside strategy: Webhook only");
    return;
  }
  const client = webhook.at("clientConfig");
  if (!client.isObject) client.require("is required with strategy: Webhook");
  else if (client.at("url").present === client.at("service").present) client.refuse("schema-conflict", "must have either url or service");
  webhook.at("conversionReviewVersions").require("must hold at least one version");
}
