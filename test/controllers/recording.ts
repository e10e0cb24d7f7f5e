import { readFile } from "node:fs/promises";
import {
  describeCommand,
  NodeCommandError,
  type NodeCommand,
  type NodeCommandFailure,
  type NodeCommands,
  type NodeResult,
} from "../../src/controllers/runtime/index.ts";

/** A command with what a node answered. Sizes, names and places are as they were; what differs from run to run has a stand-in. */
interface RecordedCommand {
  readonly command: string;
  readonly input?: string;
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly failure?: NodeCommandFailure;
}

/** Runs commands and notes them with their answers: a recording is made of a real node. */
export class Recorder implements NodeCommands {
  readonly #commands: NodeCommands;
  readonly #recorded: RecordedCommand[] = [];
  readonly #standIns: StandIns;

  /**
   * @param uuids `kept`: UUIDs are the same in every run, and others follow from them. Default: they get stand-ins
   * @param volumes `replaced`: volumes of LVM's come and go, so that the numbers of their devices and how full pools are get stand-ins. Default: `kept`
   */
  constructor(commands: NodeCommands, uuids: "kept" | "replaced" = "replaced", volumes: "kept" | "replaced" = "kept") {
    this.#commands = commands;
    this.#standIns = new StandIns(uuids === "replaced", volumes === "replaced");
  }

  async run(command: NodeCommand): Promise<NodeResult> {
    try {
      const result = await this.#commands.run(command);
      this.#note(command, result);
      return result;
    } catch (error) {
      if (error instanceof NodeCommandError) this.#note(command, error.result, error.failure);
      throw error;
    }
  }

  /** The recording as text, for a golden file. */
  get text(): string {
    return `${JSON.stringify(this.#recorded, undefined, 2)}\n`;
  }

  /** A text of what the commands have led to, with the recording's stand-ins. */
  inStandIns(text: string): string {
    return this.#standIns.put(text);
  }

  #note(command: NodeCommand, { status, stdout, stderr }: NodeResult, failure?: NodeCommandFailure): void {
    const put = (text: string): string => this.#standIns.put(text);
    this.#recorded.push({
      command: put(describeCommand(command)),
      ...(command.input === undefined ? {} : { input: put(Buffer.from(command.input).toString("utf8")) }),
      status,
      stdout: put(command.tool === "find" ? ordered(stdout) : command.tool === "lsblk" ? partitionsByName(stdout) : stdout),
      stderr: put(stderr),
      ...(failure === undefined ? {} : { failure }),
    });
  }
}

/** Lines of `NAME TARGET` by target, then name: a folder gives them in an order that nobody knows, and names may have UUIDs of LVM's. */
function ordered(lines: string): string {
  const key = (line: string): string => line.split(" ").reverse().join(" ");
  const sorted = lines
    .split("\n")
    .filter((line) => line !== "")
    .sort((a, b) => (key(a) < key(b) ? -1 : 1));
  return sorted.map((line) => `${line}\n`).join("");
}

/** lsblk has partitions by their device's number, which the kernel gives out as it likes (EXTENDED_DEVICE): here they are by name. */
function partitionsByName(listed: string): string {
  if (!listed.startsWith("{")) return listed;
  // lsblk's own: written and read by the same program.
  const { blockdevices } = JSON.parse(listed) as {
    readonly blockdevices: { readonly children?: { readonly type?: string; readonly name: string }[] }[];
  };
  for (const { children } of blockdevices)
    if (children?.every(({ type }) => type === "part") === true)
      children.sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
  // As lsblk lays it out.
  return `${JSON.stringify({ blockdevices }, undefined, 3).replaceAll(/\},\n *\{/g, "},{")}\n`;
}

/**
 * Answers as a recording does: the same commands in the same order, and no others. UUIDs are the recording's stand-ins, in the form of UUIDs.
 */
