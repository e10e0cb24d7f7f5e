import { spawn, type ChildProcess } from "node:child_process";
import { FindingError } from "../finding/index.ts";
import { SecretValue } from "../sealed/index.ts";

export interface GpgOptions {
  /** The folder of the keyring; null: gpg's own choice (GNUPGHOME, else ~/.gnupg). */
  readonly home: string | null;
  /** Milliseconds that one call may take. Default half a minute. */
  readonly timeout?: number;
  /** Whether gpg may ask for a pass phrase. Default: only where GPG_TTY says that somebody is there. */
  readonly ask?: boolean;
}

interface GpgRun {
  readonly status: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
  /** The lines of `--status-fd`, without `[GNUPG:] `. */
  readonly says: readonly string[];
}

/** Bytes that a message may decrypt to. */
const LIMIT = 16 * 1024 * 1024;
/** Milliseconds for the last of its output after its end. */
const LEFT_BEHIND = 1000;

/**
 * The gpg program, in batch mode, without a shell, without the network. What is secret goes in by standard input and out by standard output.
 */
export class Gpg {
  readonly #options: GpgOptions;

  constructor(options: GpgOptions) {
    this.#options = options;
  }

  /**
   * Decrypts an armoured message. Only what was encrypted and whole counts: a message that is merely signed or packed, which `gpg -d` prints
   * too, is refused.
   *
   * @throws FindingError `sealed-pgp-failed`, `sealed-pgp-missing`, `sealed-pgp-timeout`
   */
  async decrypt(message: string, signal?: AbortSignal): Promise<SecretValue> {
    const run = await this.#run(["--decrypt"], Buffer.from(message, "utf8"), signal);
    const whole =
      run.says.some((line) => line.startsWith("DECRYPTION_OKAY")) &&
      run.says.some((line) => line.startsWith("GOODMDC") || line.startsWith("DECRYPTION_INFO"));
    if (run.status === 0 && whole) return SecretValue.of(run.stdout);
    run.stdout.fill(0);
    throw failed("the PGP message can't be decrypted", run, decryptAdvice(run));
  }

