import { Ajv, type AnySchemaObject, type ErrorObject, type Options, type ValidateFunction } from "ajv";
import type { Definitions, DefinitionSchema } from "./definitions.ts";
import { addFormats } from "./formats.ts";
import type { Json } from "./problem.ts";
import { structuralToJsonSchema } from "./structural-schema.ts";

/** Every error, the data and schema with it for the message, and no time spent on what generated schemas do not need. */
const AJV_OPTIONS: Options = {
  allErrors: true,
  verbose: true,
  strict: false,
  validateSchema: false,
  meta: false,
  messages: false,
  logger: false,
  addUsedSchema: false,
  unicodeRegExp: false,
  code: { optimize: false },
};

/** The first list item's index and the second's that have one key. */
export interface DuplicateParams {
  readonly index: number;
  readonly first: number;
  readonly key: string;
}

/** What a keyword function is given of the place of its data. */
interface DataContext {
  readonly instancePath: string;
}
type KeywordFunction = ((schema: unknown, data: unknown, parentSchema?: unknown, context?: DataContext) => boolean) & {
  errors?: Partial<ErrorObject>[];
};

/**
 * The structural pass: JSON Schema by ajv. A definition is compiled when an object first reaches it, once for all versions
 * that share it, so that a run pays for what its objects use and not for what a PodSpec could hold.
 */
export class StructuralPass {
  readonly #definitions: Definitions;
  readonly #ajv: Ajv;
  readonly #compiled = new WeakMap<DefinitionSchema, ValidateFunction>();
  /** The version being checked: references are resolved at run time. */
  #version = 0;

  constructor(definitions: Definitions) {
    this.#definitions = definitions;
    this.#ajv = new Ajv(AJV_OPTIONS);
    addFormats(this.#ajv);
    this.#ajv.addKeyword({ keyword: "definition", errors: "full", validate: this.#definitionKeyword() });
    addListKeyword(this.#ajv);
  }

  /** What is wrong with an object that should match a definition. */
  check(definition: string, version: number, json: Json): readonly ErrorObject[] {
    this.#version = version;
    const validate = this.#validator(definition);
    return validate === undefined ? [] : this.run(validate, version, json);
  }

  /** Compiles the structural schema of a custom resource; it may name definitions, as its metadata does. */
  compileCustom(schema: Json | undefined): ValidateFunction {
    return this.#ajv.compile(structuralToJsonSchema(schema, true));
  }

  /** Runs a compiled schema with the definitions of a version. */
  run(validate: ValidateFunction, version: number, json: Json): readonly ErrorObject[] {
    this.#version = version;
    return validate(json) ? [] : (validate.errors ?? []);
  }

  #validator(name: string): ValidateFunction | undefined {
    const schema = this.#definitions.get(name, this.#version);
    if (schema === undefined) return undefined;
    let validate = this.#compiled.get(schema);
    if (validate === undefined) {
      validate = this.#ajv.compile(withKeywords(schema));
      this.#compiled.set(schema, validate);
    }
    return validate;
  }

  #definitionKeyword(): KeywordFunction {
    const keyword: KeywordFunction = (name, data, _parentSchema, context) => {
      const validate = this.#validator(String(name));
      // ajv's generated functions take the place of their data so; it stands at the front of the errors' paths.
      const place = { instancePath: context?.instancePath ?? "", parentData: {}, parentDataProperty: "", rootData: {}, dynamicAnchors: {} };
      if (validate === undefined || validate(data, place)) return true;
      keyword.errors = validate.errors ?? [];
      return false;
    };
    return keyword;
  }
}

/** Required texts that the server takes empty: values rather than names. */
const MAY_BE_EMPTY = new Set(["apiGroup", "audience", "message", "reason", "value"]);

/** `$ref` becomes `definition`, compiled lazily; a list's type becomes one keyword; an empty text is no value for a required field. */
function withKeywords(schema: DefinitionSchema, required = false): AnySchemaObject {
  if (schema.$ref !== undefined) return { definition: schema.$ref };
  const out: Record<string, unknown> = { ...schema };
  if (required && schema.type === "string" && schema.enum === undefined) out["minLength"] = 1;
  if (schema.properties !== undefined) {
    const required = new Set(schema.required?.filter((name) => !MAY_BE_EMPTY.has(name)));
    const members = Object.entries(schema.properties).map(([name, property]) => [name, withKeywords(property, required.has(name))]);
    out["properties"] = Object.fromEntries(members);
  }
  if (schema.items !== undefined) out["items"] = withKeywords(schema.items);
  if (typeof schema.additionalProperties === "object") out["additionalProperties"] = withKeywords(schema.additionalProperties);
  if (schema.anyOf !== undefined) out["anyOf"] = schema.anyOf.map((branch) => withKeywords(branch));
  if (schema["x-kubernetes-list-type"] !== undefined) out["listKeys"] = schema["x-kubernetes-list-map-keys"] ?? [];
  return out;
}

/** `listKeys: [name]`: no two items have the same values of these fields; `[]`: no two items are equal. */
function addListKeyword(ajv: Ajv): void {
  const keyword: KeywordFunction = (keys, data, _parentSchema, context) => {
    if (!Array.isArray(data) || !Array.isArray(keys)) return true;
    const seen = new Map<string, number>();
    const errors: Partial<ErrorObject>[] = [];
    for (const [index, item] of data.entries()) {
      const key = keys.length === 0 ? JSON.stringify(item) : mergeKey(item, keys);
      if (key === undefined) continue;
      const first = seen.get(key);
      if (first === undefined) seen.set(key, index);
      else
        errors.push({
          keyword: "listKeys",
          instancePath: `${context?.instancePath ?? ""}/${index}`,
          params: { index, first, key } satisfies DuplicateParams,
        });
    }
    if (errors.length === 0) return true;
    keyword.errors = errors;
    return false;
  };
  ajv.addKeyword({ keyword: "listKeys", errors: "full", validate: keyword });
}

/** `name "web", protocol "TCP"`; `undefined` where a key has no value and no default. */
function mergeKey(item: unknown, keys: readonly unknown[]): string | undefined {
  if (typeof item !== "object" || item === null) return undefined;
  const parts: string[] = [];
  for (const key of keys) {
    const value: unknown = Object.entries(item).find(([name]) => name === key)?.[1] ?? DEFAULTS_OF_KEYS[String(key)];
    if (value !== undefined) parts.push(`${String(key)} ${JSON.stringify(value)}`);
  }
  return parts.length === 0 ? undefined : parts.join(", ");
}

/** A merge key's default counts (x-kubernetes-list-map-keys of ports; the only key with a default in v1.28 to v1.36). */
const DEFAULTS_OF_KEYS: Readonly<Record<string, string>> = { protocol: "TCP" };
