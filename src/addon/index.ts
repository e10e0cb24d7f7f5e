/**
 * The room of addons: files that the states wrote, to addons and a release per cluster. Pure.
 */
export { ADDONS_DIRECTORY, addonOf, compareText, isManifest, publishedPath } from "./assign.ts";
export { isBundleFile } from "./bundles.ts";
export { AddonCache } from "./cache.ts";
export type { StoredPart } from "./manifest.ts";
export { compileAddons, compileAlike, failureReasons, type CompiledAddons } from "./compile.ts";
export { BUILT_IN_NAMESPACES, readAddonSettings, type AddonSettings } from "./declaration.ts";
export { rolloutOfFailed, saysWhen } from "./rollout.ts";
export { sha256 } from "./digest.ts";
export { fateOf } from "./line-fate.ts";
export { publishedLines, publishedObjects, publishedText, type PublishedLine, type PublishedObject } from "./published.ts";
export type { SealedRead } from "./sealed.ts";
export { ReleaseTexts } from "./release.ts";
export type {
  AddonPolicies,
  FailedFile,
  FailureReason,
  JointObject,
  LineSources,
  Mode,
  ObjectProblem,
  ObjectSchema,
  PolicyContext,
  PolicyObject,
  PolicySet,
  PolicyVerdict,
  Release,
  WrittenFile,
} from "./types.ts";
