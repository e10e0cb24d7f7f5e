import { FindingError, type Position } from "../../finding/index.ts";
import { escapeRegex, PyDict, PyError, truthy, typeName, type Value } from "../../python/index.ts";
import type { Options } from "../config/index.ts";
import { fnmatchcase } from "../data/index.ts";
import type { DataPositions } from "../types.ts";
import { findSls, type FoundSls } from "../sls/index.ts";
import type { PillarRequest, PillarSharing, SharedSls } from "./compile.ts";
import type { PillarErrors } from "./errors.ts";
import type { PillarMerger } from "./merger.ts";
import type { PillarTracer } from "./provenance.ts";
import type { PillarMatches } from "./tops.ts";

/** Variables that an include gives to the SLS it names. */
type Variables = ReadonlyMap<string, Value>;

const NONE: Variables = new Map();

/** Where an SLS is named; asked for where there is something to say of it. */
type NamedAt = () => Position | undefined;

const nowhere: NamedAt = () => undefined;

/** How deep includes may nest, and key paths. */
const DEEPEST = 100;

/** Renders pillar SLS with what they include (`render_pstate`). `done` holds what each SLS of the environment rendered to, for includes. */
export class PillarSls {
  readonly #request: PillarRequest;
  readonly #options: Options;
  readonly #merger: PillarMerger;
  readonly #errors: PillarErrors;
  readonly #matched: Pick<PillarMatches, "ignored" | "own">;
  readonly #tracer: PillarTracer | undefined;
  readonly #sealed: Map<string, string>;
  #depth = 0;
  #warned = 0;
  /** Where the entries of a rendered SLS stand. */
  readonly #lines = new WeakMap<PyDict, DataPositions>();

  constructor(
    request: PillarRequest,
    options: Options,
    merger: PillarMerger,
    errors: PillarErrors,
    matched: Pick<PillarMatches, "ignored" | "own">,
    tracer: PillarTracer | undefined,
    sealed: Map<string, string>,
  ) {
    this.#sealed = sealed;
    this.#request = request;
    this.#options = options;
    this.#merger = merger;
    this.#errors = errors;
    this.#matched = matched;
    this.#tracer = tracer;
  }

  get sharing(): PillarSharing | undefined {
    return this.#request.sharing;
  }

  /** Whether other minions have this very data for an SLS. */
  isShared(state: Value): boolean {
    return this.#shared.has(state);
  }
  readonly #shared = new Set<Value>();

  /** Names of the environment's SLS, or nothing for an environment that the config does not have. */
  available(saltenv: string): readonly string[] | undefined {
    const { minion, names } = this.#request;
    if (saltenv !== "base" && !minion.pillarRoots.environments().includes(saltenv)) return undefined;
    return names.of(minion.pillarRoots, saltenv);
  }

  noEnvironment(saltenv: string): void {
    this.#errors.add("pillar-environment", `No matching pillar environment for environment '${saltenv}' found`);
  }

