import { existsSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import type { BundleSource } from "../bundle/index.ts";
import { FindingError, type Finding } from "../finding/index.ts";
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
import { CONFIG_FILE, parseFleetConfig, type FleetConfig } from "./config.ts";
import type { RosterCache } from "./cache/roster-cache.ts";
import type { KubernetesSchemas } from "../schema/index.ts";
import { FileSchema } from "./user-schemas.ts";
import { parseRoster, type Cluster, type Roster } from "./roster.ts";

/** A fleet as it lies on disk, or in a commit: its config, its clusters, its files. */
export interface Fleet {
  /** Absolute path of the folder of halite.yaml. */
  readonly folder: string;
  /** The config's name within the folder. */
  readonly configFile: string;
  /** What its files are read from, by their absolute paths. */
  readonly files: FileSystem;
  readonly config: FleetConfig;
  readonly roster: Roster;
  readonly fileRoots: FileRoots;
  readonly pillarRoots: FileRoots;
  /** The sealed files, in the environment `base`. */
  readonly sealedRoots: FileRoots;
  readonly findings: readonly Finding[];
  /** The Kubernetes API in all versions that clusters may have. */
  readonly schemas: KubernetesSchemas;
  /** The bundles that manifests may name. */
  readonly bundles: BundleSource;
}

/** The nearest `halite.yaml` at or above a folder. */
export function findConfig(folder: string): string | undefined {
  for (let each = resolve(folder); ; each = dirname(each)) {
    const file = join(each, CONFIG_FILE);
    if (existsSync(file)) return file;
    if (dirname(each) === each) return undefined;
  }
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
  const { folder, configFile, config } = loadConfig(configPath, home, files);
  const text = readText(files, folder, config.roster, "roster-missing");
  const kubernetes = config.kubernetes ?? schemas.versions.at(-1) ?? "";
  const parse = (): Roster => parseRoster(text, config.roster, kubernetes, new FileSchema(home, "roster"));
  const roster = cache === undefined ? parse() : cache.roster(`${config.roster}\0${kubernetes}\0${text}`, parse);
  return {
    folder,
    configFile,
    files,
    config,
    roster,
    fileRoots: rootsIn(files, folder, config.fileRoots, config.saltOptions),
    pillarRoots: rootsIn(files, folder, config.pillarRoots, config.saltOptions),
    sealedRoots: rootsIn(files, folder, new Map([["base", [config.sealed.root]]]), new PyDict()),
    findings: roster.findings,
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

/** Reads the config alone. @throws FindingError where it can't be read */
export function loadConfig(
  configPath: string,
  home: string,
  files: FileSystem = new Disk(),
): Pick<Fleet, "folder" | "configFile" | "config"> {
  const folder = dirname(resolve(configPath));
  const configFile = relative(folder, resolve(configPath));
  const config = parseFleetConfig(readText(files, folder, configFile, "config-missing"), configFile, new FileSchema(home, "config"));
  return { folder, configFile, config };
}

function readText(files: FileSystem, folder: string, path: string, code: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(files.read(isAbsolute(path) ? path : join(folder, path)));
  } catch (error) {
    const reason =
      error instanceof Error && "code" in error && error.code === "ENOENT"
        ? "it does not exist"
        : error instanceof Error
          ? error.message
          : String(error);
    const advice =
      code === "roster-missing"
        ? "Make the file, one entry a cluster with its `az`, or let `roster` in halite.yaml name the file that lists the clusters."
        : "`halite init DIR` makes a fleet with its config; --config names another file.";
    throw new FindingError({ code, severity: "error", message: `${path} can't be read: ${reason}`, at: { file: path }, advice });
  }
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
