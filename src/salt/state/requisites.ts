import { PyDict, PyTuple, str, type Value } from "../../python/index.ts";
import { fnmatchcase } from "../data/index.ts";
import { iterate } from "../sls/index.ts";
import type { LowChunk } from "../types.ts";
import { firstKey } from "./declarations.ts";
import { slsOf, stateError, type StateError } from "./errors.ts";
import { singleArgument } from "./find.ts";
import { RUN_REQUISITES } from "./keywords.ts";
import type { LowState } from "./low.ts";

/**
 * Requisites that can't be met: those that name nothing, and those that go round in a circle. Salt finds both only while it runs, and
 * then fails the chunk and all that need it; a compile says so at once.
 */
export function verifyRequisites({ chunks, positionOf }: LowState, disabled: readonly string[]): StateError[] {
  const graph = new RequisiteGraph(chunks, disabled);
  const errors = chunks.flatMap((chunk) => [...graph.missing(chunk), ...missingListens(chunks, chunk)]);
  graph.order();
  return [...errors, ...graph.circles].map((error) => ({
    ...error,
    findings: [{ ...error.findings[0], ...placed(positionOf(error.chunk)) }],
  }));
}

function placed(at: ReturnType<LowState["positionOf"]>): { readonly at?: NonNullable<typeof at> } {
  return at === undefined ? {} : { at };
}

/** The chunks in the order in which `state.apply` runs them: each after what it requires. Of chunks with one tag only the first runs. */
export function runOrder(chunks: readonly LowChunk[], disabled: readonly string[] = []): LowChunk[] {
  return new RequisiteGraph(chunks, disabled).order();
}

interface ChunkError extends StateError {
  readonly chunk: LowChunk;
}

/** How many circles are told of. */
const MOST_CIRCLES = 50;

class RequisiteGraph {
  readonly circles: ChunkError[] = [];
  readonly #chunks: readonly LowChunk[];
  readonly #disabled: readonly string[];
  readonly #byName = new Map<string, LowChunk[]>();
  readonly #position = new Map<LowChunk, number>();
  readonly #done = new Set<string>();
  readonly #active: LowChunk[] = [];
  readonly #ordered: LowChunk[] = [];

  constructor(chunks: readonly LowChunk[], disabled: readonly string[]) {
    this.#chunks = chunks;
    this.#disabled = disabled;
    chunks.forEach((chunk, index) => {
      this.#position.set(chunk, index);
      for (const name of new Set([chunk.get("__id__"), chunk.get("name")])) {
        if (typeof name !== "string") continue;
        const list = this.#byName.get(name);
        if (list === undefined) this.#byName.set(name, [chunk]);
        else list.push(chunk);
      }
    });
  }

