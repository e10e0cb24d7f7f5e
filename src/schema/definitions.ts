import type { Json, JsonPath } from "./problem.ts";

/** Gives the text of a file below schemas/kubernetes/, by its name there: `index.json`, `definitions/core.json`. */
export type SchemaFiles = (name: string) => string;

/** A JSON Schema as schemas/kubernetes/ holds it: plain JSON Schema, with `$ref` naming a definition. */
export interface DefinitionSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly enum?: readonly string[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, DefinitionSchema>>;
  readonly items?: DefinitionSchema;
  readonly additionalProperties?: boolean | DefinitionSchema;
  readonly anyOf?: readonly DefinitionSchema[];
  readonly "x-kubernetes-list-type"?: "map" | "set";
  readonly "x-kubernetes-list-map-keys"?: readonly string[];
  readonly "x-kubernetes-patch-merge-key"?: string;
  /** Of a custom resource: what the server fills in. */
  readonly default?: Json;
  readonly pattern?: string;
}

/** A value that holds from one Kubernetes version to another, both included. */
export interface Spanned<T> {
  readonly from: string;
  readonly to: string;
  readonly value: T;
}

/** `1.36` to 36. */
export function minor(version: string): number {
  return Number(version.slice(version.indexOf(".") + 1));
}

/** What holds at a version. */
export function at<T>(spans: readonly Spanned<T>[] | undefined, version: number): T | undefined {
  return spans?.find(({ from, to }) => minor(from) <= version && version <= minor(to))?.value;
}

/** The definitions of all versions, read group by group when first asked for. */
export class Definitions {
  readonly #read: SchemaFiles;
  readonly #groups = new Map<string, Readonly<Record<string, readonly Spanned<DefinitionSchema>[]>>>();

  readonly #found = new Map<string, DefinitionSchema | undefined>();

  constructor(read: SchemaFiles) {
    this.#read = read;
  }

  /** The definition at a minor version: the same object for every version in which it is the same. */
  get(name: string, version: number): DefinitionSchema | undefined {
    const key = `${version} ${name}`;
    if (this.#found.has(key)) return this.#found.get(key);
    const found = this.#find(name, version);
    this.#found.set(key, found);
    return found;
  }

  #find(name: string, version: number): DefinitionSchema | undefined {
    const group = name.slice(0, name.indexOf("."));
    let members = this.#groups.get(group);
    if (members === undefined) {
      // The project's own generated file (scripts/schema/generate.ts).
      const file: { readonly definitions: Readonly<Record<string, readonly Spanned<DefinitionSchema>[]>> } = JSON.parse(
        this.#read(`definitions/${group}.json`),
      );
      members = file.definitions;
      this.#groups.set(group, members);
    }
    return at(members[name], version);
  }

  /** The schema of the field that a path leads to, with references followed; `undefined` where none is declared. */
  field(name: string, path: JsonPath, version: number): DefinitionSchema | undefined {
    let schema = this.get(name, version);
    for (const step of path) {
      if (schema === undefined) return undefined;
      if (typeof step === "number") schema = schema.items;
      else {
        const declared = schema.properties !== undefined && Object.hasOwn(schema.properties, step) ? schema.properties[step] : undefined;
        schema = declared ?? (typeof schema.additionalProperties === "object" ? schema.additionalProperties : openMember(schema));
      }
      while (schema?.$ref !== undefined) schema = this.get(schema.$ref, version);
    }
    return schema;
  }
}

function openMember(schema: DefinitionSchema): DefinitionSchema | undefined {
  return schema.properties === undefined ? {} : undefined;
}
