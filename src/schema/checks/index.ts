/**
 * The rules that the API server checks in code and no schema states, by kind: k8s.io/kubernetes pkg/apis/*\/validation (v1.36).
 */
import type { Place } from "../place.ts";
import { checkMetadata } from "./metadata.ts";
import type { Subject } from "./subject.ts";

/** Checks an object against the rules of its kind. */
export function checkObject(root: Place, subject: Subject): void {
  checkMetadata(root.at("metadata"), subject);
}
