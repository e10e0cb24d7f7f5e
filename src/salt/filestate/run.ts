import { str, truthy } from "../../python/index.ts";
import type { Chunk } from "./chunk.ts";
import type { Outcome } from "./outcome.ts";
import { requisitesOf, weigh, type Requisites } from "./requisites.ts";

/** Runs one state; `trial` asks only what would change, as Salt's test mode. */
export type CallState = (chunk: Chunk, trial: boolean) => Outcome;

/** Salt's limit on requisites that keep sending a state back (salt/state.py, call_chunk). */
const DEPTH = 20;

/**
 * Runs states in the order given, each after those it requires, as `State.call_chunks` of 3007.1. Every state ends with exactly
 * one outcome; `failhard` of a state that failed leaves those after it without one.
 */
export function runStates(chunks: readonly Chunk[], call: CallState, failhard: boolean): readonly Outcome[] {
  const run = new StateRun(chunks, call, failhard);
  return run.all();
}

class StateRun {
  readonly #chunks: readonly Chunk[];
  readonly #call: CallState;
  readonly #failhard: boolean;
  readonly #ran = new Map<string, Outcome>();
  /** Trial runs, for `prereq`. */
  readonly #tried = new Map<string, Outcome>();
  readonly #active = new Set<string>();
  readonly #trial = new Set<Chunk>();
  readonly #prerequired = new Set<Chunk>();
  #stopped = false;

  constructor(chunks: readonly Chunk[], call: CallState, failhard: boolean) {
    this.#chunks = chunks;
    this.#call = call;
    this.#failhard = failhard;
  }

  all(): readonly Outcome[] {
    for (const chunk of this.#chunks) {
      if (!this.#ran.has(chunk.tag)) this.#run(chunk, 0);
      if (this.#stopped || this.#stops(chunk)) break;
      this.#active.clear();
    }
    return [...this.#ran.values()];
  }

  #stops(chunk: Chunk): boolean {
    const outcome = this.#ran.get(chunk.tag);
    if (outcome === undefined) return false;
    const stated = chunk.low.get("failhard");
    return (stated === undefined ? this.#failhard : truthy(stated)) && outcome.result === false;
  }

  #run(chunk: Chunk, depth: number): void {
    if (chunk.low.get("prerequired") === undefined) this.#active.add(chunk.tag);
    const requisites = requisitesOf(chunk, this.#chunks, !this.#trial.has(chunk));
    const status = this.#status(requisites);
    if (status === "unmet") this.#runRequired(chunk, requisites, depth);
    else this.#settle(chunk, requisites, status);
  }

  #status(requisites: Requisites): ReturnType<typeof weigh> {
    if (!requisites.present) return "met";
    return requisites.missing.length > 0 ? "unmet" : weigh(requisites, this.#ran, this.#tried);
  }

  #runRequired(chunk: Chunk, requisites: Requisites, depth: number): void {
    if (requisites.missing.length > 0) {
      this.#put(chunk, { result: false, changed: false, comment: notFound(requisites), ran: true });
      return;
    }
    for (const [kind, required] of requisites.found) {
      for (const other of required) {
        if (kind === "prereq") this.#trial.add(other);
        if (kind === "prerequired") this.#prerequired.add(other);
      }
    }
    for (const other of new Set([...requisites.found.values()].flat())) {
      if (this.#ran.has(other.tag)) continue;
      if (this.#active.has(other.tag)) {
        if (this.#prerequired.has(other)) {
          if (!this.#tried.has(chunk.tag)) this.#tried.set(other.tag, this.#try(chunk));
          return;
        }
        this.#put(chunk, { result: false, changed: false, comment: "Recursive requisite found", ran: true });
        return;
      }
      this.#run(other, 0);
      if (this.#stops(other)) {
        this.#stopped = true;
        return;
      }
    }
    if (this.#trial.has(chunk)) {
      const tried = this.#try(chunk);
      const changes = weigh(requisitesOf(chunk, this.#chunks, false), this.#ran, this.#tried) === "change";
      this.#tried.set(chunk.tag, !tried.changed && changes ? { ...tried, changed: true, result: null } : tried);
    } else if (depth + 1 >= DEPTH) this.#put(chunk, { result: false, changed: false, comment: "Recursive requisite found", ran: true });
    else this.#run(chunk, depth + 1);
  }

  /** A trial run; it is the only one, so that the next time the state really runs. */
  #try(chunk: Chunk): Outcome {
    this.#trial.delete(chunk);
    return this.#call(chunk, true);
  }

  #settle(chunk: Chunk, requisites: Requisites, status: Exclude<ReturnType<typeof weigh>, "unmet">): void {
    switch (status) {
      case "fail": {
        const tried = this.#tried.get(chunk.tag);
        const outcome = tried?.result === false ? { ...tried, changed: false } : this.#failedRequisites(chunk, requisites);
        this.#ran.set(chunk.tag, outcome);
        this.#tried.set(chunk.tag, outcome);
        return;
      }
      case "pre":
        this.#put(chunk, { result: true, changed: false, comment: "No changes detected", ran: true });
        this.#tried.set(chunk.tag, { chunk, result: true, changed: false, comment: "No changes detected", ran: true });
        return;
      case "onfail":
        this.#put(chunk, { result: true, changed: false, comment: "State was not run because onfail req did not change", ran: false });
        return;
      case "onchanges":
        this.#put(chunk, {
          result: true,
          changed: false,
          comment: "State was not run because none of the onchanges reqs changed",
          ran: false,
        });
        return;
      case "unknown":
        this.#put(chunk, {
          result: true,
          changed: "unknown",
          comment: "Whether it runs hangs on a state that acts on the node",
          ran: true,
          left: "its onchanges or prereq names a state that acts on the node",
        });
        return;
      default:
        if (this.#trial.has(chunk)) this.#tried.set(chunk.tag, this.#try(chunk));
        else this.#ran.set(chunk.tag, this.#call(chunk, false));
    }
  }

  #failedRequisites(chunk: Chunk, requisites: Requisites): Outcome {
    const names = new Set<string>();
    for (const other of [...requisites.found.values()].flat()) {
      const outcome = this.#tried.get(other.tag) ?? this.#ran.get(other.tag);
      if (outcome?.result === false) names.add(`${other.sls}.${other.id}`);
    }
    return { chunk, result: false, changed: false, comment: `One or more requisite failed: ${[...names].sort().join(", ")}`, ran: true };
  }

  #put(chunk: Chunk, outcome: Omit<Outcome, "chunk">): void {
    this.#ran.set(chunk.tag, { chunk, ...outcome });
  }
}

function notFound(requisites: Requisites): string {
  const lines = ["The following requisites were not found:"];
  const kinds = new Set(requisites.missing.map(({ kind }) => kind));
  for (const kind of kinds) {
    lines.push(`${" ".repeat(19)}${kind}:`);
    for (const lost of requisites.missing) if (lost.kind === kind) lines.push(`${" ".repeat(23)}${lost.key}: ${str(lost.value)}`);
  }
  return `${lines.join("\n")}\n`;
}
