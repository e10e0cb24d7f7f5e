/** The room of options: a Salt minion config, its defaults and what its options mean (salt/config/__init__.py, 3007.1). */
export { minionConfig, minionOf, parseMinionConfig, withIdentity, type ConfigFile, type MinionConfig } from "./minion.ts";
export { Options } from "./options.ts";
