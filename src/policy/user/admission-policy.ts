import type { CelInput } from "@bufbuild/cel";
import type { PolicyContext, PolicyVerdict } from "../../addon/index.ts";
import type { Finding } from "../../finding/index.ts";
import { At, selects, type JsonPath } from "../../schema/index.ts";
import { MOST_STEPS, type CelEnvironment, type Expression, type Outcome, type Run } from "../cel/environment.ts";
import type { CelAny } from "../cel/opaque.ts";
import type { UserObjection, UserPolicy } from "../policies.ts";
import type { JudgedObject, Severity } from "../types.ts";
import type { PolicyDocument } from "./document.ts";
import { matches, readsNamespaces, requestOf, type Request } from "./match.ts";
import { celValue } from "./values.ts";

/** How a policy is applied: by one of its bindings, or by itself where it has none. */
interface Application {
  readonly severity: Severity;
  /** The binding's `matchResources`. */
  readonly resources: At;
  /** What `params` is, once for each; null: the policy takes none. */
  readonly params: readonly (PolicyDocument | null)[];
}

interface Validation {
  readonly expression: Expression;
  readonly path: JsonPath;
  readonly message: string | undefined;
  readonly messageExpression: Expression | undefined;
}

interface Named {
  readonly name: string;
  readonly expression: Expression;
  readonly path: JsonPath;
}

const NO_KEY = "ask with has() or .? whether the field is there, or let the policy pass with failurePolicy: Ignore";

const NAMES = ["object", "oldObject", "request", "namespaceObject"];

/** A ValidatingAdmissionPolicy (admissionregistration.k8s.io/v1), judged as on a CREATE of the object. */
export class AdmissionPolicy implements UserPolicy {
  readonly code: string;
  readonly severity: Severity;
  readonly digest: string;
  readonly readsNamespaces: boolean;
  /** Mistakes in it. */
  readonly findings: readonly Finding[];
  readonly #document: PolicyDocument;
  readonly #constraints: At;
  readonly #conditions: readonly Named[];
  readonly #variables: readonly Named[];
  readonly #validations: readonly Validation[];
  readonly #failsOpen: boolean;
  readonly #applications: readonly Application[];

  constructor(document: PolicyDocument, others: readonly PolicyDocument[], environment: CelEnvironment, digest: string) {
    const findings: Finding[] = [];
    const spec = document.json.at("spec");
    this.#document = document;
    this.code = document.name;
    this.digest = digest;
    this.#constraints = spec.at("matchConstraints");
    this.#failsOpen = spec.at("failurePolicy").text === "Ignore";
    const names = spec.at("paramKind").present ? [...NAMES, "params"] : NAMES;
    const compile = (at: At, variables: ReadonlySet<string>): Expression | undefined => {
      // The form of the policy says so.
      if (at.text === undefined) return undefined;
      const made = environment.compile(at.text, names, variables);
      if ("evaluate" in made) return made;
      for (const { offset, message } of made)
        findings.push({ code: "policy-expression", severity: "error", message, at: document.within(at.path, offset) });
      return undefined;
    };
    const known = new Set<string>();
    this.#conditions = spec.at("matchConditions").items.flatMap((item) => named(item, compile(item.at("expression"), known)));
    this.#variables = spec.at("variables").items.flatMap((item) => {
      const made = named(item, compile(item.at("expression"), known));
      known.add(item.at("name").text ?? "");
      return made;
    });
    const validations = spec.at("validations");
    if (validations.items.length === 0)
      findings.push(document.refuse("policy-file", ["spec"], `policy ${document.name} has no spec.validations`));
    this.#validations = validations.items.flatMap((item): readonly Validation[] => {
      const expression = compile(item.at("expression"), known);
      const messageExpression = item.at("messageExpression").present ? compile(item.at("messageExpression"), known) : undefined;
      return expression === undefined
        ? []
        : [{ expression, path: item.at("expression").path, message: item.at("message").text?.trim(), messageExpression }];
    });
    this.#applications = applicationsOf(document, others, findings);
    this.severity = this.#applications.some(({ severity }) => severity === "error") ? "error" : "warning";
    const usesNamespace = JSON.stringify(spec.value ?? null).includes("namespaceObject");
    this.readsNamespaces =
      usesNamespace || readsNamespaces(this.#constraints) || this.#applications.some(({ resources }) => readsNamespaces(resources));
    this.findings = findings;
  }

  *judge(object: JudgedObject, context: PolicyContext): Iterable<UserObjection> {
    const request = requestOf(object, context);
    if (!matches(this.#constraints, object, request)) return;
    const values = this.#values(object, request, context);
    for (const { severity, resources, params } of this.#applications) {
      if (!matches(resources, object, request)) continue;
      for (const param of params) {
        const own = { ...values, params: param === null ? null : celValue(param.value) };
        yield* this.#judgeWith(own, severity);
      }
    }
  }

  *#judgeWith(values: Record<string, CelInput>, severity: Severity): Iterable<UserObjection> {
    const run = this.#run(values);
    for (const { expression, path } of this.#conditions) {
      const outcome = expression.evaluate(run);
      if ("error" in outcome) {
        if (!this.#failsOpen) yield this.#failed(expression, outcome, path);
        return;
      }
      if (outcome.value !== true) return;
    }
    for (const validation of this.#validations) {
      const { expression, path } = validation;
      const outcome = expression.evaluate(run);
      if ("value" in outcome && outcome.value === true) continue;
      if ("value" in outcome && typeof outcome.value === "boolean") {
        yield {
          message: this.#message(validation, run),
          pointer: [],
          severity,
          source: this.#place(path, 0),
        };
        continue;
      }
      const wrong = "error" in outcome ? outcome : { error: "must evaluate to bool", offset: 0 };
      if (!this.#failsOpen) yield this.#failed(expression, wrong, path);
    }
  }

  /** What the user says of it: `messageExpression`, else `message`, else the expression. */
  #message({ expression, message, messageExpression }: Validation, run: Run): string {
    const made = messageExpression?.evaluate(run);
    if (made !== undefined && "value" in made && typeof made.value === "string") {
      const text = made.value.trim();
      if (text !== "" && !text.includes("\n") && text.length <= 5120) return text;
    }
    return message !== undefined && message !== "" ? message : `failed expression: ${expression.text.trim()}`;
  }

  #failed({ text }: Expression, { error, offset }: { readonly error: string; readonly offset: number }, path: JsonPath): UserObjection {
    return {
      code: "policy-evaluation",
      message: `policy ${this.code}: expression '${text.trim()}' resulted in error: ${error}`,
      pointer: [],
      severity: "error",
      source: this.#place(path, offset),
      ...(error.startsWith("no such key") && { advice: NO_KEY }),
    };
  }

  #place(path: JsonPath, offset: number): NonNullable<PolicyVerdict["source"]> {
    return { how: "by the policy", ...this.#document.within(path, offset) };
  }

  #run(values: Record<string, CelInput>): Run {
    const known = new Map<string, Outcome>();
    const run: Run = {
      values,
      left: MOST_STEPS,
      variable: (name): CelAny => {
        let outcome = known.get(name);
        if (outcome === undefined) {
          const variable = this.#variables.find((each) => each.name === name);
          outcome = variable?.expression.evaluate(run) ?? { error: `no such key: ${name}`, offset: 0 };
          known.set(name, outcome);
        }
        if ("error" in outcome) throw new Error(`composited variable "${name}" fails to evaluate: ${outcome.error}`);
        return outcome.value;
      },
    };
    return run;
  }

  #values(object: JudgedObject, request: Request, { schema }: PolicyContext): Record<string, CelInput> {
    const { apiVersion, kind, name, namespace } = object;
    return {
      object: celValue(object.value, { of: schema, apiVersion, kind }),
      oldObject: null,
      request: {
        operation: "CREATE",
        name,
        namespace: namespace ?? "",
        dryRun: false,
        kind: { group: request.group, version: request.version, kind },
        resource: { group: request.group, version: request.version, resource: request.resource },
        requestKind: { group: request.group, version: request.version, kind },
        requestResource: { group: request.group, version: request.version, resource: request.resource },
        subResource: "",
      },
      namespaceObject:
        request.namespaceLabels === undefined || namespace === null
          ? null
          : { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, labels: { ...request.namespaceLabels } } },
    };
  }
}

