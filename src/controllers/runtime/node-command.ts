import { spawn, type ChildProcess } from "node:child_process";
import type { Clock } from "../../kubernetes/index.ts";

/**
 * The node's programs that controllers may run. Everything that they do to a node goes through here: what is not in the list is not run.
 */
export const NODE_TOOLS = [
  // LVM
  "pvcreate",
  "pvremove",
  "pvs",
  "pvresize",
  "vgcreate",
  "vgextend",
  "vgreduce",
  "vgremove",
  "vgs",
  "vgchange",
  "vgck",
  "vgmknodes",
  "lvcreate",
  "lvremove",
  "lvs",
  "lvextend",
  "lvchange",
  "lvconvert",
  "lvrename",
  "dmsetup",
  // disks and partitions
  "lsblk",
  "blkid",
  "wipefs",
  "sgdisk",
  "sfdisk",
  "partx",
  "blockdev",
  "blkdiscard",
  "udevadm",
  "smartctl",
  "nvme",
  // file systems
  "mkfs.xfs",
  "mkfs.ext4",
  "xfs_growfs",
  "xfs_admin",
  "xfs_repair",
  "resize2fs",
  "tune2fs",
  "e2fsck",
  "fstrim",
  "mount",
  "umount",
  "findmnt",
  "find",
  "losetup",
  "uname",
  "mkdir",
  "rmdir",
  "touch",
  "unlink",
  "shred",
  "dd",
  "sync",
  // encryption and network
  "cryptsetup",
  "iscsiadm",
  "multipath",
  "rbd",
] as const;
export type NodeTool = (typeof NODE_TOOLS)[number];

/** A program of the node with its arguments, each as the program gets it: there is no shell. */
export interface NodeCommand {
  readonly tool: NodeTool;
  readonly args: readonly string[];
  /** Given on standard input. Secrets go here: arguments can be read by everybody on the node. */
  readonly input?: string | Uint8Array;
  /** In milliseconds. Default: a minute. */
  readonly timeout?: number;
  /** Exit statuses that are no failure. Default: 0 alone. */
  readonly accept?: readonly number[];
}

export interface NodeResult {
  readonly status: number;
  readonly stdout: string;
  /** The last 64 KiB of it. */
  readonly stderr: string;
}

/** Where commands are run: on the node, or from a recording of one. */
export interface NodeCommands {
  /** @throws NodeCommandError for everything but an accepted exit status */
  run(command: NodeCommand): Promise<NodeResult>;
}

/**
 * Why a command did not do what it should: it could not be started (`absent`), failed, took too long, wrote too much, or was not begun as the
 * process is to end (`stopped`).
 */
export type NodeCommandFailure = "absent" | "failed" | "timeout" | "output" | "stopped";

export class NodeCommandError extends Error {
  override readonly name = "NodeCommandError";
  readonly failure: NodeCommandFailure;
  readonly command: NodeCommand;
  readonly result: NodeResult;
  /** Whether it may still be running: not even SIGKILL ends a process that waits for a disk. */
  readonly lingers: boolean;

  constructor(failure: NodeCommandFailure, command: NodeCommand, result: NodeResult, why: string, lingers = false) {
    const said = result.stderr.trim().split("\n").slice(-5).join("; ");
    super(`${describeCommand(command)}: ${why}${said === "" ? "" : `: ${said}`}`);
    this.failure = failure;
    this.command = command;
    this.result = result;
    this.lingers = lingers;
  }
}

/** As it would be typed; for messages only. */
export function describeCommand({ tool, args }: Pick<NodeCommand, "tool" | "args">): string {
  return [tool, ...args].map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(" ");
}

export interface HostCommandsOptions {
  readonly clock: Clock;
  /**
   * What stands before the program. Default: nsenter into the mount, UTS, IPC and network namespaces of process 1, for a pod with
   * `hostPID: true` that is privileged: programs and their libraries are the node's own, and what udev tells LVM (by semaphores) arrives.
   */
  readonly prefix?: readonly [program: string, ...args: string[]];
  /** Commands run so long after SIGTERM until they are killed, in milliseconds. Default: 5 s. */
  readonly grace?: number;
  /** So much a command may write to standard output, in bytes. Default: 8 MiB. */
  readonly mostOutput?: number;
  /** Given when the process is to end: nothing is begun any more; what runs is ended. */
  readonly signal?: AbortSignal;
  /** Is told of each command that was run, in milliseconds. */
  readonly timed?: (command: NodeCommand, result: "ok" | NodeCommandFailure, milliseconds: number) => void;
}

export const HOST_NAMESPACES = ["nsenter", "--target=1", "--mount", "--uts", "--ipc", "--net", "--"] as const;

const DEFAULT_TIMEOUT = 60_000;
const MOST_ERRORS = 64 * 1024;
/** The node's own, and messages that can be read by programs. */
const ENVIRONMENT = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C", LANG: "C" };

/** Runs commands in the node's namespaces. */
export class HostCommands implements NodeCommands {
  readonly #options: HostCommandsOptions;

  constructor(options: HostCommandsOptions) {
    this.#options = options;
  }

  async run(command: NodeCommand): Promise<NodeResult> {
    const { clock, timed = () => undefined } = this.#options;
    const begun = clock.monotonic();
    try {
      const result = await this.#run(command);
      timed(command, "ok", clock.monotonic() - begun);
      return result;
    } catch (error) {
      if (error instanceof NodeCommandError) timed(command, error.failure, clock.monotonic() - begun);
      throw error;
    }
  }

