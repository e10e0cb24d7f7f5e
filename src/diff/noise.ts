import type { Json } from "../json/index.ts";
import type { Sameness } from "./model.ts";

/** Labels and annotations that say how an object came about, not what it is. */
const GENERATED = new Set([
  "helm.sh/chart",
  // Every object of a component has it; what is another version is its images, which are shown.
  "app.kubernetes.io/version",
  "pod-template-hash",
  "pod-template-generation",
  "controller-revision-hash",
  "deployment.kubernetes.io/revision",
]);
/** A name for a digest of something: `checksum/config`, `halite.dev/config`, `example.org/config-hash`. */
const DIGEST_NAME = /(?:checksum|hash|digest|sha(?:1|256)|config|rendering|revision)/i;
/** A digest as programs write it: hexadecimal, or base32 and base64 of some length. */
const DIGEST = /^(?:sha(?:1|256|512)[:-])?(?:[0-9a-f]{8,128}|[A-Za-z0-9+/_-]{27,88}={0,2})$/;

/** Whether another label or annotation says only that something else has changed. */
export function noiseOf(key: string, before: Json | undefined, after: Json | undefined): Sameness | undefined {
  if (GENERATED.has(key)) return "generated";
  const texts = [before, after].filter((value) => value !== undefined);
  return DIGEST_NAME.test(key) && texts.every((value) => typeof value === "string" && DIGEST.test(value)) ? "checksum" : undefined;
}

/**
 * A name without the digest at its end that says what is in the object: kustomize's (api/hasher, ten characters without vowels), or eight
 * and more hexadecimal digits with a decimal one among them. `undefined` where there is none.
 */
export function withoutDigest(name: string): string | undefined {
  const [, stem, end = ""] = /^(.+)-([0-9a-z]{8,64})$/.exec(name) ?? [];
  if (stem === undefined) return undefined;
  const kustomize = /^[2456789bcdfghkmt]{10}$/.test(end);
  return kustomize || (/^[0-9a-f]{8,64}$/.test(end) && /\d/.test(end)) ? stem : undefined;
}
