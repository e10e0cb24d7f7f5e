import { parseArgs } from "node:util";
import { HostCommands, type HostCommandsOptions } from "./node-command.ts";
import type { RuntimeMetrics } from "./metrics.ts";

/** What of Node's process a program's arguments, words and end go through. */
export interface ProgramProcess {
  exitCode?: number | string | null | undefined;
  /** Node's: the first two are Node's own and the program's path. */
  readonly argv: readonly string[];
  readonly stdout: ProgramOutput;
  readonly stderr: ProgramOutput;
  /** Ends it, whatever is still open. */
  exit(): void;
}

interface ProgramOutput {
  write(text: string): unknown;
  on(event: "error", heard: () => void): unknown;
}

/** What is still open when a program has done its work, such as a connection that nobody closes, keeps it for so long, in milliseconds. */
const LINGER = 1000;

/** One option of a controller's program. A number is a whole one, 0 or more. */
export interface ProgramOption {
  readonly type: "string" | "number" | "boolean";
  readonly about: string;
  /** What stands for the value in the help. */
  readonly value?: string;
  /** Without it the program does not begin. */
  readonly required?: true;
  readonly default?: string | number;
}

/** Options of programs that run in pods. */
export const POD_OPTIONS = {
  host: { type: "string", value: "ADDRESS", about: "on which those are served; without it on every one" },
  account: { type: "string", value: "FOLDER", about: "of the ServiceAccount, where it is not a pod's" },
} as const;

type ProgramOptions = Readonly<Record<string, ProgramOption>>;

/** A controller's program, as its help says it. */
export interface Program<Options extends ProgramOptions> {
  /** The bundle's name. */
  readonly name: string;
  /** One sentence. */
  readonly about: string;
  /** By name; `help` and `version` every program has. */
  readonly options: Options;
}

type ProgramValue<Option extends ProgramOption> = Option extends { type: "boolean" }
  ? boolean
  : (Option extends { type: "number" } ? number : string) | (Option extends { required: true } | { default: unknown } ? never : undefined);

/** The values of a program's options. */
export type ProgramValues<Options extends ProgramOptions> = { readonly [Name in keyof Options]: ProgramValue<Options[Name]> };

declare const HALITE_VERSION: string;

/**
 * Runs a controller's program to its end. What it throws is said in one line, never as a stack trace.
 *
 * Exit statuses: what `main` gives, and 0 after `--help` and `--version`; 2 where its arguments can't be read; 3 where it could not begin, as it is in no
 * pod or a file of its is not as it should be.
 */
export async function runProgram<const Options extends ProgramOptions>(
  program: Program<Options>,
  process: ProgramProcess,
  main: (values: ProgramValues<Options>) => Promise<number>,
): Promise<void> {
  // Who reads its words may go away, and come back: a node's storage is not left alone for that.
  for (const output of [process.stdout, process.stderr]) output.on("error", () => undefined);
  try {
    const args = process.argv.slice(2);
    if (args.includes("--help") || args.includes("-h")) process.stdout.write(programHelp(program));
    else if (args.includes("--version"))
      process.stdout.write(`${program.name} ${typeof HALITE_VERSION === "string" ? HALITE_VERSION : "0.0.0-dev"}\n`);
    else {
      process.exitCode = await main(readValues(program.options, args));
      setTimeout(() => process.exit(), LINGER).unref();
      return;
    }
    process.exitCode = 0;
  } catch (error) {
    process.stderr.write(`${program.name}: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = isUsage(error) ? 2 : 3;
  }
}

/** @throws UsageError, or what `parseArgs` of Node throws */
function readValues<Options extends ProgramOptions>(options: Options, args: readonly string[]): ProgramValues<Options> {
  const { values } = parseArgs({
    args: [...args],
    options: Object.fromEntries(Object.entries(options).map(([name, { type }]) => [name, { type: type === "boolean" ? type : "string" }])),
  });
  const missing = Object.entries(options).filter(([name, { required = false }]) => required && (values[name] ?? "") === "");
  if (missing.length > 0) {
    const names = missing.map(([name]) => `--${name}`);
    const last = names.pop() ?? "";
    throw new UsageError(
      `${[...(names.length > 0 ? [names.join(", ")] : []), last].join(" and ")} ${missing.length === 1 ? "is" : "are"} missing`,
    );
  }
  const read: unknown = Object.fromEntries(Object.entries(options).map(([name, option]) => [name, valueOf(name, option, values[name])]));
  // Each option has a value of its type, or none where it has no default and is not required.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- which the compiler can't see in entries
  return read as ProgramValues<Options>;
}

function valueOf(name: string, { type, default: otherwise }: ProgramOption, given: unknown): unknown {
  if (type === "boolean") return given === true;
  if (given === undefined || type === "string") return given ?? otherwise;
  if (typeof given === "string" && /^\d{1,15}$/.test(given)) return Number(given);
  throw new UsageError(`--${name} takes a whole number, not ${JSON.stringify(given)}`);
}

function programHelp({ name, about, options }: Program<ProgramOptions>): string {
  const rows = Object.entries(options).map(([option, { type, value, about: text, required, default: otherwise }]) => {
    const head = type === "boolean" ? `--${option}` : `--${option}=${value ?? (type === "number" ? "NUMBER" : "TEXT")}`;
    const note = required === true ? " (needed)" : otherwise === undefined ? "" : ` (default ${otherwise})`;
    return [head, `${text}${note}`] as const;
  });
  rows.push(["--help", "print this help"], ["--version", "print the version"]);
  const longest = Math.max(...rows.map(([head]) => head.length));
  return [
    `${name}: ${about}`,
    "",
    "Runs in a pod of its addon, as that pod's ServiceAccount.",
    "",
    "Options",
    ...rows.map(([head, text]) => `  ${head.padEnd(longest)}  ${text}`),
    "",
  ].join("\n");
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