  async #run(command: NodeCommand): Promise<NodeResult> {
    const { prefix = HOST_NAMESPACES, mostOutput = 8 * 2 ** 20, signal, clock } = this.#options;
    const none = { status: -1, stdout: "", stderr: "" };
    if (!NODE_TOOLS.includes(command.tool))
      throw new NodeCommandError("absent", command, none, "it is none of the programs that controllers run");
    if (command.args.some((word) => word.includes("\0"))) throw new NodeCommandError("failed", command, none, "an argument holds a NUL");
    if (signal?.aborted === true) throw new NodeCommandError("stopped", command, none, "it was not begun: the process is to end");
    const [program, ...before] = prefix;
    const child: ChildProcess = spawn(program, [...before, command.tool, ...command.args], {
      // A process group of its own, which is killed as a whole.
      detached: true,
      env: ENVIRONMENT,
      cwd: "/",
      stdio: ["pipe", "pipe", "pipe"],
    });
    const stdout: Buffer[] = [];
    let size = 0;
    let stderr = Buffer.alloc(0);
    let why: { readonly failure: NodeCommandFailure; readonly words: string } | undefined;
    const ending = new Ending(child, clock, this.#options.grace ?? 5000);
    const end = (failure: NodeCommandFailure, words: string): void => {
      why ??= { failure, words };
      ending.begin();
    };
    // Where the system has no more files there are none of these: that, too, is told by the child's error.
    child.stdout?.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= mostOutput) stdout.push(chunk);
      else end("output", `it wrote more than ${mostOutput} bytes`);
    });
    child.stderr?.on("data", (chunk: Buffer) => {
      stderr = Buffer.concat([stderr, chunk]).subarray(-MOST_ERRORS);
    });
    // A program that does not read its input ends the pipe.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(command.input);
    const stop = (): void => end("stopped", "it was ended: the process is to end");
    signal?.addEventListener("abort", stop, { once: true });
    const timeout = command.timeout ?? DEFAULT_TIMEOUT;
    const inTime = clock.after(timeout, () => end("timeout", `it had not ended after ${timeout / 1000} s`));
    const ended = await ending.over;
    inTime();
    signal?.removeEventListener("abort", stop);
    const result = { status: ended.status, stdout: Buffer.concat(stdout).toString("utf8"), stderr: stderr.toString("utf8") };
    if (why !== undefined) {
      const words = ended.lingers ? `${why.words}, and can't be killed: it waits for a device` : why.words;
      throw new NodeCommandError(why.failure, command, result, words, ended.lingers);
    }
    if (ended.error !== undefined) throw new NodeCommandError("absent", command, result, ended.error.message);
    if ((command.accept ?? [0]).includes(result.status)) return result;
    const absent = result.status === 127 && /failed to execute/.test(result.stderr);
    const words = ended.signal === null ? `exit status ${result.status}` : `it was killed by ${ended.signal}`;
    throw new NodeCommandError(absent ? "absent" : "failed", command, result, words);
  }
}

interface Ended {
  readonly status: number;
  readonly signal: NodeJS.Signals | null;
  readonly error?: Error;
  readonly lingers: boolean;
}

/** The end of a process and of all that it has started: by itself, or made to in steps that each have so much grace, in milliseconds. */
class Ending {
  readonly over: Promise<Ended>;
  readonly #child: ChildProcess;
  readonly #clock: Clock;
  readonly #grace: number;
  #isOver = false;
  #stopTimer = (): void => undefined;
  #settle: (ended: Ended) => void = () => undefined;

  constructor(child: ChildProcess, clock: Clock, grace: number) {
    this.#child = child;
    this.#clock = clock;
    this.#grace = grace;
    this.over = new Promise((resolve) => {
      this.#settle = resolve;
    });
    child.once("error", (error) => this.#done({ status: -1, signal: null, error, lingers: false }));
    child.once("close", (status, signal) => this.#done({ status: status ?? -1, signal, lingers: false }));
    child.once("exit", (status, signal) => {
      // What it has left behind may hold its output open.
      this.#then(() => this.#done({ status: status ?? -1, signal, lingers: false }));
    });
  }

  /** Asks the whole group to end, then makes it, and at last takes leave of what can't be killed. */
  begin(): void {
    if (this.#isOver) return;
    this.#signal("SIGTERM");
    this.#then(() => {
      this.#signal("SIGKILL");
      this.#then(() => this.#done({ status: -1, signal: null, lingers: this.#child.exitCode === null && this.#child.signalCode === null }));
    });
  }

  #then(act: () => void): void {
    this.#stopTimer();
    if (!this.#isOver) this.#stopTimer = this.#clock.after(this.#grace, act);
  }

  #done(ended: Ended): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stopTimer();
    // Whatever it has started and left behind.
    this.#signal("SIGKILL");
    for (const pipe of [this.#child.stdin, this.#child.stdout, this.#child.stderr]) pipe?.destroy();
    this.#child.unref();
    this.#settle(ended);
  }

  #signal(signal: NodeJS.Signals): void {
    if (this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, signal);
    } catch {
      // Nothing of it is left.
    }
  }
}
