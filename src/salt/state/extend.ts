import { PyDict, str, type Value } from "../../python/index.ts";
import { iterate } from "../sls/index.ts";
import { firstKey } from "./declarations.ts";
import { slsOf, stateError, type StateError } from "./errors.ts";
import { findName, statesOf } from "./find.ts";
import { REQUISITES } from "./keywords.ts";
import type { StateSources } from "./sources.ts";

/**
 * `reconcile_extend`: takes `__extend__` out of the high data and puts each extension into the ID it extends: options replace, requisites
 * join, functions replace. `strict` counts an ID only if it has the state (for what requisite_in makes).
 */
export function reconcileExtend(high: PyDict, strict: boolean, sources: StateSources): StateError[] {
  const errors: StateError[] = [];
  const extensions = high.get("__extend__");
  if (extensions === undefined) return errors;
  high.delete("__extend__");
  for (const extension of Array.isArray(extensions) ? extensions : []) {
    if (!(extension instanceof PyDict)) continue;
    for (const [name, body] of extension.entries()) {
      if (body instanceof PyDict) extendOne(high, name, body, strict, errors, sources);
    }
  }
  return errors;
}

function extendOne(high: PyDict, name: Value, body: PyDict, strict: boolean, errors: StateError[], sources: StateSources): void {
  const [first] = statesOf(body);
  if (first === undefined) {
    const message = `The extension of ID '${str(name)}' in '${signature(body)}' declares no state`;
    errors.push(stateError("extend-empty", message, slsOf(body), { at: sources.ofId(slsOf(body)[0], "extend") }));
    return;
  }
  const id = extendedId(high, name, first[0], strict);
  if (id === undefined) {
    errors.push(stateError("extend-missing", cannotExtend(name, body), slsOf(body), { at: sources.ofId(slsOf(body)[0], "extend") }));
    return;
  }
  if (excludedSls(high).includes(body.get("__sls__") ?? null)) return;
  const target = high.get(id);
  if (!(target instanceof PyDict)) return;
  for (const [state, run] of statesOf(body)) {
    const known = target.get(state);
    if (known === undefined) target.set(state, run);
    else if (Array.isArray(known)) for (const arg of iterate(run)) extendArgument(known, arg);
  }
}

/** The ID itself, or the single ID that has the name as an argument. */
function extendedId(high: PyDict, name: Value, state: string, strict: boolean): Value | undefined {
  const body = high.get(name);
  if (body instanceof PyDict && body.has(state)) return name;
  const found = findName(name, state, high, strict);
  return found.length === 1 ? found[0]?.id : undefined;
}

function signature(body: PyDict): string {
  return `${str(body.get("__env__") ?? "base")}:${str(body.get("__sls__") ?? "base")}`;
}

function cannotExtend(name: Value, body: PyDict): string {
  const saltenv = str(body.get("__env__") ?? "base");
  const sls = str(body.get("__sls__") ?? "base");
  return (
    `Cannot extend ID '${str(name)}' in '${saltenv}:${sls}'. It is not part of the high state.\n` +
    "This is likely due to a missing include statement or an incorrectly typed ID.\n" +
    `Ensure that a state with an ID of '${str(name)}' is available\nin environment '${saltenv}' and to SLS '${sls}'`
  );
}

function excludedSls(high: PyDict): Value[] {
  const excludes = high.get("__exclude__");
  return (Array.isArray(excludes) ? excludes : []).flatMap((exclude) => {
    if (typeof exclude === "string") return [exclude];
    const sls = exclude instanceof PyDict ? exclude.get("sls") : undefined;
    return sls === undefined ? [] : [sls];
  });
}

/** Puts one argument into a state's list, by Salt's rules for what it replaces. */
function extendArgument(run: Value[], arg: Value): void {
  let placed = false;
  run.forEach((known, index) => {
    if (typeof arg === "string" && typeof known === "string") {
      run[index] = arg;
      placed = true;
    }
    if (!(arg instanceof PyDict) || !(known instanceof PyDict)) return;
    const key = firstKey(arg);
    const knownKey = firstKey(known);
    if (key !== undefined && key === knownKey) {
      const list = known.get(key);
      if (typeof key === "string" && REQUISITES.has(key) && Array.isArray(list)) list.push(...iterate(arg.get(key) ?? null));
      else run[index] = arg;
      placed = true;
    }
    // `name` put over `names` replaces it, and is added as well.
    if (key === "name" && knownKey === "names") run[index] = arg;
  });
  if (!placed) run.push(arg);
}