  missing(chunk: LowChunk): ChunkError[] {
    const lost = new Map<string, string[]>();
    for (const kind of RUN_REQUISITES) {
      for (const requisite of this.#requisites(chunk, kind)) {
        if (requisite.name === null || this.#find(requisite).length > 0) continue;
        lost.set(kind, [...(lost.get(kind) ?? []), `${requisite.state}: ${str(requisite.name)}`]);
      }
    }
    if (lost.size === 0) return [];
    let message = "The following requisites were not found:\n";
    for (const [kind, names] of lost) {
      message += `${" ".repeat(19)}${kind}:\n`;
      for (const name of names) message += `${" ".repeat(23)}${name}\n`;
    }
    return [{ ...stateError("requisite-missing", message, slsOf(chunk)), chunk }];
  }

  order(): LowChunk[] {
    for (const chunk of this.#chunks) this.#visit(chunk);
    return this.#ordered;
  }

  /** `call_chunk`: what the chunk requires, then the chunk. */
  #visit(chunk: LowChunk): void {
    const tag = tagOf(chunk);
    if (this.#done.has(tag)) return;
    if (this.#active.includes(chunk)) {
      // Each further one would only say the same of another way round.
      if (this.circles.length < MOST_CIRCLES) this.circles.push(circle([...this.#active.slice(this.#active.indexOf(chunk)), chunk]));
      return;
    }
    this.#active.push(chunk);
    this.#visitRequired(chunk, true);
    this.#active.pop();
    if (this.#done.has(tag)) return;
    this.#done.add(tag);
    this.#ordered.push(chunk);
  }

  /** A `prereq` is tried, not run: only what it requires itself runs first. `prerequired` says that the chunk waits for its prereq. */
  #visitRequired(chunk: LowChunk, withPrerequired: boolean): void {
    for (const kind of RUN_REQUISITES) {
      if (kind === "prerequired" && !withPrerequired) continue;
      for (const requisite of this.#requisites(chunk, kind)) {
        for (const required of this.#find(requisite)) {
          if (kind !== "prereq") this.#visit(required);
          else if (!this.#done.has(tagOf(required)) && !this.#active.includes(required)) {
            this.#active.push(required);
            this.#visitRequired(required, false);
            this.#active.pop();
          }
        }
      }
    }
  }

  *#requisites(chunk: LowChunk, kind: string): Iterable<{ readonly state: string; readonly name: Value }> {
    const list = chunk.get(kind) ?? null;
    if (list === null || this.#disabled.includes(kind)) return;
    for (const item of iterate(list)) {
      if (typeof item === "string") yield { state: "id", name: item };
      else if (item instanceof PyDict) {
        const key = firstKey(item);
        if (key !== undefined) yield { state: str(key).split(".")[0] ?? "", name: item.get(key) ?? null };
      }
    }
  }

  /** Chunks by ID or name pattern and state; with `sls`, those of an SLS and of what it includes. */
  #find({ state, name }: { readonly state: string; readonly name: Value }): readonly LowChunk[] {
    if (typeof name !== "string") return [];
    if (state === "sls") return this.#chunks.filter((chunk) => belongsTo(chunk, name));
    const candidates = /[*?[]/.test(name)
      ? this.#chunks.filter((chunk) => patternMatches(chunk.get("name"), name) || patternMatches(chunk.get("__id__"), name))
      : (this.#byName.get(name) ?? []);
    return candidates.filter((chunk) => state === "id" || chunk.get("state") === state);
  }
}

function patternMatches(text: Value | undefined, pattern: string): boolean {
  return typeof text === "string" && fnmatchcase(text, pattern);
}

function belongsTo(chunk: LowChunk, sls: string): boolean {
  const included = chunk.get("__sls_included_from__");
  return patternMatches(chunk.get("__sls__"), sls) || (Array.isArray(included) && included.includes(sls));
}

/** `_gen_tag`. */
function tagOf(chunk: LowChunk): string {
  return ["state", "__id__", "name", "fun"].map((key) => str(chunk.get(key) ?? null)).join("_|-");
}

function circle(chunks: readonly LowChunk[]): ChunkError {
  const [first] = chunks;
  const names = chunks.map((chunk) => `${str(chunk.get("state") ?? null)} ${str(chunk.get("__id__") ?? null)}`);
  const blame = [...new Map(chunks.flatMap((chunk) => slsOf(chunk)).map((name) => [`${name.saltenv}:${name.sls}`, name])).values()];
  const error = stateError("requisite-recursive", `Recursive requisite found: ${names.join(" > ")}`, blame);
  return { ...error, chunk: first ?? new PyDict() };
}

/** `call_listen`: both ends of a `listen` and of a `listen_in` must be there. */
function missingListens(chunks: readonly LowChunk[], chunk: LowChunk): ChunkError[] {
  const missing: string[] = [];
  for (const item of listed(chunk.get("listen"))) {
    const reference = singleArgument(item);
    if (reference !== undefined && !exists(chunks, reference)) missing.push(named(reference));
  }
  for (const item of listed(chunk.get("listen_in"))) {
    for (const reference of item instanceof PyDict ? item.entries() : []) if (!exists(chunks, reference)) missing.push(named(reference));
  }
  return missing.map((name) => ({ ...stateError("requisite-missing", `Referenced state ${name} does not exist`, slsOf(chunk)), chunk }));
}

function listed(value: Value | undefined): readonly Value[] {
  if (Array.isArray(value)) return value;
  return value instanceof PyTuple ? value.items : [];
}

function named([state, name]: readonly [Value, Value]): string {
  return `${str(state)}: ${str(name)}`;
}

function exists(chunks: readonly LowChunk[], [state, name]: readonly [Value, Value]): boolean {
  return chunks.some((chunk) => chunk.get("state") === state && (chunk.get("__id__") === name || chunk.get("name") === name));
}
