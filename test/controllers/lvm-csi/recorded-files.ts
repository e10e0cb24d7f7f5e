import type { FilesystemUse, NodeFiles } from "../../../src/controllers/lvm-csi/node-files.ts";
import type { StorageNode } from "../../node-vm/index.ts";

interface RecordedFile {
  readonly asked: string;
  /** Absent: there is no such file. */
  readonly answer?: string;
}

const MOUNTS = "/proc/1/mountinfo";

/** Reads a node's files and notes what it was told; of what differs from run to run only what the driver goes by. */
export class FileRecorder implements NodeFiles {
  readonly #node: StorageNode;
  readonly #inStandIns: (text: string) => string;
  readonly #recorded: RecordedFile[] = [];

  constructor(node: StorageNode, inStandIns: (text: string) => string) {
    this.#node = node;
    this.#inStandIns = inStandIns;
  }

  get text(): string {
    return `${JSON.stringify(this.#recorded, undefined, 2)}\n`;
  }

  async read(path: string): Promise<string | undefined> {
    const { status, stdout } = await this.#node.run(`cat '${path}'`);
    const text = status === 0 ? stdout : undefined;
    this.#note(`read ${path}`, text === undefined ? undefined : constant(path, text));
    return text;
  }

  async real(path: string): Promise<string> {
    const text = (await this.#node.output(`readlink --canonicalize-missing '${path}'`)).trim();
    this.#note(`real ${path}`, text);
    return text;
  }

  async kind(path: string): ReturnType<NodeFiles["kind"]> {
    const { status, stdout } = await this.#node.run(`stat --dereference --format %F '${path}'`);
    const kind = status === 0 ? kindOf(stdout.trim()) : undefined;
    this.#note(`kind ${path}`, kind);
    return kind;
  }

  use(): Promise<FilesystemUse> {
    return Promise.reject(new Error("how full a file system is differs from run to run"));
  }

  #note(asked: string, answer: string | undefined): void {
    this.#recorded.push({ asked, ...(answer === undefined ? {} : { answer: this.#inStandIns(answer) }) });
  }
}

function kindOf(said: string): "file" | "directory" | "block" | "other" {
  if (said.startsWith("regular")) return "file";
  return said === "directory" ? "directory" : said.startsWith("block") ? "block" : "other";
}

/** Of the mounts those of volumes, without the numbers that the kernel gives mounts; of the kernel its version without the build. */
function constant(path: string, text: string): string {
  if (path !== MOUNTS) return path.endsWith("/osrelease") ? `${/^\d+\.\d+/.exec(text)?.[0] ?? text}\n` : text;
  const lines = text.split("\n").filter((line) => line.includes(" /var/lib/kubelet/"));
  return lines.map((line) => `${line.replace(/^\d+ \d+ /, "1 1 ").replace(/ shared:\d+ /, " ")}\n`).join("");
}

/** Files as they were recorded. */
export class RecordedFiles implements NodeFiles {
  readonly #recorded: RecordedFile[];

  constructor(recorded: readonly RecordedFile[]) {
    this.#recorded = [...recorded];
  }

  get isOver(): boolean {
    return this.#recorded.length === 0;
  }

  read = (path: string): Promise<string | undefined> => this.#next(`read ${path}`);

  async real(path: string): Promise<string> {
    return (await this.#next(`real ${path}`)) ?? path;
  }

  kind(path: string): ReturnType<NodeFiles["kind"]> {
    // It was noted of the same question.
    return this.#next(`kind ${path}`) as ReturnType<NodeFiles["kind"]>;
  }

  use(): Promise<FilesystemUse> {
    return Promise.reject(new Error("it was not recorded"));
  }

  #next(asked: string): Promise<string | undefined> {
    const recorded = this.#recorded.shift();
    if (recorded?.asked !== asked)
      return Promise.reject(new Error(`the recording has ${recorded?.asked ?? "ended"}, and this is asked: ${asked}`));
    return Promise.resolve(recorded.answer);
  }
}
