import { equals, PyDict, type Value } from "../../python/index.ts";

/** An ID and one of its states. */
export interface StateRef {
  readonly id: Value;
  readonly state: string;
}

/** Whether a key of high data is Salt's own. */
export function isInternal(key: Value): boolean {
  return typeof key === "string" && key.startsWith("__");
}

/** The states of an ID: its entries that are not Salt's own. */
export function statesOf(body: PyDict): [string, Value][] {
  const states: [string, Value][] = [];
  for (const [key, run] of body.entries()) if (typeof key === "string" && !key.startsWith("__")) states.push([key, run]);
  return states;
}

/** The one key and value of an argument such as `- name: x`. */
export function singleArgument(arg: Value): readonly [Value, Value] | undefined {
  if (!(arg instanceof PyDict) || arg.size !== 1) return undefined;
  const [entry] = arg.entries();
  return entry;
}

/**
 * `find_name`: the IDs a reference means. An ID itself (where `strict`, only if it has the state); all of an SLS; else every ID one of
 * whose arguments, whichever, has the name as its value.
 */
export function findName(name: Value, state: string, high: PyDict, strict: boolean): StateRef[] {
  const body = high.get(name);
  if (body !== undefined && (!strict || (body instanceof PyDict && body.has(state)))) return [{ id: name, state }];
  const found: StateRef[] = [];
  for (const [id, other] of high.entries()) {
    if (!(other instanceof PyDict)) continue;
    if (state === "sls") {
      const [first] = other.keys();
      if (other.get("__sls__") === name && typeof first === "string") found.push({ id, state: first });
      continue;
    }
    const run = other.get(state);
    if (!Array.isArray(run)) continue;
    for (const arg of run) {
      const single = singleArgument(arg);
      if (single !== undefined && equals(single[1], name)) found.push({ id, state });
    }
  }
  return found;
}

/** `find_sls_ids`: every state of an SLS. */
export function findSlsIds(sls: Value, high: PyDict): StateRef[] {
  const found: StateRef[] = [];
  for (const [id, body] of high.entries()) {
    if (!(body instanceof PyDict) || body.get("__sls__") !== sls) continue;
    for (const [state] of statesOf(body)) found.push({ id, state });
  }
  return found;
}

/** `state_args`: names of the arguments of one state. */
export function stateArguments(id: Value, state: string, high: PyDict): ReadonlySet<Value> {
  const names = new Set<Value>();
  const body = high.get(id);
  const run = body instanceof PyDict ? body.get(state) : undefined;
  for (const arg of Array.isArray(run) ? run : []) {
    const single = singleArgument(arg);
    if (single !== undefined) names.add(single[0]);
  }
  return names;
}
