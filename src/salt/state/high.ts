import { FindingError, type Finding } from "../../finding/index.ts";
import { equals, PyDict, PyTuple, str, truthy, typeName, type Value } from "../../python/index.ts";
import { Options } from "../config/index.ts";
import { fnmatchcase } from "../data/index.ts";
import { findSls, type FoundSls, type RenderSls, type SlsNames } from "../sls/index.ts";
import { stateEnvironments } from "../top/index.ts";
import type { Minion } from "../types.ts";
import { Declarations, markIncluded, mergeStates, numberStates } from "./declarations.ts";
import { stateError, type SlsName, type StateError } from "./errors.ts";
import { StateSources } from "./sources.ts";

export interface HighRequest {
  readonly minion: Minion;
  readonly pillar: PyDict;
  /** SLS names or patterns by environment, in order. */
  readonly matches: ReadonlyMap<string, readonly string[]>;
  readonly render: RenderSls;
  readonly names: SlsNames;
  /** SLS that count as empty, as `saltenv:sls`: those found failing before. */
  readonly skip?: ReadonlySet<string>;
  readonly warn: (findings: readonly Finding[]) => void;
}

/** High data as `state.show_highstate` gives it, with what went wrong. */
export interface HighState {
  readonly high: PyDict;
  readonly errors: readonly StateError[];
  readonly sources: StateSources;
}

/** Renders SLS with all they include into one high data (`render_highstate`). */
export function compileHigh(request: HighRequest): HighState {
  const builder = new HighBuilder(request);
  for (const [saltenv, patterns] of request.matches) for (const pattern of patterns) builder.add(saltenv, pattern);
  return builder.finish();
}

const FIRST_ORDER = 10000;

class HighBuilder {
  readonly #request: HighRequest;
  readonly #options: Options;
  readonly #environments: ReadonlySet<string>;
  readonly #high = new PyDict();
  readonly #errors: StateError[] = [];
  readonly #sources = new StateSources();
  /** `saltenv:sls` of what has been rendered. */
  readonly #done = new Set<string>();
  /** Files being rendered, outermost first. */
  readonly #open: string[] = [];
  #order = FIRST_ORDER;

  constructor(request: HighRequest) {
    this.#request = request;
    this.#options = new Options(request.minion.opts);
    this.#environments = new Set(["base", ...stateEnvironments(request.minion, this.#options)]);
  }

