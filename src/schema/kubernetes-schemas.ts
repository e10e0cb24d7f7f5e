import type { PyDict } from "../python/index.ts";
import { checkObject } from "./checks/index.ts";
import { CustomResources } from "./custom-resources.ts";
import { at, Definitions, minor, type DefinitionSchema, type SchemaFiles } from "./definitions.ts";
import {
  addedIn,
  kindKey,
  kindWords,
  parseApiVersion,
  removedIn,
  servedAs,
  servedByDefault,
  type KindFacts,
  type KindHistory,
  type KindIndex,
} from "./kinds.ts";
import { immutableFields, type ImmutableField } from "./immutable.ts";
import { explain, unknownField } from "./messages.ts";
import { Place } from "./place.ts";
import { setAt, toPlain, type Plain } from "./plain.ts";
import { tidy, type JsonPath, type Problem } from "./problem.ts";
import { isDropped, notEnforced } from "./required.ts";
import { StructuralPass } from "./structural.ts";
import { suggest } from "./suggest.ts";

/** A kind as a cluster knows it. */
export interface Kind {
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  /** Whether a server with default settings serves it: alpha and beta versions are off. */
  readonly served: boolean;
  /** Whether objects of it are kept; false for what is only asked, such as TokenReview. */
  readonly storable: boolean;
  readonly history: KindHistory;
  /** Where it comes from: the API itself or a CustomResourceDefinition. */
  readonly from: "kubernetes" | "custom";
}

export interface ClusterOptions {
  /** API versions switched on besides the default ones, as `--runtime-config` names them: `resource.k8s.io/v1beta1`. */
  readonly enabled?: readonly string[];
}

/** The Kubernetes API in all versions that Halite knows. One of it serves a whole run: what it compiles, it keeps. */
export class KubernetesSchemas {
  readonly index: KindIndex;
  readonly definitions: Definitions;
  readonly structural: StructuralPass;
  readonly #clusters = new Map<string, ClusterSchema>();

  private constructor(files: SchemaFiles) {
    // The project's own generated file (scripts/schema/generate.ts).
    const index: KindIndex = JSON.parse(files("index.json"));
    this.index = index;
    this.definitions = new Definitions(files);
    this.structural = new StructuralPass(this.definitions);
  }

  /** `files` gives the text of a file below schemas/kubernetes/; the larger ones are asked for only when needed. */
  static load(files: SchemaFiles): KubernetesSchemas {
    return new KubernetesSchemas(files);
  }

  /** The versions known, oldest first: `1.28` … */
  get versions(): readonly string[] {
    return this.index.versions;
  }

  /**
   * The API of a version, written `1.36`, `v1.36` or `1.36.3`.
   *
   * @throws UnknownVersionError for a version that is not known; its message names the range
   */
  forVersion(version: string, options: ClusterOptions = {}): ClusterSchema {
    const short = /^v?(1\.\d+)(?:\..*)?$/.exec(version)?.[1];
    if (short === undefined || !this.versions.includes(short)) throw new UnknownVersionError(version, this.versions);
    const key = JSON.stringify([short, options.enabled ?? []]);
    const cached = this.#clusters.get(key);
    if (cached !== undefined) return cached;
    const made = new ClusterSchema(this, short, options, new CustomResources([]));
    this.#clusters.set(key, made);
    return made;
  }
}

/** A Kubernetes version outside the range that schemas/kubernetes/ covers. */
export class UnknownVersionError extends Error {
  readonly version: string;
  constructor(version: string, known: readonly string[]) {
    super(`Kubernetes ${version} is not known: Halite has the API of ${known[0] ?? ""} to ${known.at(-1) ?? ""}`);
    this.name = "UnknownVersionError";
    this.version = version;
  }
}

/** The API of one cluster: its version, what is switched on, and its custom resources. */
export class ClusterSchema {
  readonly version: string;
  readonly #all: KubernetesSchemas;
  readonly #minor: number;
  readonly #options: ClusterOptions;
  readonly #custom: CustomResources;

  constructor(all: KubernetesSchemas, version: string, options: ClusterOptions, custom: CustomResources) {
    this.version = version;
    this.#all = all;
    this.#minor = minor(version);
    this.#options = options;
    this.#custom = custom;
  }

