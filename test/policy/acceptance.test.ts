import { expect, test } from "vitest";
import { compile, said } from "./judge.ts";

const ROLE = (accept: string): string => `apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: r
  annotations:
    halite.dev/accept: ${accept}
rules:
  - {apiGroups: [""], resources: ["*"], verbs: ["*"]}
`;
const BLOCK = (...lines: readonly string[]): string => `|\n${lines.map((line) => `      ${line}`).join("\n")}`;

const CASES: Readonly<Record<string, string>> = {
  "all that a policy finds": BLOCK("policy-rbac-wildcard: it is the cluster's own administrator"),
  "one subject of two": BLOCK("policy-rbac-wildcard(verbs): it is the cluster's own administrator"),
  "in flow style": "'{policy-rbac-wildcard: it is the cluster administrator}'",
  "a subject that is not there": BLOCK("policy-rbac-wildcard: it is the administrator", "policy-rbac-wildcard(apiGroups): so is this"),
  "without a reason": BLOCK("policy-rbac-wildcard:"),
  "with a reason that says nothing": BLOCK('policy-rbac-wildcard: "."'),
  "what is not found": BLOCK("policy-rbac-wildcard: it is the administrator", "policy-secret-plain: nothing of it here"),
  "an unknown code": BLOCK("policy-rbac-wildcards: misspelt"),
  "a code alone": "policy-rbac-wildcard",
  "a list": BLOCK("- policy-rbac-wildcard"),
  "broken YAML": BLOCK("policy-rbac-wildcard: [a"),
  "the same code twice": BLOCK("policy-rbac-wildcard: a reason", "policy-rbac-wildcard: another reason"),
  "no code": BLOCK("Policy RBAC: a reason"),
};

test("acceptances and what is wrong with them", async () => {
  const sections = Object.entries(CASES).map(([name, accept]) => `# ${name}\n${said(ROLE(accept))}\n`);
  await expect(sections.join("\n")).toMatchFileSnapshot("golden/acceptances.txt");
});

test("an accepted finding is a note with its reason, and its addon is complete", () => {
  const { addons, findings } = compile({ "a/r.yaml": ROLE(BLOCK("policy-rbac-wildcard: the administrator's")) });
  expect(addons.map(({ state }) => state)).toEqual(["complete"]);
  const accepted = findings.filter(({ code }) => code === "policy-rbac-wildcard");
  expect(accepted.map(({ severity, accepted: reason, object }) => [severity, reason, object])).toEqual([
    ["note", "the administrator's", "ClusterRole r"],
    ["note", "the administrator's", "ClusterRole r"],
  ]);
});

test("an error fails its addon alone, with its code in the release; a warning fails nothing", () => {
  const { addons } = compile({
    "a/r.yaml": ROLE("'{}'"),
    "b/j.yaml":
      "apiVersion: batch/v1\nkind: Job\nmetadata: {name: j, namespace: default}\nspec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: 'a:v1'}]}}}\n",
  });
  expect(addons.map(({ name, state }) => [name, state])).toEqual([
    ["a", "failed"],
    ["b", "complete"],
  ]);
  expect(addons.flatMap((addon) => (addon.state === "failed" ? addon.why.map(({ code }) => code) : []))).toEqual([
    "policy-rbac-wildcard",
    "policy-rbac-wildcard",
  ]);
});

test("a policy that is off is not missed by an acceptance", () => {
  const accept = BLOCK("policy-rbac-wildcard: the administrator's");
  expect(said(ROLE(accept), { settings: "disable: [policy-rbac-wildcard]" })).toBe("");
  expect(said(ROLE("'{}'"), { settings: "severity: {policy-rbac-wildcard: off}" })).toBe("");
  expect(said(ROLE("'{}'"), { settings: "severity: {policy-rbac-wildcard: warning}" })).toContain("warning: a rule of ClusterRole r");
});

test.each([
  ["hostPath: [/mnt]", "policies:hostPath there is no setting hostPath"],
  ["disable: [policy-privileges]", "policies:disable no policy has the code policy-privileges"],
  ["severity: {policy-requests: fatal}", "policies:severity:policy-requests must be error, warning or off"],
  ["maxUnavailable: 0", "policies:maxUnavailable must be a number of per cent from 1 to 100"],
  ["hostPaths: /mnt", "policies:hostPaths must be a list of strings that are not empty"],
  ["[a]", "policies must be a mapping"],
])("settings of an addon: %s", (settings, message) => {
  const { addons, findings } = compile(
    { "a/c.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: default}\n" },
    { pillar: `addons: {a: {policies: ${settings.startsWith("[") ? settings : `{${settings}}`}}}` },
  );
  expect(findings.map((finding) => finding.message).join("\n")).toContain(message);
  expect(addons.map(({ state }) => state)).toEqual(["failed"]);
});
