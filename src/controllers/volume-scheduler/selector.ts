import { isList, isObject, textAt, type Json } from "../../kubernetes/index.ts";

type Labels = Readonly<Record<string, string>>;

/** One condition on labels; all operators that label selectors and node selectors have. */
export interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values: readonly string[];
}

/** Conditions that all hold. */
export type Conjunction = readonly Requirement[];

/** A metav1.LabelSelector; `undefined` where there is none. */
export function labelSelector(value: Json | undefined): Conjunction | undefined {
  if (!isObject(value)) return undefined;
  const equal = Object.entries(isObject(value["matchLabels"]) ? value["matchLabels"] : {}).map(([key, wanted]) => ({
    key,
    operator: "In",
    values: typeof wanted === "string" ? [wanted] : [],
  }));
  return [...equal, ...requirements(value["matchExpressions"])];
}

/** A NodeSelector's terms, of which one must hold; `undefined` where there is none. A term without a condition holds nowhere, as in Kubernetes. */
export function nodeSelector(value: Json | undefined): readonly Conjunction[] | undefined {
  if (!isObject(value) || !isList(value["nodeSelectorTerms"])) return undefined;
  return value["nodeSelectorTerms"].map((term) => {
    const fields = isObject(term) ? requirements(term["matchFields"]) : [];
    const labels = isObject(term) ? requirements(term["matchExpressions"]) : [];
    // The one field that may be asked for is the node's name.
    return [...labels, ...fields.map((each) => ({ ...each, key: NAME }))];
  });
}

/** A StorageClass's allowedTopologies. */
export function topologyTerms(value: Json | undefined): readonly Conjunction[] | undefined {
  if (!isList(value) || value.length === 0) return undefined;
  return value.map((term) =>
    (isObject(term) && isList(term["matchLabelExpressions"]) ? term["matchLabelExpressions"] : []).map((each) => ({
      key: textAt(each, "key") ?? "",
      operator: "In",
      values: texts(isObject(each) ? each["values"] : undefined),
    })),
  );
}

const NAME = "metadata.name";

/** Whether all conditions hold. */
export function matches(conjunction: Conjunction, labels: Labels, name = ""): boolean {
  for (const { key, operator, values } of conjunction) {
    const value = key === NAME ? name : labels[key];
    if (!holds(operator, value, values)) return false;
  }
  return true;
}

/** Whether one of the terms holds. */
export function matchesAny(terms: readonly Conjunction[], labels: Labels, name: string): boolean {
  return terms.some((term) => term.length > 0 && matches(term, labels, name));
}

/** The values that one label must have one of in every term, where that is so: `kubernetes.io/hostname In [node-1]`. */
export function pinnedTo(terms: readonly Conjunction[], key: string): readonly string[] | undefined {
  const values: string[] = [];
  for (const term of terms) {
    const found = term.find((each) => each.key === key && each.operator === "In");
    if (found === undefined) return undefined;
    values.push(...found.values);
  }
  return values.length === 0 ? undefined : values;
}

function holds(operator: string, value: string | undefined, values: readonly string[]): boolean {
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
      return value !== undefined && Number(value) > Number(values[0]);
    case "Lt":
      return value !== undefined && Number(value) < Number(values[0]);
    default:
      return false;
  }
}

function requirements(value: Json | undefined): readonly Requirement[] {
  if (!isList(value)) return [];
  return value.map((each) => ({
    key: textAt(each, "key") ?? "",
    operator: textAt(each, "operator") ?? "",
    values: texts(isObject(each) ? each["values"] : undefined),
  }));
}

function texts(value: Json | undefined): readonly string[] {
  return isList(value) ? value.filter((each) => typeof each === "string") : [];
}
