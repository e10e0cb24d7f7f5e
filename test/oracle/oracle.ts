import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createInterface } from "node:readline";

/** What the real program answered: its result or the exception it raised. */
export type Answer =
  | { readonly ok: unknown }
  | { readonly error: { readonly type: string; readonly message: string; readonly trace: string } };

const PYTHON = fileURLToPath(new URL("../.cache/salt-venv/bin/python", import.meta.url));
const SCRIPT = fileURLToPath(new URL("oracle.py", import.meta.url));

/** Whether the Python environment that the test set-up makes is there. */
export function oracleIsThere(): boolean {
  return existsSync(PYTHON);
}

/** One long-lived Python process with the real Jinja2, PyYAML and Salt. */
export class Oracle {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>();
  #next = 1;
  #stderr = "";

  /** `ops` names the ops_*.py files to load. `wrap` is a command the process runs under, such as `unshare -m`. */
  constructor(ops: readonly string[], wrap: readonly string[] = []) {
    const [command = PYTHON, ...args] = [...wrap, PYTHON, "-X", "utf8", SCRIPT, ...ops];
    this.#child = spawn(command, args, {
      env: { PATH: process.env["PATH"] ?? "", TZ: "UTC", LANG: "C.UTF-8", HOME: "/nonexistent", PYTHONHASHSEED: "0" },
    });
    this.#child.stderr.on("data", (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString("utf8")).slice(-4000);
    });
    this.#child.on("exit", (code) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`oracle ended with ${code}: ${this.#stderr}`));
      this.#waiting.clear();
    });
    createInterface({ input: this.#child.stdout }).on("line", (line) => {
      const answer = JSON.parse(line) as Answer & { readonly id: number };
      this.#waiting.get(answer.id)?.resolve(answer);
      this.#waiting.delete(answer.id);
    });
  }

  ask(op: string, request: Readonly<Record<string, unknown>> = {}): Promise<Answer> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.stdin.write(`${JSON.stringify({ ...request, id, op })}\n`);
    });
  }

  /** Ends the process and waits until it is gone. */
  async close(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const gone = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.stdin.end();
    await gone;
  }
}