  /** The top file that names an SLS, with the line where the name stands in it as written. */
  topNames(sls: string, saltenv: string): Position | undefined {
    const { pillarRoots } = this.#request.minion;
    const top = pillarRoots.find(saltenv, this.#options.stateTop) ?? pillarRoots.find("base", this.#options.stateTop);
    if (top === undefined) return undefined;
    const name = new RegExp(`(?:^|[\\s,['"-])${escapeRegex(sls)}(?=$|[\\s,\\]:'"])`);
    const line = new TextDecoder().decode(top.bytes).split("\n").findIndex((text) => name.test(text.replace(/(?:^|\s)#.*/, "")));
    return { file: top.display, ...(line >= 0 && { line: line + 1 }) };
  }

  /** `from`: where the SLS is named. */
  render(sls: string, saltenv: string, done: Map<string, Value>, variables: Variables = NONE, from: NamedAt = nowhere): Value {
    if (this.#depth >= DEEPEST) {
      const advice = "Name the SLS in the top file, or put several into one.";
      this.#errors.add("pillar-include-depth", `includes nest more than ${DEEPEST} deep at pillar SLS '${sls}'`, { advice });
      return null;
    }
    this.#depth++;
    const state = this.#rendered(sls, saltenv, done, variables, from);
    this.#depth--;
    return state;
  }

  #rendered(sls: string, saltenv: string, done: Map<string, Value>, variables: Variables, from: NamedAt): Value {
    const found = findSls(this.#request.minion.pillarRoots, saltenv, sls);
    if (found === undefined) {
      this.#missing(sls, saltenv, from);
      return null;
    }
    const { sharing } = this.#request;
    const isShared = sharing !== undefined && variables.size === 0 && this.#merger.leavesSources && this.#matched.own?.has(sls) !== true;
    if (!isShared) return this.#compiled(sls, saltenv, found, done, variables);
    let state: Value | undefined;
    let sealed: ReadonlyMap<string, string> | undefined;
    const shared = sharing.sls(saltenv, sls, () => {
      const before = this.#errors.messages.length;
      const warned = this.#warned;
      ({ state, sealed } = this.#load(sls, saltenv, found, variables));
      const plain = this.#errors.messages.length === before && this.#warned === warned && state instanceof PyDict && !state.has("include");
      return plain ? { state, sealed } : undefined;
    });
    if (shared === undefined) return this.#compiled(sls, saltenv, found, done, variables, state);
    this.#noteSealed(shared.sealed);
    done.set(sls, shared.state);
    this.#shared.add(shared.state);
    return shared.state;
  }

  /** `loaded`: what the SLS has been rendered to already. */
  #compiled(
    sls: string,
    saltenv: string,
    found: FoundSls,
    done: Map<string, Value>,
    variables: Variables,
    loaded?: Value,
  ): Value {
    const state = loaded === undefined ? this.#load(sls, saltenv, found, variables).state : loaded;
    done.set(sls, state);
    if (!truthy(state)) return state;
    if (!(state instanceof PyDict)) {
      this.#errors.add("pillar-shape", `SLS '${sls}' does not render to a dictionary`, { file: found.file.display });
      return state;
    }
    if (!state.has("include")) return state;
    const includes = state.get("include") ?? null;
    if (!Array.isArray(includes)) {
      this.#errors.add("pillar-include", `Include Declaration in SLS '${sls}' is not formed as a list`, { file: found.file.display });
      return state;
    }
    state.delete("include");
    return this.#withIncludes({ sls, saltenv, found, done, variables }, state, includes);
  }

  #missing(sls: string, saltenv: string, named: NamedAt): void {
    if (this.#matched.ignored.get(saltenv)?.includes(sls) === true) return;
    // Salt says nothing where the environment has no roots at all.
    if (!hasRoots(this.#options, saltenv)) return;
    const from = named();
    this.#errors.add("pillar-sls-missing", `Specified SLS '${sls}' in environment '${saltenv}' is not available on the salt master`, {
      ...(from !== undefined && { at: from }),
      advice: `Make ${sls.replaceAll(".", "/")}.sls or ${sls.replaceAll(".", "/")}/init.sls in the pillar, or take the name out.`,
    });
  }

  #noteSealed(sealed: ReadonlyMap<string, string> | undefined): void {
    if (sealed !== undefined) for (const [digest, block] of sealed) this.#sealed.set(digest, block);
  }

  #load(sls: string, saltenv: string, { file }: FoundSls, variables: Variables): SharedSls {
    const { minion, known, render, warn } = this.#request;
    try {
      const rendered = render({ minion, pillar: known ?? new PyDict(), saltenv, sls, file, role: "pillar", variables, isOwn: this.#matched.own?.has(sls) === true });
      warn(rendered.warnings);
      this.#warned += rendered.warnings.length;
      if (rendered.data instanceof PyDict) this.#lines.set(rendered.data, rendered.positions);
      this.#tracer?.loaded(rendered.data, file.display, rendered.positions);
      this.#noteSealed(rendered.sealed);
      return { state: rendered.data, sealed: rendered.sealed };
    } catch (error) {
      if (!(error instanceof FindingError)) throw error;
      const safe = this.#options.pillarSafeRenderError;
      const message = safe
        ? `Rendering SLS '${sls}' failed. Please see master log for details.`
        : `Rendering SLS '${sls}' failed, render error:\n${error.message}`;
      this.#errors.causedBy("pillar-render", message, error.findings);
      return { state: null, sealed: undefined };
    }
  }

  #withIncludes(
    { sls, saltenv, found, done, variables: inherited }: {
      readonly sls: string;
      readonly saltenv: string;
      readonly found: FoundSls;
      readonly done: Map<string, Value>;
      readonly variables: Variables;
    },
    own: PyDict,
    includes: readonly Value[],
  ): Value {
    this.#request.sharing?.mixed();
    const over = this.#options.pillarIncludesOverrideSls;
    const parts: Value[] = [];
    let state: PyDict = own;
    let variables = inherited;
    let lastErrors: readonly string[] = [];
    for (const [index, item] of includes.entries()) {
      const include = readInclude(item, sls, found);
      // `defaults` of one include stay for the plain names that follow it, as in Salt.
      variables = include.variables ?? variables;
      for (const target of this.#targets(include.sls, sls, saltenv, found)) {
        let data = done.get(target);
        if (!done.has(target)) {
          const before = this.#errors.messages.length;
          data = this.render(target, saltenv, done, variables, () => ({
            file: found.file.display,
            ...this.#lines.get(own)?.at(includes, index),
          }));
          lastErrors = this.#errors.messages.slice(before);
        } else this.#errors.repeat(lastErrors);
        if (data === undefined || !truthy(data)) continue;
        const nested = this.#nested(include.key, data, found.file.display);
        if (over) state = this.#merger.merge(state, nested);
        else if (parts.at(-1) !== nested || !this.#merger.idempotent) parts.push(nested);
      }
    }
    if (over) return state;
    // The including file comes last, so that it wins.
    return [...parts, state].reduce((below, above) => this.#merger.merge(below, above));
  }

  /**
   * The SLS that an include means. Salt looks its name up twice, once as if it were not relative; what both find is merged twice.
   */
  #targets(name: string, sls: string, saltenv: string, { isInit }: FoundSls): readonly string[] {
    const available = this.available(saltenv);
    if (available === undefined) {
      this.noEnvironment(saltenv);
      return [name];
    }
    const plain = name.replace(/^\.+/, "").replaceAll("/", ".");
    const parts = isInit ? sls.split(".") : sls.split(".").slice(0, -1);
    const resolved = name.startsWith(".") ? [...parts, name.slice(1)].join(".") : name;
    const found = [plain, resolved].flatMap((pattern) => available.filter((candidate) => fnmatchcase(candidate, pattern)));
    return found.length > 0 ? found : [resolved];
  }

  /** `key: x:y` puts the data under x, y. */
  #nested(key: Value, data: Value, file: string): Value {
    if (!truthy(key)) return data;
    if (typeof key !== "string") throw new PyError("AttributeError", `'${typeName(key)}' object has no attribute 'split'`);
    const path = key.split(":");
    if (path.length > DEEPEST)
      throw new FindingError({
        code: "pillar-include",
        severity: "error",
        message: `the key of an include has ${path.length} parts; ${DEEPEST} are the most`,
        at: { file },
      });
    return path.reduceRight<Value>((inner, fragment) => {
      const outer = PyDict.of([[fragment, inner]]);
      this.#tracer?.placed(outer, fragment, { file });
      return outer;
    }, data);
  }
}

function hasRoots(options: Options, saltenv: string): boolean {
  const roots = options.opts.get("pillar_roots");
  return roots instanceof PyDict && truthy(roots.get(saltenv) ?? null);
}

interface Include {
  readonly sls: string;
  readonly key: Value;
  /** Absent for a plain name. */
  readonly variables?: Variables;
}

/** A name, or `{name: {defaults: …, key: …}}`. */
function readInclude(item: Value, sls: string, { file }: FoundSls): Include {
  if (typeof item === "string") return { sls: item, key: null };
  const [entry] = item instanceof PyDict ? item.entries() : [];
  const [name, settings] = entry ?? [];
  if (typeof name !== "string" || !(settings instanceof PyDict)) throw badInclude(sls, file.display);
  const defaults = settings.get("defaults") ?? new PyDict();
  if (!(defaults instanceof PyDict)) throw badInclude(sls, file.display);
  const variables = new Map<string, Value>();
  for (const [variable, value] of defaults.entries()) if (typeof variable === "string") variables.set(variable, value);
  return { sls: name, key: settings.get("key") ?? null, variables };
}

function badInclude(sls: string, file: string): FindingError {
  return new FindingError({
    code: "pillar-include",
    severity: "error",
    message: `an include of pillar SLS '${sls}' is neither a name nor {name: {key: …, defaults: …}}`,
    at: { file },
  });
}
