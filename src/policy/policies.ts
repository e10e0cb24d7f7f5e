import type { AddonPolicies, JointObject, ObjectProblem, PolicyContext, PolicyObject, PolicySet, PolicyVerdict } from "../addon/index.ts";
import { isObject, toPlain, type Json } from "../schema/index.ts";
import { ACCEPT_POINTER, acceptancesOf, type Acceptance } from "./acceptance.ts";
import { shippedPolicies } from "./catalogue.ts";
import { DEFAULT_SETTINGS, settingsKey, withSettings, type PolicySettings, type SettingsProblem } from "./settings.ts";
import { DEFAULT_CLASS } from "./shipped/classes.ts";
import type { JudgedObject, Objection, Policy, Severity } from "./types.ts";

/** A policy of the user's own, ready to judge. */
export interface UserPolicy {
  /** Its name; it is also what its findings are accepted by. */
  readonly code: string;
  readonly severity: Severity;
  /** Changes whenever what it says may change. */
  readonly digest: string;
  readonly readsNamespaces: boolean;
  judge(object: JudgedObject, context: PolicyContext): Iterable<UserObjection>;
}

/** What a policy of the user's has against an object. */
export interface UserObjection extends Objection {
  /** Instead of the policy's own code: the expression could not be evaluated. */
  readonly code?: "policy-evaluation";
  readonly severity?: Severity;
  /** Where in the policy's file it stands. */
  readonly source?: PolicyVerdict["source"];
}

/** What is said of objects before acceptances are looked at. */
interface Draft {
  readonly code: string;
  readonly severity: Severity;
  readonly objection: UserObjection;
  readonly reason: string | undefined;
  readonly advice: string | undefined;
}

const DEFAULT_CLASSES = "policy-default-classes";
const DEPRECATED = "policy-deprecated-api";

/** The policies of one fleet: the shipped ones and the user's, with the config's settings. */
export class Policies implements PolicySet {
  /** Mistakes in the config's settings, with the way to them below `policies`. */
  readonly problems: readonly SettingsProblem[];
  readonly #shipped = shippedPolicies();
  readonly #user: readonly UserPolicy[];
  readonly #known: ReadonlySet<string>;
  readonly #settings: PolicySettings;
  readonly #byAddon = new Map<string, AddonPolicies>();