  /** Encrypts to recipients, by fingerprint. @throws FindingError as `decrypt` */
  async encrypt(plain: Uint8Array, fingerprints: readonly string[]): Promise<string> {
    const to = fingerprints.flatMap((fingerprint) => ["--recipient", fingerprint]);
    const run = await this.#run(
      ["--armor", "--trust-model", "always", "--no-encrypt-to", "--no-default-recipient", ...to, "--encrypt"],
      plain,
    );
    if (run.status === 0) return run.stdout.toString("latin1").trim();
    throw failed(
      `nothing can be encrypted to ${fingerprints.join(", ")}`,
      run,
      "the keyring must hold each recipient's public key: gpg --import FILE",
    );
  }

  /** The ids of the keys that a message is encrypted to, 16 hexadecimal digits each; `0000000000000000` where it does not say. */
  async recipientsOf(message: string): Promise<string[]> {
    const run = await this.#run(["--list-only", "--decrypt"], Buffer.from(message, "utf8"));
    const ids = run.says.flatMap((line) => /^ENC_TO ([0-9A-F]{16})/.exec(line)?.[1] ?? []);
    if (ids.length > 0) return ids;
    throw failed("this is no message that PGP encrypted", run, "it must be whole, from its BEGIN to its END line");
  }

  /** The ids of a key and its subkeys, with the full fingerprints of both. Undefined where the keyring has no such key. */
  async keysOf(fingerprint: string): Promise<{ readonly ids: readonly string[]; readonly secret: boolean } | undefined> {
    const list = async (what: string): Promise<string[] | undefined> => {
      const run = await this.#run(["--with-colons", what, "--", fingerprint.replace(/!$/, "")], new Uint8Array());
      if (run.status !== 0) return undefined;
      const rows = run.stdout.toString("utf8").split("\n");
      return rows.flatMap((row) => (/^(?:pub|sub|sec|ssb):/.test(row) ? [row.split(":")[4] ?? ""] : []));
    };
    const ids = await list("--list-keys");
    return ids === undefined ? undefined : { ids, secret: (await list("--list-secret-keys")) !== undefined };
  }

  async #run(args: readonly string[], input: Uint8Array, signal?: AbortSignal): Promise<GpgRun> {
    const { home, timeout = 30_000, ask = (process.env["GPG_TTY"] ?? "") !== "" } = this.#options;
    const fixed = [
      "--batch",
      "--no-tty",
      "--yes",
      "--quiet",
      "--status-fd",
      "3",
      "--disable-dirmngr",
      "--no-auto-key-locate",
      "--display-charset",
      "utf-8",
    ];
    if (home !== null) fixed.unshift("--homedir", home);
    if (!ask) fixed.push("--pinentry-mode", "error");
    const child = spawn("gpg", [...fixed, ...args], {
      env: { ...process.env, LC_ALL: "C" },
      stdio: ["pipe", "pipe", "pipe", "pipe"],
      killSignal: "SIGKILL",
      ...(signal === undefined ? {} : { signal }),
    });
    // Heard from the first: where the system has no more processes or files the child has not even its streams.
    const ended = endOf(child, timeout);
    const output: Buffer[] = [];
    let size = 0;
    let [stderr, status] = ["", ""];
    child.stdout?.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > LIMIT) child.kill("SIGKILL");
      else output.push(chunk);
    });
    child.stderr?.on("data", (chunk: Buffer) => (stderr = (stderr + chunk.toString("utf8")).slice(-4096)));
    child.stdio?.[3]?.on("data", (chunk: Buffer) => (status = (status + chunk.toString("utf8")).slice(-65_536)));
    // It may end before it has read everything; its status says why.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(input);
    let killed: string | null;
    let code: number | null;
    try {
      ({ code, killed } = await ended);
    } catch (error) {
      throw startFailure(error, signal);
    }
    const stdout = Buffer.concat(output);
    for (const part of output) part.fill(0);
    if (killed !== null) {
      stdout.fill(0);
      throw new FindingError({
        code: "sealed-pgp-timeout",
        severity: "error",
        message: size > LIMIT ? `gpg gave more than ${LIMIT} bytes` : `gpg was ended by ${killed} after ${timeout / 1000} s`,
        advice: "run the same with gpg by hand to see what it waits for: a pass phrase, an agent, a smart card",
      });
    }
    return { status: code, stdout, stderr, says: status.split("\n").flatMap((line) => /^\[GNUPG:\] (.*)$/.exec(line)?.[1] ?? []) };
  }
}

/**
 * How a child has ended, killed after its time. What it has started and left behind may hold its output open: that is not waited for. Node's own `timeout`
 * keeps a process for as long where the child could not be started.
 */
function endOf(child: ChildProcess, timeout: number): Promise<{ readonly code: number | null; readonly killed: string | null }> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => child.kill("SIGKILL"), timeout);
    child.once("error", (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once("exit", (code, killed) => {
      clearTimeout(timer);
      const late = setTimeout(() => {
        for (const pipe of child.stdio) pipe?.destroy();
        resolve({ code, killed });
      }, LEFT_BEHIND);
      child.once("close", () => {
        clearTimeout(late);
        resolve({ code, killed });
      });
    });
  });
}

function startFailure(error: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted === true) return signal.reason;
  if (!(error instanceof Error) || !("code" in error) || error.code !== "ENOENT") return error;
  return new FindingError({
    code: "sealed-pgp-missing",
    severity: "error",
    message: "gpg is not on the PATH",
    advice: "install GnuPG 2.2 or newer (Debian: gnupg), or use age recipients, which need no other program",
  });
}

function failed(message: string, run: GpgRun, advice: string): FindingError {
  const said = run.stderr
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("gpg: WARNING: unsafe permissions"))
    .slice(-3)
    .join("\n");
  return new FindingError({
    code: "sealed-pgp-failed",
    severity: "error",
    message: said === "" ? message : `${message}:\n${said}`,
    advice,
  });
}

function decryptAdvice(run: GpgRun): string {
  if (run.says.some((line) => line.startsWith("NO_SECKEY")) || run.stderr.includes("No secret key"))
    return "none of the keys that it is encrypted to is in the keyring: import the private key, or have it encrypted to a key that is there";
  if (run.says.some((line) => line.startsWith("DECRYPTION_FAILED"))) return "the message is damaged, or its key is locked by a pass phrase";
  return "it must be an encrypted message, whole, from its BEGIN to its END line";
}