  /** The same cluster with these CustomResourceDefinitions known; later ones win over earlier ones. */
  withCustomResources(definitions: readonly PyDict[]): ClusterSchema {
    return definitions.length === 0 ? this : new ClusterSchema(this.#all, this.version, this.#options, this.#custom.with(definitions));
  }

  /** What the cluster knows of a kind, or `undefined`. A removed kind is not known: ask `validate` for why. */
  kind(apiVersion: string, kind: string): Kind | undefined {
    const key = kindKey(apiVersion, kind);
    const facts = this.#facts(key);
    if (facts !== undefined) {
      return {
        apiVersion,
        kind,
        plural: facts.plural,
        namespaced: facts.namespaced,
        served: this.#isServed(apiVersion),
        storable: facts.storable !== false,
        history: this.#all.index.history[key] ?? {},
        from: "kubernetes",
      };
    }
    const custom = this.#custom.find(apiVersion, kind);
    if (custom === undefined) return undefined;
    return {
      apiVersion,
      kind,
      plural: custom.plural,
      namespaced: custom.namespaced,
      served: true,
      storable: true,
      history: {},
      from: "custom",
    };
  }

  /** `undefined` for a kind that is unknown. */
  scope(apiVersion: string, kind: string): "Namespaced" | "Cluster" | undefined {
    const namespaced = this.#facts(kindKey(apiVersion, kind))?.namespaced ?? this.#custom.find(apiVersion, kind)?.namespaced;
    if (namespaced === undefined) return undefined;
    return namespaced ? "Namespaced" : "Cluster";
  }

  /**
   * The schema of a field, with its list type and merge keys, for whoever compares or merges objects.
   * `undefined` where the API declares none.
   */
  field(apiVersion: string, kind: string, path: JsonPath): DefinitionSchema | undefined {
    const { definitions } = this.#all;
    const facts = this.#facts(kindKey(apiVersion, kind));
    if (facts !== undefined) return definitions.field(facts.definition, path, this.#minor);
    if (path[0] === "metadata") return definitions.field("meta.v1.ObjectMeta", path.slice(1), this.#minor);
    return this.#custom.find(apiVersion, kind)?.field(path);
  }

  /** Fields of a kind that cannot change once an object is there. Custom resources have none here. */
  immutable(apiVersion: string, kind: string): readonly ImmutableField[] {
    const { group, version } = parseApiVersion(apiVersion);
    return immutableFields(group, version, kind);
  }

  /** Rules of a custom resource in CEL (`x-kubernetes-validations`), which are not evaluated. */
  unevaluatedRules(apiVersion: string, kind: string): readonly string[] {
    return this.#custom.find(apiVersion, kind)?.rules ?? [];
  }

  /** Everything wrong with an object, sorted by place, none twice. Never throws, whatever the object holds. */
  validate(object: PyDict): readonly Problem[] {
    const plain = toPlain(object);
    const problems: Problem[] = [];
    const root = new Place(plain.json, [], problems);
    const apiVersion = root.at("apiVersion").text;
    const kind = root.at("kind").text;
    if (apiVersion === undefined || kind === undefined) {
      for (const name of ["apiVersion", "kind"])
        if (root.at(name).text === undefined) root.at(name).refuse("schema-required", "is required, as a string");
      return problems;
    }
    const facts = this.#facts(kindKey(apiVersion, kind));
    if (facts === undefined) this.#checkCustom(root, apiVersion, kind, plain, problems);
    else this.#checkBuiltIn(root, apiVersion, kind, facts, plain, problems);
    return tidy(problems);
  }

  #facts(key: string): KindFacts | undefined {
    return Object.hasOwn(this.#all.index.resources, key) ? at(this.#all.index.resources[key], this.#minor) : undefined;
  }

  #isServed(apiVersion: string): boolean {
    const { group, version } = parseApiVersion(apiVersion);
    return servedByDefault(group, version, this.#minor) || (this.#options.enabled ?? []).includes(apiVersion);
  }

  #checkBuiltIn(root: Place, apiVersion: string, kind: string, facts: KindFacts, plain: Plain, problems: Problem[]): void {
    const key = kindKey(apiVersion, kind);
    const history = this.#all.index.history[key];
    if (facts.storable === false) {
      const message = `${kind} is only asked of the API server and never stored: it cannot be part of an addon`;
      root.at("kind").report("schema-kind-not-stored", message);
      return;
    }
    if (!this.#isServed(apiVersion)) this.#refuseDisabled(root, apiVersion, kind);
    else if (history?.deprecated !== undefined && minor(history.deprecated) <= this.#minor) {
      const gone = history.removed === undefined ? "" : ` and goes in ${history.removed}`;
      root
        .at("apiVersion")
        .report(
          "schema-kind-deprecated",
          `${kindWords(key)} is deprecated since Kubernetes ${history.deprecated}${gone}`,
          replacementAdvice(history),
          "warning",
        );
    }
    this.#fillMaps(facts.definition, plain);
    const errors = this.#all.structural.check(facts.definition, this.#minor, plain.json);
    const declared = (path: JsonPath): string[] =>
      Object.keys(this.#all.definitions.field(facts.definition, path, this.#minor)?.properties ?? {});
    problems.push(
      ...explain(errors, plain.json, declared).filter((problem) => !notEnforced(facts.definition, problem) && !isDropped(problem)),
    );
    this.#checkNulls(facts.definition, plain, problems);
    checkObject(root, { group: parseApiVersion(apiVersion).group, kind, namespaced: facts.namespaced, minor: this.#minor });
  }

  /** A map's entry that is null is there, with its type's zero value (encoding/json); a field that is null is not set. */
  #fillMaps(definition: string, plain: Plain): void {
    for (const path of plain.nulls) {
      const parent = this.#all.definitions.field(definition, path.slice(0, -1), this.#minor);
      if (typeof parent?.additionalProperties !== "object") continue;
      const member = this.#all.definitions.field(definition, path, this.#minor);
      const zero = member?.format === "quantity" ? "0" : member?.type === "string" ? "" : {};
      setAt(plain.json, path, zero);
    }
  }

  /** A misspelt field is one too when it holds null. */
  #checkNulls(definition: string, plain: Plain, problems: Problem[]): void {
    for (const path of plain.nulls) {
      if (this.#all.definitions.field(definition, path, this.#minor) !== undefined) continue;
      const parent = path.slice(0, -1);
      const declared = this.#all.definitions.field(definition, parent, this.#minor)?.properties;
      if (declared !== undefined) problems.push(unknownField(parent, String(path.at(-1)), Object.keys(declared)));
    }
  }

  #checkCustom(root: Place, apiVersion: string, kind: string, plain: Plain, problems: Problem[]): void {
    const custom = this.#custom.find(apiVersion, kind);
    if (custom === undefined) {
      this.#refuseUnknown(root, apiVersion, kind);
      return;
    }
    if (custom.deprecated)
      root
        .at("apiVersion")
        .report("schema-kind-deprecated", `${apiVersion} ${kind} is deprecated by its CustomResourceDefinition`, undefined, "warning");
    problems.push(...custom.check(plain, this.#all.structural, this.#minor));
    checkObject(root, { group: parseApiVersion(apiVersion).group, kind, namespaced: custom.namespaced, minor: this.#minor, custom: true });
  }

  #refuseDisabled(root: Place, apiVersion: string, kind: string): void {
    const stable = servedAs(this.#all.index, kind, this.#minor)[0];
    root
      .at("apiVersion")
      .report(
        "schema-kind-disabled",
        `${apiVersion} is off in Kubernetes ${this.version} unless the API server is told to serve it`,
        stable === undefined ? undefined : `write apiVersion: ${stable}`,
      );
  }

  #refuseUnknown(root: Place, apiVersion: string, kind: string): void {
    const index = this.#all.index;
    const key = kindKey(apiVersion, kind);
    const history = Object.hasOwn(index.history, key) ? index.history[key] : undefined;
    const removed = removedIn(index, key, this.#minor);
    const place = root.at("apiVersion");
    if (removed !== undefined) {
      const gone = `${kindWords(key)} was removed in Kubernetes ${removed}, and this cluster runs ${this.version}`;
      const deprecated = history?.deprecated === undefined ? "" : `; it was deprecated since ${history.deprecated}`;
      place.report(
        "schema-kind-removed",
        `${gone}${deprecated}`,
        replacementAdvice(history) ?? servedAdvice(servedAs(index, kind, this.#minor)),
      );
      return;
    }
    const added = addedIn(index, key, this.#minor);
    if (added !== undefined) {
      place.report(
        "schema-kind-not-yet",
        `${kindWords(key)} comes with Kubernetes ${added}, and this cluster runs ${this.version}`,
        servedAdvice(servedAs(index, kind, this.#minor)),
      );
      return;
    }
    const served = [...servedAs(index, kind, this.#minor), ...this.#custom.versionsOf(kind)];
    if (served.length > 0) {
      place.report("schema-kind-unknown", `${apiVersion} ${kind} is unknown to Kubernetes ${this.version}`, servedAdvice(served));
      return;
    }
    const { group } = parseApiVersion(apiVersion);
    const meant = suggest(kind, this.#kindsOf(apiVersion));
    const builtIn = group === "" || group.endsWith(".k8s.io") || !group.includes(".");
    const advice =
      meant === undefined
        ? `if ${group || "it"} is a custom resource, put its CustomResourceDefinition into an addon of this cluster or into schemas/crds/`
        : `did you mean ${meant}?`;
    root
      .at("kind")
      .report(
        "schema-kind-unknown",
        `${kindWords(key)} is unknown to Kubernetes ${this.version}${builtIn ? "" : " and no CustomResourceDefinition here declares it"}`,
        advice,
      );
  }

  #kindsOf(apiVersion: string): string[] {
    const { group, version } = parseApiVersion(apiVersion);
    const prefix = `${group}/${version}/`;
    const builtIn = Object.keys(this.#all.index.resources).filter((key) => key.startsWith(prefix) && this.#facts(key) !== undefined);
    return [...builtIn.map((key) => key.slice(prefix.length)), ...this.#custom.kindsOf(apiVersion)];
  }
}

function replacementAdvice(history: KindHistory | undefined): string | undefined {
  return history?.replacement === undefined ? undefined : `use ${kindWords(history.replacement)}`;
}

function servedAdvice(served: readonly string[]): string | undefined {
  return served[0] === undefined ? undefined : `write apiVersion: ${served.join(" or ")}`;
}
