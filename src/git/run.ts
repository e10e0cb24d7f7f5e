import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { FindingError } from "../finding/index.ts";
import { cleanText, maskText } from "./clean-text.ts";

export interface GitRun {
  readonly status: number;
  readonly stdout: Buffer;
  /** What git said last, at most 16 KiB, without control characters and secrets. */
  readonly stderr: string;
}

export interface GitSettings {
  /** Variables added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Options of git's config for this run alone; they reach git through its environment, never its arguments. */
  readonly config?: readonly (readonly [name: string, value: string])[];
  /** Texts that are masked in whatever git says. */
  readonly conceal?: readonly string[];
}

/**
 * For commands that may tidy up when they are done: that they do it themselves, and leave nobody behind who works on in the repository, and whom no signal
 * reaches that ends git (git-config(1)).
 */
export const TIDY_AT_ONCE: readonly (readonly [name: string, value: string])[] = [
  ["gc.autoDetach", "false"],
  ["maintenance.autoDetach", "false"],
];

export interface GitRunOptions extends GitSettings {
  readonly cwd: string;
  readonly input?: string | Uint8Array | AsyncIterable<Uint8Array>;
  /** Milliseconds; git and what it started are killed after that. Default two minutes. */
  readonly timeout?: number;
  /** Bytes of standard output at most. Default 256 MiB. */
  readonly limit?: number;
  /** Ends git; what is to be run after it was given is not begun. */
  readonly signal?: AbortSignal | undefined;
}

/** Variables of a surrounding git process, such as a hook's, that would lead ours into another repository. */
const FOREIGN = [
  "GIT_DIR",
  "GIT_WORK_TREE",
  "GIT_INDEX_FILE",
  "GIT_OBJECT_DIRECTORY",
  "GIT_ALTERNATE_OBJECT_DIRECTORIES",
  "GIT_COMMON_DIR",
  "GIT_NAMESPACE",
  "GIT_PREFIX",
  "GIT_QUARANTINE_PATH",
  "GIT_SHALLOW_FILE",
  "GIT_GRAFT_FILE",
  "GIT_REPLACE_REF_BASE",
  "GIT_IMPLICIT_WORK_TREE",
  "GIT_INTERNAL_SUPER_PREFIX",
];

/** Runs git while everything else waits, and gives its standard output: for the few reads that can't be foreseen. @throws FindingError `git-failed` */
export function gitSync(args: readonly string[], { cwd, timeout, limit }: Omit<GitRunOptions, "input">): Buffer {
  const run = spawnSync("git", [...args], {
    cwd,
    env: environment({}),
    timeout: timeout ?? 120_000,
    maxBuffer: limit ?? 256 * 1024 * 1024,
    killSignal: "SIGKILL",
  });
  if (run.status !== 0) throw gitFailed(args, { status: run.status ?? 1, stderr: cleanText(run.stderr?.toString("utf8") ?? "") });
  return run.stdout;
}

/**
 * Runs git without a shell, in the C locale, without prompts, in a process group of its own: what git starts (ssh, remote helpers) ends
 * with it, and finds no terminal to ask on.
 *
 * @throws FindingError `git-missing` where there is no git, `git-timeout`, `git-output`; the signal's reason
 */
export async function runGit(args: readonly string[], options: GitRunOptions): Promise<GitRun> {
  options.signal?.throwIfAborted();
  const limit = options.limit ?? 256 * 1024 * 1024;
  const child: ChildProcess = spawn("git", [...args], {
    cwd: options.cwd,
    env: environment(options),
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  const group = new ProcessGroup(child, options.timeout ?? 120_000, options.signal);
  // Heard from the first: where the system has no more processes or files the child has not even its streams.
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
  const stdout: Buffer[] = [];
  let size = 0;
  let stderr = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > limit) group.kill();
    else stdout.push(chunk);
  });
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    stderr = (stderr + chunk).slice(-16_384);
  });
  // git may end before it has read everything; its exit status says why.
  child.stdin?.on("error", () => undefined);
  try {
    await Promise.all([child.stdin == null ? undefined : feed(child.stdin, options.input), ended]);
    const { code, signal } = await ended;
    if (signal !== null) {
      options.signal?.throwIfAborted();
      throw new FindingError({
        code: size > limit ? "git-output" : "git-timeout",
        severity: "error",
        message:
          size > limit
            ? `git ${args[0] ?? ""} printed more than ${limit} bytes`
            : `git ${args[0] ?? ""} was ended by ${signal}${group.timedOut ? " after its time ran out" : ""}`,
        advice: "Run the git command by hand to see what it waits for; running halite again is safe.",
      });
    }
    return { status: code ?? 1, stdout: Buffer.concat(stdout), stderr: maskText(cleanText(stderr), options.conceal ?? []) };
  } catch (error) {
    group.kill();
    if (error instanceof Error && "code" in error && error.code === "ENOENT") {
      throw new FindingError({
        code: "git-missing",
        severity: "error",
        message: "git is not on the PATH, or the folder to run it in is gone",
        advice: `install git 2.34 or newer; folder: ${options.cwd}`,
      });
    }
    throw error;
  } finally {
    group.done();
  }
}

