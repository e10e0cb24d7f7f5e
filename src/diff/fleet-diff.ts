import type { Json } from "../json/index.ts";
import type { Rollout } from "./danger/index.ts";
import type { Danger, ObjectChange } from "./model.ts";
import type { FailureReason } from "./side.ts";

/** One side of a comparison, as it is named to a user. */
export interface SideName {
  readonly kind: "commit" | "worktree" | "published" | "edited" | "empty";
  /** What the user calls it: `main`, `worktree`, `published`. */
  readonly name: string;
  readonly commit: string | null;
  readonly subject: string | null;
}

/** A change in all clusters in which it is the very same, values included. */
export interface FoldedChange {
  /** Names it in links; equal for the same change in the same fleet. */
  readonly id: string;
  readonly change: ObjectChange;
  readonly dangers: readonly Danger[];
  readonly rollout: Rollout | null;
  readonly quiet: boolean;
  /** Ids, sorted. */
  readonly clusters: readonly string[];
  /** Clusters that have the object, on either side, and to which not this happens. */
  readonly notIn: readonly string[];
  readonly sls: string;
  readonly source: string | null;
  /** What it comes from, where that was looked for. */
  readonly causes: readonly Cause[];
}

/** A value or file whose change made another change. */
export type Cause = {
  /** Whether by itself; else only what other causes bring hangs on it too. */
  readonly alone: boolean;
  readonly commit: CauseCommit | null;
} & (
  | {
      readonly kind: "pillar" | "grain";
      /** Keys joined by `:`. */
      readonly key: string;
      readonly before: Json | null;
      readonly after: Json | null;
      readonly at: { readonly file: string; readonly line: number | null } | null;
    }
  | { readonly kind: "file"; readonly file: string; readonly change: "added" | "removed" | "changed" }
);

/** The commit that changed a line; `null` in its place: it is not committed. */
export interface CauseCommit {
  readonly commit: string;
  readonly subject: string;
  readonly author: string;
}

/** Something that was not compared since it does not compile on one side. */
export interface FoldedFailure {
  readonly side: "base" | "head";
  /** `null`: the cluster as a whole. */
  readonly addon: string | null;
  readonly why: readonly FailureReason[];
  readonly clusters: readonly string[];
  /** How many objects of the other side were therefore not compared, in all clusters together. */
  readonly objects: number;
}

/** A cluster that comes, goes, or becomes another. */
export interface ClusterChange {
  readonly cluster: string;
  readonly change: "added" | "removed" | "changed";
  readonly before: ClusterFacts | null;
  readonly after: ClusterFacts | null;
  readonly objects: number;
}
export interface ClusterFacts {
  readonly az: string;
  readonly kubernetes: string;
}

/** What a release says of an addon itself: its mode, and which addons it waits for. */
export interface AddonChange {
  readonly addon: string;
  readonly field: "mode" | "dependsOn";
  readonly before: string | readonly string[];
  readonly after: string | readonly string[];
  readonly clusters: readonly string[];
}

/** All that differs between two states of a fleet. */
export interface FleetDiff {
  readonly base: SideName;
  readonly head: SideName;
  readonly clusters: {
    /** Clusters of either side. */
    readonly total: number;
    /** Ids of those in which something differs, or was not compared. */
    readonly changed: readonly string[];
    /** Clusters of which nothing had to be rendered, as nothing that they read has changed. */
    readonly untouched: number;
  };
  readonly failures: readonly FoldedFailure[];
  readonly clusterChanges: readonly ClusterChange[];
  readonly addonChanges: readonly AddonChange[];
  /** Worst first; then by addon, kind and name. Quiet ones last. */
  readonly changes: readonly FoldedChange[];
}

/** Whether anything differs that matters. */
export function differs(diff: FleetDiff): boolean {
  return diff.failures.length + diff.clusterChanges.length + diff.addonChanges.length > 0 || diff.changes.some(({ quiet }) => !quiet);
}
