import { dnsLabel, dnsLabel1035, dnsSubdomain, labelValue, pathSegment, qualifiedName } from "../names.ts";
import type { Place } from "../place.ts";
import type { Subject } from "./subject.ts";

/** All annotations of an object together (apimachinery pkg/api/validation). */
const ANNOTATION_LIMIT = 256 * 1024;

/** Kinds whose names are not DNS subdomains. */
const NAME_RULES: Readonly<Record<string, (text: string) => string | undefined>> = {
  "/Namespace": dnsLabel,
  "/Service": dnsLabel1035,
  // The server never looks at a PodDisruptionBudget's name beyond what a URL takes.
  "policy/PodDisruptionBudget": pathSegment,
  "rbac.authorization.k8s.io/Role": pathSegment,
  "rbac.authorization.k8s.io/ClusterRole": pathSegment,
  "rbac.authorization.k8s.io/RoleBinding": pathSegment,
  "rbac.authorization.k8s.io/ClusterRoleBinding": pathSegment,
};

export function checkMetadata(metadata: Place, subject: Subject): void {
  const { group, kind, namespaced } = subject;
  if (!metadata.isObject) {
    if (!metadata.present) metadata.at("name").require();
    return;
  }
  const name = metadata.at("name");
  if (metadata.at("generateName").blank) name.require();
  name.syntax("schema-name", serviceRule(subject) ?? NAME_RULES[`${group}/${kind}`] ?? dnsSubdomain);
  const namespace = metadata.at("namespace");
  if (namespaced) namespace.syntax("schema-name", dnsLabel);
  else if (!namespace.blank)
    namespace.refuse("schema-namespace", `is set, but ${kind} belongs to the cluster and to no namespace`, "leave it out");
  checkLabels(metadata.at("labels"));
  checkAnnotations(metadata.at("annotations"));
  for (const finalizer of metadata.at("finalizers").items) checkFinalizer(finalizer, subject);
  checkOwners(metadata.at("ownerReferences"));
}

/** From 1.36 on a Service's name may begin with a digit (RelaxedServiceNameValidation). */
function serviceRule({ group, kind, minor }: Subject): ((text: string) => string | undefined) | undefined {
  return group === "" && kind === "Service" && minor >= 36 ? dnsLabel : undefined;
}

export function checkLabels(labels: Place): void {
  for (const [key, value] of labels.entries) {
    const wrong = qualifiedName(key);
    if (wrong !== undefined) value.refuse("schema-label", `has a key that is no label key: it ${wrong}`);
    value.syntax("schema-label-value", labelValue);
  }
}

export function checkAnnotations(annotations: Place): void {
  let size = 0;
  for (const [key, value] of annotations.entries) {
    const wrong = qualifiedName(key.toLowerCase());
    if (wrong !== undefined) value.refuse("schema-annotation", `has a key that is no annotation key: it ${wrong}`);
    size += Buffer.byteLength(key) + Buffer.byteLength(value.text ?? "");
  }
  if (size > ANNOTATION_LIMIT) annotations.refuse("schema-size", `hold ${size} bytes together; the limit is ${ANNOTATION_LIMIT}`);
}

function checkFinalizer(finalizer: Place, subject: Subject): void {
  if (finalizer.text === undefined) return;
  const wrong = qualifiedName(finalizer.text);
  if (wrong !== undefined) finalizer.refuse("schema-name", `${JSON.stringify(finalizer.text)} ${wrong}`);
  else if (!finalizer.text.includes("/") && !subject.custom && !["foregroundDeletion", "orphan", "kubernetes"].includes(finalizer.text)) {
    finalizer.refuse("schema-name", `${JSON.stringify(finalizer.text)} must be of the form domain/name`);
  }
}

function checkOwners(owners: Place): void {
  for (const owner of owners.items) for (const field of ["apiVersion", "kind", "name", "uid"]) owner.at(field).require();
  const controllers = owners.items.filter((owner) => owner.at("controller").value === true);
  controllers[1]?.refuse("schema-duplicate-item", "is a second owner with controller: true");
}

/** A label selector (apimachinery pkg/apis/meta/v1/validation). */
export function checkSelector(selector: Place): void {
  for (const [key, value] of selector.at("matchLabels").entries) {
    const wrong = qualifiedName(key);
    if (wrong !== undefined) value.refuse("schema-label", `has a key that is no label key: it ${wrong}`);
    value.syntax("schema-label-value", labelValue);
  }
  for (const expression of selector.at("matchExpressions").items) {
    expression.at("key").syntax("schema-label", qualifiedName);
    const operator = expression.at("operator").text;
    const values = expression.at("values");
    if ((operator === "In" || operator === "NotIn") && values.isEmpty)
      values.refuse("schema-required", `is required with operator ${operator}`);
    if ((operator === "Exists" || operator === "DoesNotExist") && !values.isEmpty)
      values.refuse("schema-conflict", `may not be given with operator ${operator}`);
    for (const value of values.items) value.syntax("schema-label-value", labelValue);
  }
}
