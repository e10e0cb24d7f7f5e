import { FindingError, printFinding } from "../finding/index.ts";
import { EnvironmentError, UsageError, type CommandSpec } from "./command.ts";
import type { Terminal } from "./terminal.ts";

/** Says on standard error what a command ended with, and gives the exit code for it. */
export function reportError(error: unknown, spec: Pick<CommandSpec, "name"> | undefined, terminal: Terminal): number {
  const red = (text: string): string => terminal.paintErr("red", text);
  if (error instanceof UsageError) {
    terminal.err(`${red("halite")}: ${error.message}\nTry \`halite ${spec === undefined ? "" : `${spec.name} `}--help\`.\n`);
    return 2;
  }
  if (error instanceof EnvironmentError) {
    terminal.err(`${red("halite")}: ${error.message}\n${error.advice === undefined ? "" : `${error.advice}\n`}`);
    return 3;
  }
  if (error instanceof FindingError) {
    for (const finding of error.findings) terminal.err(`${printFinding(finding)}\n`);
    return error.findings.some((finding) => /^(?:git|kubeconfig)-/.test(finding.code)) ? 3 : 1;
  }
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  terminal.err(`${red("halite")}: internal error; this is a bug in Halite, please report it with the lines below\n${detail}\n`);
  return 70;
}
