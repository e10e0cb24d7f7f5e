import { PyDict, str, type Value } from "../../python/index.ts";
import { slsOf, stateError, type SlsName, type StateError } from "./errors.ts";
import type { StateSources } from "./sources.ts";

/** One SLS's data on its way to high data: `extend`, `exclude` and short forms brought into Salt's own shape. */
export class Declarations {
  readonly #state: PyDict;
  readonly #name: SlsName;
  readonly #errors: StateError[];
  readonly #sources: StateSources;

  constructor(state: PyDict, name: SlsName, errors: StateError[], sources: StateSources) {
    this.#state = state;
    this.#name = name;
    this.#errors = errors;
    this.#sources = sources;
  }

  normalize(): void {
    this.#extend();
    this.#exclude();
    this.#states();
  }

  /** `_handle_extend`: `extend:` becomes an entry of `__extend__`. */
  #extend(): void {
    const extend = this.#state.get("extend");
    if (extend === undefined) return;
    const { sls } = this.#name;
    if (!(extend instanceof PyDict)) {
      this.#error("extend-shape", `Extension value in SLS '${sls}' is not a dictionary`, "extend");
      this.#state.delete("extend");
      return;
    }
    this.#state.delete("extend");
    for (const [id, body] of extend.entries()) {
      if (!(body instanceof PyDict)) {
        this.#error("extend-shape", `Extension name '${str(id)}' in SLS '${sls}' is not a dictionary`, "extend");
        continue;
      }
      this.#sign(body);
      for (const key of Array.from(body.keys())) {
        const run = body.get(key);
        if (typeof key !== "string" || key.startsWith("_") || !Array.isArray(run) || !key.includes(".")) continue;
        splitFunction(body, key, run);
      }
    }
    listAt(this.#state, "__extend__").push(extend);
  }

  /** `_handle_exclude`: `exclude:` joins `__exclude__`. */
  #exclude(): void {
    const exclude = this.#state.get("exclude");
    if (exclude === undefined) return;
    if (!Array.isArray(exclude))
      this.#error("exclude-shape", `Exclude Declaration in SLS ${this.#name.sls} is not formed as a list`, "exclude");
    this.#state.delete("exclude");
    listAt(this.#state, "__exclude__").push(...(Array.isArray(exclude) ? exclude : []));
  }

  /** `_handle_state_decls`: `pkg.installed: […]` becomes `pkg: […, installed]`, and each ID is signed with its SLS. */
  #states(): void {
    const { saltenv, sls } = this.#name;
    for (const [id, body] of this.#state.entries()) {
      if (body instanceof PyDict) {
        this.#body(id, body);
        continue;
      }
      if (id === "__extend__" || id === "__exclude__") continue;
      if (typeof body === "string" && body.includes(".")) {
        const [state = "", fun = ""] = body.split(".");
        const short = new PyDict();
        short.set("__sls__", sls);
        short.set("__env__", saltenv);
        short.set(state, [fun]);
        this.#state.set(id, short);
        continue;
      }
      this.#error("state-shape", `ID ${str(id)} in SLS ${sls} is not a dictionary`, id);
    }
  }

  #body(id: Value, body: PyDict): void {
    const seen = new Set<string>();
    for (const key of Array.from(body.keys())) {
      if (typeof key !== "string") {
        this.#error("state-shape", `ID '${str(id)}' in SLS '${this.#name.sls}' declares a state that is no string: ${str(key)}`, id);
        body.delete(key);
        continue;
      }
      const run = body.get(key);
      if (key.startsWith("_") || !Array.isArray(run)) continue;
      const [state = ""] = key.split(".");
      if (!key.includes(".")) seen.add(key);
      else if (seen.has(state)) {
        const message = `ID '${str(id)}' in SLS '${this.#name.sls}' contains multiple state declarations of the same type`;
        this.#error("state-doubled", message, id);
      } else {
        splitFunction(body, key, run);
        seen.add(state);
      }
    }
    this.#sign(body);
  }

  #sign(body: PyDict): void {
    if (!body.has("__sls__")) body.set("__sls__", this.#name.sls);
    if (!body.has("__env__")) body.set("__env__", this.#name.saltenv);
  }

  #error(code: string, message: string, key: Value): void {
    this.#errors.push(stateError(code, message, [this.#name], { at: this.#sources.ofId(this.#name, key) }));
  }
}

/** Moves the list under the state's name alone and the function to its end; a third part of the name is lost, as in Salt. */
function splitFunction(body: PyDict, key: string, run: Value[]): void {
  const [state = "", fun = ""] = key.split(".");
  body.delete(key);
  body.set(state, run);
  run.push(fun);
}

/** `setdefault(key, [])`. */
export function listAt(dict: PyDict, key: string): Value[] {
  const known = dict.get(key);
  if (Array.isArray(known)) return known;
  const list: Value[] = [];
  dict.set(key, list);
  return list;
}

/**
 * `_handle_iorder`: every state without an `order` gets the next number, from 10000, in the order of the SLS; what an SLS includes has its
 * numbers by then.
 */
export function numberStates(state: PyDict, next: () => number): void {
  for (const body of state.values()) {
    if (!(body instanceof PyDict)) continue;
    for (const [name, run] of body.entries()) {
      if (typeof name !== "string" || name.startsWith("_") || !Array.isArray(run)) continue;
      if (run.some((arg) => arg instanceof PyDict && firstKey(arg) === "order")) continue;
      const order = new PyDict();
      order.set("order", next());
      run.push(order);
    }
  }
}

/** `next(iter(dict))`. */
export function firstKey(dict: PyDict): Value | undefined {
  const [key] = dict.keys();
  return key;
}

/**
 * `merge_included_states`: joins one SLS's declarations with those before; `__extend__` and `__exclude__` are lists that grow.
 * An ID that both have, unless it is the same, is an error, and the later one stays.
 */
export function mergeStates(into: PyDict, from: PyDict, errors: StateError[], sources: StateSources): void {
  for (const key of ["__extend__", "__exclude__"]) {
    const list = from.get(key);
    if (list === undefined) continue;
    from.delete(key);
    if (Array.isArray(list)) listAt(into, key).push(...list);
  }
  for (const [id, body] of from.entries()) {
    const known = into.get(id);
    if (known !== undefined && !sameBody(known, body)) errors.push(conflict(id, known, body, sources));
  }
  for (const [id, body] of from.entries()) into.set(id, body);
}

function sameBody(a: Value, b: Value): boolean {
  return a === b || (a instanceof PyDict && b instanceof PyDict && a.equals(b));
}

function conflict(id: Value, known: Value, body: Value, sources: StateSources): StateError {
  const blame = [...slsOf(known), ...slsOf(body)];
  const [first, second] = blame.map(({ saltenv, sls }) => `'${saltenv}:${sls}'`);
  const message =
    "Detected conflicting IDs, SLS IDs need to be globally unique.\n" +
    `    The conflicting ID is '${str(id)}' and is found in SLS ${first ?? "''"} and SLS ${second ?? "''"}`;
  const error = stateError("state-conflict", message, blame, { at: sources.ofId(blame[0], id) });
  const other = sources.ofId(blame[1], id);
  if (other === undefined) return error;
  return { ...error, findings: [{ ...error.findings[0], trail: [{ ...other, how: "also declared at" }] }] };
}

/** Marks which SLS included the states (`__sls_included_from__`). */
export function markIncluded(state: PyDict, by: string): void {
  for (const [id, body] of state.entries()) {
    if ((typeof id === "string" && id.startsWith("__")) || !(body instanceof PyDict)) continue;
    listAt(body, "__sls_included_from__").push(by);
  }
}
