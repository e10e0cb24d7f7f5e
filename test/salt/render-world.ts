import { PyDict, type Value } from "../../src/python/index.ts";
import { minionConfig, minionOf } from "../../src/salt/config/index.ts";
import { MemoryFileRoots } from "../../src/salt/fileroots/index.ts";
import type { Minion } from "../../src/salt/types.ts";
import { decodeValue } from "../oracle/decode.ts";
import { encodeValue, type Encoded } from "../oracle/encode.ts";
import type { Answer, Oracle } from "../oracle/oracle.ts";

/** Files, grains, pillar and options under which both Salts render; paths below `states` are base's files, `dev` is another environment. */
export interface World {
  readonly files?: Readonly<Record<string, string>>;
  readonly dev?: Readonly<Record<string, string>>;
  readonly pillarFiles?: Readonly<Record<string, string>>;
  readonly id?: string;
  readonly grains?: Value;
  readonly pillar?: Value;
  readonly opts?: Readonly<Record<string, Value>>;
}

/** Plain data as Python's. */
export function py(value: unknown): Value {
  if (Array.isArray(value)) return value.map(py);
  if (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype)
    return PyDict.of(Object.entries(value).map(([key, item]) => [key, py(item)]));
  return value as Value;
}

export function dict(value: Value | undefined): PyDict {
  return value instanceof PyDict ? value : new PyDict();
}

export function minionOfWorld(world: World): Minion {
  const id = world.id ?? "m1";
  const given = PyDict.from({ id, cachedir: "ROOT/cache", ...world.opts });
  given.set("grains", grainsOf(world));
  const config = minionConfig(given, "minion");
  config.opts.set("pillar", world.pillar ?? new PyDict());
  return minionOf(
    config,
    new MemoryFileRoots({ base: world.files ?? {}, dev: world.dev ?? {} }),
    new MemoryFileRoots({ base: world.pillarFiles ?? {} }, "pillar"),
  );
}

export function grainsOf(world: World): PyDict {
  return PyDict.of([["id", world.id ?? "m1"], ...dict(world.grains).entries()]);
}

/** Paths put below a folder. */
function under(folder: string, files: Readonly<Record<string, string>> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([path, text]) => [`${folder}/${path}`, text]));
}

function request(world: World): Readonly<Record<string, unknown>> {
  return {
    id: world.id ?? "m1",
    files: { ...under("states", world.files), ...under("dev", world.dev), ...under("pillar", world.pillarFiles) },
    file_roots: { base: ["states"], dev: ["dev"] },
    pillar_roots: { base: ["pillar"] },
    grains: encodeValue(grainsOf(world)),
    pillar: encodeValue(world.pillar ?? new PyDict()),
    opts: encodeValue(PyDict.from(world.opts ?? {})),
  };
}

export type SaltAnswer =
  | { readonly ok: Encoded; readonly args?: readonly Encoded[] }
  | { readonly error: { readonly type: string; readonly message: string; readonly all: string } };

/** Asks real Salt many questions about a world at once. */
export async function askSalt(
  oracle: Oracle,
  op: string,
  world: World,
  rest: Readonly<Record<string, unknown>>,
): Promise<readonly SaltAnswer[]> {
  const answer: Answer = await oracle.ask(op, { world: request(world), ...rest });
  if ("error" in answer) throw new Error(`${answer.error.type}: ${answer.error.message}\n${answer.error.trace}`);
  return answer.ok as readonly SaltAnswer[];
}

export { decodeValue, encodeValue };
