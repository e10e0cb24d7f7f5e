import { equals, PyDict, PyTuple, str, type Value } from "../../python/index.ts";
import { deepCopy } from "../data/index.ts";
import type { FileCall } from "./call.ts";
import { done, failed, type Answer } from "./outcome.ts";

/** What `file.accumulated` has gathered for each file, by accumulator name. */
export class Accumulators {
  readonly #texts = new Map<string, Map<string, Value[]>>();
  readonly #dependents = new Map<string, Map<string, Value[]>>();

  constructor(from?: Accumulators) {
    if (from === undefined) return;
    for (const [file, names] of from.#texts) this.#texts.set(file, new Map([...names].map(([name, list]) => [name, [...list]])));
    for (const [file, names] of from.#dependents) this.#dependents.set(file, new Map([...names].map(([name, list]) => [name, [...list]])));
  }

  add(file: string, name: string, chunks: readonly Value[], dependents: readonly Value[]): boolean {
    const deps = inner(this.#dependents, file, name);
    deps.push(...dependents);
    const texts = inner(this.#texts, file, name);
    let charged = false;
    for (const chunk of chunks) {
      if (texts.some((text) => equals(text, chunk))) continue;
      texts.push(deepCopy(chunk));
      charged = true;
    }
    return charged;
  }

  /** The variable `accumulator` of a template, where the file has any. */
  of(file: string): PyDict | undefined {
    const names = this.#texts.get(file);
    return names === undefined ? undefined : PyDict.of([...names].map(([name, texts]) => [name, [...texts]] as const));
  }

  /** The texts for one state's block: of the accumulators that name it, or else of all. */
  forState(file: string, id: string): readonly Value[] {
    const names = this.#texts.get(file) ?? new Map<string, Value[]>();
    const named = [...(this.#dependents.get(file) ?? [])]
      .filter(([name, ids]) => ids.includes(id) && names.has(name))
      .map(([name]) => name);
    return (named.length > 0 ? named : [...names.keys()]).flatMap((name) => names.get(name) ?? []);
  }
}

function inner(map: Map<string, Map<string, Value[]>>, file: string, name: string): Value[] {
  const names = map.get(file) ?? new Map<string, Value[]>();
  map.set(file, names);
  const list = names.get(name) ?? [];
  names.set(name, list);
  return list;
}

/** `file.accumulated`: text that a later `file.managed` template or `file.blockreplace` of the file prints. */
export function accumulated(call: FileCall): Answer {
  const text = call.value("text");
  if (call.name === "") return failed("Must provide name to file.accumulated");
  if (text === null) return failed("No text supplied for accumulator");
  const low = call.chunk.low;
  const dependents = ["require_in", "watch_in"].flatMap((key) => {
    const list = low.get(key);
    return Array.isArray(list) ? list : [];
  });
  if (!dependents.some((entry) => (entry instanceof PyDict ? entry.has("file") : str(entry).includes("file"))))
    return failed(`Orphaned accumulator ${call.name} in ${call.chunk.sls}:${call.chunk.id}`);
  const ids = dependents.flatMap((entry) => (entry instanceof PyDict ? [...entry.values()] : Array.from(str(entry))));
  const chunks =
    typeof text === "string" || text instanceof PyDict
      ? [text]
      : text instanceof PyTuple
        ? text.items
        : Array.isArray(text)
          ? text
          : [text];
  const file = call.text("filename", "");
  const charged = call.context.accumulators.add(file, call.name, chunks, ids);
  return done(charged ? `Accumulator ${call.name} for file ${file} was charged by text` : "", false);
}
