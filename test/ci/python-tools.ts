import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { execFile } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const VENV = fileURLToPath(new URL("../.cache/ci-venv/", import.meta.url));
const PACKAGES = ["pre-commit==4.7.0", "check-jsonschema==0.39.0"];
const STAMP = join(VENV, ".halite-packages");

/** Where a program of the virtual environment is. */
export function pythonTool(name: "pre-commit" | "check-jsonschema"): string {
  return join(VENV, "bin", name);
}

export const havePythonTools = existsSync(STAMP);

/** Installs pre-commit and check-jsonschema from PyPI. Gives the reason where they can't be had. */
export async function installPythonTools(): Promise<string | undefined> {
  if (existsSync(STAMP) && readFileSync(STAMP, "utf8") === PACKAGES.join("\n")) return undefined;
  const run = promisify(execFile);
  try {
    await rm(VENV, { recursive: true, force: true });
    await mkdir(dirname(VENV), { recursive: true });
    await run("python3", ["-m", "venv", VENV]);
    await run(join(VENV, "bin/python"), ["-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check", ...PACKAGES], {
      maxBuffer: 2 ** 26,
    });
    writeFileSync(STAMP, PACKAGES.join("\n"));
    return undefined;
  } catch (error) {
    return `${PACKAGES.join(" ")} could not be installed: ${(error instanceof Error ? error.message : String(error)).slice(-1000)}`;
  }
}
