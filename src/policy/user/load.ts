import { createHash } from "node:crypto";
import type { ObjectSchema } from "../../addon/index.ts";
import { FindingError, type Finding } from "../../finding/index.ts";
import { CelEnvironment } from "../cel/environment.ts";
import type { UserPolicy } from "../policies.ts";
import { AdmissionPolicy } from "./admission-policy.ts";
import { readDocuments, type PolicyDocument } from "./document.ts";
import { SCHEMA_POLICY, SchemaPolicy } from "./schema-policy.ts";

/** A file below policies/. */
export interface PolicyFile {
  /** As a user would write it: `policies/labels.yaml`. */
  readonly path: string;
  readonly text: string;
}

const API = /^admissionregistration\.k8s\.io\/v1(?:beta1)?$/;

/**
 * The policies that a fleet brings: ValidatingAdmissionPolicies with their bindings and parameters, and SchemaPolicies, all as Kubernetes
 * objects. `schema` is what their own form is held against.
 *
 * @throws FindingError with everything that is wrong with them
 */
export function loadUserPolicies(files: readonly PolicyFile[], schema: ObjectSchema): readonly UserPolicy[] {
  const findings: Finding[] = [];
  const documents = files.flatMap(({ path, text }): readonly PolicyDocument[] => {
    try {
      const read = readDocuments(path, text);
      findings.push(...read.findings);
      return read.documents;
    } catch (error) {
      if (!(error instanceof FindingError)) throw error;
      findings.push(...error.findings);
      return [];
    }
  });
  const all = files.map(({ path, text }) => `${path}\0${text}`).join("\0");
  const digest = createHash("sha256").update(all).digest("base64");
  let environment: CelEnvironment | undefined;
  const policies = documents.flatMap((document): readonly (AdmissionPolicy | SchemaPolicy)[] => {
    if (document.apiVersion === SCHEMA_POLICY.apiVersion) {
      if (document.kind === SCHEMA_POLICY.kind) return [new SchemaPolicy(document, digest)];
      findings.push(document.refuse("policy-file", ["kind"], `${document.apiVersion} has no kind ${document.kind}; it has SchemaPolicy`));
      return [];
    }
    // What is no policy is a parameter of one.
    if (!API.test(document.apiVersion) || document.kind !== "ValidatingAdmissionPolicy") return [];
    findings.push(...formOf(document, schema));
    environment ??= new CelEnvironment();
    return [new AdmissionPolicy(document, documents, environment, digest)];
  });
  const seen = new Map<string, UserPolicy>();
  for (const [index, policy] of policies.entries()) {
    findings.push(...policy.findings);
    if (policy.code.startsWith("policy-") || seen.has(policy.code)) {
      const why = seen.has(policy.code) ? "is the name of another policy too" : "begins with policy-, as the shipped ones do";
      const document = documents.filter(isPolicy)[index];
      findings.push(document?.refuse("policy-file", ["metadata", "name"], `the name ${policy.code} ${why}`) ?? noName(policy.code, why));
    }
    seen.set(policy.code, policy);
  }
  const [first, ...rest] = findings;
  if (first !== undefined) throw new FindingError(first, ...rest);
  return policies;
}

function isPolicy({ apiVersion, kind }: PolicyDocument): boolean {
  return kind === SCHEMA_POLICY.kind
    ? apiVersion === SCHEMA_POLICY.apiVersion
    : kind === "ValidatingAdmissionPolicy" && API.test(apiVersion);
}

function noName(name: string, why: string): Finding {
  return { code: "policy-file", severity: "error", message: `the name ${name} ${why}` };
}

/** What the API says of a policy as an object: misspelt fields are found here. */
function formOf(document: PolicyDocument, schema: ObjectSchema): readonly Finding[] {
  return schema
    .validate(document.value)
    .filter(({ severity, code }) => severity === "error" && code !== "schema-kind-disabled")
    .map(({ message, pointer, advice }) => document.refuse("policy-file", pointer, message, advice));
}
