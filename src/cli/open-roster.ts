import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { CacheFolder, findConfig, loadRoster, RosterCache, type FleetRoster } from "../fleet/index.ts";
import { FindingError } from "../finding/index.ts";
import { kubernetesVersions } from "../schema/index.ts";
import { EnvironmentError, type CommandContext } from "./command.ts";

/** Absolute path of the config that a command works with. @throws EnvironmentError where there is none */
export function configPath(context: CommandContext): string {
  const given = context.arguments.value("config");
  const path = given === undefined ? findConfig(context.cwd) : resolve(context.cwd, given);
  if (path === undefined || !existsSync(path)) {
    throw new EnvironmentError(
      given === undefined ? "there is no halite.yaml here or in any folder above" : `${given} does not exist`,
      "`halite init DIR` makes a new fleet; --config names another file",
    );
  }
  return path;
}

/** Config and roster of the fleet that a command works on, for commands that compile nothing. @throws EnvironmentError where there is none */
export function openRoster(context: CommandContext): FleetRoster {
  const path = configPath(context);
  const versions = (): readonly string[] =>
    kubernetesVersions((name) => readFileSync(join(context.home, "schemas/kubernetes", name), "utf8"));
  return withoutErrors(loadRoster(path, versions, context.home, rosterCache(context, path)));
}

/** @throws FindingError where something is wrong with it */
export function withoutErrors<T extends FleetRoster>(fleet: T): T {
  const [first, ...rest] = fleet.findings.filter((finding) => finding.severity === "error");
  if (first !== undefined) throw new FindingError(first, ...rest);
  return fleet;
}

export function rosterCache(context: CommandContext, config: string): RosterCache | undefined {
  if (context.arguments.flag("no-cache") || context.arguments.flag("no-memo")) return undefined;
  return new RosterCache(new CacheFolder(join(dirname(config), ".halite/cache"), context.build, () => undefined));
}

/** Where out/ is. */
export function outFolder(context: CommandContext, fleet: FleetRoster): string {
  const given = context.arguments.value("out");
  return given === undefined ? join(fleet.folder, fleet.config.out) : resolve(context.cwd, given);
}
