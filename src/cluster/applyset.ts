import { createHash } from "node:crypto";
import { groupKind } from "./types.ts";

/** Labels and annotations of ApplySet (KEP-3659). */
export const APPLYSET_ID = "applyset.kubernetes.io/id";
export const PART_OF = "applyset.kubernetes.io/part-of";
export const TOOLING = "applyset.kubernetes.io/tooling";
const CONTAINS_GROUP_KINDS = "applyset.kubernetes.io/contains-group-kinds";
const ADDITIONAL_NAMESPACES = "applyset.kubernetes.io/additional-namespaces";
export const IS_PARENT_TYPE = "applyset.kubernetes.io/is-parent-type";

/** The id of the set whose parent is this object: `applyset-…-v1`. */
export function applySetId(parent: {
  readonly name: string;
  readonly namespace: string;
  readonly kind: string;
  readonly group: string;
}): string {
  const text = `${parent.name}.${parent.namespace}.${parent.kind}.${parent.group}`;
  return `applyset-${createHash("sha256").update(text, "utf8").digest("base64url")}-v1`;
}

/** What the parent of a set says about its members: sorted, each once. */
export function setAnnotations(
  members: Iterable<{ readonly group: string; readonly kind: string; readonly namespace: string | null }>,
): Readonly<Record<string, string>> {
  const kinds = new Set<string>();
  const namespaces = new Set<string>();
  for (const member of members) {
    kinds.add(groupKind(member));
    if (member.namespace !== null) namespaces.add(member.namespace);
  }
  return {
    [CONTAINS_GROUP_KINDS]: [...kinds].sort().join(","),
    // The parent is in no namespace, so each of them is an additional one.
    [ADDITIONAL_NAMESPACES]: [...namespaces].sort().join(","),
  };
}
