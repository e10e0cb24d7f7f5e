import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { PROJECT } from "../cli/halite.ts";
import { gitIn } from "../git/fleet-repository.ts";

/** The project as it lies here, as a repository of one commit that others can clone. Gives the commit. */
export function projectRepository(folder: string): string {
  const list = execFileSync("git", ["-C", PROJECT, "ls-files", "-co", "--exclude-standard", "-z", "--deduplicate"], { encoding: "utf8" });
  for (const path of list.split("\0")) {
    // What only tests read, and what is compiled, is not needed to install the program.
    if (path === "" || /^(?:test|out|bench|docs)\//.test(path)) continue;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    cpSync(join(PROJECT, path), join(folder, path));
  }
  gitIn(folder, "init", "--quiet", "--initial-branch=main");
  gitIn(folder, "add", "-A");
  gitIn(folder, "commit", "--quiet", "-m", "The project");
  return gitIn(folder, "rev-parse", "HEAD").trim();
}

/** What npm is told by its environment: what it has fetched before it takes from its cache. */
export function npmEnvironment(): Record<string, string> {
  const cache = execFileSync("npm", ["config", "get", "cache"], { encoding: "utf8" }).trim();
  return { npm_config_cache: cache, npm_config_prefer_offline: "true", npm_config_audit: "false", npm_config_update_notifier: "false" };
}