  /** `settings`: `policies` of halite.yaml as JSON. */
  constructor(settings: Json | undefined, user: readonly UserPolicy[] = []) {
    this.#user = user;
    this.#known = new Set([...this.#shipped.map(({ code }) => code), ...user.map(({ code }) => code)]);
    const made = withSettings(DEFAULT_SETTINGS, settings, this.#known);
    this.#settings = made.settings;
    this.problems = made.problems;
  }

  forAddon(settings: Json | undefined): AddonPolicies {
    const key = JSON.stringify(settings ?? null);
    let made = this.#byAddon.get(key);
    if (made === undefined) {
      const { settings: own, problems } = withSettings(this.#settings, settings, this.#known);
      made = new PoliciesOfAddon(this.#shipped, this.#user, this.#known, own, problems);
      this.#byAddon.set(key, made);
    }
    return made;
  }

  together(objects: readonly JointObject[]): readonly (PolicyVerdict & { readonly object: number })[] {
    const groups = new Map<string, number[]>();
    for (const [index, { kind, facts }] of objects.entries()) {
      if (!DEFAULT_CLASS.some((name) => facts.annotations[name] === "true")) continue;
      const group = facts.driver === null ? kind : `${kind} of driver ${facts.driver}`;
      groups.set(group, [...(groups.get(group) ?? []), index]);
    }
    const policy = this.#shipped.find(({ code }) => code === DEFAULT_CLASSES);
    return [...groups].flatMap(([group, members]) =>
      policy === undefined || members.length < 2
        ? []
        : members.flatMap((object) => this.#twoDefaults(policy, group, object, members, objects)),
    );
  }

  #twoDefaults(
    policy: Policy,
    group: string,
    index: number,
    members: readonly number[],
    objects: readonly JointObject[],
  ): readonly (PolicyVerdict & { readonly object: number })[] {
    const own = objects[index];
    if (own === undefined || !(own.policies instanceof PoliciesOfAddon)) return [];
    const others = members.flatMap((member) => (member === index ? [] : (objects[member]?.name ?? [])));
    const objection = {
      message: `${own.kind} ${own.name} is a default class, and so is ${others.join(", ")} (${group})`,
      pointer: ["metadata"],
    };
    const json = { metadata: { annotations: own.facts.annotations } };
    const { list } = acceptancesOf({ json }, this.#known);
    return own.policies.decide(policy, objection, list).map((verdict) => ({ ...verdict, object: index }));
  }
}

class PoliciesOfAddon implements AddonPolicies {
  readonly key: string;
  readonly readsNamespaces: boolean;
  readonly readsFreeTexts: boolean;
  readonly problems: readonly ObjectProblem[];
  readonly #shipped: readonly Policy[];
  readonly #user: readonly UserPolicy[];
  readonly #known: ReadonlySet<string>;
  readonly #settings: PolicySettings;
  readonly #variable: ReadonlySet<string>;

  constructor(
    shipped: readonly Policy[],
    user: readonly UserPolicy[],
    known: ReadonlySet<string>,
    settings: PolicySettings,
    problems: readonly SettingsProblem[],
  ) {
    this.#shipped = shipped;
    this.#user = user.filter(({ code }) => settings.severity.get(code) !== "off");
    this.#known = known;
    this.#settings = settings;
    this.#variable = new Set(shipped.flatMap(({ code, variesByCluster }) => (variesByCluster === true ? code : [])));
    this.key = `${settingsKey(settings)}${user.map(({ digest }) => digest).join(" ")}`;
    this.readsFreeTexts = this.#user.length > 0;
    this.readsNamespaces = this.#user.some((policy) => policy.readsNamespaces);
    this.problems = problems.map(({ pointer, message, advice }) => ({
      code: "policy-settings",
      severity: "error",
      message: `${pointer.map((step) => `:${step}`).join("")} ${message}`,
      pointer,
      ...(advice !== undefined && { advice }),
    }));
  }

  judge(object: PolicyObject, context: PolicyContext): readonly PolicyVerdict[] {
    const { json } = toPlain(object.value);
    if (!isObject(json)) return [];
    const { value, apiVersion, kind, name, namespace } = object;
    const judged: JudgedObject = { json, value, apiVersion, kind, name, namespace, memory: {} };
    const drafts = [...this.#shippedOn(judged, context), ...this.#userOn(judged, context)];
    const { list, problems } = acceptancesOf(judged, this.#known);
    const used = new Set<Acceptance>();
    const verdicts = drafts.map((draft) => verdictOf(draft, list, used));
    const unused = list.filter(
      (acceptance) => !used.has(acceptance) && this.#isOn(acceptance.code) && !this.#variable.has(acceptance.code),
    );
    return [
      ...verdicts,
      ...problems.map((problem): PolicyVerdict => ({ severity: "error", pointer: ACCEPT_POINTER, ...problem })),
      ...unused.map(({ code, subject }): PolicyVerdict => ({
        code: "policy-accept-unused",
        severity: "warning",
        message: `halite.dev/accept: ${code}${subject === undefined ? "" : `(${subject})`} accepts nothing here`,
        pointer: ACCEPT_POINTER,
        advice: "take it away: it would hide the next one",
      })),
    ];
  }

  /** One objection with the settings and an object's acceptances. */
  decide(policy: Policy, objection: Objection, acceptances: readonly Acceptance[]): readonly PolicyVerdict[] {
    const severity = this.#severityOf(policy.code, policy.severity);
    if (severity === "off") return [];
    return [verdictOf({ code: policy.code, severity, objection, reason: policy.reason, advice: policy.advice }, acceptances, new Set())];
  }

  *#shippedOn(object: JudgedObject, { schema, deprecations }: PolicyContext): Iterable<Draft> {
    const within = { kubernetes: schema.version, limits: this.#settings.limits };
    for (const policy of this.#shipped) {
      if (policy.kinds?.has(object.kind) === false) continue;
      const severity = this.#severityOf(policy.code, policy.severity);
      if (severity === "off") continue;
      const draft = (objection: Objection): Draft => ({
        code: policy.code,
        severity,
        objection,
        reason: policy.reason,
        advice: policy.advice,
      });
      if (policy.code === DEPRECATED)
        for (const { message, pointer, advice } of deprecations)
          yield draft({ message, pointer, subject: object.kind, ...(advice !== undefined && { advice }) });
      for (const objection of policy.check?.(object, within) ?? []) yield draft(objection);
    }
  }

  *#userOn(object: JudgedObject, context: PolicyContext): Iterable<Draft> {
    for (const policy of this.#user) {
      const set = this.#settings.severity.get(policy.code);
      for (const objection of policy.judge(object, context)) {
        const severity = set === undefined || set === "off" ? (objection.severity ?? policy.severity) : set;
        yield { code: objection.code ?? policy.code, severity, objection, reason: undefined, advice: undefined };
      }
    }
  }

  #severityOf(code: string, own: Severity): Severity | "off" {
    return this.#settings.severity.get(code) ?? own;
  }

  #isOn(code: string): boolean {
    return this.#settings.severity.get(code) !== "off";
  }
}

/** What is said in the end; `used` gets the acceptance that was of use. */
function verdictOf(
  { code, severity, objection, reason, advice }: Draft,
  acceptances: readonly Acceptance[],
  used: Set<Acceptance>,
): PolicyVerdict {
  const { message, pointer, subject, source } = objection;
  const fitting = acceptances.filter((each) => each.code === code && (each.subject === undefined || each.subject === subject));
  // The one that says more is the one that was meant.
  const accepted = fitting.find((each) => each.subject !== undefined) ?? fitting[0];
  if (accepted !== undefined) used.add(accepted);
  const says = objection.advice ?? advice;
  return {
    code,
    severity: accepted === undefined ? severity : "note",
    message,
    pointer,
    ...(reason !== undefined && { reason }),
    ...(says !== undefined && { advice: says }),
    ...(accepted !== undefined && { accepted: accepted.reason }),
    ...(source !== undefined && { source }),
  };
}
