import { existsSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { FindingError, type Finding } from "../finding/index.ts";
import { Disk, type FileSystem } from "../salt/index.ts";
import type { RosterCache } from "./cache/roster-cache.ts";
import { CONFIG_FILE, parseFleetConfig, type FleetConfig } from "./config.ts";
import { parseRoster, type Roster } from "./roster.ts";
import { FileSchema } from "./user-schemas.ts";

/** Which clusters a fleet has, and its settings: all that is needed of it by who compiles nothing. */
export interface FleetRoster {
  /** Absolute path of the folder of halite.yaml. */
  readonly folder: string;
  /** The config's name within the folder. */
  readonly configFile: string;
  /** What its files are read from, by their absolute paths. */
  readonly files: FileSystem;
  readonly config: FleetConfig;
  readonly roster: Roster;
  readonly findings: readonly Finding[];
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
 * @param versions of Kubernetes; the newest is that of clusters without a `kubernetes` grain where the config names none either
 * @param home the program's folder, where schemas/ lies
 * @throws FindingError where either can't be read
 */
export function loadRoster(
  configPath: string,
  versions: () => readonly string[],
  home: string,
  cache?: RosterCache,
  files: FileSystem = new Disk(),
): FleetRoster {
  const { folder, configFile, config } = loadConfig(configPath, home, files);
  const text = readText(files, folder, config.roster, "roster-missing");
  const kubernetes = config.kubernetes ?? versions().at(-1) ?? "";
  const parse = (): Roster => parseRoster(text, config.roster, kubernetes, new FileSchema(home, "roster"));
  const roster = cache === undefined ? parse() : cache.roster(`${config.roster}\0${kubernetes}\0${text}`, parse);
  return { folder, configFile, files, config, roster, findings: roster.findings };
}

/** Reads the config alone. @throws FindingError where it can't be read */
export function loadConfig(
  configPath: string,
  home: string,
  files: FileSystem = new Disk(),
): Pick<FleetRoster, "folder" | "configFile" | "config"> {
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