/** Our own environment without what would lead elsewhere, and what the run adds. */
function environment({ env: added = {}, config = [] }: GitSettings): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env, LC_ALL: "C", GIT_TERMINAL_PROMPT: "0", GIT_OPTIONAL_LOCKS: "0" };
  for (const name of FOREIGN) delete env[name];
  Object.assign(env, added);
  // Whoever called us may have given options in the same way: ours come after.
  const given = Number(env["GIT_CONFIG_COUNT"] ?? "0");
  const first = Number.isInteger(given) && given > 0 ? given : 0;
  for (const [index, [name, value]] of config.entries()) {
    env[`GIT_CONFIG_KEY_${first + index}`] = name;
    env[`GIT_CONFIG_VALUE_${first + index}`] = value;
  }
  if (config.length > 0) env["GIT_CONFIG_COUNT"] = String(first + config.length);
  return env;
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** A child with all that it starts: it ends when its time is over, and when we are told to end. */
class ProcessGroup {
  readonly #child: ChildProcess;
  readonly #timer: NodeJS.Timeout;
  readonly #signal: AbortSignal | undefined;
  #over = false;
  #timedOut = false;
  readonly #end = (): void => this.kill();
  readonly #onSignal = (signal: NodeJS.Signals): void => {
    this.kill();
    this.done();
    // Nobody else has said what the signal means to this process, so that it means what it means by itself.
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };

  constructor(child: ChildProcess, timeout: number, ending: AbortSignal | undefined) {
    this.#child = child;
    this.#signal = ending;
    ending?.addEventListener("abort", this.#end, { once: true });
    this.#timer = setTimeout(() => {
      this.#timedOut = true;
      this.kill();
    }, timeout);
    for (const signal of SIGNALS) process.on(signal, this.#onSignal);
  }

  get timedOut(): boolean {
    return this.#timedOut;
  }

  kill(): void {
    const { pid } = this.#child;
    if (this.#over || pid === undefined) return;
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }

  done(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener("abort", this.#end);
    for (const signal of SIGNALS) process.removeListener(signal, this.#onSignal);
  }
}

async function feed(stdin: NodeJS.WritableStream, input: GitRunOptions["input"]): Promise<void> {
  if (input !== undefined && typeof input !== "string" && !(input instanceof Uint8Array)) {
    for await (const chunk of input) {
      if (!stdin.write(chunk)) await new Promise<void>((resolve) => onceAny(stdin, resolve));
    }
  } else if (input !== undefined) stdin.write(input);
  stdin.end();
}

/** Goes on at the first of drain, close and error: a reader that is gone never drains. */
function onceAny(stream: NodeJS.WritableStream, go: () => void): void {
  const events = ["drain", "close", "error"];
  const handler = (): void => {
    for (const event of events) stream.removeListener(event, handler);
    go();
  };
  for (const event of events) stream.on(event, handler);
}

/** Runs git and gives its standard output as text. @throws FindingError `git-failed` with git's own words */
export async function git(args: readonly string[], options: GitRunOptions): Promise<string> {
  const run = await runGit(args, options);
  if (run.status !== 0) throw gitFailed(args, run);
  return run.stdout.toString("utf8");
}

/** The finding for a git command that failed, in git's own words. */
export function gitFailed(args: readonly string[], run: Pick<GitRun, "status" | "stderr">, advice?: string): FindingError {
  const said = run.stderr.trim().split("\n").slice(-6).join("\n");
  return new FindingError({
    code: "git-failed",
    severity: "error",
    message: `git ${args[0] ?? ""} failed with status ${run.status}${said === "" ? "" : `:\n${said}`}`,
    advice: advice ?? "Run the same git command by hand in the repository to see more; running halite again is safe.",
  });
}
