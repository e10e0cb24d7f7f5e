import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Finding, Position, TrailStep } from "../finding/index.ts";
import type { PyDict, Value } from "../python/index.ts";
import type { FileSystem, PillarProvenance } from "../salt/index.ts";
import {
  compileUserSchema,
  listedValues,
  validateUserData,
  type Json,
  type JsonPath,
  type Problem,
  type UserSchema,
} from "../schema/index.ts";

/** In bundles, which have no folder of the program: the schema of halite.yaml, by the build's `define`. */
declare const HALITE_CONFIG_SCHEMA: string | undefined;

/** What a file of a fleet may hold: `schemas/roster.schema.json`, `schemas/config.schema.json` of the program. */
export class FileSchema {
  readonly #schema: UserSchema;

  /** `home` is the program's folder, `name` the part before `.schema.json`. */
  constructor(home: string, name: string) {
    const bundled = name === "config" && typeof HALITE_CONFIG_SCHEMA === "string" ? Buffer.from(HALITE_CONFIG_SCHEMA) : undefined;
    this.#schema = compileUserSchema(parseJson(bundled ?? readFileSync(join(home, `schemas/${name}.schema.json`))), { code: name });
  }

  /** `at` gives the place of the entry that a path leads to. */
  check(data: Value, at: (path: JsonPath) => Position): readonly Finding[] {
    return validateUserData(data, this.#schema).map((problem) => findingOf(problem, at(problem.pointer), []));
  }
}

/** Something wrong with pillar. */
export interface PillarProblem {
  /** The keys and indexes that lead there. */
  readonly path: JsonPath;
  /** The addons that the key, or the one that it most nearly names, is for, where the schema says so: `x-halite-addons`, the innermost on the way there. */
  readonly addons: readonly string[];
  /** The key that was most likely meant where there is none such. */
  readonly meant?: string;
  readonly finding: Finding;
}

/**
 * The schemas of pillar: `schemas/pillar/KEY.schema.json` of the fleet's folder, one a pillar key. Keys without a schema are free. A schema's
 * `x-halite-addons` lists the addons that read its key, where that is not the addon of its name, and that of a property the addons that read this one:
 * what is wrong there fails them and no other.
 */
export class PillarSchemas {
  readonly #schema: UserSchema | undefined;
  /** By the key that each is of. */
  readonly #schemas: ReadonlyMap<string, Json>;

  private constructor(schema: UserSchema | undefined, schemas: ReadonlyMap<string, Json> = new Map()) {
    this.#schema = schema;
    this.#schemas = schemas;
  }

  /** The schemas in a fleet's folder; none is fine. */
  static in({ folder, files }: { readonly folder: string; readonly files: FileSystem }): PillarSchemas {
    const directory = join(folder, "schemas/pillar");
    const others: Record<string, Json> = {};
    for (const name of files
      .names(directory)
      .filter((each) => each.endsWith(".schema.json"))
      .toSorted()) {
      const schema = parseJson(files.read(join(directory, name)));
      // By their file names they refer to one another, whatever `$id` they carry.
      if (typeof schema === "object" && schema !== null && !Array.isArray(schema)) others[name] = { ...schema, $id: `${BASE}${name}` };
    }
    const keys = Object.keys(others).filter((name) => name !== "pillar.schema.json");
    if (keys.length === 0) return new PillarSchemas(undefined);
    const properties = Object.fromEntries(keys.map((name) => [name.slice(0, -".schema.json".length), { $ref: name }]));
    const schemas = new Map(keys.map((name) => [name.slice(0, -".schema.json".length), others[name] ?? null]));
    return new PillarSchemas(compileUserSchema({ $id: `${BASE}fleet`, type: "object", properties }, { code: "pillar", others }), schemas);
  }

  /** A name that its schema does not have is taken for the one that it most nearly is: what was meant is what is missing now. */
  #addonsAt([key, ...path]: JsonPath, meant = ""): readonly string[] {
    let place = this.#schemas.get(String(key ?? ""));
    let addons = addonsIn(place);
    for (const step of path) {
      const names = memberOf(place, "properties");
      place = memberOf(names, String(step)) ?? memberOf(names, meant);
      const own = addonsIn(place);
      if (own.length > 0) addons = own;
    }
    return addons;
  }

  /** Whether there is a schema for what stands below a key. */
  has(key: Value): boolean {
    return typeof key === "string" && this.#schemas.has(key);
  }

  /** The values that the schema lists for a place. Default: it lists none. */
  listedAt(path: JsonPath): readonly Json[] | undefined {
    return this.#schema === undefined ? undefined : listedValues(this.#schema, path);
  }

  /** Findings name the pillar line that won, and the lines it overrode. `provenance` is asked for only where something is wrong. */
  check(pillar: PyDict, provenance: () => PillarProvenance | undefined): readonly PillarProblem[] {
    if (this.#schema === undefined) return [];
    const problems = validateUserData(pillar, this.#schema);
    if (problems.length === 0) return [];
    const lines = provenance();
    return problems.map((problem) => {
      return {
        path: problem.pointer,
        addons: this.#addonsAt(problem.pointer, problem.meant),
        ...(problem.meant !== undefined && { meant: problem.meant }),
        finding: pillarFinding({ ...problem, message: `pillar ${problem.message}` }, lines),
      };
    });
  }
}

/** A finding at the line of pillar that won, with the lines that it overrode. */
export function pillarFinding(problem: Problem, lines: PillarProvenance | undefined): Finding {
  const origin = lines?.at(problem.pointer);
  const overridden = (origin?.overridden ?? []).map((place): TrailStep => ({ how: "overrides", ...place }));
  return findingOf(problem, origin?.winner, overridden);
}

function addonsIn(schema: Json | undefined): readonly string[] {
  const listed = memberOf(schema, "x-halite-addons");
  return Array.isArray(listed) ? listed.filter((name) => typeof name === "string") : [];
}

function memberOf(value: Json | undefined, name: string): Json | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}

const BASE = "https://halite.dev/schemas/pillar/";

function findingOf(problem: Problem, at: Position | undefined, trail: readonly TrailStep[]): Finding {
  return {
    code: problem.code,
    severity: problem.severity,
    message: problem.message,
    ...(at === undefined ? {} : { at }),
    ...(trail.length === 0 ? {} : { trail }),
    ...(problem.advice === undefined ? {} : { advice: problem.advice }),
  };
}

function parseJson(bytes: Uint8Array): Json {
  const json: Json = JSON.parse(new TextDecoder().decode(bytes));
  return json;
}
