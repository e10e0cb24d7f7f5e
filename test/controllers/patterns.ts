import { cpSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { StorageNode } from "../node-vm/index.ts";
import { NODE } from "./lvm-csi/lvm-node.ts";

/** The node's port at which they are written and read. */
export const PATTERNS_PORT = 9001;

/** Words in a node's block devices and files, by which it is told whose data lies there. */
export class Patterns {
  readonly #socket: Socket;
  readonly #answers: ((line: string | undefined) => void)[] = [];
  #isClosed = false;

  private constructor(port: number) {
    this.#socket = connect(port, "127.0.0.1");
    this.#socket.on("error", () => undefined);
    this.#socket.once("close", () => {
      this.#isClosed = true;
      for (const answer of this.#answers.splice(0)) answer(undefined);
    });
    createInterface({ input: this.#socket }).on("line", (line) => this.#answers.shift()?.(line));
  }

  /** In a node whose network is open; `port`: of this machine, that leads to the node's. */
  static async in(node: StorageNode, port: number): Promise<Patterns> {
    cpSync(fileURLToPath(new URL("./patterns.cjs", import.meta.url)), join(node.exchange, "patterns.cjs"));
    await node.output(
      `setsid /host${NODE} /exchange/patterns.cjs ${PATTERNS_PORT} >>/exchange/patterns.log 2>&1 </dev/null &
until (exec 3<>/dev/tcp/10.0.2.15/${PATTERNS_PORT}) 2>/dev/null; do
  kill -0 $! || { cat /exchange/patterns.log >&2; exit 1; }
  sleep .1
done`,
    );
    return new Patterns(port);
  }

  /** For each extent of a device (4 MiB) the word that lies in it, "" for zeros. */
  device(path: string): Promise<readonly string[]> {
    return this.#ask("device", path);
  }

  /** Writes a word into each extent of a device. */
  async fill(path: string, word: string): Promise<void> {
    await this.#ask("fill", path, word);
  }

  /** The words in a file, each once; none where there is no file. */
  file(path: string): Promise<readonly string[]> {
    return this.#ask("file", path);
  }

  /** Writes a file that is full of a word. */
  async write(path: string, word: string, mib: number): Promise<void> {
    await this.#ask("write", path, word, mib);
  }

  async #ask(...question: readonly (string | number)[]): Promise<readonly string[]> {
    const line = await new Promise<string | undefined>((resolve) => {
      if (this.#isClosed) resolve(undefined);
      this.#answers.push(resolve);
      this.#socket.write(`${JSON.stringify(question)}\n`);
    });
    const value: unknown = line === undefined ? undefined : JSON.parse(line);
    if (!Array.isArray(value)) throw new Error(`${question.join(" ")}: ${line ?? "nobody answers any more"}`);
    return value.map(String);
  }

  close(): void {
    this.#socket.destroy();
  }
}
