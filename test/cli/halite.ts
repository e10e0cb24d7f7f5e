import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's own folder. */
export const PROJECT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
/** The built command line. */
export const HALITE = join(PROJECT, "dist/halite.mjs");

export interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly node?: string;
  readonly uid?: number;
  readonly program?: string;
}

/** Runs the built command line as a user would. */
export function halite(args: readonly string[], options: RunOptions): Promise<Run> {
  const env = { PATH: process.env["PATH"] ?? "", HOME: options.cwd, ...options.env };
  const child = spawn(options.node ?? process.execPath, [options.program ?? HALITE, ...args], {
    cwd: options.cwd,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status) => resolve({ status, stdout, stderr }));
  });
}

/** The newest LTS Node that the test set-up installed, or undefined. */
export function newestNode(): string | undefined {
  const cache = join(PROJECT, "test/.cache");
  if (!existsSync(cache)) return undefined;
  const folder = readdirSync(cache).find((name) => /^node-\d/.test(name));
  const binary = folder === undefined ? "" : join(cache, folder, `node_modules/node-linux-${process.arch}/bin/node`);
  return existsSync(binary) ? binary : undefined;
}

/** A folder that is gone when the callback is done. */
export async function inTemporaryFolder<T>(run: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "halite-cli-"));
  try {
    return await run(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
