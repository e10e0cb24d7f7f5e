import { At, selects } from "../../schema/index.ts";
import type { PolicyContext } from "../../addon/index.ts";
import type { JudgedObject } from "../types.ts";

/** An object as the API server's rules see it being created. */
export interface Request {
  readonly group: string;
  readonly version: string;
  /** The plural: `daemonsets`. */
  readonly resource: string;
  readonly namespaced: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly namespaceLabels: Readonly<Record<string, string>> | undefined;
}

export function requestOf(object: JudgedObject, { schema, namespaces }: PolicyContext): Request {
  const slash = object.apiVersion.indexOf("/");
  const labels = textsOf(new At(object.json).at("metadata", "labels"));
  const home = object.kind === "Namespace" && object.apiVersion === "v1" ? object.name : object.namespace;
  const known = home === null ? undefined : { ...namespaces.get(home), "kubernetes.io/metadata.name": home };
  return {
    group: slash < 0 ? "" : object.apiVersion.slice(0, slash),
    version: object.apiVersion.slice(slash + 1),
    resource: schema.kind?.(object.apiVersion, object.kind)?.plural ?? `${object.kind.toLowerCase()}s`,
    namespaced: object.namespace !== null,
    labels,
    namespaceLabels: home === object.name && object.kind === "Namespace" ? { ...labels, "kubernetes.io/metadata.name": home } : known,
  };
}

/** Whether a policy's `matchConstraints`, or a binding's `matchResources`, take an object. Without rules everything is taken. */
export function matches(constraints: At, object: JudgedObject, request: Request): boolean {
  const rules = constraints.at("resourceRules");
  if (rules.present && !rules.items.some((rule) => ruleTakes(rule, object, request))) return false;
  if (constraints.at("excludeResourceRules").items.some((rule) => ruleTakes(rule, object, request))) return false;
  if (!selects(constraints.at("objectSelector"), request.labels)) return false;
  // Of what is in no namespace the selector says nothing.
  return request.namespaceLabels === undefined || selects(constraints.at("namespaceSelector"), request.namespaceLabels);
}

/** Whether a selector of namespaces is there at all. */
export function readsNamespaces(constraints: At): boolean {
  return constraints.at("namespaceSelector").entries.length > 0;
}

function ruleTakes(rule: At, object: JudgedObject, request: Request): boolean {
  const takes = (field: string, value: string): boolean => rule.at(field).texts.some((text) => text === "*" || text === value);
  const names = rule.at("resourceNames").texts;
  if (names.length > 0 && !names.includes(object.name)) return false;
  const scope = rule.at("scope").text ?? "*";
  if (scope !== "*" && (scope === "Namespaced") !== request.namespaced) return false;
  if (!takes("operations", "CREATE")) return false;
  const resources = rule.at("resources").texts;
  return (
    takes("apiGroups", request.group) &&
    takes("apiVersions", request.version) &&
    resources.some((text) => ["*", "*/*", request.resource].includes(text))
  );
}

function textsOf(at: At): Readonly<Record<string, string>> {
  return Object.fromEntries(at.entries.flatMap(([key, value]) => (value.text === undefined ? [] : [[key, value.text]])));
}
