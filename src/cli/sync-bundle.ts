import { parseArguments } from "./parse.ts";
import { commandHelp } from "./help.ts";
import { reportError } from "./report-error.ts";
import { SYNC } from "./sync-spec.ts";
import { terminalOn } from "./terminal.ts";
import { UsageError } from "./command.ts";

declare const HALITE_VERSION: string;

/**
 * The bundle `halite-sync`: `halite sync` alone, in one file that an addon brings into its pods, which run a stock image with Node and git. It is called as the
 * command line is: `sync --az AZ …`.
 */
async function main(argv: readonly string[]): Promise<number> {
  const terminal = terminalOn(process.stdout, process.stderr, process.env);
  const [first, ...rest] = argv;
  try {
    if (first === "--version") {
      terminal.out(`halite-sync ${HALITE_VERSION}\n`);
      return 0;
    }
    if (first === "--help" || first === "-h") {
      terminal.out(commandHelp(SYNC, terminal.paint, terminal.width));
      return 0;
    }
    if (first !== SYNC.name) throw new UsageError(`this bundle knows the command sync alone, not ${first ?? "none"}`);
    const args = parseArguments(SYNC, rest);
    if (args.flag("help")) {
      terminal.out(commandHelp(SYNC, terminal.paint, terminal.width));
      return 0;
    }
    const command = await SYNC.load();
    return await command.run({
      arguments: args,
      terminal,
      cwd: process.cwd(),
      env: process.env,
      home: "",
      version: HALITE_VERSION,
      build: "bundle",
    });
  } catch (error) {
    return reportError(error, SYNC, terminal);
  } finally {
    terminal.progressDone();
  }
}

async function run(): Promise<void> {
  // Who reads its words may go away, and come back: a zone is not left alone for that.
  for (const output of [process.stdout, process.stderr]) output.on("error", () => undefined);
  process.exitCode = await main(process.argv.slice(2));
}

void run();
