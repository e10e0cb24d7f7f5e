import type { Ajv, AnySchemaObject, ErrorObject, Options, ValidateFunction } from "ajv";
import { loadAjv } from "./ajv.ts";
import type { Definitions, DefinitionSchema } from "./definitions.ts";
import { FORMATS } from "./formats.ts";
import { goPattern } from "./go-pattern.ts";
import { listKey } from "./list-key.ts";
import type { Json } from "./problem.ts";
import { surelyFits } from "./quick.ts";
import { structuralToJsonSchema } from "./structural-schema.ts";

/** Every error, and no time spent on what generated schemas do not need. */
const AJV_OPTIONS: Options = {
  allErrors: true,
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

/** A schema ready for use: ajv compiles it when something does not surely fit. */
export interface Prepared {
  readonly schema: AnySchemaObject;
  validate?: ValidateFunction;
}

/**
 * The structural pass: JSON Schema by ajv.
 *
 * Compiling costs 1 to 3 ms a definition, a pod reaches fifty of them, and nearly every object is good. So a plain walk looks
 * first whether the object surely fits, and what does not is ajv's to judge and to name; the tests hold the two to one verdict.
 * What ajv compiles, it compiles once for all versions that share the definition.
 */
export class StructuralPass {
  readonly #definitions: Definitions;
  readonly #prepared = new WeakMap<DefinitionSchema, Prepared>();
  #ajv: Ajv | undefined;
  /** The version being checked: references are resolved at run time. */
  #version = 0;

  constructor(definitions: Definitions) {
    this.#definitions = definitions;
  }

  /** What is wrong with an object that should match a definition. */
  check(definition: string, version: number, json: Json): readonly ErrorObject[] {
    const prepared = this.prepare(definition, version);
    return prepared === undefined ? [] : this.run(prepared, version, json);
  }

  /** The schema of a definition. */
  prepare(definition: string, version: number): Prepared | undefined {
    const schema = this.#definitions.get(definition, version);
    if (schema === undefined) return undefined;
    let prepared = this.#prepared.get(schema);
    if (prepared === undefined) {
      prepared = { schema: withKeywords(schema) };
      this.#prepared.set(schema, prepared);
    }
    return prepared;
  }

  /** The fields of a definition. */
  fieldsOf(definition: string, version: number): string[] {
    return Object.keys(this.#definitions.get(definition, version)?.properties ?? {});
  }

  /** The schema of a custom resource; it may name definitions, as its metadata does. */
  prepareCustom(schema: Json | undefined): Prepared {
    return { schema: structuralToJsonSchema(schema, true) };
  }

  /** Runs a schema with the definitions of a version. */
  run(prepared: Prepared, version: number, json: Json): readonly ErrorObject[] {
    const resolve = (name: string): AnySchemaObject | undefined => this.prepare(name, version)?.schema;
    return surelyFits(prepared.schema, json, resolve) ? [] : this.judge(prepared, version, json);
  }

  /** The same by ajv alone. */
  judge(prepared: Prepared, version: number, json: Json): readonly ErrorObject[] {
    this.#version = version;
    const validate = this.#compile(prepared);
    return validate(json) ? [] : (validate.errors ?? []);
  }

  #compile(prepared: Prepared): ValidateFunction {
    this.#ajv ??= this.#makeAjv();
    prepared.validate ??= this.#ajv.compile(prepared.schema);
    return prepared.validate;
  }

  #makeAjv(): Ajv {
    const { _, Ajv } = loadAjv();
    const ajv = new Ajv(AJV_OPTIONS);
    for (const [name, format] of Object.entries(FORMATS)) {
      ajv.addFormat(
        name,
        format.type === "string" ? { type: "string", validate: format.takes } : { type: "number", validate: format.takes },
      );
    }
    ajv.addKeyword({ keyword: "definition", errors: "full", validate: this.#definitionKeyword() });
    addListKeyword(ajv);
    const error = { message: "", params: ({ schema }: { readonly schema: unknown }) => _`{pattern: ${String(schema)}}` };
    ajv.addKeyword({ keyword: "goPattern", type: "string", errors: false, error, compile: compilePattern });
    return ajv;
  }

  #definitionKeyword(): KeywordFunction {
    const keyword: KeywordFunction = (name, data, _parentSchema, context) => {
      const prepared = this.prepare(String(name), this.#version);
      if (prepared === undefined) return true;
      const validate = this.#compile(prepared);
      // ajv's generated functions take the place of their data so; it stands at the front of the errors' paths.
      const place = { instancePath: context?.instancePath ?? "", parentData: {}, parentDataProperty: "", rootData: {}, dynamicAnchors: {} };
      if (validate(data, place)) return true;
      keyword.errors = validate.errors ?? [];
      return false;
    };
    return keyword;
  }
}

/** `goPattern`: a regular expression in Go's syntax. */
function compilePattern(pattern: unknown): (data: string) => boolean {
  const expression = goPattern(String(pattern));
  return (data) => expression?.test(data) !== false;
}

/** Required texts that the server takes empty: values rather than names. */
const MAY_BE_EMPTY = new Set(["apiGroup", "audience", "message", "reason", "value"]);

/** `$ref` becomes `definition`, compiled lazily; a list's type becomes one keyword; an empty text is no value for a required field. */
function withKeywords(schema: DefinitionSchema, required = false): AnySchemaObject {
  if (schema.$ref !== undefined) return { definition: schema.$ref };
  const out: Record<string, unknown> = { ...schema };
  if (required && schema.type === "string" && schema.enum === undefined) out["minLength"] = 1;
  if (schema.properties !== undefined) {
    const named = new Set(schema.required?.filter((name) => !MAY_BE_EMPTY.has(name)));
    const members = Object.entries(schema.properties).map(([name, property]) => [name, withKeywords(property, named.has(name))]);
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
      const key = listKey(item, keys);
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
