import { resolve } from "node:path";
import type { BundleSource } from "../bundle/index.ts";
import { deepCopy, PyDict, type Value } from "../python/index.ts";
import {
  Disk,
  DiskFileRoots,
  diskOptions,
  minionConfig,
  minionOf,
  withIdentity,
  type FileRoots,
  type FileSystem,
  type Minion,
  type MinionConfig,
} from "../salt/index.ts";
import { bundlesOf } from "./bundles.ts";
import type { RosterCache } from "./cache/roster-cache.ts";
import type { KubernetesSchemas } from "../schema/index.ts";
import { loadRoster, type FleetRoster } from "./load-roster.ts";
import type { Cluster } from "./roster.ts";

/** A fleet as it lies on disk, or in a commit: its config, its clusters, its files. */
export interface Fleet extends FleetRoster {
  readonly fileRoots: FileRoots;
  readonly pillarRoots: FileRoots;
  /** The sealed files, in the environment `base`. */
  readonly sealedRoots: FileRoots;
  /** The Kubernetes API in all versions that clusters may have. */
  readonly schemas: KubernetesSchemas;
  /** The bundles that manifests may name. */
  readonly bundles: BundleSource;
}

/**
 * Reads config and roster.
 *
 * @param schemas the newest version is that of clusters without a `kubernetes` grain where the config names none either
 * @param home the program's folder, where schemas/ and dist/bundles/ lie
 * @throws FindingError where either can't be read
 */
export function loadFleet(
  configPath: string,
  schemas: KubernetesSchemas,
  home: string,
  cache?: RosterCache,
  files: FileSystem = new Disk(),
): Fleet {
  const fleet = loadRoster(configPath, () => schemas.versions, home, cache, files);
  const { folder, config } = fleet;
  return {
    ...fleet,
    fileRoots: rootsIn(files, folder, config.fileRoots, config.saltOptions),
    pillarRoots: rootsIn(files, folder, config.pillarRoots, config.saltOptions),
    sealedRoots: rootsIn(files, folder, new Map([["base", [config.sealed.root]]]), new PyDict()),
    schemas,
    bundles: bundlesOf(home, folder, files),
  };
}

/** The fleet with its config and roster as they are and all other files read from elsewhere. */
export function withFiles(fleet: Fleet, files: FileSystem): Fleet {
  const { folder, config } = fleet;
  return {
    ...fleet,
    files,
    fileRoots: rootsIn(files, folder, config.fileRoots, config.saltOptions),
    pillarRoots: rootsIn(files, folder, config.pillarRoots, config.saltOptions),
    sealedRoots: rootsIn(files, folder, new Map([["base", [config.sealed.root]]]), new PyDict()),
  };
}

/** File roots; `display` names are as the config writes them. */
function rootsIn(files: FileSystem, folder: string, roots: ReadonlyMap<string, readonly string[]>, options: PyDict): FileRoots {
  return new DiskFileRoots(
    [...roots].map(([name, directories]) => ({
      name,
      roots: directories.map((directory) => ({ directory: resolve(folder, directory), display: directory.replace(/\/+$/, "") })),
    })),
    { ...diskOptions(options), files },
  );
}

/** The minion that a cluster is to Salt's machinery. Its data are its own: what a template changes in them no other minion sees. */
export function minionOfCluster(fleet: Fleet, cluster: Cluster): Minion {
  return minionOf(configOfCluster(fleet, cluster), fleet.fileRoots, fleet.pillarRoots);
}

/** The minions of clusters, for those who change nothing that they hold: all but id and grains is the same object. */
export class SharedMinions {
  readonly #fleet: Fleet;
  #config: MinionConfig | undefined;

  constructor(fleet: Fleet) {
    this.#fleet = fleet;
  }

  of(cluster: Cluster): Minion {
    const { configFile, fileRoots, pillarRoots } = this.#fleet;
    this.#config ??= configOfCluster(this.#fleet, cluster);
    return minionOf(withIdentity(this.#config, cluster.id, cluster.grains, configFile), fileRoots, pillarRoots);
  }
}

function configOfCluster(fleet: Fleet, cluster: Cluster): MinionConfig {
  const options = PyDict.of([...fleet.config.saltOptions.entries()].map(([key, value]): [Value, Value] => [key, deepCopy(value)]));
  options.set("id", cluster.id);
  options.set("grains", deepCopy(cluster.grains));
  options.set("file_roots", rootsOption(fleet.config.fileRoots));
  options.set("pillar_roots", rootsOption(fleet.config.pillarRoots));
  return minionConfig(options, fleet.configFile);
}

function rootsOption(roots: ReadonlyMap<string, readonly string[]>): PyDict {
  return PyDict.of([...roots].map(([saltenv, folders]): [Value, Value] => [saltenv, [...folders]]));
}
