import { isList, listAt, objectAt, textAt, type Json } from "../../json/index.ts";
import type { Danger } from "../model.ts";

/** One right: a verb on a resource (or one of its objects), or on a path of the API that is no resource. `*` is every. */
interface Right {
  readonly verb: string;
  /** Empty for the core group; absent for a path. */
  readonly group?: string;
  readonly resource: string;
  /** Absent: every object. */
  readonly name?: string;
}

/** Verbs with which who has them may give itself more (docs: RBAC, privilege escalation prevention). */
const ESCALATING = new Set(["escalate", "bind", "impersonate", "*"]);

/** What rights a role's change gives that it did not give before. `everywhere`: in all namespaces, as a ClusterRole may. */
export function widenedRole(before: Json | undefined, after: Json, everywhere: boolean): Danger[] {
  const had = before === undefined ? [] : rightsOf(before);
  const gained = rightsOf(after).filter((right) => !had.some((other) => covers(other, right)));
  const dangers: Danger[] = [];
  if (gained.length > 0) {
    const grave = gained.some((right) => isGrave(right, everywhere));
    const message = `${before === undefined ? "a new role that may" : "may now also"} ${printRights(gained)}`;
    dangers.push({ level: grave ? "critical" : before === undefined ? "medium" : "high", code: "rbac-wider", message });
  }
  const selectors = listAt(after, "aggregationRule", "clusterRoleSelectors");
  if (selectors.length > listAt(before, "aggregationRule", "clusterRoleSelectors").length)
    dangers.push({ level: "high", code: "rbac-wider", message: "takes up the rules of further ClusterRoles by their labels" });
  return dangers;
}

/** Who a binding's change gives rights to that had none of it before. */
export function widenedBinding(before: Json | undefined, after: Json, kind: string): Danger[] {
  const role = `${textAt(after, "roleRef", "kind") ?? "role"} ${textAt(after, "roleRef", "name") ?? ""}`;
  const everywhere = kind === "ClusterRoleBinding" ? " in all namespaces" : "";
  const sameRole = before !== undefined && printSubject(objectAt(before, "roleRef")) === printSubject(objectAt(after, "roleRef"));
  const had = sameRole ? listAt(before, "subjects").map(printSubject) : [];
  const gained = listAt(after, "subjects").filter((subject) => !had.includes(printSubject(subject)));
  if (gained.length === 0) return [];
  const grave = textAt(after, "roleRef", "name") === "cluster-admin" || gained.some(isAnybody);
  return [
    {
      level: grave ? "critical" : before === undefined ? "medium" : "high",
      code: "rbac-wider",
      message: `gives ${listed(gained.map(printSubject))} the rights of ${role}${everywhere}`,
    },
  ];
}

function isAnybody(subject: Json): boolean {
  return ["system:anonymous", "system:unauthenticated", "system:authenticated", "system:serviceaccounts"].includes(
    textAt(subject, "name") ?? "",
  );
}

function rightsOf(role: Json): Right[] {
  return listAt(role, "rules").flatMap((rule) => {
    const verbs = texts(rule, "verbs");
    const names = texts(rule, "resourceNames");
    const resources = texts(rule, "apiGroups").flatMap((group) =>
      texts(rule, "resources").flatMap((resource) =>
        (names.length === 0 ? [undefined] : names).map((name) => ({ group, resource, ...(name !== undefined && { name }) })),
      ),
    );
    const paths = texts(rule, "nonResourceURLs").map((resource) => ({ resource }));
    return verbs.flatMap((verb) => [...resources, ...paths].map((target): Right => ({ verb, ...target })));
  });
}

/** Whether the first right holds the second (k8s.io/kubernetes, pkg/registry/rbac/validation/rule.go: ruleCovers). */
function covers(a: Right, b: Right): boolean {
  if (a.verb !== "*" && a.verb !== b.verb) return false;
  if ((a.group === undefined) !== (b.group === undefined)) return false;
  if (a.group === undefined)
    return a.resource === "*" || a.resource === b.resource || (a.resource.endsWith("*") && b.resource.startsWith(a.resource.slice(0, -1)));
  if (a.group !== "*" && a.group !== b.group) return false;
  const [, sub] = b.resource.split("/");
  const every = a.resource === "*" || a.resource === b.resource || (a.resource.startsWith("*/") && a.resource.slice(2) === sub);
  return every && (a.name === undefined || a.name === b.name);
}

function isGrave({ verb, group, resource }: Right, everywhere: boolean): boolean {
  if (group === undefined) return false;
  if (verb === "*" && resource === "*") return true;
  if (verb !== "*" && ESCALATING.has(verb)) return true;
  const reads = ["get", "list", "watch", "*"].includes(verb);
  return everywhere && reads && (group === "" || group === "*") && (resource === "secrets" || resource === "*");
}

/** Rights in few words: the verbs of what has the same verbs together. */
function printRights(rights: readonly Right[]): string {
  const verbs = new Map<string, string[]>();
  for (const { verb, group, resource, name } of rights) {
    const target =
      group === undefined
        ? `path ${resource}`
        : `${resource}${group === "" ? "" : `.${group}`}${name === undefined ? "" : ` named ${name}`}`;
    const known = verbs.get(target) ?? [];
    if (!known.includes(verb)) known.push(verb);
    verbs.set(target, known);
  }
  const targets = new Map<string, string[]>();
  for (const [target, list] of verbs) {
    const key = list.join(", ");
    targets.set(key, [...(targets.get(key) ?? []), target]);
  }
  return [...targets].map(([list, names]) => `${list} ${listed(names)}`).join("; ");
}

function printSubject(subject: Json): string {
  const namespace = textAt(subject, "namespace");
  return `${textAt(subject, "kind") ?? ""} ${namespace === undefined ? "" : `${namespace}/`}${textAt(subject, "name") ?? ""}`;
}

function texts(rule: Json, field: string): readonly string[] {
  const list = objectAt(rule)[field];
  return isList(list) ? list.filter((item) => typeof item === "string") : [];
}

const MOST = 6;

function listed(names: readonly string[]): string {
  return names.length > MOST ? `${names.slice(0, MOST).join(", ")} and ${names.length - MOST} more` : names.join(", ");
}
