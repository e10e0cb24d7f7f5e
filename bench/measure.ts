import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** What a process cost, its children included. */
export interface Cost {
  /** Seconds. */
  readonly wall: number;
  /** Seconds, user and system. */
  readonly cpu: number;
  /** MiB; of the largest process, where there are several. */
  readonly peak: number;
}

export interface MeasureOptions {
  /** Unmeasured, before each run. */
  readonly before?: () => void;
  /** Unmeasured, after each run. */
  readonly after?: () => void;
  /** Where standard output goes. */
  readonly output?: string;
}

/** Halite's own processes and all others get this environment: NODE_EXTRA_CA_CERTS costs every Node process 40 ms. */
export const ENVIRONMENT = { ...process.env, NODE_EXTRA_CA_CERTS: undefined };

/** The median cost of a command over some runs; of the peaks the largest. @throws Error where it does not end with 0 */
export function measure(runs: number, command: readonly string[], options: MeasureOptions = {}): Cost {
  const costs: Cost[] = [];
  for (let run = 0; run < runs; run++) {
    options.before?.();
    costs.push(once(command, options.output ?? "/dev/null"));
    options.after?.();
  }
  const median = (pick: (cost: Cost) => number): number => costs.map(pick).sort((a, b) => a - b)[Math.floor(runs / 2)] ?? 0;
  return { wall: median((cost) => cost.wall), cpu: median((cost) => cost.cpu), peak: Math.max(...costs.map((cost) => cost.peak)) };
}

/** The cost of doing the same so many times over, one process after another. */
export function times(factor: number, cost: Cost): Cost {
  return { wall: factor * cost.wall, cpu: factor * cost.cpu, peak: cost.peak };
}

function once(command: readonly string[], output: string): Cost {
  const done = spawnSync("python3", [fileURLToPath(new URL("measure.py", import.meta.url)), output, ...command], {
    encoding: "utf8",
    env: ENVIRONMENT,
    maxBuffer: 64 * 1024 * 1024,
  });
  if (done.error !== undefined) throw new Error("the benchmark is measured by python3, which can't be started", { cause: done.error });
  if (done.status !== 0) throw new Error(`bench/measure.py ended with ${String(done.status)}:\n${done.stderr}`);
  const cost: Cost & { readonly status: number } = JSON.parse(done.stdout.trim().split("\n").at(-1) ?? "{}");
  if (cost.status !== 0) throw new Error(`${command.join(" ")} ended with ${cost.status}:\n${done.stderr}`);
  return cost;
}
