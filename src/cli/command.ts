import type { Terminal } from "./terminal.ts";

/** One option of a command, GNU style. */
export interface OptionSpec {
  readonly name: string;
  readonly short?: string;
  /** What the value is called in the help, in capitals; absent for a switch. */
  readonly value?: string;
  /** May be given several times. */
  readonly multiple?: boolean;
  readonly summary: string;
}

/** What a command was called with. */
export interface Arguments {
  readonly positional: readonly string[];
  /** Whether a switch was given. */
  flag(name: string): boolean;
  /** The value of an option, the last one given. */
  value(name: string): string | undefined;
  values(name: string): readonly string[];
}

export interface CommandContext {
  readonly arguments: Arguments;
  readonly terminal: Terminal;
  /** The folder it was called in. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where the program itself lies: schemas are beside it. */
  readonly home: string;
  readonly version: string;
  /** Names the program's very build: what one build has cached no other reads. */
  readonly build: string;
}

/** 0 fine, 1 differences found or input invalid, 2 usage, 3 environment. */
export type ExitCode = 0 | 1 | 2 | 3;

export interface Command {
  readonly run: (context: CommandContext) => Promise<ExitCode>;
}

/** A command's face: enough for help and completion without loading the command. */
export interface CommandSpec {
  readonly name: string;
  readonly summary: string;
  /** What follows the name in the synopsis: `STAGE [SLS…]`. */
  readonly synopsis: string;
  readonly description: string;
  readonly options: readonly OptionSpec[];
  readonly exits: readonly (readonly [ExitCode, string])[];
  readonly examples: readonly (readonly [string, string])[];
  /** Words that complete the first positional argument. */
  readonly words?: readonly string[];
  readonly load: () => Promise<Command>;
}

/** Called wrongly: printed with the way to the help, exit 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Something outside is missing: no config, no git, a folder that can't be written. Exit 3. */
export class EnvironmentError extends Error {
  override readonly name = "EnvironmentError";
  readonly advice: string | undefined;
  constructor(message: string, advice?: string, options?: ErrorOptions) {
    super(message, options);
    this.advice = advice;
  }
}
