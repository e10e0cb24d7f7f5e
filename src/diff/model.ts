import type { Json } from "../json/index.ts";

/**
 * A step down an object: a mapping's key; an item of a list by the values of its merge keys, or by itself in a set; an item of any other
 * list by its place before and after.
 */
export type Step =
  | string
  | { readonly match: Readonly<Record<string, Json>> }
  | { readonly item: Json }
  | { readonly from: number; readonly to: number };
export type Path = readonly Step[];

/**
 * Why a change of the text is none of the meaning: `quantity` (1000m and 1), `default` (what the API server would fill in), `order` (of a
 * list whose order means nothing), `name` (of an object that ends in a digest of its content), `checksum` (a digest of something that is
 * itself in the difference), `generated` (a label that only says what made it).
 */
export type Sameness = "quantity" | "default" | "order" | "name" | "checksum" | "generated";

interface Addressed {
  readonly path: Path;
  readonly same?: Sameness;
  /** Sealed values that differ in nothing but what they hold: both texts look the same here. */
  readonly secret?: true;
}

/** One change of one field. Applied to the object before, all of them together give the object after, see `applyChanges`. */
export type FieldChange = Addressed &
  (
    | { readonly op: "add"; readonly value: Json; readonly at?: number }
    | { readonly op: "remove"; readonly before: Json; readonly at?: number }
    | { readonly op: "replace"; readonly before: Json; readonly value: Json }
    /** A mapping's key that is called otherwise; further changes name the new key. */
    | { readonly op: "rename"; readonly to: string }
    /** The order of a list's items, after all other changes of it; by place before and after them. */
    | { readonly op: "order"; readonly order: readonly number[] }
    /** What became of a list whose items have no keys. Items that are kept, and changed within, count as kept. */
    | { readonly op: "items"; readonly edits: readonly ListEdit[] }
  );

export type ListEdit = { readonly keep: number } | { readonly remove: readonly Json[] } | { readonly add: readonly Json[] };

/** An object of a release. */
export interface ObjectRef {
  readonly addon: string;
  /** Within the addon. */
  readonly file: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string | null;
  readonly name: string;
  readonly mode: "Reconcile" | "EnsureExists";
}

/** How bad it can get, worst first: data may be lost; a service may stop or a right widens; pods restart or behave otherwise; worth knowing. */
export const DANGER_LEVELS = ["critical", "high", "medium", "low"] as const;
export type DangerLevel = (typeof DANGER_LEVELS)[number];

/** Something to look at before this is merged. */
export interface Danger {
  readonly level: DangerLevel;
  /** Stable: `delete-data`, `immutable`, `rbac-wider` … */
  readonly code: string;
  readonly message: string;
}

/** What happens to one object. */
export type ObjectChange =
  | { readonly change: "added"; readonly after: ObjectRef; readonly value: Json }
  | { readonly change: "removed"; readonly before: ObjectRef; readonly value: Json }
  | {
      /** `moved`: the same object from another addon or file; `renamed`: what was one object is another one now, by its namespace or name. */
      readonly change: "changed" | "moved" | "renamed";
      readonly before: ObjectRef;
      readonly after: ObjectRef;
      readonly fields: readonly FieldChange[];
    };
