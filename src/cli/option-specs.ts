import type { OptionSpec } from "./command.ts";

/** The option that most commands have. */
export const CONFIG: OptionSpec = {
  name: "config",
  short: "c",
  value: "FILE",
  summary: "the fleet's halite.yaml (default: the nearest one upwards from here)",
};
