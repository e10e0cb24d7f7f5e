import type { Finding, Position, TrailStep } from "../finding/index.ts";
import type { PyDict } from "../python/index.ts";
import type { Json } from "../schema/index.ts";
import type { ApplySettings } from "./apply-settings.ts";
import type { Rollout } from "./rollout.ts";
import type { PublishedSource } from "../sealed/index.ts";

/** The two modes of the addon manager: kept as the manifest says, or only created where absent. */
export type Mode = "Reconcile" | "EnsureExists";

/** A file that the states write, as the Salt stage gives it. */
export interface WrittenFile {
  /** Absolute path on the node: `/etc/kubernetes/addons/nfs/driver.yaml`. */
  readonly path: string;
  readonly content: Uint8Array;
  /** ID of the state that wrote it. */
  readonly id: string;
  readonly sls: string;
  /** `salt://…`, or null where the content stands in the state. */
  readonly source: string | null;
  /** What else it is the same as, but for texts that are printed in it. */
  readonly printed?: PrintedVariant | undefined;
}

/** A file by another one that has other texts at some places. */
export interface PrintedVariant {
  /** One object for all files that are like it. */
  readonly base: WrittenFile;
  /** Where the texts stand in the base's text, in order, in UTF-16 units. */
  readonly places: readonly { readonly at: number; readonly length: number }[];
  readonly texts: readonly string[];
}

/** What clusters have in common whose files are the same but for texts that are printed in them. */
export interface CommonWritten {
  /** One object for all such clusters. */
  readonly of: object;
  /** Files in which such texts are printed, by path. */
  readonly printed: ReadonlyMap<string, Omit<PrintedVariant, "texts">>;
  /** One cluster's texts for such a file, in the order of their places. */
  readonly textsOf: (path: string) => readonly string[];
}

/** A path that could not be made, and why. */
export interface FailedFile {
  readonly path: string;
  readonly id: string;
  readonly sls: string;
  readonly findings: readonly Finding[];
}

/** What pillar says of an addon, key `addons:NAME`. */
export interface AddonDeclaration {
  readonly mode?: Mode;
  readonly dependsOn: readonly string[];
  /** The SLS that write it, so that it is known what fails with one of them. */
  readonly sls: readonly string[];
  /** Settings of policies for this addon, as they stand there. */
  readonly policies?: Json;
  readonly apply: ApplySettings;
}

/** One Kubernetes object of an addon, after the second stage. */
export interface AddonObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string | null;
  readonly name: string;
  readonly mode: Mode;
  /** Whether the mode is the addon's, as the object has no label of its own. */
  readonly modeIsDeclared: boolean;
  /** Path within the addon, always ending `.yaml`. */
  readonly file: string;
  /** `sha256:` and the hex digest of the object's canonical YAML. */
  readonly digest: string;
  readonly id: string;
  readonly sls: string;
  readonly source: string | null;
}

/** A file as it is published. */
export interface AddonFile {
  readonly path: string;
  readonly text: string;
}

/** Why something failed, without what differs between machines or runs: no line numbers, no commits. */
export interface FailureReason {
  readonly code: string;
  readonly message: string;
  readonly file?: string;
}

export type Addon =
  | {
      readonly state: "complete";
      readonly name: string;
      readonly mode: Mode;
      readonly dependsOn: readonly string[];
      readonly files: readonly AddonFile[];
      readonly objects: readonly AddonObject[];
      /** The bundles that its ConfigMaps carry, by name, with `sha256:` and the hex digest. */
      readonly bundles: ReadonlyMap<string, string>;
      readonly apply: ApplySettings;
      /** Settings of policies for this addon, as they stand in pillar. */
      readonly policies?: Json;
      /** Another cluster's addon that is the same but for texts of files and digests. */
      readonly like?: CompleteAddon;
    }
  | { readonly state: "failed"; readonly name: string; readonly dependsOn: readonly string[]; readonly why: readonly FailureReason[] };

export type CompleteAddon = Extract<Addon, { state: "complete" }>;

/** A reference to a sealed value, as a release names it. */
export interface SealedReference {
  /** Without functions and digest. */
  readonly name: string;
  /** 64 hexadecimal digits. */
  readonly digest: string;
  /** The file that it is opened from; null for what is kept elsewhere. */
  readonly source: PublishedSource | null;
}

