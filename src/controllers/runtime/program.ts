import { HostCommands, type HostCommandsOptions } from "./node-command.ts";
import type { RuntimeMetrics } from "./metrics.ts";

/** What of Node's process a program's end is told to. */
export interface ProgramProcess {
  exitCode?: number | string | null | undefined;
  readonly stderr: { write(text: string): unknown };
}

/**
 * Runs a controller's program to its end. What it throws is said in one line, never as a stack trace.
 *
 * Exit statuses: what `main` gives; 2 where its arguments can't be read; 3 where it could not begin, as it is in no pod or a file of its is not as it
 * should be.
 *
 * @param name the bundle's
 */
export async function runProgram(name: string, process: ProgramProcess, main: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await main();
  } catch (error) {
    process.stderr.write(`${name}: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = isUsage(error) ? 2 : 3;
  }
}

/** An argument that is missing, or none that the program knows. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

function isUsage(error: unknown): boolean {
  if (error instanceof UsageError) return true;
  return error instanceof Error && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
}

/** The node's programs, each run of which is counted. */
export function countedCommands(metrics: RuntimeMetrics, options: Omit<HostCommandsOptions, "timed">): HostCommands {
  return new HostCommands({
    ...options,
    timed: ({ tool }, result, milliseconds) => metrics.commands.observe({ tool, result }, milliseconds / 1000),
  });
}
