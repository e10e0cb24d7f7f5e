import { dnsSubdomain, pathSegment } from "../names.ts";
import { orWords } from "../messages.ts";
import type { Place } from "../place.ts";
import { suggest } from "../suggest.ts";
import { checkSelector } from "./metadata.ts";
import type { Subject } from "./subject.ts";

const GROUP = "rbac.authorization.k8s.io";

export function checkRole(root: Place, { namespaced }: Subject): void {
  for (const rule of root.at("rules").items) checkRule(rule, namespaced);
  const aggregation = root.at("aggregationRule");
  if (!aggregation.isObject) return;
  aggregation.at("clusterRoleSelectors").require("must hold at least one selector");
  for (const selector of aggregation.at("clusterRoleSelectors").items) checkSelector(selector);
}

function checkRule(rule: Place, namespaced: boolean): void {
  if (rule.at("verbs").present) rule.at("verbs").require("must hold at least one verb");
  const urls = rule.at("nonResourceURLs");
  if (!urls.isEmpty) {
    if (namespaced) urls.refuse("schema-conflict", "may stand in a ClusterRole only");
    const others = ["apiGroups", "resources", "resourceNames"].filter((name) => !rule.at(name).isEmpty);
    if (others.length > 0) urls.refuse("schema-conflict", `may not stand beside ${others.join(", ")}: a rule is for resources or for URLs`);
    return;
  }
  rule.at("apiGroups").require('must hold at least one group; the core group is ""');
  rule.at("resources").require("must hold at least one resource");
}

export function checkBinding(root: Place, { kind, namespaced }: Subject): void {
  const role = root.at("roleRef");
  oneOf(role.at("kind"), kind === "RoleBinding" ? ["Role", "ClusterRole"] : ["ClusterRole"]);
  if (!role.at("apiGroup").blank) oneOf(role.at("apiGroup"), [GROUP]);
  if (role.at("name").present) role.at("name").require();
  role.at("name").syntax("schema-name", pathSegment);
  for (const subject of root.at("subjects").items) {
    oneOf(subject.at("kind"), ["ServiceAccount", "User", "Group"]);
    if (subject.at("name").present) subject.at("name").require();
    const group = subject.at("apiGroup");
    if (subject.at("kind").text === "ServiceAccount") {
      subject.at("name").syntax("schema-name", dnsSubdomain);
      if (!group.blank) group.refuse("schema-enum", 'must be empty for a ServiceAccount: it is of the core group ""');
      if (!namespaced) subject.at("namespace").require("is required for a ServiceAccount");
    } else if (!group.blank) oneOf(group, [GROUP]);
  }
}

/** The value must be one of these; absence is the structural pass's to report. */
export function oneOf(place: Place, values: readonly string[]): void {
  const text = place.text;
  if (text === undefined || values.includes(text)) return;
  const meant = suggest(text, values);
  place.refuse(
    "schema-enum",
    `is ${JSON.stringify(text)} and must be ${orWords(values)}`,
    meant === undefined ? undefined : `did you mean ${meant}?`,
  );
}