  /** One entry of the top file or of the command line. */
  add(saltenv: string, pattern: string): void {
    if (!this.#hasEnvironment(saltenv)) {
      this.#errors.push(stateError("state-environment", `No matching salt environment for environment '${saltenv}' found`, []));
      return;
    }
    const found = this.#available(saltenv).filter((name) => fnmatchcase(name, pattern));
    for (const sls of found.length > 0 ? found : [pattern]) {
      if (this.#done.has(`${saltenv}:${sls}`)) continue;
      const errors: StateError[] = [];
      const state = this.#render({ saltenv, sls }, errors);
      if (state.size > 0) mergeStates(this.#high, state, errors, this.#sources);
      this.#errors.push(...errors.map((error) => noneFound(error, pattern, saltenv)));
    }
  }

  finish(): HighState {
    this.#dropRepeatedExtensions();
    return { high: this.#high, errors: this.#errors, sources: this.#sources };
  }

  /** `render_state`: an SLS's declarations, those of the SLS it includes after its own. */
  #render(name: SlsName, errors: StateError[]): PyDict {
    const key = `${name.saltenv}:${name.sls}`;
    if (this.#request.skip?.has(key) === true) {
      this.#done.add(key);
      return new PyDict();
    }
    const found = findSls(this.#request.minion.fileRoots, name.saltenv, name.sls);
    if (found === undefined) {
      const message = `Specified SLS ${name.sls} in saltenv ${name.saltenv} is not available on the salt master or through a configured fileserver`;
      errors.push(stateError("sls-missing", message, [name]));
      return new PyDict();
    }
    if (this.#open.includes(found.file.display)) {
      // One file under two names, `dir` and `dir.`: Salt includes it until Python's stack is full.
      const message = `SLS ${name.sls} includes itself: ${[...this.#open, found.file.display].join(" > ")}`;
      errors.push(stateError("include-cycle", message, [name], { at: { file: found.file.display } }));
      return new PyDict();
    }
    const state = this.#load(name, found, errors);
    this.#done.add(key);
    if (!truthy(state)) return new PyDict();
    if (!(state instanceof PyDict)) {
      const at = { file: found.file.display };
      errors.push(stateError("sls-shape", `SLS ${name.sls} does not render to a dictionary`, [name], { at }));
      // Salt goes on with it where no other SLS includes it.
      if (this.#open.length === 0)
        errors.push(stateError("sls-shape", `Error when rendering state with contents: ${str(state)}`, [name], { at }));
      return new PyDict();
    }
    const includes = this.#takeIncludes(name, state, errors);
    new Declarations(state, name, errors, this.#sources).normalize();
    this.#open.push(found.file.display);
    for (const include of includes) this.#include(name, found, state, include, errors);
    this.#open.pop();
    if (this.#options.stateAutoOrder) numberStates(state, () => this.#order++);
    return state;
  }

  #load(name: SlsName, { file }: FoundSls, errors: StateError[]): Value {
    const { minion, pillar, render, warn } = this.#request;
    try {
      const rendered = render({ minion, pillar, ...name, file, role: "state" });
      warn(rendered.warnings);
      this.#sources.add(name, file, rendered);
      return rendered.data;
    } catch (error) {
      if (!(error instanceof FindingError)) throw error;
      const prefix = `Rendering SLS '${name.saltenv}:${name.sls}' failed: `;
      const [first, ...more] = error.findings;
      errors.push({
        message: prefix + error.message,
        findings: [{ ...first, message: prefix + first.message }, ...more],
        blame: [name],
      });
      return null;
    }
  }

  #takeIncludes(name: SlsName, state: PyDict, errors: StateError[]): readonly Value[] {
    const includes = state.get("include");
    if (includes === undefined) return [];
    if (!Array.isArray(includes)) {
      const at = this.#sources.ofId(name, "include");
      errors.push(stateError("include-shape", `Include Declaration in SLS ${name.sls} is not formed as a list`, [name], { at }));
      // Salt leaves it there, to be taken for an ID.
      return [];
    }
    state.delete("include");
    return includes;
  }

  #include(name: SlsName, found: FoundSls, state: PyDict, include: Value, errors: StateError[]): void {
    const problem = (code: string, message: string): void => {
      errors.push(stateError(code, message, [name], { at: this.#sources.ofId(name, "include") }));
    };
    const [environment, target] = include instanceof PyDict ? ([...include.entries()].at(-1) ?? ["", null]) : [name.saltenv, include];
    if (typeof target !== "string" || typeof environment !== "string") {
      problem("include-shape", `an include of SLS '${name.saltenv}:${name.sls}' must be the name of an SLS, not a ${typeName(target)}`);
      return;
    }
    const from = `'${name.saltenv}:${name.sls}'`;
    if (!this.#hasEnvironment(environment)) {
      problem("include-environment", `Nonexistent saltenv '${environment}' found in include of '${target}' within SLS ${from}`);
      return;
    }
    const sls = absoluteName(target, name.sls, found.isInit);
    if (sls === undefined) {
      problem("include-relative", `Attempted relative include of '${target}' within SLS ${from} goes beyond top level package `);
      return;
    }
    const resolved = this.#resolve(environment, sls);
    const [only] = resolved;
    if (only === undefined) {
      const where = environment === "_xenv" ? [...this.#request.matches.keys()].join(", ") : environment;
      problem(
        "include-missing",
        `Unknown include: Specified SLS ${environment}: ${sls} is not available on the salt master in saltenv(s): ${where} `,
      );
      return;
    }
    if (resolved.length > 1 && !resolved.includes(name.saltenv)) {
      const where = resolved.join(", ");
      problem(
        "include-ambiguous",
        `Ambiguous include: Specified SLS ${environment}: ${sls} is available on the salt master in multiple available saltenvs: ${where}`,
      );
      return;
    }
    const saltenv = resolved.length === 1 ? only : name.saltenv;
    // Salt looks a pattern up among the SLS of the including environment, whichever the include names.
    const targets = this.#available(name.saltenv).filter((candidate) => fnmatchcase(candidate, sls));
    for (const each of targets.length > 0 ? targets : [sls]) this.#takeIncluded(name, state, { saltenv, sls: each }, errors);
  }

  #takeIncluded(name: SlsName, state: PyDict, included: SlsName, errors: StateError[]): void {
    if (this.#done.has(`${included.saltenv}:${included.sls}`)) return;
    const found: StateError[] = [];
    const nested = this.#render(included, found);
    if (nested.size > 0) {
      markIncluded(nested, name.sls);
      mergeStates(state, nested, errors, this.#sources);
    }
    errors.push(...found);
  }

  /** Environments in which an include is to be found. */
  #resolve(environment: string, sls: string): readonly string[] {
    const has = (saltenv: string): boolean => this.#available(saltenv).some((name) => fnmatchcase(name, sls));
    const { matches } = this.#request;
    if (environment === "_xenv") return [...matches.keys()].filter(has);
    return matches.has(environment) || has(environment) ? [environment] : [];
  }

  #hasEnvironment(saltenv: string): boolean {
    return this.#environments.has(saltenv) || this.#environments.has("__env__");
  }

  #available(saltenv: string): readonly string[] {
    return this.#request.names.of(this.#request.minion.fileRoots, saltenv);
  }

  /** `clean_duplicate_extends`: an extension met twice counts once; from here each entry extends one ID. */
  #dropRepeatedExtensions(): void {
    const extensions = this.#high.get("__extend__");
    if (!Array.isArray(extensions)) return;
    const kept: PyTuple[] = [];
    for (const extension of extensions) {
      if (!(extension instanceof PyDict)) continue;
      for (const [id, body] of extension.entries()) {
        const item = new PyTuple([id, body]);
        if (!kept.some((other) => equals(other, item))) kept.push(item);
      }
    }
    this.#high.set(
      "__extend__",
      kept.map(({ items: [id = null, body = null] }) => PyDict.of([[id, body]])),
    );
  }
}

/** Makes a relative include absolute: leading dots count levels up, and an `init.sls` stands one below its name. */
function absoluteName(target: string, sls: string, isInit: boolean): string | undefined {
  const [, dots = "", rest = ""] = /^(\.+)(.*)$/su.exec(target) ?? [];
  if (dots === "") return target;
  const parts = sls.split(".");
  if (isInit) parts.push("init");
  if (dots.length > parts.length) return undefined;
  return [...parts.slice(0, -dots.length), rest].join(".");
}

/** Salt says a missing SLS of the top level in other words. */
function noneFound(error: StateError, pattern: string, saltenv: string): StateError {
  if (!error.message.includes("is not available") || !error.message.includes(`SLS ${pattern} in saltenv`)) return error;
  const message = `No matching sls found for '${str(pattern)}' in env '${saltenv}'`;
  return { ...error, message, findings: [{ ...error.findings[0], message }] };
}
