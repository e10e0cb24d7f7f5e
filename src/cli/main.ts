import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { UsageError } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { tuneEngine } from "./engine.ts";
import { commandHelp, overview } from "./help.ts";
import { runKept } from "./kept-program.ts";
import { nearest, parseArguments } from "./parse.ts";
import { reportError } from "./report-error.ts";
import { terminalOn, type Terminal } from "./terminal.ts";

declare const HALITE_VERSION: string;
declare const HALITE_BUILD: string;
/** Defined in the program that `runKept` runs. */
declare const HALITE_KEPT: boolean | undefined;

/** Runs one command line and gives its exit code. */
export async function main(
  argv: readonly string[],
  terminal: Terminal,
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const version = typeof HALITE_VERSION === "string" ? HALITE_VERSION : "0.0.0-dev";
  const [first, ...rest] = argv;
  if (first === "--version" || first === "-V") {
    terminal.out(`halite ${version}\n`);
    return 0;
  }
  if (first === undefined || first === "--help" || first === "-h" || first === "help") {
    const topic = COMMANDS.find((command) => command.name === rest[0]);
    terminal.out(
      topic === undefined ? overview(COMMANDS, terminal.paint, terminal.width) : commandHelp(topic, terminal.paint, terminal.width),
    );
    return first === undefined ? 2 : 0;
  }
  const spec = COMMANDS.find((command) => command.name === first);
  try {
    if (spec === undefined) {
      const near = nearest(
        first,
        COMMANDS.map((command) => command.name),
      );
      throw new UsageError(
        first.startsWith("-")
          ? `unknown option ${first}`
          : `unknown command ${first}${near === undefined ? "" : `; did you mean ${near}?`}`,
      );
    }
    const args = parseArguments(spec, rest);
    if (args.flag("help")) {
      terminal.out(commandHelp(spec, terminal.paint, terminal.width));
      return 0;
    }
    const command = await spec.load();
    return await command.run({
      arguments: args,
      terminal,
      cwd,
      env,
      home: home(),
      version,
      build: typeof HALITE_BUILD === "string" ? HALITE_BUILD : "source",
    });
  } catch (error) {
    return reportError(error, spec, terminal);
  } finally {
    terminal.progressDone();
  }
}

/** The program's folder: this file is bundled as dist/halite.mjs. */
function home(): string {
  return dirname(dirname(fileURLToPath(import.meta.url)));
}

/** Whether this file is what node was started with, rather than imported by a test. */
function isEntry(): boolean {
  return process.argv[1] !== undefined && /(?:^|[/\\])(?:halite(?:\.mjs)?|main\.ts)$/.test(process.argv[1]);
}

if (isEntry()) begin();

function begin(): void {
  // What ends before it has a code of its own has gone wrong: nothing waits for it any more.
  process.exitCode = 70;
  if (typeof HALITE_BUILD === "string" && typeof HALITE_KEPT !== "boolean") {
    tuneEngine(home());
    if (runKept(process.argv[2] ?? "", import.meta.url, HALITE_BUILD)) return;
  }
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    // A reader that goes away (`| head`) is no error; a disk that is full is one, of whoever takes what there is for all of it.
    if (error.code === "EPIPE") process.exit(0);
    process.stderr.write(`halite: what it says can't be written: ${error.message}\n`);
    process.exit(3);
  });
  // Nor is one of what is said beside it: a job that keeps a zone goes on.
  process.stderr.on("error", () => undefined);
  void run();
}

async function run(): Promise<void> {
  process.exitCode = await main(process.argv.slice(2), terminalOn(process.stdout, process.stderr, process.env), process.cwd(), process.env);
}
