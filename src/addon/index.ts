/**
 * The room of addons: files that the states wrote, to addons and a release per cluster. Pure.
 */
export { ADDONS_DIRECTORY, addonOf, compareText } from "./assign.ts";
export { compileAddons, failureReasons, type CompileAddonsInput, type CompiledAddons } from "./compile.ts";
export { readAddonSettings, type AddonSettings } from "./declaration.ts";
export { releaseFiles, releaseYaml } from "./release.ts";
export type {
  Addon,
  AddonFile,
  AddonObject,
  ClusterIdentity,
  FailedFile,
  FailureReason,
  LineSources,
  Mode,
  ObjectProblem,
  ObjectSchema,
  Release,
  WrittenFile,
} from "./types.ts";
