import type { Mode } from "../addon/index.ts";
import type { KubernetesObject } from "../kubernetes/index.ts";

/** Names an object of a cluster. The version is how it is spoken about, not a part of what it is. */
export interface ObjectRef {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** null for what stands in no namespace. */
  readonly namespace: string | null;
  readonly name: string;
}

/** Equal for what the API server takes for one object. */
export type ObjectKey = string;

export function keyOf(ref: Omit<ObjectRef, "version">): ObjectKey {
  return `${groupKind(ref)}/${ref.namespace ?? ""}/${ref.name}`;
}

/** `Deployment.apps`, `ConfigMap`: as ApplySet and kubectl write a kind. */
export function groupKind({ group, kind }: Pick<ObjectRef, "group" | "kind">): string {
  return group === "" ? kind : `${kind}.${group}`;
}

/** `Deployment kube-system/dns`. */
export function describeRef({ kind, namespace, name }: Pick<ObjectRef, "kind" | "namespace" | "name">): string {
  return `${kind} ${namespace === null ? "" : `${namespace}/`}${name}`;
}

export function apiVersionOf({ group, version }: Pick<ObjectRef, "group" | "version">): string {
  return group === "" ? version : `${group}/${version}`;
}

export function parseApiVersion(apiVersion: string): Pick<ObjectRef, "group" | "version"> {
  const slash = apiVersion.indexOf("/");
  return slash < 0 ? { group: "", version: apiVersion } : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}

export function refOf(object: KubernetesObject): ObjectRef {
  const { namespace, name } = object.metadata;
  return { ...parseApiVersion(object.apiVersion), kind: object.kind, namespace: namespace ?? null, name };
}

/** An object that a release wants. */
export interface DesiredObject {
  readonly key: ObjectKey;
  readonly ref: ObjectRef;
  readonly mode: Mode;
  /** As published: references to sealed values are not opened. */
  readonly object: KubernetesObject;
  /** Of its published text. */
  readonly digest: string;
  /** Path within the addon. */
  readonly file: string;
  /** Whether references to sealed values stand in it. */
  readonly sealed: boolean;
}

/** What stands in git about pruning an addon (pillar `addons:NAME:prune`). */
export interface PruneSettings {
  /** That the addon has no objects is meant. */
  readonly empty: boolean;
  /** How many of its objects may go at once, in percent. */
  readonly percent: number;
  /** Objects of dangerous kinds that may go: `PersistentVolumeClaim NAMESPACE/NAME`, `Namespace NAME`. */
  readonly confirm: readonly string[];
}

export const DEFAULT_PRUNE: PruneSettings = { empty: false, percent: 50, confirm: [] };

export type DesiredAddon =
  | {
      readonly state: "complete";
      readonly name: string;
      readonly digest: string;
      readonly dependsOn: readonly string[];
      readonly objects: readonly DesiredObject[];
      readonly prune: PruneSettings;
      /** Pillar `addons:NAME:reconcile: disabled`. */
      readonly suspended: boolean;
    }
  | { readonly state: "failed"; readonly name: string; readonly dependsOn: readonly string[]; readonly why: readonly string[] };

/**
 * How a release stands to the one applied last: `same` commit, a `newer` one, an `older` one, one of an `unrelated` history, `first` where none
 * was applied, `local` where it is of no commit, `stated` where git says that going back is meant.
 */
export type Standing = "same" | "newer" | "older" | "unrelated" | "first" | "local" | "stated";

/** What a cluster should hold. */
export interface Desired {
  readonly cluster: string;
  readonly az: string;
  readonly kubernetes: string;
  /** The commit it comes from; null for a folder. */
  readonly commit: string | null;
  /** `partial`: some addons failed to compile. A release that failed as a whole has no addons and nothing of it is applied. */
  readonly state: "complete" | "partial" | "failed";
  readonly why: readonly string[];
  readonly addons: readonly DesiredAddon[];
}
