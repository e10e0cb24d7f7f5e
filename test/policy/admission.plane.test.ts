import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FindingError } from "../../src/finding/index.ts";
import { loadUserPolicies, Policies } from "../../src/policy/index.ts";
import { Client, startControlPlane, type ControlPlane } from "../control-plane/index.ts";
import { canHavePlane } from "../control-plane/use-plane.ts";
import { CASES, OBJECTS, type AdmissionCase } from "./admission-cases.ts";
import { DIFFERENCES } from "./admission-differences.ts";
import { compile, newest } from "./judge.ts";

const possible = await canHavePlane();

/** The policy of a case; only objects with its label are judged. */
function policyOf({ name, validation, spec }: AdmissionCase, index: number): Readonly<Record<string, unknown>> {
  return {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingAdmissionPolicy",
    metadata: { name: `case-${index}` },
    spec: {
      failurePolicy: "Fail",
      matchConstraints: {
        objectSelector: { matchLabels: { case: `c${index}` } },
        resourceRules: [
          {
            apiGroups: ["", "apps"],
            apiVersions: ["v1"],
            operations: ["CREATE"],
            resources: ["configmaps", "persistentvolumeclaims", "deployments"],
          },
        ],
      },
      validations: [{ expression: name, ...validation }],
      ...spec,
    },
  };
}

type Data = Readonly<Record<string, unknown>>;

/** The object with a case's label, which is no label of its own. */
function labelled(object: Data, index: number): Data {
  const metadata = object["metadata"] as { readonly labels?: Data };
  return { ...object, metadata: { ...metadata, labels: { ...metadata.labels, case: `c${index}` } } };
}

const PATHS: Readonly<Record<string, string>> = {
  ConfigMap: "/api/v1/namespaces/NS/configmaps",
  PersistentVolumeClaim: "/api/v1/namespaces/NS/persistentvolumeclaims",
  Deployment: "/apis/apps/v1/namespaces/NS/deployments",
};

/** What an object is denied for; null: it is not. */
type Verdict = string | null;

describe.skipIf(!possible)("ValidatingAdmissionPolicies by Halite and by a real kube-apiserver", () => {
  let plane: ControlPlane;
  let client: Client;
  /** By case: whether the server took the policy. */
  const taken: boolean[] = [];

  const create = async (path: string, body: unknown): Promise<{ readonly status: number; readonly message: string }> => {
    const { status, body: answer } = await client.call("POST", path, body);
    const message = typeof answer === "object" && answer !== null && "message" in answer ? String(answer.message) : "";
    return { status, message };
  };
  const api = "/apis/admissionregistration.k8s.io/v1";
  const install = async (policy: Data, name: string): Promise<boolean> => {
    const made = await create(`${api}/validatingadmissionpolicies`, policy);
    if (made.status !== 201) return false;
    const binding = {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingAdmissionPolicyBinding",
      metadata: { name },
      spec: { policyName: name, validationActions: ["Deny"] },
    };
    expect((await create(`${api}/validatingadmissionpolicybindings`, binding)).status).toBe(201);
    return true;
  };
  const theirs = async (object: Data): Promise<Verdict> => {
    const { namespace = "" } = object["metadata"] as { readonly namespace?: string };
    const path = (PATHS[String(object["kind"])] ?? "").replace("NS", namespace);
    const { status, message } = await create(`${path}?dryRun=All`, object);
    if (status === 201) return null;
    return /denied request: ([^]*)$/.exec(message)?.[1] ?? `status ${status}: ${message}`;
  };

  beforeAll(async () => {
    plane = await startControlPlane();
    client = new Client(plane);
    for (const [index, each] of CASES.entries()) taken.push(await install(policyOf(each, index), `case-${index}`));
    const sentinel = policyOf({ name: "false" }, CASES.length);
    await install(sentinel, `case-${CASES.length}`);
    // What came before the last one is in force when that one is.
    const probe = labelled(OBJECTS[0] ?? {}, CASES.length);
    const until = Date.now() + 60_000;
    while ((await theirs(probe)) === null) {
      if (Date.now() > until) throw new Error("the API server does not take policies up");
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  });
  afterAll(async () => {
    client?.close();
    await plane?.stop();
  });

  const ours = (policy: Data, object: Data): readonly Verdict[] | "refused" => {
    try {
      const user = loadUserPolicies([{ path: "policies/case.yaml", text: JSON.stringify(policy) }], newest());
      const { findings } = compile({ "a/a.yaml": JSON.stringify(object) }, { policies: new Policies({ disable: [] }, user) });
      return findings
        .filter(({ code }) => code.startsWith("case-") || code === "policy-evaluation")
        .map(({ message }) => message.replace(/^policy case-\d+: /, ""));
    } catch (error) {
      if (error instanceof FindingError) return "refused";
      throw error;
    }
  };

  test.each(CASES.map((each, index) => [each.name, each, index] as const))("%s", async (name, each, index) => {
    const policy = policyOf(each, index);
    const found: { readonly object: string; readonly ours: unknown; readonly server: unknown }[] = [];
    if (taken[index] === false) {
      if (ours(policy, OBJECTS[0] ?? {}) !== "refused") found.push({ object: "policy", ours: "takes it", server: "refuses it" });
    } else {
      for (const object of OBJECTS) {
        const own = labelled(object, index);
        const server = await theirs(own);
        const mine = ours(policy, own);
        const verdict = mine === "refused" ? mine : (mine[0] ?? null);
        if (verdict !== server) found.push({ object: String((object["metadata"] as Data)["name"]), ours: verdict, server });
      }
    }
    expect(found).toEqual(DIFFERENCES[name] ?? []);
  });

  test("nearly every case is asked of both, and both verdicts come up", () => {
    expect(taken.filter(Boolean).length).toBeGreaterThan(CASES.length * 0.8);
  });
});
