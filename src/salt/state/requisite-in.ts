import { PyDict, str, type Value } from "../../python/index.ts";
import { firstKey, listAt } from "./declarations.ts";
import { reconcileExtend } from "./extend.ts";
import { slsOf, stateError, type StateError } from "./errors.ts";
import { findName, findSlsIds, singleArgument, stateArguments, statesOf, type StateRef } from "./find.ts";
import { NOT_USED, REQUISITES_IN } from "./keywords.ts";
import type { StateSources } from "./sources.ts";

/**
 * `requisite_in`: turns `require_in`, `watch_in`, `onchanges_in`, `onfail_in`, `prereq`, `prereq_in`, `use` and `use_in` into extensions
 * of the states they mean, and applies those.
 */
export function requisiteIn(high: PyDict, disabled: readonly string[], sources: StateSources): StateError[] {
  const collector = new Collector(high, sources);
  for (const [id, body] of high.entries()) {
    if (!(body instanceof PyDict)) continue;
    for (const [state, run] of statesOf(body)) {
      for (const arg of Array.isArray(run) ? run : []) {
        const key = arg instanceof PyDict ? firstKey(arg) : undefined;
        if (!(arg instanceof PyDict) || typeof key !== "string" || !REQUISITES_IN.has(key) || disabled.includes(key)) continue;
        collector.argument({ id, body, state, key, items: arg.get(key) ?? null });
      }
    }
  }
  high.set("__extend__", collector.extensions());
  return [...collector.errors, ...reconcileExtend(high, true, sources)];
}

/** One requisite of one state. */
interface Requisite {
  readonly id: Value;
  readonly body: PyDict;
  readonly state: string;
  readonly key: string;
  readonly items: Value;
}

class Collector {
  readonly errors: StateError[] = [];
  readonly #high: PyDict;
  readonly #sources: StateSources;
  readonly #extend = new PyDict();

  constructor(high: PyDict, sources: StateSources) {
    this.#high = high;
    this.#sources = sources;
  }

  extensions(): Value[] {
    return [...this.#extend.entries()].map((entry) => PyDict.of([entry]));
  }

  argument(requisite: Requisite): void {
    const { items } = requisite;
    if (items instanceof PyDict) {
      for (const [state, name] of items.entries()) this.#requires(requisite, name, this.#undotted(requisite, str(state), name));
    } else if (Array.isArray(items)) {
      // Salt never empties this list between items: what one item means is done again with each that follows.
      let hinges: StateRef[] = [];
      for (const item of items) {
        const reference = item instanceof PyDict ? item : this.#byId(item);
        const state = reference === undefined ? undefined : firstKey(reference);
        if (reference === undefined || state === undefined) continue;
        const name = reference.get(state) ?? null;
        if (state === "sls") hinges = findSlsIds(name, this.#high);
        else hinges.push({ id: name, state: str(state) });
        this.#undotted(requisite, str(state), name);
        for (const hinge of hinges) this.#apply(requisite, hinge);
      }
    }
  }

  /** The reference that a plain word in the list stands for: the first state of that ID, or the states with that `name`. */
  #byId(item: Value): PyDict | undefined {
    const body = this.#high.get(item);
    if (body instanceof PyDict) {
      const [first] = statesOf(body);
      return first === undefined ? undefined : PyDict.of([[first[0], item]]);
    }
    let found: PyDict | undefined;
    for (const [id, other] of this.#high.entries()) {
      if (found !== undefined || !(other instanceof PyDict)) continue;
      for (const [state, run] of statesOf(other)) {
        const named = Array.isArray(run) && run.some((arg) => arg instanceof PyDict && arg.get("name") === item);
        if (found === undefined && named) found = PyDict.of([[state, id]]);
      }
    }
    return found;
  }

  #apply(requisite: Requisite, { id: name, state }: StateRef): void {
    const { key, id } = requisite;
    switch (key) {
      case "prereq_in":
        this.#extended(id, requisite.state).push(PyDict.of([["prerequired", [PyDict.of([[state, name]])]]]));
        this.#requires(requisite, name, state);
        return;
      case "prereq":
        for (const found of findName(name, state, this.#high, true)) {
          this.#extended(found.id, found.state).push(PyDict.of([["prerequired", [PyDict.of([[requisite.state, id]])]]]));
        }
        return;
      case "use_in":
        for (const found of findName(name, state, this.#high, true)) {
          this.#use({ from: { id, state: requisite.state }, to: found, except: stateArguments(found.id, state, this.#high) });
        }
        return;
      case "use":
        for (const found of findName(name, state, this.#high, true)) {
          this.#use({ from: found, to: { id, state: requisite.state }, except: stateArguments(id, requisite.state, this.#high) });
        }
        return;
      default:
        this.#requires(requisite, name, state);
    }
  }

  /** Arguments of one state for another that has none of that name: never names and requisites. */
  #use({ from, to, except }: { readonly from: StateRef; readonly to: StateRef; readonly except: ReadonlySet<Value> }): void {
    const list = this.#extended(to.id, to.state);
    const body = this.#high.get(from.id);
    const run = body instanceof PyDict ? body.get(from.state) : undefined;
    for (const arg of Array.isArray(run) ? run : []) {
      const single = singleArgument(arg);
      if (single === undefined) continue;
      const [key] = single;
      if ((typeof key === "string" && NOT_USED.has(key)) || except.has(key) || key === "name" || key === "names") continue;
      list.push(arg);
    }
  }

  /** `require_in: {file: x}` of y makes x require y. */
  #requires({ id, body, state, key }: Requisite, name: Value, extendedState: string): void {
    const requisite = key.split("_")[0] ?? key;
    const list = this.#extended(name, extendedState);
    const extension = this.#extend.get(name);
    if (extension instanceof PyDict) {
      extension.set("__env__", body.get("__env__") ?? null);
      extension.set("__sls__", body.get("__sls__") ?? null);
    }
    let found = false;
    for (const arg of list) {
      const known = arg instanceof PyDict && firstKey(arg) === requisite ? arg.get(requisite) : undefined;
      if (!Array.isArray(known)) continue;
      known.push(PyDict.of([[state, id]]));
      found = true;
    }
    if (!found) list.push(PyDict.of([[requisite, [PyDict.of([[state, id]])]]]));
  }

  #extended(id: Value, state: string): Value[] {
    const known = this.#extend.get(id);
    const extension = known instanceof PyDict ? known : new PyDict();
    if (known === undefined) this.#extend.set(id, extension);
    return listAt(extension, state);
  }

  #undotted({ key, body, id }: Requisite, state: string, name: Value): string {
    const [plain = ""] = state.split(".");
    if (plain === state) return state;
    const message =
      `Invalid requisite in ${key.split("_")[0] ?? key}: ${state} for ${str(name)}, in SLS '${str(body.get("__sls__") ?? null)}'. ` +
      `Requisites must not contain dots, did you mean '${plain}'?`;
    const blame = slsOf(body);
    this.errors.push(stateError("requisite-type", message, blame, { at: this.#sources.ofId(blame[0], id) }));
    return plain;
  }
}
