import { kubernetesSchemas, loadFleet, type Fleet } from "../fleet/index.ts";
import type { CommandContext } from "./command.ts";
import { refuseOutside } from "./contained.ts";
import { configPath, rosterCache, withoutErrors } from "./open-roster.ts";

/** The fleet that a command works on. `schemas`: the program's, where they are loaded already. @throws EnvironmentError where there is none */
export function openFleet(context: CommandContext, schemas = kubernetesSchemas(context.home)): Fleet {
  const path = configPath(context);
  if (context.arguments.flag("contained")) refuseOutside(path, context.home);
  return withoutErrors(loadFleet(path, schemas, context.home, rosterCache(context, path)));
}
