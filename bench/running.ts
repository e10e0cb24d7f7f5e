import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ENVIRONMENT, type Cost } from "./measure.ts";

export interface RunningOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Exit statuses that count as done; default 0 alone. */
  readonly ends?: readonly number[];
}

/** What one command costs while this process goes on reading what others write: control planes of the bench are its children. @throws Error where it fails */
export async function costOf(command: readonly string[], options: RunningOptions = {}): Promise<Cost> {
  const measured = ["python3", fileURLToPath(new URL("measure.py", import.meta.url)), "/dev/null", ...command];
  const [program = "", ...args] = measured;
  const child = spawn(program, args, { cwd: options.cwd, env: { ...ENVIRONMENT, ...options.env }, stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString("utf8")));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString("utf8")));
  await new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", () => resolve());
  });
  const cost: Cost & { readonly status: number } = JSON.parse(stdout.trim().split("\n").at(-1) ?? "{}");
  if (!(options.ends ?? [0]).includes(cost.status)) throw new Error(`${command.join(" ")} ended with ${cost.status}:\n${stderr}`);
  return cost;
}

/** Seconds that all threads of a process had a processor for, to the nanosecond (proc(5), schedstat). */
export function cpuSeconds(pid: number): number {
  let nanoseconds = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]);
    } catch {
      // It ended meanwhile.
    }
  }
  return nanoseconds / 1e9;
}

/** MiB: the most that a process has had in memory, and what it has now. */
export function memoryOf(pid: number): { readonly peak: number; readonly now: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1] ?? "0") / 1024;
  return { peak: field("VmHWM"), now: field("VmRSS") };
}

/** The value below which a share of all lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
