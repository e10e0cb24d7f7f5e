import { PyDict, str, type Value } from "../../python/index.ts";
import { fnmatchcase } from "../data/index.ts";
import { RUN_REQUISITES } from "../state/keywords.ts";
import type { Chunk } from "./chunk.ts";
import type { Outcome } from "./outcome.ts";

/** Requisites in the order in which `State.check_requisite` (salt/state.py, 3007.1) weighs them: `prerequired` is the other end of one. */
const KINDS = RUN_REQUISITES.filter((kind) => kind !== "prerequired");
export type RequisiteKind = (typeof RUN_REQUISITES)[number];

/** Those that a state has, each with the chunks that it means; `missing` where one means none. */
export interface Requisites {
  readonly present: boolean;
  readonly found: ReadonlyMap<RequisiteKind, readonly Chunk[]>;
  readonly missing: readonly { readonly kind: RequisiteKind; readonly key: string; readonly value: string }[];
}

export type Status = "met" | "unmet" | "fail" | "pre" | "onfail" | "onchanges" | "change";

/** Finds what the requisites of a state mean. `watch` of a module without `mod_watch`, as `file` is, is a `require`. */
export function requisitesOf(chunk: Chunk, chunks: readonly Chunk[], withPrerequired: boolean): Requisites {
  const found = new Map<RequisiteKind, Chunk[]>();
  const missing: { kind: RequisiteKind; key: string; value: string }[] = [];
  let present = false;
  for (const kind of withPrerequired ? RUN_REQUISITES : KINDS) {
    const stated = chunk.low.get(kind);
    if (stated === undefined) continue;
    present = true;
    const weighed = chunk.state !== "file" ? kind : kind === "watch" ? "require" : kind === "watch_any" ? "require_any" : kind;
    const list = found.get(weighed) ?? [];
    found.set(weighed, list);
    for (const item of Array.isArray(stated) ? stated : []) {
      const entry = requisiteEntry(item);
      if (entry === undefined) continue;
      const meant = chunks.filter((other) => means(entry, other));
      if (meant.length === 0) missing.push({ kind: weighed, key: entry.key, value: entry.value });
      list.push(...meant);
    }
  }
  return { present, found, missing };
}

interface RequisiteEntry {
  readonly key: string;
  readonly value: string;
  /** Most name one state, which needs no matching. */
  readonly glob: boolean;
}

function requisiteEntry(item: Value): RequisiteEntry | undefined {
  if (typeof item === "string") return { key: "id", value: item, glob: isGlob(item) };
  if (!(item instanceof PyDict)) return undefined;
  for (const [key, value] of item.entries()) {
    if (value === null) return undefined;
    // `- file.managed: x` means the state module `file` (salt.state.trim_req).
    return { key: str(key).split(".", 1)[0] ?? "", value: str(value), glob: isGlob(str(value)) };
  }
  return undefined;
}

function isGlob(text: string): boolean {
  return /[*?[]/.test(text);
}

function means(entry: RequisiteEntry, other: Chunk): boolean {
  if (entry.key === "sls") {
    const from = other.low.get("__sls_included_from__");
    return fnmatchcase(other.sls, entry.value) || (Array.isArray(from) && from.includes(entry.value));
  }
  return (entry.key === "id" || other.state === entry.key) && (fnmatchcase(other.name, entry.value) || fnmatchcase(other.id, entry.value));
}

type Weight = "unmet" | "fail" | "met" | "pre" | "premet" | "onfail" | "onchanges" | "onchangesmet" | "change" | "unknown";

/** What the requisites that ran say about running the state. `unknown`: only the node can tell whether something changed. */
export function weigh(requisites: Requisites, ran: ReadonlyMap<string, Outcome>, tried: ReadonlyMap<string, Outcome>): Status | "unknown" {
  const all = new Set<Weight>();
  for (const [kind, chunks] of requisites.found) {
    const outcomes = kind === "prereq" ? tried : ran;
    const weights = new Set(chunks.map((chunk) => weightOf(kind, outcomes.get(chunk.tag))).filter((weight) => weight !== undefined));
    settleAny(kind, weights);
    for (const weight of weights) all.add(weight);
  }
  if (all.has("unmet")) return "unmet";
  if (all.has("fail")) return "fail";
  if (all.has("pre")) return all.has("premet") ? "met" : "pre";
  if (all.has("onfail") && !all.has("onchangesmet")) return "onfail";
  if (all.has("onchanges") && !all.has("onchangesmet")) return all.has("unknown") ? "unknown" : "onchanges";
  if (all.has("unknown") && !all.has("onchangesmet")) return "unknown";
  if (all.has("change")) return "change";
  return all.has("onfail") ? "onfail" : "met";
}

function weightOf(kind: RequisiteKind, outcome: Outcome | undefined): Weight | undefined {
  if (outcome === undefined) return "unmet";
  if (kind.startsWith("onfail")) {
    if (outcome.result === true) return "onfail";
  } else if (outcome.result === false) return "fail";
  if (kind.startsWith("onchanges")) {
    if (outcome.changed === "unknown") return "unknown";
    return outcome.changed ? "onchangesmet" : "onchanges";
  }
  if (kind.startsWith("watch") && outcome.changed === true) return "change";
  if (kind === "prereq") return outcome.changed === "unknown" ? "unknown" : outcome.result === null ? "premet" : "pre";
  return outcome.ran ? "met" : undefined;
}

/** In `_any` and `_all` one answer outweighs others of the same requisite. */
function settleAny(kind: RequisiteKind, weights: Set<Weight>): void {
  if (kind.endsWith("_any") || kind === "onfail") {
    if (weights.has("met") || weights.has("change")) weights.delete("fail");
    if (weights.has("onchangesmet")) {
      weights.delete("onchanges");
      weights.delete("fail");
    }
    if (weights.has("onfail") && weights.has("met")) weights.delete("onfail");
  }
  if (kind.endsWith("_all") && weights.has("onfail")) weights.delete("met");
}
