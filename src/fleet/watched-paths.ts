import { join, resolve } from "node:path";
import { OWN_BUNDLES } from "./bundles.ts";
import { loadConfig } from "./load-roster.ts";

/** What the compile of a fleet reads from disk, as absolute paths. */
export interface WatchedPaths {
  readonly files: readonly string[];
  /** With all that is below them. */
  readonly folders: readonly string[];
  /** What is written there is no input, wherever it lies. */
  readonly outputs: readonly string[];
}

/**
 * The config, the roster, the roots, the sealed files, the fleet's schemas, policies and bundles; out/ and what is kept between runs are outputs.
 *
 * @throws FindingError where the config can't be read
 */
export function watchedPaths(configPath: string, home: string): WatchedPaths {
  const { folder, configFile, config } = loadConfig(configPath, home);
  const roots = [...config.fileRoots.values(), ...config.pillarRoots.values()].flat();
  return {
    files: [join(folder, configFile), resolve(folder, config.roster)],
    folders: [
      ...new Set([...roots.map(aboveEnvironment), config.sealed.root, "schemas/pillar", "schemas/crds", "policies", OWN_BUNDLES]),
    ].map((path) => resolve(folder, path)),
    outputs: [resolve(folder, config.out), join(folder, ".halite")],
  };
}

/** A root whose path holds `__env__` has a folder for each environment: what is watched is the folder of those. */
function aboveEnvironment(root: string): string {
  const parts = root.split("/");
  const end = parts.findIndex((part) => part.includes("__env__"));
  return end < 0 ? root : parts.slice(0, end).join("/") || ".";
}
