import { execFile } from "node:child_process";
import { access } from "node:fs/promises";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * Installs what is missing of Debian's packages, as root only; daemons that come with them are not started. Gives the reason where they
 * can't be had.
 */
export async function aptPackages(names: readonly string[]): Promise<string | undefined> {
  const missing: string[] = [];
  for (const name of names) if (!(await isInstalled(name))) missing.push(name);
  if (missing.length === 0) return undefined;
  if (process.getuid?.() !== 0) return `not installed: ${missing.join(", ")}; only root can install packages`;
  try {
    await access("/usr/bin/apt-get");
  } catch {
    return `not installed: ${missing.join(", ")}; there is no apt-get here`;
  }
  // RUNLEVEL=1 has invoke-rc.d start nothing.
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" };
  const options = { env, maxBuffer: 2 ** 26 };
  try {
    await run("apt-get", ["-q", "update"], options);
    await run("apt-get", ["-q", "-y", "--no-install-recommends", "install", "--", ...missing], options);
    return undefined;
  } catch (error) {
    return `apt-get install ${missing.join(" ")} failed: ${(error instanceof Error ? error.message : String(error)).slice(-1000)}`;
  }
}

async function isInstalled(name: string): Promise<boolean> {
  try {
    const { stdout } = await run("dpkg-query", ["-W", "-f", "${db:Status-Status}", "--", name]);
    return stdout === "installed";
  } catch {
    return false;
  }
}
