import type { Options } from "../config/index.ts";
import type { Minion } from "../types.ts";

/** State environments in the order in which their top files are read (`_get_envs`): base, then the config's; or `env_order` alone. */
export function stateEnvironments(minion: Minion, options: Options): readonly string[] {
  const roots = minion.fileRoots.environments();
  const { envOrder } = options;
  if (envOrder.length > 0) return roots.length > 0 ? envOrder.filter((name) => roots.includes(name)) : envOrder;
  return ["base", ...roots.filter((name) => name !== "base")];
}