export class Replay implements NodeCommands {
  readonly #recorded: readonly RecordedCommand[];
  #next = 0;

  constructor(recorded: readonly RecordedCommand[]) {
    this.#recorded = recorded;
  }

  static async of(path: string | URL): Promise<Replay> {
    // Written by the recorder alone.
    return new Replay(JSON.parse(await readFile(path, "utf8")) as RecordedCommand[]);
  }

  /** Whether all that was recorded was asked for. */
  get isOver(): boolean {
    return this.#next === this.#recorded.length;
  }

  run(command: NodeCommand): Promise<NodeResult> {
    const recorded = this.#recorded[this.#next];
    const asked = describeCommand(command);
    const input = command.input === undefined ? undefined : Buffer.from(command.input).toString("utf8");
    if (recorded === undefined) return Promise.reject(new Error(`the recording is over, and this is run: ${asked}`));
    if (recorded.command !== asked || recorded.input !== input)
      return Promise.reject(
        new Error(`command ${this.#next + 1} of the recording is\n  ${recorded.command}\nand this is run:\n  ${asked}`),
      );
    this.#next += 1;
    const { status, stdout, stderr, failure } = recorded;
    const result = { status, stdout, stderr };
    if (failure !== undefined) return Promise.reject(new NodeCommandError(failure, command, result, `exit status ${status}`));
    return Promise.resolve(result);
  }
}

const UUID = /\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g;
/** LVM's, in groups of 6-4-4-4-4-4-6 letters and digits. */
const LVM_ID = /\b[0-9A-Za-z]{6}(?:-[0-9A-Za-z]{4}){5}-[0-9A-Za-z]{6}\b/g;
/** The number of a partition whose driver has none of its own: the kernel gives the next that is free (block/genhd.c, BLOCK_EXT_MAJOR). */
const EXTENDED_DEVICE = /\b259:\d+\b/g;
/** The minor number of a device of device-mapper's, as LVM, the kernel and udev write it: the next that is free. */
const MAPPED_DEVICE = /("lv_kernel_minor":"|\b253:|\/dm-)(\d+)\b/g;
/** How full a pool or snapshot is hangs on when the kernel writes out what it holds. */
const FILL = /("(?:data|metadata)_percent":")[\d.]+"/g;
const TIME = /\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+\d{4}/g;

/** Gives what differs from run to run a number, in the order in which it is met. */
class StandIns {
  readonly #known = new Map<string, string>();
  readonly #devices = new Map<string, string>();
  readonly #mapped = new Map<string, string>();
  readonly #uuids: RegExp;
  readonly #volumes: boolean;

  constructor(replacesUuids: boolean, replacesVolumes: boolean) {
    this.#uuids = replacesUuids ? UUID : /(?!)/g;
    this.#volumes = replacesVolumes;
  }

  put(text: string): string {
    const volumes = (of: string): string =>
      of
        .replace(
          MAPPED_DEVICE,
          (_, before: string, minor: string) => `${before}${numbered(this.#mapped, minor, (number) => String(Number(number) - 1))}`,
        )
        .replace(FILL, (_, before: string) => `${before}10.00"`);
    return (this.#volumes ? volumes(text) : text)
      .replace(this.#uuids, (id) => numbered(this.#known, id, (number) => `00000000-0000-4000-8000-${number.padStart(12, "0")}`))
      .replace(LVM_ID, (id) => numbered(this.#known, id, (number) => `000000-0000-0000-0000-0000-0000-${number.padStart(6, "0")}`))
      .replace(EXTENDED_DEVICE, (device) => numbered(this.#devices, device, (number) => `259:${Number(number) - 1}`))
      .replace(TIME, "2026-01-01 00:00:00 +0000");
  }
}

function numbered(known: Map<string, string>, text: string, make: (number: string) => string): string {
  const standIn = known.get(text) ?? make(String(known.size + 1));
  known.set(text, standIn);
  return standIn;
}
