import { spawn } from "node:child_process";

export interface RealRun {
  readonly status: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface RealOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | Uint8Array;
  /** Milliseconds. Default: four minutes, which what hangs takes and nothing else. */
  readonly timeout?: number;
}

/** Runs a real program to its end. Only PATH is taken over of the environment. */
export function runReal(program: string, args: readonly string[], options: RealOptions = {}): Promise<RealRun> {
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: { PATH: process.env["PATH"] ?? "", HOME: options.cwd ?? "/nonexistent", LC_ALL: "C.UTF-8", ...options.env },
    stdio: ["pipe", "pipe", "pipe"],
    timeout: options.timeout ?? 240_000,
  });
  const stdout: Buffer[] = [];
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString("utf8")));
  child.stdin.on("error", () => undefined);
  child.stdin.end(options.input ?? "");
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (status) => resolve({ status, stdout: Buffer.concat(stdout), stderr }));
  });
}

/** Runs a real program that must succeed and gives what it printed. @throws Error with its messages */
export async function mustRun(program: string, args: readonly string[], options: RealOptions = {}): Promise<string> {
  const run = await runReal(program, args, options);
  if (run.status !== 0) throw new Error(`${program} ${args.join(" ")} ended with ${run.status}:\n${run.stderr}`);
  return run.stdout.toString("utf8");
}
