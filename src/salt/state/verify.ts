import { equals, PyBytes, PyDict, PyFloat, PyTuple, str, typeName, type Value } from "../../python/index.ts";
import { firstKey } from "./declarations.ts";
import { slsOf, stateError, type StateError } from "./errors.ts";
import { isInternal } from "./find.ts";
import type { StateSources } from "./sources.ts";

/** `verify_high`: every complaint about the shape of high data, in Salt's words. */
export function verifyHigh(high: PyDict, sources: StateSources): StateError[] {
  const verifier = new Verifier(sources);
  for (const [id, body] of high.entries()) if (!isInternal(id)) verifier.id(id, body);
  return verifier.errors;
}

const LISTED = new Set(["require", "watch", "prereq", "onchanges"]);

class Verifier {
  readonly errors: StateError[] = [];
  readonly #sources: StateSources;
  /** For each ID, what it requires last: reference to requisite type, and `state` to its own state. */
  readonly #requires = new PyDict();

  constructor(sources: StateSources) {
    this.#sources = sources;
  }

  id(id: Value, body: Value): void {
    const sls = str(body instanceof PyDict ? (body.get("__sls__") ?? null) : null);
    if (typeof id !== "string") {
      const message = `ID '${str(id)}' in SLS '${sls}' is not formed as a string, but is a ${typeName(id)}. It may need to be quoted.`;
      this.#error("state-id", message, id, body);
    }
    if (!(body instanceof PyDict)) {
      this.#error("state-shape", `The type ${str(id)} in ${str(body)} is not formatted as a dictionary`, id, body);
      return;
    }
    for (const [state, run] of body.entries()) if (typeof state === "string" && !isInternal(state)) this.#state(id, body, sls, state, run);
  }

  #state(id: Value, body: PyDict, sls: string, state: string, run: Value): void {
    if (run === null) {
      const message =
        `ID '${str(id)}' in SLS '${sls}' contains a short declaration (${state}) with a trailing colon. ` +
        "When not passing any arguments to a state, the colon must be omitted.";
      this.#error("state-short", message, id, body);
      return;
    }
    if (!Array.isArray(run)) {
      this.#error("state-shape", `State '${str(id)}' in SLS '${sls}' is not formed as a list`, id, body);
      return;
    }
    for (const arg of run) {
      if (typeof arg === "string") this.#function(id, body, sls, arg);
      else if (arg instanceof PyDict) this.#argument(id, body, sls, state, arg);
    }
    const functions = [
      ...(state.includes(".") ? [state.slice(state.indexOf(".") + 1)] : []),
      ...run.filter((arg) => typeof arg === "string"),
    ];
    if (functions.length === 0 && state !== "require" && state !== "watch") {
      this.#error("state-no-function", `No function declared in state '${str(id)}' in SLS '${sls}'`, id, body);
    }
    if (functions.length > 1) {
      const message = `Too many functions declared in state '${str(id)}' in SLS '${sls}'. Please choose one of the following: ${functions.join(", ")}`;
      this.#error("state-functions", message, id, body);
    }
  }

  #function(id: Value, body: PyDict, sls: string, name: string): void {
    if (!name.trim().includes(" ")) return;
    const message =
      `The function "${name}" in state "${str(id)}" in SLS "${sls}" has whitespace, a function with whitespace is not supported, ` +
      'perhaps this is an argument that is missing a ":"';
    this.#error("state-function", message, id, body);
  }

  #argument(id: Value, body: PyDict, sls: string, state: string, arg: PyDict): void {
    const key = firstKey(arg);
    if (key === undefined) {
      this.#error("state-shape", `State '${str(id)}' in SLS '${sls}' has an empty argument`, id, body);
      return;
    }
    const value = arg.get(key) ?? null;
    if (key === "names" && !Array.isArray(value)) {
      this.#error("state-names", `The 'names' argument in state '${str(id)}' in SLS '${sls}' needs to be formed as a list`, id, body);
    }
    if (typeof key !== "string" || !LISTED.has(key)) return;
    if (!Array.isArray(value)) {
      this.#error("requisite-shape", `The ${key} statement in state '${str(id)}' in SLS '${sls}' needs to be formed as a list`, id, body);
    } else {
      const required = PyDict.of([["state", state]]);
      this.#requires.set(id, required);
      for (const requisite of value) this.#requisite(id, body, sls, state, required, requisite);
    }
    if (arg.size !== 1) {
      this.#error("state-shape", `Multiple dictionaries defined in argument of state '${str(id)}' in SLS '${sls}'`, id, body);
    }
  }

  #requisite(id: Value, body: PyDict, sls: string, state: string, required: PyDict, given: Value): void {
    const requisite = typeof given === "string" ? PyDict.of([["id", given]]) : given;
    const key = requisite instanceof PyDict ? firstKey(requisite) : undefined;
    if (!(requisite instanceof PyDict) || key === undefined) {
      const message = `Requisite declaration ${str(requisite)} in SLS ${sls} is not formed as a single key dictionary`;
      this.#error("requisite-shape", message, id, body);
      return;
    }
    const name = requisite.get(key) ?? null;
    if (typeof key === "string" && key.includes(".")) {
      const message =
        `Invalid requisite type '${key}' in state '${str(id)}', in SLS '${sls}'. ` +
        `Requisite types must not contain dots, did you mean '${key.slice(0, key.indexOf("."))}'?`;
      this.#error("requisite-type", message, id, body);
    }
    if (!isHashable(name)) {
      this.#error("requisite-shape", `Illegal requisite "${str(name)}", please check your syntax.\n`, id, body);
      return;
    }
    required.set(name, key);
    const theirs = this.#requires.get(name);
    if (!(theirs instanceof PyDict)) return;
    const back = theirs.get(id);
    const theirState = theirs.get("state");
    if (back === state && theirState !== undefined && equals(theirState, key)) {
      this.#error("requisite-recursive", `A recursive requisite was found, SLS "${sls}" ID "${str(id)}" ID "${str(name)}"`, id, body);
    }
  }

  #error(code: string, message: string, id: Value, body: Value): void {
    const blame = slsOf(body);
    this.errors.push(stateError(code, message, blame, { at: this.#sources.ofId(blame[0], id) }));
  }
}

/** Python's hash() succeeds. */
function isHashable(value: Value): boolean {
  if (value === null || typeof value !== "object") return true;
  return value instanceof PyFloat || value instanceof PyBytes || (value instanceof PyTuple && value.items.every(isHashable));
}
