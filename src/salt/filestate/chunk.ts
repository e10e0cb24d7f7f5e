import { str, type PyDict, type Value } from "../../python/index.ts";
import type { LowChunk } from "../types.ts";

/** A low chunk with the fields that every step asks for. */
export interface Chunk {
  readonly low: LowChunk;
  readonly state: string;
  readonly fun: string;
  readonly id: string;
  readonly name: string;
  readonly sls: string;
  /** Key of a state within a run, as Salt's `_gen_tag` makes it. */
  readonly tag: string;
}

export function chunkOf(low: LowChunk): Chunk {
  const text = (key: string): string => str(low.get(key) ?? "");
  const [state, fun, id, name] = [text("state"), text("fun"), text("__id__"), text("name")];
  return { low, state, fun, id, name, sls: text("__sls__"), tag: `${state}_|-${id}_|-${name}_|-${fun}` };
}

/** The environment whose files a state sees: `saltenv` of the state, else that of its SLS. */
export function saltenvOf(low: PyDict): string {
  const stated: Value | undefined = low.get("saltenv") ?? low.get("__env__");
  return stated === undefined || stated === null ? "base" : str(stated);
}
