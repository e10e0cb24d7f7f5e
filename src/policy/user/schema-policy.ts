import type { PolicyContext } from "../../addon/index.ts";
import type { Finding } from "../../finding/index.ts";
import { At, isObject, compileUserSchema, validateUserData, type UserSchema } from "../../schema/index.ts";
import type { UserObjection, UserPolicy } from "../policies.ts";
import type { JudgedObject, Severity } from "../types.ts";
import type { PolicyDocument } from "./document.ts";
import { matches, readsNamespaces, requestOf } from "./match.ts";

export const SCHEMA_POLICY = { apiVersion: "halite.dev/v1alpha1", kind: "SchemaPolicy" } as const;

/** A policy that is a JSON Schema (draft 7) of the objects that it is about. */
export class SchemaPolicy implements UserPolicy {
  readonly code: string;
  readonly severity: Severity;
  readonly digest: string;
  readonly readsNamespaces: boolean;
  readonly findings: readonly Finding[];
  readonly #document: PolicyDocument;
  readonly #constraints: At;
  readonly #schema: UserSchema;

  constructor(document: PolicyDocument, digest: string) {
    const spec = document.json.at("spec");
    const schema = spec.at("schema").value;
    const findings: Finding[] = [];
    if (!isObject(schema))
      findings.push(document.refuse("policy-file", ["spec"], `policy ${document.name} has no spec.schema, which must be a mapping`));
    for (const [field, at] of spec.entries)
      if (!["matchConstraints", "schema", "severity", "message"].includes(field))
        findings.push(document.refuse("policy-file", at.path, `a SchemaPolicy has no field spec.${field}`));
    const severity = spec.at("severity").text ?? "error";
    if (severity !== "error" && severity !== "warning")
      findings.push(document.refuse("policy-file", ["spec", "severity"], "spec.severity must be error or warning"));
    this.#document = document;
    this.#constraints = spec.at("matchConstraints");
    this.#schema = compileUserSchema(isObject(schema) ? schema : {}, { code: document.name });
    this.code = document.name;
    this.severity = severity === "warning" ? "warning" : "error";
    this.digest = digest;
    this.readsNamespaces = readsNamespaces(this.#constraints);
    this.findings = findings;
  }

  *judge(object: JudgedObject, context: PolicyContext): Iterable<UserObjection> {
    if (!matches(this.#constraints, object, requestOf(object, context))) return;
    const said = this.#document.json.at("spec", "message").text?.trim();
    for (const { message, pointer, advice } of validateUserData(object.value, this.#schema)) {
      yield {
        message: said === undefined || said === "" ? message : `${said}: ${message}`,
        pointer,
        source: { how: "by the policy", ...this.#document.at(["spec", "schema"]) },
        ...(advice !== undefined && { advice }),
      };
    }
  }
}
