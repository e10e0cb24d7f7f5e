import { PyDict, PyError, str, truthy, typeName, type Value } from "../../python/index.ts";
import { deepCopy } from "../data/index.ts";
import type { Accumulators } from "./accumulate.ts";
import { saltenvOf, type Chunk } from "./chunk.ts";
import { NeedsNode, type NodeFiles } from "./files.ts";
import type { Origin } from "./origin.ts";
import { FILE_SIGNATURES, stateSignature } from "./signatures.ts";
import type { FileStateDeps } from "./types.ts";

/** What every state of one run shares. */
export interface RunContext {
  readonly deps: FileStateDeps;
  readonly files: NodeFiles;
  readonly accumulators: Accumulators;
  readonly chunks: readonly Chunk[];
}

/** Options that the state compiler takes itself, so that a function with `**kwargs` does not see them (salt/state.py, 3007.1). */
const INTERNAL: ReadonlySet<string> = new Set(
  (
    "onchanges onchanges_any onfail onfail_any onfail_all onfail_stop prereq prerequired watch watch_any require require_any listen " +
    "onchanges_in onfail_in prereq_in watch_in require_in listen_in " +
    "fun state check_cmd cmd_opts_exclude failhard onlyif unless creates retry order parallel reload_modules reload_grains reload_pillar " +
    "runas runas_password fire_event saltenv umask use use_in __env__ __sls__ __id__ __sls_included_from__ __orchestration_jid__ " +
    "__pub_user __pub_arg __pub_jid __pub_fun __pub_tgt __pub_ret __pub_pid __pub_tgt_type __prereq__ __prerequired__ __umask__"
  ).split(" "),
);

/** One call of a function of the `file` state module: its options, and what it may work on. */
export class FileCall {
  readonly context: RunContext;
  readonly chunk: Chunk;
  readonly name: string;
  readonly saltenv: string;
  readonly #options: PyDict;
  readonly #fun: string;

  constructor(context: RunContext, chunk: Chunk, options: PyDict, fun: string) {
    this.context = context;
    this.chunk = chunk;
    this.#options = options;
    this.#fun = fun;
    this.saltenv = saltenvOf(chunk.low);
    const name = options.get("name");
    if (typeof name !== "string" && name !== undefined && name !== null && truthy(name))
      throw new PyError("TypeError", `expected str, bytes or os.PathLike object, not ${typeName(name)}`);
    this.name = typeof name === "string" ? name : "";
    if (this.name.startsWith("~")) throw new NeedsNode(`the path ${this.name} begins with ~, a home directory of the node`);
  }

  get files(): NodeFiles {
    return this.context.files;
  }

  /** A copy of the call with other options, as when `file.recurse` calls `file.managed`. */
  with(fun: string, options: Readonly<Record<string, Value>>, extra: PyDict = new PyDict()): FileCall {
    const all = PyDict.from(options);
    for (const [key, value] of extra.entries()) if (!all.has(key)) all.set(key, value);
    return new FileCall(this.context, this.chunk, all, fun);
  }

  /** An option, None where it is not given. */
  value(name: string): Value {
    return this.#options.get(name) ?? null;
  }
  /** Whether the option is given at all, be it as None. */
  has(name: string): boolean {
    return this.#options.has(name);
  }
  /** `bool()` of an option. */
  flag(name: string, fallback: boolean): boolean {
    const value = this.#options.get(name);
    return value === undefined ? fallback : truthy(value);
  }
  /** An option that is text, or printed as text; `fallback` where it is not given. */
  text(name: string, fallback: string): string {
    const value = this.#options.get(name);
    return value === undefined ? fallback : str(value);
  }
  /** An option that is text or None. */
  textOrNull(name: string): string | null {
    const value = this.value(name);
    return value === null || !truthy(value) ? null : str(value);
  }
  /** Options that the function does not know: its `**kwargs`. */
  extra(): PyDict {
    const extra = new PyDict();
    const signature = stateSignature(FILE_SIGNATURES[this.#fun] ?? "name **kwargs");
    if (!signature.keywords) return extra;
    const known = new Set([...signature.required, ...signature.optional]);
    for (const [key, value] of this.#options.entries())
      if (typeof key === "string" && !known.has(key) && !INTERNAL.has(key) && key !== "env") extra.set(key, value);
    return extra;
  }
  /** A copy of a dict option, so that nothing that a template does to it is seen by others. */
  dict(name: string): PyDict | undefined {
    const value = this.value(name);
    const copy = value instanceof PyDict ? deepCopy(value) : undefined;
    return copy instanceof PyDict ? copy : undefined;
  }

  origin(source: string | null, made: Origin["made"]): Origin {
    return { id: this.chunk.id, sls: this.chunk.sls, source, chunk: this.chunk, made };
  }
}

/** Options that no parameter takes, where the function has no `**kwargs`: Salt's message, or undefined. */
export function unknownOptions(chunk: Chunk): string | undefined {
  const signature = stateSignature(FILE_SIGNATURES[chunk.fun] ?? "**kwargs");
  if (signature.keywords) return undefined;
  const known = new Set([...signature.required, ...signature.optional]);
  const extra = [...chunk.low.keys()].filter((key) => typeof key === "string" && !known.has(key) && !INTERNAL.has(key)).map(str);
  if (extra.length === 0) return undefined;
  const full = `file.${chunk.fun}`;
  if (extra.length === 1) return `'${extra[0] ?? ""}' is an invalid keyword argument for '${full}'`;
  const quoted = extra.slice(0, -1).map((name) => `'${name}'`);
  return `${quoted.join(", ")} and '${extra.at(-1) ?? ""}' are invalid keyword arguments for '${full}'`;
}

/** Parameters that the state does not give: Salt's messages. */
export function missingParameters(chunk: Chunk): string[] {
  return stateSignature(FILE_SIGNATURES[chunk.fun] ?? "")
    .required.filter((name) => name !== "" && !chunk.low.has(name))
    .map((name) => `Missing parameter ${name} for state file.${chunk.fun}`);
}
