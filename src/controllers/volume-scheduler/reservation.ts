import { isList, isObject, textAt, type Json, type JsonObject } from "../../kubernetes/index.ts";
import type { Member, Term } from "./rules.ts";

export interface ClaimName {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/**
 * What was chosen for a claim, as the annotation `storage.halite.dev/reservation` of the chosen volume has it, or of the claim itself where a volume is
 * to be made. It holds what rules need to know of the claim, so that whoever sees the volume need not have heard of the claim yet.
 */
export interface Reservation extends Pick<Member, "labels" | "rules"> {
  readonly claim: ClaimName;
  /** `NAMESPACE/NAME`. */
  readonly pod: string;
  readonly node: string;
  /** RFC 3339. For people: who decides by it goes by their own clock. */
  readonly since: string;
  /** Where a volume is to be made: the volume group, where it is known, and what is taken of it. */
  readonly provision?: { readonly group?: string; readonly bytes: number };
}

/** The same reservation is the same text. */
export function formatReservation({ claim, pod, node, since, labels, rules, provision }: Reservation): string {
  const sorted = Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
  const { required, preferred, scope } = rules;
  return JSON.stringify({
    claim,
    pod,
    node,
    since,
    labels: sorted,
    rules: { required, preferred, scope },
    ...(provision && { provision }),
  });
}

/** `undefined` for what is none. */
export function parseReservation(text: string | undefined): Reservation | undefined {
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(value) || !isObject(value["rules"])) return undefined;
  const namespace = textAt(value, "claim", "namespace");
  const name = textAt(value, "claim", "name");
  const uid = textAt(value, "claim", "uid");
  if (namespace === undefined || name === undefined || uid === undefined) return undefined;
  const { rules, provision } = value;
  return {
    claim: { namespace, name, uid },
    pod: textAt(value, "pod") ?? "",
    node: textAt(value, "node") ?? "",
    since: textAt(value, "since") ?? "",
    labels: texts(value["labels"]),
    rules: {
      required: terms(rules["required"]),
      preferred: terms(rules["preferred"]),
      scope: rules["scope"] === "cluster" ? "cluster" : "namespace",
    },
    ...(isObject(provision) && typeof provision["bytes"] === "number"
      ? { provision: { bytes: provision["bytes"], ...(typeof provision["group"] === "string" ? { group: provision["group"] } : {}) } }
      : {}),
  };
}

function texts(value: Json | undefined): Readonly<Record<string, string>> {
  const object: JsonObject = isObject(value) ? value : {};
  return Object.fromEntries(Object.entries(object).flatMap(([key, each]) => (typeof each === "string" ? [[key, each]] : [])));
}

function terms(value: Json | undefined): readonly Term[] {
  if (!isList(value)) return [];
  return value.map((term) => (isList(term) ? term.filter((each) => typeof each === "string") : []));
}
