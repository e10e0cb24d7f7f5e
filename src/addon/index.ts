/**
 * The room of addons: files that the states wrote, to addons and a release per cluster. Pure.
 */
export { ADDONS_DIRECTORY, addonOf, compareText, publishedPath } from "./assign.ts";
export { AddonCache } from "./cache.ts";
export type { StoredPart } from "./manifest.ts";
export { compileAddons, failureReasons, type CompiledAddons } from "./compile.ts";
export { BUILT_IN_NAMESPACES, readAddonSettings, type AddonSettings } from "./declaration.ts";
export { ReleaseTexts } from "./release.ts";
export type { FailedFile, LineSources, ObjectSchema, Release, WrittenFile } from "./types.ts";