function named(item: At, expression: Expression | undefined): readonly Named[] {
  return expression === undefined ? [] : [{ name: item.at("name").text ?? "", expression, path: item.at("expression").path }];
}

/** By each of its bindings; without one, by itself and to be denied. */
function applicationsOf(document: PolicyDocument, others: readonly PolicyDocument[], findings: Finding[]): readonly Application[] {
  const kind = document.json.at("spec", "paramKind");
  const candidates = others.filter((other) => other.apiVersion === kind.at("apiVersion").text && other.kind === kind.at("kind").text);
  const bindings = others.filter(
    (other) => other.kind === "ValidatingAdmissionPolicyBinding" && other.json.at("spec", "policyName").text === document.name,
  );
  if (bindings.length === 0) {
    if (kind.present && candidates.length === 0) {
      findings.push(
        document.refuse(
          "policy-file",
          kind.path,
          `policy ${document.name} takes parameters, and no object below policies/ is of their kind`,
        ),
      );
    }
    return [{ severity: "error", resources: new At({}), params: kind.present ? candidates : [null] }];
  }
  return bindings.map((binding): Application => {
    const spec = binding.json.at("spec");
    const actions = spec.at("validationActions").texts;
    const severity = actions.includes("Deny") || actions.length === 0 ? "error" : "warning";
    const resources = spec.at("matchResources");
    const ref = spec.at("paramRef");
    if (!kind.present) return { severity, resources, params: [null] };
    const params = candidates.filter((candidate) => {
      const namespace = ref.at("namespace").text;
      if (namespace !== undefined && candidate.json.at("metadata", "namespace").text !== namespace) return false;
      if (ref.at("name").text !== undefined) return candidate.name === ref.at("name").text;
      const labels = candidate.json.at("metadata", "labels").entries;
      return selects(ref.at("selector"), Object.fromEntries(labels.map(([key, value]) => [key, value.text ?? ""])));
    });
    if (params.length === 0 && ref.at("parameterNotFoundAction").text !== "Allow")
      findings.push(
        binding.refuse("policy-file", ref.path, `no object below policies/ is what paramRef of binding ${binding.name} asks for`),
      );
    return { severity, resources, params };
  });
}
