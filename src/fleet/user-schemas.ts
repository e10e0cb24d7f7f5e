import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Finding, Position, TrailStep } from "../finding/index.ts";
import type { PyDict, Value } from "../python/index.ts";
import type { FileSystem, PillarProvenance } from "../salt/index.ts";
import { compileUserSchema, validateUserData, type Json, type JsonPath, type Problem, type UserSchema } from "../schema/index.ts";

/** What a file of a fleet may hold: `schemas/roster.schema.json`, `schemas/config.schema.json` of the program. */
export class FileSchema {
  readonly #schema: UserSchema;

  /** `home` is the program's folder, `name` the part before `.schema.json`. */
  constructor(home: string, name: string) {
    this.#schema = compileUserSchema(parseJson(readFileSync(join(home, `schemas/${name}.schema.json`))), { code: name });
  }

  /** `at` gives the place of the entry that a path leads to. */
  check(data: Value, at: (path: JsonPath) => Position): readonly Finding[] {
    return validateUserData(data, this.#schema).map((problem) => findingOf(problem, at(problem.pointer), []));
  }
}

/** Something wrong with pillar, and the top key it is below. */
export interface PillarProblem {
  readonly key: string;
  readonly finding: Finding;
}

/**
 * The schemas of pillar: `schemas/pillar/KEY.schema.json` of the fleet's folder, one a pillar key. Keys without a schema are free.
 */
export class PillarSchemas {
  readonly #schema: UserSchema | undefined;

  private constructor(schema: UserSchema | undefined) {
    this.#schema = schema;
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
    return new PillarSchemas(compileUserSchema({ $id: `${BASE}fleet`, type: "object", properties }, { code: "pillar", others }));
  }

  /** Findings name the pillar line that won, and the lines it overrode. `provenance` is asked for only where something is wrong. */
  check(pillar: PyDict, provenance: () => PillarProvenance | undefined): readonly PillarProblem[] {
    if (this.#schema === undefined) return [];
    const problems = validateUserData(pillar, this.#schema);
    if (problems.length === 0) return [];
    const lines = provenance();
    return problems.map((problem) => {
      const origin = lines?.at(problem.pointer);
      const overridden = (origin?.overridden ?? []).map((place): TrailStep => ({ how: "overrides", ...place }));
      return {
        key: String(problem.pointer[0] ?? ""),
        finding: findingOf({ ...problem, message: `pillar ${problem.message}` }, origin?.winner, overridden),
      };
    });
  }
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