/** What one compile produced for one cluster. */
export type Release =
  | {
      readonly state: "compiled";
      readonly cluster: ClusterIdentity;
      readonly addons: readonly Addon[];
      /** Sorted by name; those of complete addons. */
      readonly sealed: readonly SealedReference[];
      readonly rollout: Rollout | null;
    }
  | {
      readonly state: "failed";
      readonly cluster: ClusterIdentity;
      readonly why: readonly FailureReason[];
      /** What others wait for it by. Default: nobody does, or it is not known. */
      readonly rollout?: Rollout | null;
    };

export interface ClusterIdentity {
  readonly id: string;
  readonly az: string;
  /** `1.36`. */
  readonly kubernetes: string;
}

/** What is wrong with one object; `pointer` leads to the place in it. */
export interface ObjectProblem {
  readonly code: string;
  readonly severity: "error" | "warning";
  readonly message: string;
  readonly pointer: readonly (string | number)[];
  readonly advice?: string;
}

/** What a cluster's Kubernetes version knows of kinds: given by the schema room. */
export interface ObjectSchema {
  /** Such as `1.36`. */
  readonly version: string;
  /** `undefined` for a kind that is unknown. */
  scope(apiVersion: string, kind: string): "Namespaced" | "Cluster" | undefined;
  validate(object: PyDict): readonly ObjectProblem[];
  /** What is known of a kind; absent where nobody asks. */
  kind?(apiVersion: string, kind: string): { readonly plural: string } | undefined;
  /** What is known of a field; absent where nobody asks. */
  field?(apiVersion: string, kind: string, path: JsonPath): { readonly format?: string } | undefined;
  /** The same with the CustomResourceDefinitions of this release known too. */
  withCustomResources(definitions: readonly PyDict[]): ObjectSchema;
}

/** What a policy says of one object. A note is what the object accepts. */
export interface PolicyVerdict extends Omit<ObjectProblem, "severity"> {
  readonly severity: "error" | "warning" | "note";
  /** What it does to a production cluster. */
  readonly reason?: string;
  /** The reason for which it is accepted. */
  readonly accepted?: string;
  /** A place elsewhere that it comes from: the expression of a policy of the user's own. */
  readonly source?: TrailStep;
}

/** An object as policies see it. */
export interface PolicyObject {
  readonly value: PyDict;
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string | null;
}

/** What policies know beside an object. */
export interface PolicyContext {
  readonly schema: ObjectSchema;
  /** What the schema says of the object's being deprecated. */
  readonly deprecations: readonly ObjectProblem[];
  /** Labels of the namespaces that this cluster's addons make, by name. */
  readonly namespaces: ReadonlyMap<string, Readonly<Record<string, string>>>;
}

/** The policies of one addon: given by the policy room. */
export interface AddonPolicies {
  /** Equal exactly where the verdicts on every object are. */
  readonly key: string;
  /** Whether verdicts hang on the labels of namespaces. */
  readonly readsNamespaces: boolean;
  /** Whether verdicts may hang on annotations, labels and texts of ConfigMaps that neither Kubernetes nor Halite give a meaning. */
  readonly readsFreeTexts: boolean;
  /** What is wrong with the addon's own settings, with the way to it below `addons:NAME:policies`. */
  readonly problems: readonly ObjectProblem[];
  judge(object: PolicyObject, context: PolicyContext): readonly PolicyVerdict[];
}

/** An object as far as it matters to others. */
export interface ObjectFacts {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Of a class: whose it is. */
  readonly driver: string | null;
}

/** One of the objects that are judged together. */
export interface JointObject {
  readonly policies: AddonPolicies;
  readonly kind: string;
  readonly name: string;
  readonly facts: ObjectFacts;
  readonly at: Position;
}

/** The policies of a fleet: given by the policy room. */
export interface PolicySet {
  /** `settings`: the addon's own. */
  forAddon(settings: Json | undefined): AddonPolicies;
  /** Verdicts over all objects of a cluster that have facts; each names the object by its place in the list. */
  together(objects: readonly JointObject[]): readonly (PolicyVerdict & { readonly object: number })[];
}

/** Where a line of a written file came from: template lines and pillar lines, innermost first. */
export type LineSources = (path: string, line: number, column: number) => readonly TrailStep[];

export type JsonPath = readonly (string | number)[];
