import { At } from "../../schema/index.ts";
import { anyMatches } from "../glob.ts";
import type { Objection, Policy } from "../types.ts";

const WEBHOOKS = new Set(["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"]);

const RBAC = new Set(["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"]);

/** Policies of webhooks and rights. */
export const CLUSTER_API_POLICIES: readonly Policy[] = [
  {
    code: "policy-webhook-failure",
    title: "Webhook without failurePolicy or timeoutSeconds",
    severity: "error",
    reason:
      "The defaults are Fail and ten seconds: when the webhook's pod is away, every call that it is asked about waits and then fails. That has to be chosen, not left over.",
    advice: "write failurePolicy, and a timeoutSeconds of 5 or less",
    looksAt: "`failurePolicy` and `timeoutSeconds` of every webhook of a Validating- or MutatingWebhookConfiguration.",
    kinds: WEBHOOKS,
    *check(object) {
      for (const [name, webhook] of webhooksOf(object.kind, object.json)) {
        const missing = ["failurePolicy", "timeoutSeconds"].filter((field) => !webhook.at(field).present);
        if (missing.length === 0) continue;
        yield {
          message: `webhook ${name} has no ${missing.join(" and no ")}`,
          pointer: webhook.at(missing[0] ?? "").path,
          subject: name,
        };
      }
    },
  },
  {
    code: "policy-webhook-kube-system",
    title: "Webhook that can lock the cluster",
    severity: "warning",
    reason:
      "A webhook with failurePolicy Fail that is asked about kube-system stops the pods that the cluster needs to come back, its own among them: after a power cut nothing starts.",
    advice:
      "exclude kube-system and the webhook's own namespace by namespaceSelector on kubernetes.io/metadata.name, or use failurePolicy: Ignore",
    looksAt:
      "Webhooks with `failurePolicy: Fail` (or none) whose rules cover namespaced objects of the core or apps group, and whose `namespaceSelector` excludes `kube-system` neither by `kubernetes.io/metadata.name` (NotIn, or In a list without it, or matchLabels) nor by demanding a label at all.",
    kinds: WEBHOOKS,
    *check(object) {
      for (const [name, webhook] of webhooksOf(object.kind, object.json)) {
        if ((webhook.at("failurePolicy").text ?? "Fail") !== "Fail") continue;
        if (!webhook.at("rules").items.some(reachesPods) || excludesKubeSystem(webhook.at("namespaceSelector"))) continue;
        yield {
          message: `webhook ${name} fails closed and is asked about kube-system too`,
          pointer: webhook.at("namespaceSelector").path,
          subject: name,
        };
      }
    },
  },
  {
    code: "policy-rbac-wildcard",
    title: "Wildcard in a role",
    severity: "error",
    reason:
      "`*` also means what is added later: a new custom resource, a new verb, every Secret. A controller with it is cluster-admin for whoever gets its token.",
    advice: "list the groups, resources and verbs that are used",
    looksAt:
      "`apiGroups`, `resources`, `verbs` and `nonResourceURLs` of Roles and ClusterRoles that are or hold `*` (a resource such as `*/scale` or a URL such as `/metrics/*` too), and bindings to the ClusterRole cluster-admin. `wildcards` of the settings lists roles and bindings, as `KIND/NAME`, that may.",
    kinds: RBAC,
    *check(object, { limits }) {
      if (!object.apiVersion.startsWith("rbac.authorization.k8s.io/")) return;
      if (anyMatches(limits.wildcards, `${object.kind}/${object.name}`)) return;
      if (object.kind === "Role" || object.kind === "ClusterRole") yield* wildcards(`${object.kind} ${object.name}`, new At(object.json));
      const role = new At(object.json).at("roleRef");
      if (role.at("kind").text === "ClusterRole" && role.at("name").text === "cluster-admin") {
        yield { message: `${object.kind} ${object.name} gives cluster-admin`, pointer: role.at("name").path, subject: "cluster-admin" };
      }
    },
  },
];

function webhooksOf(kind: string, json: JudgedJson): readonly (readonly [string, At])[] {
  if (!WEBHOOKS.has(kind)) return [];
  return new At(json).at("webhooks").items.map((at) => [at.at("name").text ?? "", at]);
}

type JudgedJson = ConstructorParameters<typeof At>[0];

function* wildcards(what: string, role: At): Iterable<Objection> {
  for (const rule of role.at("rules").items) {
    for (const field of ["apiGroups", "resources", "verbs", "nonResourceURLs"]) {
      for (const item of rule.at(field).items) {
        if (item.text?.includes("*") !== true) continue;
        yield { message: `a rule of ${what} has ${JSON.stringify(item.text)} in ${field}`, pointer: item.path, subject: field };
      }
    }
  }
}

/** Whether a rule covers objects without which a node or a control plane does not come up. */
function reachesPods(rule: At): boolean {
  if (rule.at("scope").text === "Cluster") return false;
  return rule.at("apiGroups").texts.some((group) => group === "*" || group === "" || group === "apps" || group === "coordination.k8s.io");
}

function excludesKubeSystem(selector: At): boolean {
  const labels = selector.at("matchLabels").entries;
  if (labels.some(([key, value]) => key !== NAME || value.text !== "kube-system")) return true;
  return selector.at("matchExpressions").items.some((expression) => {
    const values = expression.at("values").texts;
    const operator = expression.at("operator").text;
    if (expression.at("key").text !== NAME) return operator === "In" || operator === "Exists";
    return operator === "NotIn" ? values.includes("kube-system") : operator === "In" && !values.includes("kube-system");
  });
}

const NAME = "kubernetes.io/metadata.name";
