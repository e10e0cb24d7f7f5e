import type { Media } from "../storage-api/index.ts";
import { GROUPS, RULES } from "./names.ts";

/** Labels whose values two claims must share for a rule to be about them. */
export type Term = readonly string[];

/** What a claim asks of its place. */
export interface Rules {
  readonly required: readonly Term[];
  readonly preferred: readonly Term[];
  readonly scope: "namespace" | "cluster";
  readonly placement: "spread" | "pack";
  readonly media?: readonly Media[];
}

/** What of the annotations can't be read. Such a claim is put nowhere: a rule that nobody understands can't be kept. */
export type RulesResult = { readonly rules: Rules } | { readonly wrong: string };

type Texts = Readonly<Record<string, string>>;

const KEY = /^(?:[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

/**
 * A claim's rules: by its annotations, where they are silent by its class's, and by its labels.
 *
 * @param annotations of the claim
 * @param labels of the claim
 * @param defaults annotations of its StorageClass
 */
export function rulesOf(annotations: Texts, labels: Texts, defaults: Texts): RulesResult {
  const wrong: string[] = [];
  const text = (key: string): string => annotations[key] ?? defaults[key] ?? "";
  const oneOf = <T extends string>(key: string, allowed: readonly T[], otherwise: T): T => {
    const value = text(key).trim();
    if (value === "") return otherwise;
    const found = allowed.find((each) => each === value);
    if (found === undefined) wrong.push(`${key} is ${JSON.stringify(value)}, not ${allowed.join(" or ")}`);
    return found ?? otherwise;
  };
  const terms = (key: string): readonly Term[] =>
    list(text(key)).flatMap((each) => {
      const keys = each.split("+").map((part) => part.trim());
      const bad = keys.find((part) => !KEY.test(part));
      if (bad === undefined) return [[...new Set(keys)].sort()];
      wrong.push(`${key}: ${JSON.stringify(bad)} is no label's key`);
      return [];
    });
  const group = (key: string): readonly Term[] => (labels[key] === undefined || labels[key] === "" ? [] : [[key]]);
  const media = list(text(RULES.media)).flatMap((each) => {
    const found = (["ssd", "hdd", "nvme"] as const).find((known) => known === each);
    if (found === undefined) wrong.push(`${RULES.media}: ${JSON.stringify(each)} is not ssd, hdd or nvme`);
    return found ?? [];
  });
  const rules: Rules = {
    required: [...terms(RULES.antiAffinity), ...group(GROUPS.required)],
    preferred: [...terms(RULES.preferredAntiAffinity), ...group(GROUPS.preferred)],
    scope: oneOf(RULES.scope, ["namespace", "cluster"], "namespace"),
    placement: oneOf(RULES.placement, ["spread", "pack"], "spread"),
    ...(media.length === 0 ? {} : { media }),
  };
  return wrong.length === 0 ? { rules } : { wrong: wrong.join("; ") };
}

/** The same for claims whose rules are the same. */
export function rulesText(annotations: Texts, labels: Texts, defaults: Texts): string {
  const texts = Object.values(RULES).map((key) => annotations[key] ?? defaults[key] ?? "");
  const groups = Object.values(GROUPS).map((key) => (labels[key] === undefined || labels[key] === "" ? "" : "+"));
  return [...texts, ...groups].join("\n");
}

function list(text: string): readonly string[] {
  return text
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "");
}

/** The shape of a group: which labels, and whose claims count. Shapes are few where claims are many. */
export interface Shape {
  readonly keys: Term;
  readonly scope: Rules["scope"];
}

export function shapeText({ keys, scope }: Shape): string {
  return `${scope}|${keys.join("+")}`;
}

/**
 * The group of claims that a claim is in by a shape: claims in one group share the labels' values (and the namespace, unless the scope is the
 * cluster). `undefined` where it lacks a label: then the rule is not about it.
 */
export function groupOf({ keys, scope }: Shape, namespace: string, labels: Texts): string | undefined {
  const values: string[] = [];
  for (const key of keys) {
    const value = labels[key];
    if (value === undefined) return undefined;
    values.push(`${key}=${value}`);
  }
  return `${scope === "cluster" ? "*" : namespace}|${values.join("+")}`;
}

/** Who two claims are to each other, for rules. */
export interface Member {
  readonly namespace: string;
  readonly labels: Texts;
  readonly rules: Pick<Rules, "required" | "preferred" | "scope">;
}

/** The term by which one of two claims does not want to be on the other's disk, if there is one. */
export function apart(kind: "required" | "preferred", a: Member, b: Member): Term | undefined {
  return wants(kind, a, b) ?? wants(kind, b, a);
}

function wants(kind: "required" | "preferred", { rules, namespace, labels }: Member, other: Member): Term | undefined {
  return rules[kind].find((keys) => {
    const group = groupOf({ keys, scope: rules.scope }, namespace, labels);
    return group !== undefined && group === groupOf({ keys, scope: rules.scope }, other.namespace, other.labels);
  });
}
