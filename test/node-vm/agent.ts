import { readFile, rm, writeFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** What a script came to. */
export interface ScriptResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs scripts in the node: they, and what they write, go through a shared folder; the line only says which. */
export class Agent {
  readonly #socket: Socket;
  readonly #folder: string;
  readonly #running = new Map<string, (status: number) => void>();
  readonly #ready: Promise<void>;
  #next = 1;
  #isGone = false;

  constructor(socket: Socket, folder: string) {
    this.#folder = folder;
    this.#socket = socket;
    this.#ready = new Promise((resolve, reject) => {
      this.#socket.on("error", reject);
      this.#socket.once("close", () => reject(new Error("the node has gone")));
      createInterface({ input: this.#socket }).on("line", (line) => {
        const [verb, id = "", status = ""] = line.split(" ");
        if (verb === "ready") resolve();
        if (verb === "done") this.#running.get(id)?.(Number(status));
      });
    });
    this.#ready.catch(() => undefined);
    this.#socket.on("close", () => {
      this.#isGone = true;
      for (const done of this.#running.values()) done(-1);
    });
  }

  /** Once the node runs scripts. */
  get ready(): Promise<void> {
    return this.#ready;
  }

  /**
   * Runs a script by bash. With all that it has started it is killed at the deadline.
   *
   * @param deadline in milliseconds
   * @throws an Error at the deadline, or when the node goes
   */
  async run(script: string, deadline: number): Promise<ScriptResult> {
    const id = String(this.#next++);
    const path = join(this.#folder, id);
    await writeFile(`${path}.sh`, script);
    let timer: NodeJS.Timeout | undefined;
    const status = await new Promise<number | "late">((resolve) => {
      // It has told all that ran then.
      if (this.#isGone) resolve(-1);
      this.#running.set(id, resolve);
      timer = setTimeout(() => resolve("late"), deadline);
      this.#socket.write(`run ${id}\n`);
    });
    clearTimeout(timer);
    this.#running.delete(id);
    const [stdout, stderr] = await Promise.all([textAt(`${path}.out`), textAt(`${path}.err`)]);
    if (status === "late") {
      this.#socket.write(`kill ${id}\n`);
      throw new Error(`the script had not ended after ${deadline} ms:\n${script}\n${stdout}\n${stderr}`);
    }
    if (status < 0) throw new Error(`the node went while it ran:\n${script}\n${stdout}\n${stderr}`);
    await Promise.all(["sh", "out", "err", "pid"].map((ending) => rm(`${path}.${ending}`, { force: true })));
    return { status, stdout, stderr };
  }

  close(): void {
    this.#socket.destroy();
  }
}

async function textAt(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch {
    return "";
  }
}
