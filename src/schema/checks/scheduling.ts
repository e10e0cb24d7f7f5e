import { labelValue, qualifiedName } from "../names.ts";
import type { Place } from "../place.ts";
import { checkSelector } from "./metadata.ts";

/** A node selector's terms. */
export function checkNodeSelector(selector: Place): void {
  if (!selector.isObject) return;
  if (selector.at("nodeSelectorTerms").present) selector.at("nodeSelectorTerms").require("must hold at least one term");
  for (const term of selector.at("nodeSelectorTerms").items) checkNodeTerm(term);
}

function checkNodeTerm(term: Place): void {
  for (const expression of term.at("matchExpressions").items) {
    if (expression.at("key").present) expression.at("key").require();
    expression.at("key").syntax("schema-label", qualifiedName);
    checkRequirement(expression);
    for (const value of expression.at("values").items) value.syntax("schema-label-value", labelValue);
  }
  for (const field of term.at("matchFields").items) {
    if (field.at("key").text !== "metadata.name") field.at("key").refuse("schema-enum", "must be metadata.name");
    if (field.at("values").items.length !== 1) field.at("values").refuse("schema-length", "must hold one value");
  }
}

function checkRequirement(expression: Place): void {
  const values = expression.at("values");
  switch (expression.at("operator").text) {
    case "In":
    case "NotIn":
      if (values.isEmpty) values.refuse("schema-required", "is required with operator In or NotIn");
      break;
    case "Exists":
    case "DoesNotExist":
      if (!values.isEmpty) values.refuse("schema-conflict", "may not be given with operator Exists or DoesNotExist");
      break;
    case "Gt":
    case "Lt":
      if (values.items.length !== 1) values.refuse("schema-length", "must hold one value with operator Gt or Lt");
      break;
    default:
  }
}

/** A pod's affinity to nodes and to other pods. */
export function checkAffinity(affinity: Place): void {
  checkNodeSelector(affinity.at("nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"));
  for (const preferred of affinity.at("nodeAffinity", "preferredDuringSchedulingIgnoredDuringExecution").items) {
    preferred.at("weight").range(1, 100);
    checkNodeTerm(preferred.at("preference"));
  }
  for (const name of ["podAffinity", "podAntiAffinity"]) {
    for (const term of affinity.at(name, "requiredDuringSchedulingIgnoredDuringExecution").items) checkPodTerm(term);
    for (const preferred of affinity.at(name, "preferredDuringSchedulingIgnoredDuringExecution").items) {
      preferred.at("weight").range(1, 100);
      checkPodTerm(preferred.at("podAffinityTerm"));
    }
  }
}

function checkPodTerm(term: Place): void {
  if (term.at("topologyKey").present) term.at("topologyKey").require();
  term.at("topologyKey").syntax("schema-label", qualifiedName);
  checkSelector(term.at("labelSelector"));
  checkSelector(term.at("namespaceSelector"));
}

/** A pod's tolerations. */
export function checkTolerations(tolerations: Place): void {
  for (const toleration of tolerations.items) {
    const key = toleration.at("key");
    const operator = toleration.at("operator");
    key.syntax("schema-label", qualifiedName);
    if (key.blank && operator.text !== "Exists")
      operator.refuse("schema-conflict", "must be Exists where key is empty: that tolerates every taint");
    if (toleration.at("tolerationSeconds").present && toleration.at("effect").text !== "NoExecute") {
      toleration.at("effect").refuse("schema-conflict", "must be NoExecute where tolerationSeconds is set");
    }
    if (operator.text === "Exists" && !toleration.at("value").blank)
      toleration.at("value").refuse("schema-conflict", "must be empty with operator Exists");
    if (operator.text === "Lt" || operator.text === "Gt") {
      operator.refuse(
        "schema-enum",
        `${operator.text} is off unless the feature TaintTolerationComparisonOperators is on; use Equal or Exists`,
      );
    }
    if (operator.blank || operator.text === "Equal") toleration.at("value").syntax("schema-label-value", labelValue);
  }
}

/** How a workload's pods spread over the topology. */
export function checkSpread(constraints: Place): void {
  for (const constraint of constraints.items) {
    constraint.at("maxSkew").range(1, Infinity);
    if (constraint.at("topologyKey").present) constraint.at("topologyKey").require();
    constraint.at("minDomains").range(1, Infinity);
    checkSelector(constraint.at("labelSelector"));
  }
}
