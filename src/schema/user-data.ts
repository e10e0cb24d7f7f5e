import type { AnySchemaObject, ValidateFunction } from "ajv";
import type { Value } from "../python/index.ts";
import { loadAjv } from "./ajv.ts";
import { FORMATS } from "./formats.ts";
import { explain } from "./messages.ts";
import { Place } from "./place.ts";
import { setAt, toPlain } from "./plain.ts";
import { tidy, type Json, type JsonObject, type JsonPath, type Problem } from "./problem.ts";
import { surelyFits } from "./quick.ts";

export interface UserSchemaOptions {
  /** What its problems' codes begin with: `pillar` gives `pillar-unknown-field`. Default `schema`. */
  readonly code?: string;
  /** Further schemas that `$ref` may name, by file name or `$id`. */
  readonly others?: Readonly<Record<string, Json>>;
}

/** A schema of pillar, roster or config, ready for use. */
export interface UserSchema {
  readonly code: string;
  readonly schema: JsonObject;
  readonly others: Readonly<Record<string, Json>>;
  validate?: ValidateFunction;
}

/**
 * Takes a JSON Schema (draft 7) of data that users write. ajv compiles it when data first does not plainly fit.
 *
 * @throws TypeError where the schema is no mapping
 */
export function compileUserSchema(schema: Json, options: UserSchemaOptions = {}): UserSchema {
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) throw new TypeError("a schema must be a mapping");
  return { code: options.code ?? "schema", schema, others: options.others ?? {} };
}

/** What is wrong with data, sorted by place; the advice of a value's problem is what its schema says of the field. */
export function validateUserData(value: Value, schema: UserSchema): Problem[] {
  const plain = toPlain(value);
  const root: { json: Json } = { json: plain.json };
  // Unlike a Kubernetes object's, the null of pillar is a value.
  for (const path of plain.nulls) setAt(root.json, path, null);
  const resolve = (name: string): AnySchemaObject | undefined => resolved(schema, name)?.object;
  if (surelyFits(schema.schema, root.json, resolve)) return [];
  schema.validate ??= compile(schema);
  if (schema.validate(root.json)) return [];
  const declared = (path: JsonPath): string[] => Object.keys(schemaAt(schema, path)?.at("properties").object ?? {});
  const problems = explain(schema.validate.errors ?? [], root.json, declared);
  return tidy(problems).map((problem) => described(problem, schema));
}

/** The values that a schema lists for a place (`enum`); `undefined` where it lists none. */
export function listedValues(schema: UserSchema, path: JsonPath): readonly Json[] | undefined {
  const listed = schemaAt(schema, path)?.at("enum").value;
  return Array.isArray(listed) ? listed : undefined;
}

function compile({ schema, others }: UserSchema): ValidateFunction {
  const { Ajv } = loadAjv();
  const ajv = new Ajv({ allErrors: true, strict: false, validateSchema: false, messages: false, logger: false });
  for (const [name, format] of Object.entries(FORMATS)) {
    ajv.addFormat(name, format.type === "string" ? { type: "string", validate: format.takes } : { type: "number", validate: format.takes });
  }
  for (const [name, other] of Object.entries(others)) {
    if (typeof other !== "object" || other === null || Array.isArray(other) || other["$id"] === schema["$id"]) continue;
    ajv.addSchema(other, typeof other["$id"] === "string" ? undefined : name);
  }
  return ajv.compile(schema);
}

/** The schema that `#/$defs/image` or the file `ceph.schema.json` names. */
function resolved({ schema, others }: UserSchema, name: string): Place | undefined {
  if (name === "#") return new Place(schema, [], []);
  if (name.startsWith("#/")) {
    const place = new Place(schema, [], []).at(...name.slice(2).split("/"));
    return place.isObject ? place : undefined;
  }
  const other = Object.hasOwn(others, name) ? others[name] : undefined;
  return other === undefined ? undefined : new Place(other, [], []);
}

/** The schema of the field that a path leads to, where the schema has one place for it. */
function schemaAt(schema: UserSchema, path: JsonPath): Place | undefined {
  let place: Place | undefined = followed(schema, new Place(schema.schema, [], []));
  for (const step of path) {
    if (place === undefined) return undefined;
    const named: Place = typeof step === "number" ? place.at("items") : place.at("properties", step);
    const found = named.isObject || typeof step === "number" ? named : place.at("additionalProperties");
    place = found.isObject ? followed(schema, found) : undefined;
  }
  return place;
}

function followed(schema: UserSchema, place: Place): Place | undefined {
  let current: Place | undefined = place;
  // A chain of references longer than this goes in a circle.
  for (let count = 0; count < 16 && current !== undefined; count++) {
    const name: string | undefined = current.at("$ref").text;
    if (name === undefined) return current;
    current = resolved(schema, name);
  }
  return undefined;
}

function described(problem: Problem, schema: UserSchema): Problem {
  const code = problem.code.replace(/^schema-/, `${schema.code}-`);
  const place = schemaAt(schema, problem.pointer);
  const about = place?.at("description").text ?? place?.at("title").text;
  if (problem.advice !== undefined || about === undefined) return { ...problem, code };
  return { ...problem, code, advice: about };
}
