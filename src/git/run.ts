import { spawn, spawnSync } from "node:child_process";
import { FindingError } from "../finding/index.ts";

export interface GitRun {
  readonly status: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface GitRunOptions {
  readonly cwd: string;
  readonly input?: string | Uint8Array | AsyncIterable<Uint8Array>;
  /** Milliseconds; the process is killed after that. Default two minutes. */
  readonly timeout?: number;
  /** Bytes of standard output at most. Default 256 MiB. */
  readonly limit?: number;
}

/** Variables of a surrounding git process that would lead ours into another repository. */
const FOREIGN = [
  "GIT_DIR",
  "GIT_WORK_TREE",
  "GIT_INDEX_FILE",
  "GIT_OBJECT_DIRECTORY",
  "GIT_COMMON_DIR",
  "GIT_NAMESPACE",
  "GIT_PREFIX",
  "GIT_QUARANTINE_PATH",
];

function ownEnvironment(): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env, LC_ALL: "C", GIT_TERMINAL_PROMPT: "0", GIT_OPTIONAL_LOCKS: "0" };
  for (const name of FOREIGN) delete env[name];
  return env;
}

/** Runs git while everything else waits, and gives its standard output: for the few reads that can't be foreseen. @throws FindingError `git-failed` */
export function gitSync(args: readonly string[], { cwd, timeout, limit }: Omit<GitRunOptions, "input">): Buffer {
  const run = spawnSync("git", [...args], {
    cwd,
    env: ownEnvironment(),
    timeout: timeout ?? 120_000,
    maxBuffer: limit ?? 256 * 1024 * 1024,
    killSignal: "SIGKILL",
  });
  if (run.status !== 0) throw gitFailed(args, { status: run.status ?? 1, stdout: run.stdout, stderr: run.stderr?.toString("utf8") ?? "" });
  return run.stdout;
}

/**
 * Runs git without a shell, in the C locale, without prompts.
 *
 * @throws FindingError `git-missing` where there is no git, `git-timeout`
 */
export async function runGit(args: readonly string[], options: GitRunOptions): Promise<GitRun> {
  const env = ownEnvironment();
  const limit = options.limit ?? 256 * 1024 * 1024;
  const child = spawn("git", [...args], {
    cwd: options.cwd,
    env,
    stdio: ["pipe", "pipe", "pipe"],
    timeout: options.timeout ?? 120_000,
    killSignal: "SIGKILL",
  });
  const stdout: Buffer[] = [];
  let size = 0;
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > limit) child.kill("SIGKILL");
    else stdout.push(chunk);
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr = (stderr + chunk.toString("utf8")).slice(-16_384);
  });
  // git may end before it has read everything; its exit status says why.
  child.stdin.on("error", () => undefined);
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
  try {
    await Promise.all([feed(child.stdin, options.input), ended]);
    const { code, signal } = await ended;
    if (signal !== null) {
      throw new FindingError({
        code: size > limit ? "git-output" : "git-timeout",
        severity: "error",
        message:
          size > limit
            ? `git ${args[0] ?? ""} printed more than ${limit} bytes`
            : `git ${args[0] ?? ""} was ended by ${signal} after its time ran out`,
        advice: "Run the git command by hand to see what it waits for; running halite again is safe.",
      });
    }
    return { status: code ?? 1, stdout: Buffer.concat(stdout), stderr };
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") {
      throw new FindingError({
        code: "git-missing",
        severity: "error",
        message: "git is not on the PATH, or the folder to run it in is gone",
        advice: `install git 2.30 or newer; folder: ${options.cwd}`,
      });
    }
    throw error;
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

/** What to do about what git said. */
function gitAdvice(said: string): string {
  if (/could not read Username|Authentication failed|Permission denied/i.test(said))
    return "git asks for no password here: set up a credential helper or an ssh key for the remote.";
  if (/Could not resolve host|unable to access|Connection (?:refused|timed out)/i.test(said))
    return "The remote can't be reached: check `publish.remote` in halite.yaml and the network; running again is safe.";
  return "Run the same git command by hand in the repository to see more; running halite again is safe.";
}

/** The finding for a git command that failed. */
export function gitFailed(args: readonly string[], run: GitRun): FindingError {
  const said = run.stderr.trim().split("\n").slice(-6).join("\n");
  return new FindingError({
    code: "git-failed",
    severity: "error",
    message: `git ${args[0] ?? ""} failed with status ${run.status}${said === "" ? "" : `:\n${said}`}`,
    advice: gitAdvice(said),
  });
}
