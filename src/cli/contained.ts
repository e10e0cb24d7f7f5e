import { isAbsolute, relative, resolve } from "node:path";
import { FindingError, type Finding } from "../finding/index.ts";
import { loadConfig } from "../fleet/index.ts";

/**
 * Refuses a config that names anything outside its own folder: for trees of people who may not read what this process may, such as what
 * a hook of a server is to check.
 *
 * @throws FindingError `config-outside`
 */
export function refuseOutside(configPath: string, home: string): void {
  const { folder, configFile, config } = loadConfig(configPath, home);
  const roots = [...config.fileRoots.values(), ...config.pillarRoots.values()].flat();
  const findings: Finding[] = [config.roster, config.sealed.root, ...roots]
    .filter((path) => isOutside(relative(folder, resolve(folder, path))))
    .map((path) => ({
      code: "config-outside",
      severity: "error",
      message: `${path} is outside the fleet's folder`,
      at: { file: configFile },
      advice: "Here only what is in the tree itself may be read: name a path below the folder of halite.yaml.",
    }));
  const [first, ...more] = findings;
  if (first !== undefined) throw new FindingError(first, ...more);
}

function isOutside(path: string): boolean {
  return path === ".." || path.startsWith("../") || isAbsolute(path);
}
