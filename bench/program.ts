import { execFileSync, spawnSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ENVIRONMENT, measure, type Cost } from "./measure.ts";

/** The halite that is measured. */
export const PROGRAM = resolve(process.env["HALITE_BENCH_PROGRAM"] ?? fileURLToPath(new URL("../dist/halite.mjs", import.meta.url)));

export const NODE = process.execPath;

/** A command line of halite for the fleet in a folder. */
export function halite(folder: string, ...args: readonly string[]): string[] {
  return [NODE, PROGRAM, ...args, "--config", join(folder, "halite.yaml")];
}

export function versionCommand(): string[] {
  return [NODE, PROGRAM, "--version"];
}

/** Runs halite unmeasured and gives its standard output. @throws Error with its standard error where it does not end with 0 */
export function run(folder: string, ...args: readonly string[]): string {
  const [command = "", ...rest] = halite(folder, ...args);
  return execFileSync(command, rest, { encoding: "utf8", env: ENVIRONMENT, maxBuffer: 256 * 1024 * 1024 });
}

/** Whether this halite knows a command, and its options. */
export function knows(command: string, ...options: readonly string[]): boolean {
  return spawnSync(NODE, [PROGRAM, command, ...options, "--help"], { env: ENVIRONMENT, stdio: "ignore" }).status === 0;
}

/** Back to the tree as it is in git: nothing compiled, nothing cached. */
export function forget(folder: string): void {
  for (const name of ["out", ".halite"]) rmSync(join(folder, name), { recursive: true, force: true });
}

/** The cost of a render that finds neither out/ nor cache. */
export function coldRender(runs: number, folder: string, ...options: readonly string[]): Cost {
  return measure(runs, halite(folder, "render", ...options), { before: () => forget(folder) });
}
